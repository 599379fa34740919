"""What an agent does to a ticket from its page. Whatever is refused brings the page back with all that was typed."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, flash, make_response, redirect, request
from flask_babel import gettext
from flask_limiter import Limiter
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from gateway.domain.change import Change
from gateway.domain.kinds import FIELDS
from gateway.domain.reasons import Reason
from gateway.domain.ticket import EntryType, Kind, Level, Severity, Status
from gateway.errors import NotFound, Refused
from gateway.services.change_people import change_people
from gateway.services.desk_act import act_on_ticket
from gateway.services.desk_look import Sighting, sight
from gateway.services.link_tickets import link_tickets
from gateway.services.merge_tickets import merge_tickets
from gateway.services.seen_version import ChangedMeanwhile, Version
from gateway.services.split_ticket import split_ticket
from web.desk import desk_roles
from web.desk_news import event_sentence
from web.desk_refusals import refusal_sentences
from web.desk_ticket import Typed, ticket_page
from web.limits import REPLY
from web.reply import MAX_TEXT, clean_text
from web.state import visitor, web

Act = Callable[[str, Mapping[str, str]], str]
"""Does it and returns the path to go to."""

_TEXTS = ("reply", "workaround", "note", "reason")


def register(app: Flask, limiter: Limiter) -> None:
    """Add the routes, one for each kind of form on the page."""
    for name, act in (("act", _change), ("merge", _merge), ("split", _split), ("link", _link), ("people", _people)):
        view = limiter.limit(REPLY)(_answering(act))
        app.add_url_rule(f"/desk/tickets/<ref>/{name}", f"desk_{name}", view, methods=["POST"])


def _answering(act: Act) -> Callable[[str], Response]:
    def answer(ref: str) -> Response:
        _sight(ref)  # NotFound before anything is said of it
        form = request.form
        if any(len(form.get(name, "").encode()) > MAX_TEXT for name in _TEXTS):
            fault = gettext("This is too long: shorten it, or send a mail.")
            return make_response(ticket_page(ref, typed=Typed(form=form, faults=[fault])), 413)
        try:
            path = act(ref, form)
        except ChangedMeanwhile as change:
            typed = Typed(form=form, news=_news(change, _sight(ref)))
            return make_response(ticket_page(ref, typed=typed), 409)
        except (Refused, NotFound) as refusal:  # not found: another ticket that the form names
            return make_response(ticket_page(ref, typed=Typed(form=form, faults=refusal_sentences(refusal))), 400)
        return redirect(path, 303)

    return answer


def _sight(ref: str) -> Sighting:
    runtime = web().runtime
    with runtime.database.reading() as connection:
        return sight(connection, runtime, ref, desk_roles(), person_id=visitor().person.id)


def _change(ref: str, form: Mapping[str, str]) -> str:
    """POST /desk/tickets/REF/act: every act that `gateway ticket set` knows."""
    change = change_of(form, own_address=visitor().person.email)
    act_on_ticket(web().runtime, ref=ref, change=change, by=visitor().person.email, version=version_of(form))
    flash(gettext("Done."))
    return f"/desk/tickets/{ref}"


def _merge(ref: str, form: Mapping[str, str]) -> str:
    """POST /desk/tickets/REF/merge"""
    into, reason = form.get("into", "").strip().upper(), form.get("reason", "").strip()
    survivor = merge_tickets(
        web().runtime, ref=ref, into=into, by=visitor().person.email, reason=reason, version=version_of(form)
    )
    flash(gettext("%(ref)s is merged into this request.", ref=ref))
    return f"/desk/tickets/{survivor.ref}"


def _split(ref: str, form: Mapping[str, str]) -> str:
    """POST /desk/tickets/REF/split"""
    chosen = [int(text) for text in request.form.getlist("entry") if text.isascii() and text.isdigit()]
    if not chosen:
        raise Refused(Reason.ENTRIES_NEEDED())
    subject = clean_text(form.get("subject", ""))
    created = split_ticket(
        web().runtime,
        ref=ref,
        entry_ids=chosen,
        by=visitor().person.email,
        subject=subject,
        version=version_of(form),
    )
    flash(gettext("This request was split off %(ref)s.", ref=ref))
    return f"/desk/tickets/{created.ref}"


def _link(ref: str, form: Mapping[str, str]) -> str:
    """POST /desk/tickets/REF/link"""
    other = form.get("other", "").strip().upper()
    link_tickets(web().runtime, ref=ref, other=other, by=visitor().person.email, version=version_of(form))
    flash(gettext("Done."))
    return f"/desk/tickets/{ref}"


def _people(ref: str, form: Mapping[str, str]) -> str:
    """POST /desk/tickets/REF/people"""
    add, remove = form.get("add", "").strip(), form.get("remove", "").strip()
    change_people(
        web().runtime,
        ref=ref,
        by=visitor().person.email,
        add=[add] if add else [],
        remove=[remove] if remove else [],
        version=version_of(form),
    )
    flash(gettext("Done."))
    return f"/desk/tickets/{ref}"


def change_of(form: Mapping[str, str], *, own_address: str) -> Change:
    """The change that a form asks for. Raises BadRequest for a word that no form of ours has."""
    kind = _word(Kind, form.get("kind", ""))
    details = {name: form.get(name, "").strip() for name in ({one.name for one in FIELDS[kind]} if kind else ())}
    text = clean_text(form.get("text", ""))
    speaks_as = form.get("as", "reply") if text else ""
    assignee = own_address if form.get("take") else form.get("assignee")
    try:
        words = {speaks_as: text} if speaks_as else {}
        return Change(
            kind=kind,
            details=tuple((name, value) for name, value in sorted(details.items()) if value),
            severity=_word(Severity, form.get("severity", "")),
            status=_word(Status, form.get("status", "")),
            level=_word(Level, form.get("level", "")),
            assignee=assignee,
            reason=clean_text(form.get("reason", "")),
            **_spoken(words),
        )
    except ValueError:
        raise BadRequest from None


def version_of(form: Mapping[str, str]) -> Version:
    """The version that a form was made from. Raises BadRequest for none."""
    entry, _, event = form.get("version", "").partition(".")
    if not (entry.isascii() and entry.isdigit() and event.isascii() and event.isdigit()):
        raise BadRequest
    return Version(entry_id=int(entry), event_id=int(event))


def _spoken(words: Mapping[str, str]) -> Any:
    if not set(words) <= {"reply", "note", "workaround"}:
        raise BadRequest
    return words


def _word(words: Any, text: str) -> Any:
    if text and text not in set(words):
        raise BadRequest
    return words(text) if text else None


def _news(change: ChangedMeanwhile, seen: Sighting) -> list[str]:
    """What somebody else did, a line each: their words by their beginning, and what only the timeline tells. Of what
    the agent does not read there is no more than that it is there."""
    read = [row for row in change.entries if seen.reads(row)]
    said = [
        gettext("%(who)s wrote: “%(text)s”", who=row.author, text=row.text.strip()[:200])
        for row in read
        if row.type != EntryType.SYSTEM
    ]
    lines = [*(event_sentence(row) for row in change.events), *said]
    hidden = [] if len(read) == len(change.entries) else [gettext("There is a new note for other levels.")]
    return [*(lines or [f"{row.author}{gettext(': ')}{row.text.strip()[:200]}" for row in read]), *hidden]
