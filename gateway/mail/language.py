"""French or English? A vote of common short words; undecided where too few of them occur."""

import re

from gateway.domain.ticket import Language

_WORD = re.compile(r"[a-zà-ÿœ]+")
_FRENCH = frozenset(
    re.findall(
        r"\w+",
        """le la les un une des du de et est en que qui dans pour pas ne sur au aux avec ce cette je j nous vous il elle
        mon ma mes votre vos notre nos bonjour merci plus depuis être avoir sont suis avons avez à où ça cordialement
        ai l d n s c qu""",
    )
)
_ENGLISH = frozenset(
    re.findall(
        r"\w+",
        """the a an and is are of to in that for on with this it i we you he she my your our was were have has not be
        can cannot hello hi thanks thank please since when from at but do does don regards best dear""",
    )
)
_ENOUGH = 2
_LOOKED_AT = 2000  # characters; a long mail says no more about its language than its beginning


def detect_language(text: str) -> Language | None:
    """The language of a text; None where it cannot be told."""
    words = _WORD.findall(text[:_LOOKED_AT].lower())
    french = sum(word in _FRENCH for word in words)
    english = sum(word in _ENGLISH for word in words)
    if max(french, english) < _ENOUGH or french == english:
        return None
    return Language.FR if french > english else Language.EN
