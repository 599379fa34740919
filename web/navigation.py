"""The main menu: what the visitor may open, by their roles."""

from dataclasses import dataclass

from flask import Flask, current_app, request
from flask_babel import lazy_gettext

from web.access import is_staff
from web.state import find_visitor_of_request

# Endpoint, path, name, and whether it is for staff alone. What an installation does not serve is not in its menu.
_PAGES = (
    ("tickets", "/tickets", lazy_gettext("My requests"), False),
    ("report", "/report", lazy_gettext("Report"), False),
    ("desk", "/desk", lazy_gettext("Desk"), True),
)


@dataclass(frozen=True, kw_only=True)
class MenuItem:
    """A line of the menu. `is_here` for the page that is looked at, `is_within` for one below it."""

    path: str
    name: str
    is_here: bool
    is_within: bool


def register(app: Flask) -> None:
    """Let the layout draw the menu."""
    app.add_template_global(menu, "menu")


def menu() -> list[MenuItem]:
    """The menu of this visitor; empty for a stranger."""
    if find_visitor_of_request() is None:
        return []
    staff = is_staff()
    return [
        MenuItem(
            path=path,
            name=str(name),
            is_here=request.path == path,
            is_within=request.path.startswith(f"{path}/"),
        )
        for endpoint, path, name, staff_only in _PAGES
        if endpoint in current_app.view_functions and (staff or not staff_only)
    ]
