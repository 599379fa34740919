"""The reply box: what is typed is durable in the spool before the browser is told, like any mail.

What is sent carries a number made of the form's own and the text, the key by which it is filed once: a double
click is one entry, and a text changed after going back is another.
"""

import json
import re
import unicodedata
from hashlib import sha256

from flask import Flask, flash, make_response, redirect, request, url_for
from flask_babel import gettext
from flask_limiter import Limiter
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from gateway.spool.entry import Lane
from web.limits import REPLY
from web.state import visitor, web
from web.tickets import my_ticket, ticket_page

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
    nonce = request.form.get("nonce", "")
    if not _NONCE.fullmatch(nonce):
        raise BadRequest
    text = clean_text(request.form.get("text", ""))
    if not text:
        page = ticket_page(ref, nonce=nonce, error=gettext("There is nothing to send yet: write your answer first."))
        return make_response(page, 400)
    if len(text.encode()) > MAX_TEXT:
        page = ticket_page(ref, typed=text, nonce=nonce, error=gettext("This is too long: shorten it, or send a mail."))
        return make_response(page, 413)
    number = sha256(f"{nonce}\n{text}".encode()).hexdigest()[:32]
    payload = {"ticket_id": ticket.id, "person_id": visitor().person.id, "text": text, "nonce": number}
    envelope = {"channel": "web", "received_at": runtime.clock.now().isoformat()}
    runtime.spool.accept(Lane.WEB, envelope, json.dumps(payload, ensure_ascii=False, sort_keys=True).encode())
    runtime.doorbell.ring_soon(Lane.WEB)
    flash(gettext("Your answer is safe with us. It appears below within moments."))
    return redirect(url_for("ticket", ref=ref), 303)


def clean_text(text: str) -> str:
    """The text as it is kept: plain line ends, no control characters, no white space around it."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(char for char in lines if char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cs"}).strip()
