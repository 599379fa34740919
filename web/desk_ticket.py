"""GET /desk/tickets/REF: one ticket as its agents see it, with what they may do to it and why each thing is so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Flask, render_template, request
from flask_babel import gettext, lazy_gettext

from gateway.domain.ticket import EntryType, Language, Status
from gateway.services.desk_look import Look, look
from web.clock_story import clock_story
from web.clock_view import clock_view
from web.desk import desk_roles
from web.desk_view import Controls, Evidence, controls, sent_views
from web.parts_view import LONGEST, asked_part, parts_view
from web.state import visitor, web
from web.timeline import EntryView, FileView, entry_view
from web.words import COMPONENT_NAMES, KINDS


@dataclass(frozen=True, kw_only=True)
class Typed:
    """A form that could not be taken: what was typed, why, and what somebody else did meanwhile."""

    form: Mapping[str, str] = field(default_factory=dict)
    faults: Sequence[str] = ()
    news: Sequence[str] = ()


NOTHING_TYPED = Typed()
STATUS_ACTS = {
    Status.OPEN: lazy_gettext("It is in progress"),
    Status.PENDING: lazy_gettext("Wait for the reporter"),
    Status.RESOLVED: lazy_gettext("It is resolved"),
    Status.CLOSED: lazy_gettext("Close it"),
}


def register(app: Flask) -> None:
    """Add the page."""
    app.add_url_rule("/desk/tickets/<ref>", "desk_ticket", show_ticket)
    app.add_template_global(lambda statuses: [(one.value, STATUS_ACTS[one]) for one in statuses], "status_choices")
    app.add_template_global(lambda kinds: [(one.value, KINDS[one]) for one in kinds], "kind_choices")
    app.add_template_global(lambda team: [(email, email) for email in team], "agent_choices")
    app.add_template_global(lambda: list(COMPONENT_NAMES.items()), "component_choices")


def show_ticket(ref: str) -> str:
    """GET /desk/tickets/REF?entry=ID or ?whole=1"""
    return ticket_page(ref)


def ticket_page(ref: str, *, typed: Typed = NOTHING_TYPED) -> str:
    """The page; `typed` brings a form back into its boxes. Raises NotFound for a ticket that is not theirs."""
    reader = visitor().person
    asked = asked_part(request.args)
    found = look(web().runtime, ref, desk_roles(), person_id=reader.id, asked=asked)
    offered = controls(found.seen, is_mine=found.assignee == reader.email)
    clocks = [clock_view(found.clocks.reading(clock.guarantee)) for clock in found.clocks.clocks.current]
    return render_template(
        "desk/ticket.html",
        ticket=found.seen.ticket,
        project=found.seen.project.name,
        clocks=[clock for clock in clocks if clock is not None],
        explanations=[clock_story(reading, found.clocks.clocks) for reading in found.clocks.readings()],
        entries=entry_views(found, reader_id=reader.id),
        parts=parts_view(found.parted, f"/desk/tickets/{ref}"),
        longest=None if asked.is_whole else LONGEST,
        whole=f"/desk/tickets/{ref}?whole=1",
        found=found,
        may=offered,
        starting_levels=_levels(offered),
        minutes=[(name, _minutes(found, since)) for name, since in found.others],
        version=".".join(map(str, found.version)),
        typed=typed,
    )


def entry_views(found: Look, *, reader_id: int) -> list[tuple[EntryView, Evidence]]:
    """The conversation, each entry with its evidence."""
    ref = found.seen.ticket.ref
    views = []
    for row in found.entries:
        view = entry_view(
            row, found.files.get(row.id, ()), ref=ref, reader_id=reader_id, written_in=Language(found.seen.ticket.lang)
        )
        files = tuple(_file_at_desk(file, ref) for file in view.files)
        label = view.label or (gettext("Step") if row.type == EntryType.SYSTEM else "")
        views.append(
            (replace(view, files=files, layout=_layout_at_desk(view), label=label), _evidence(found, row, ref))
        )
    return views


def _file_at_desk(file: FileView, ref: str) -> FileView:
    return replace(file, path=f"/desk/tickets/{ref}/files/{file.id}", preview=None)


def _layout_at_desk(view: EntryView) -> str | None:
    return f"/desk{view.layout}" if view.layout else None


def _evidence(found: Look, row: Any, ref: str) -> Evidence:
    return Evidence(
        sent=sent_views(found.deliveries.get(row.id, ())),
        decisions=tuple(found.decisions.get(row.id, ())),
        raw=f"/desk/tickets/{ref}/entries/{row.id}/raw" if row.raw_sha256 else None,
    )


def _levels(offered: Controls) -> list[tuple[str, str]]:
    return [(level.value, level.value) for level in offered.levels]


def _minutes(found: Look, since: Any) -> int:
    return int((found.clocks.now - since).total_seconds() // 60)
