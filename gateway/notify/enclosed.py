"""What stands in the place of words where somebody sent a file and wrote nothing."""

from collections.abc import Sequence

from gateway.domain.ticket import Language

_MOST = 10  # names
_SENTENCES = {
    Language.FR: ("Fichier joint : {names}", "Fichiers joints : {names}"),
    Language.EN: ("File attached: {names}", "Files attached: {names}"),
}


def say_enclosed(names: Sequence[str], lang: Language) -> str:
    """One line that names the files, the first ten of them; "" for none."""
    if not names:
        return ""
    one, several = _SENTENCES[lang]
    shown = ", ".join(names[:_MOST]) + (", …" if len(names) > _MOST else "")
    return (one if len(names) == 1 else several).format(names=shown)
