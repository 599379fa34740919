"""The reply box: what is typed is durable in the spool before the browser is told, like any mail.

What is sent carries a number made of the form's own and the text, the key by which it is filed once: a double
click is one entry, and a text changed after going back is another.
"""

import re
import unicodedata

from flask import Flask, flash, make_response, redirect, request, url_for
from flask_babel import gettext
from flask_limiter import Limiter
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from gateway.services.web_form import Form, FormFile, WebForm, envelope_of, number_of, payload_of
from gateway.spool.entry import Lane
from web.drafts import drop_draft, reply_place
from web.limits import REPLY
from web.state import visitor, web
from web.tickets import Reply, my_ticket, ticket_page
from web.uploads import uploaded_files

MAX_TEXT = 100_000  # bytes of UTF-8
_NONCE = re.compile(r"[A-Za-z0-9_-]{16,64}")


def register(app: Flask, limiter: Limiter) -> None:
    """Add the page."""
    app.add_url_rule("/tickets/<ref>/reply", "reply", limiter.limit(REPLY)(reply), methods=["POST"])


def reply(ref: str) -> Response:
    """POST /tickets/REF/reply. Raises Deferred where the spool cannot take it; that page keeps what was typed."""
    runtime = web().runtime
    with runtime.database.reading() as connection:
        ticket = my_ticket(connection, ref)
    nonce = form_nonce()
    text = clean_text(request.form.get("text", ""))
    files, faults = uploaded_files()
    problems = text_faults(text, files) or [("files", fault) for fault in faults]
    if problems:
        page = ticket_page(ref, reply=Reply(text=text, nonce=nonce, faults=problems))
        return make_response(page, 413 if len(text.encode()) > MAX_TEXT else 400)
    form = WebForm(
        form=Form.REPLY,
        person_id=visitor().person.id,
        number=number_of(nonce, text, files),
        at=runtime.clock.now(),
        text=text,
        ticket_id=ticket.id,
    )
    send_form(form, files)
    if "draft" in request.form:
        drop_draft(reply_place(ref))
    flash(gettext("Your answer is safe with us. It appears below within moments."))
    return redirect(url_for("ticket", ref=ref), 303)


def form_nonce() -> str:
    """The number of the form that was sent. Raises BadRequest for anything that is none."""
    nonce = request.form.get("nonce", "")
    if not _NONCE.fullmatch(nonce):
        raise BadRequest
    return nonce


def send_form(form: WebForm, files: list[FormFile]) -> None:
    """Make what was sent durable; only then may the browser be told. Raises Deferred."""
    runtime = web().runtime
    runtime.spool.accept(Lane.WEB, envelope_of(form), payload_of(form, files))
    runtime.doorbell.ring_soon(Lane.WEB)


def text_faults(text: str, files: list[FormFile]) -> list[tuple[str, str]]:
    """What is wrong with a text: the id of its box, and a sentence."""
    if not text and not files:
        return [("text", gettext("There is nothing to send yet: write your answer first."))]
    if len(text.encode()) > MAX_TEXT:
        return [("text", gettext("This is too long: shorten it, or send a mail."))]
    return []


def clean_text(text: str) -> str:
    """The text as it is kept: plain line ends, no control characters, no white space around it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in lines if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cs"}).strip()
