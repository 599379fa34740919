"""What a reporter does with their request beside answering: say whether it is solved, and who is kept informed.

POST /tickets/REF/outcome    it works, or it does not; through the spool, as by the link of a mail
POST /tickets/REF/people     put somebody on the request, take somebody off it, or leave it
"""

from flask import Flask, flash, redirect, request, url_for
from flask_babel import gettext
from flask_limiter import Limiter
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from gateway.domain.outcome import Outcome
from gateway.errors import Refused
from gateway.mail.address import is_address, normalise_address
from gateway.services.change_people import change_people
from gateway.services.leave_ticket import leave_out
from gateway.services.outcome import accept_outcome, question_on
from web.limits import REPLY
from web.reply import MAX_TEXT, clean_text
from web.state import visitor, web
from web.tickets import my_ticket


def register(app: Flask, limiter: Limiter) -> None:
    """Add the pages."""
    app.add_url_rule("/tickets/<ref>/outcome", "ticket_outcome", limiter.limit(REPLY)(say_outcome), methods=["POST"])
    app.add_url_rule("/tickets/<ref>/people", "ticket_people", limiter.limit(REPLY)(people), methods=["POST"])


def say_outcome(ref: str) -> Response:
    """POST /tickets/REF/outcome. Raises Deferred where the spool cannot take it."""
    runtime = web().runtime
    with runtime.database.reading() as connection:
        question = question_on(connection, runtime, my_ticket(connection, ref), visitor().person)
    wish = request.form.get("answer")
    if wish not in set(Outcome):
        raise BadRequest
    said = Outcome(wish)
    if question is None or said not in question.answers:
        flash(gettext("This request has moved on: there is nothing to confirm any more."), "bad")
        return redirect(url_for("ticket", ref=ref), 303)
    text = clean_text(request.form.get("text", ""))[: MAX_TEXT // 4] if said is Outcome.UNSOLVED else ""
    accept_outcome(runtime, question, said, text=text)
    works = said is Outcome.WORKS
    flash(
        gettext("Thank you: your request is closed within moments.")
        if works
        else gettext("Your request is reopened within moments, and its team is told.")
    )
    return redirect(url_for("ticket", ref=ref), 303)


def people(ref: str) -> Response:
    """POST /tickets/REF/people"""
    runtime, act = web().runtime, request.form.get("act")
    with runtime.database.reading() as connection:
        ticket = my_ticket(connection, ref)
    if act == "leave" and ticket.reporter_id != visitor().person.id:
        try:
            with runtime.database.transaction() as connection:
                leave_out(connection, runtime, ticket, visitor().person)
        except Refused:
            raise BadRequest from None
        flash(gettext("You receive no further mail about this request."))
        return redirect(url_for("ticket", ref=ref), 303)
    if act not in {"add", "remove"}:
        raise BadRequest
    return _change_people(ref, act, normalise_address(request.form.get("address", "")))


def _change_people(ref: str, act: str, address: str) -> Response:
    if not is_address(address):
        flash(gettext("This is not a mail address: it looks like name@example.org."), "bad")
        return redirect(url_for("ticket", ref=ref, _anchor="people"), 303)
    try:
        add, remove = ([address], []) if act == "add" else ([], [address])
        change_people(web().runtime, ref=ref, by=visitor().person.email, add=add, remove=remove)
    except Refused:
        flash(gettext("This address cannot be added or removed, or there are too many already."), "bad")
    else:
        flash(gettext("Done: %(address)s has been told.", address=address))
    return redirect(url_for("ticket", ref=ref, _anchor="people"), 303)
