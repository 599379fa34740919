"""What the forms about people carry, read with care: words that are none of ours are refused, not guessed."""

import re
from collections.abc import Mapping

from werkzeug.exceptions import BadRequest

from gateway.domain.telling import Preference
from gateway.domain.ticket import Language, Role
from gateway.services.keep_people import MAX_NAME, Wanted
from web.reply import clean_text

_GROUPING = re.compile(r"[\s.\-()]+")


def read_wanted(form: Mapping[str, str]) -> Wanted:
    """What a person is to be; an empty choice leaves it. Raises BadRequest for a word that no form of ours sends."""
    lang, notices = form.get("lang", ""), form.get("notices", "")
    if lang not in {"", *Language} or notices not in {"", *Preference}:
        raise BadRequest
    return Wanted(
        name=" ".join(clean_text(form.get("name", "")).split())[:MAX_NAME],
        lang=Language(lang) if lang else None,
        phone=typed_phone(form),
        notices=Preference(notices) if notices else None,
    )


def typed_phone(form: Mapping[str, str]) -> str:
    """The number as it was typed, without what people group digits by."""
    return _GROUPING.sub("", form.get("phone", ""))[:40]


def read_role(form: Mapping[str, str]) -> Role:
    """A role. Raises BadRequest."""
    role = form.get("role", "")
    if role not in set(Role):
        raise BadRequest
    return Role(role)
