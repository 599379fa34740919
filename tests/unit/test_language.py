"""French, English, or no guess at all."""

import pytest

from gateway.domain.ticket import Language
from gateway.mail.language import detect_language

FRENCH = "Bonjour, depuis ce matin je ne peux plus me connecter à la plateforme. Merci."
ENGLISH = "Hello, since this morning I cannot sign in to the platform. Thanks."


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (FRENCH, Language.FR),
        (FRENCH.upper(), Language.FR),
        ("C'est l'écran d'accueil qui s'éteint", Language.FR),
        ("C’est l’écran d’accueil qui s’éteint", Language.FR),
        (ENGLISH, Language.EN),
        ("the printer and the screen", Language.EN),
        (f"{FRENCH}\n\nThe message was: cannot connect to the database", Language.FR),
        (f"{ENGLISH}\n\nLe message : connexion impossible", Language.EN),
        ("Guten Tag, seit heute Morgen geht gar nichts mehr.", None),
        ("ORA-12154 timeout", None),
        ("bonjour", None),
        ("hello", None),
        ("12345 \N{PARTY POPPER}", None),
        ("", None),
        ("le the la and", None),
    ],
)
def test_common_words_tell_the_language_and_too_few_of_them_tell_none(text: str, language: Language | None) -> None:
    assert detect_language(text) is language


def test_the_beginning_of_a_long_mail_decides() -> None:
    assert detect_language(FRENCH + " x" * 1000 + ENGLISH * 100) is Language.FR
