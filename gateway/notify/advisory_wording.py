"""What the customer's contacts read of an advisory: one paragraph for each step, in their language."""

from collections.abc import Mapping

from gateway.domain.ticket import Language

_DANGERS: dict[Language, dict[str, str]] = {
    Language.FR: {"security": "Une faille de sécurité", "data-loss": "Un risque de perte de données"},
    Language.EN: {"security": "A security flaw", "data-loss": "A risk of data loss"},
}
_STEPS: dict[Language, dict[str, str]] = {
    Language.FR: {
        "opened": (
            "{danger} nous a été signalé{e} ({reference}) : {title}. Composant : {touches}. Nous vérifions si votre"
            " application est concernée."
        ),
        "absent": "Vérification faite, votre application n’est pas concernée : {words} Cette demande est close.",
        "present": "Vérification faite, votre application est concernée : {words} Nous allons installer le correctif.",
        "patched": "Le correctif est installé. {words} Nous suivons sa livraison.",
        "delivered": "Le correctif est livré. {words} Cette demande est close.",
    },
    Language.EN: {
        "opened": (
            "{danger} has been reported to us ({reference}): {title}. Component: {touches}. We are verifying whether"
            " it is present in your application."
        ),
        "absent": "We have verified that your application is not affected: {words} This request is closed.",
        "present": "We have verified that your application is affected: {words} We are going to install the patch.",
        "patched": "The patch is installed. {words} We are tracking its delivery.",
        "delivered": "The patch has been delivered. {words} This request is closed.",
    },
}
_ENDS = (".", "!", "?", "…", ":")


def advisory_sentence(change: Mapping[str, str], *, lang: Language) -> str:
    """The paragraph for a change whose `value` is `opened` or a step's name.

    `words` are the finding, or what was done; `opened` has `title`, `reference`, `touches` and `danger` instead.
    """
    words = change.get("words", "").strip()
    danger = change.get("danger", "")
    sentence = _STEPS[lang][change["value"]].format(
        words=words if not words or words.endswith(_ENDS) else f"{words}.",
        danger=_DANGERS[lang].get(danger, ""),
        e="e" if danger == "security" else "",
        title=change.get("title", "").rstrip("."),
        reference=change.get("reference", ""),
        touches=change.get("touches", "").rstrip("."),
    )
    return " ".join(sentence.split())
