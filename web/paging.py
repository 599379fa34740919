"""Cutting a long list into pages, by number, for links that work without a script."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

LAST_PAGE = 400
"""Beyond it nobody turns pages: a search finds better, and the database need not skip so many rows."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """Page `number`, from 1; the paths of the pages beside it, None where there is none."""

    number: int
    before: str | None
    after: str | None


def page_number(text: str | None) -> int:
    """The page that a query asks for; the first for anything that is no number of a page."""
    is_number = text is not None and text.isascii() and text.isdigit() and len(text) < 6
    return min(max(int(text or 1), 1), LAST_PAGE) if is_number else 1


def page_of(path: str, query: Mapping[str, str], *, number: int, has_more: bool, name: str = "page") -> Page:
    """The page with its neighbours; what else the query asks for stays. `name` is that of the number in the query."""

    def link(to: int) -> str:
        asked = {key: value for key, value in query.items() if value and key != name}
        return f"{path}?{urlencode(asked | {name: str(to)})}"

    return Page(
        number=number,
        before=link(number - 1) if number > 1 else None,
        after=link(number + 1) if has_more and number < LAST_PAGE else None,
    )
