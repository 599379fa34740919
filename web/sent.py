"""The mails that we would have sent: with no relay configured, a newcomer reads them here, on this machine only.

It shows anybody's sign-in links, so it exists only while the whole installation is a private one: no relay, a
listener on the loopback address, no proxy that could bring others here, and a request from this machine.
"""

import re
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask, abort, render_template, request

from gateway.config.load import Settings
from gateway.errors import NotFound
from web.security import is_loopback
from web.state import web

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,100}\.eml")
_SHOWN = 100


@dataclass(frozen=True, kw_only=True)
class SentMail:
    """A mail as it can be read."""

    name: str
    sender: str
    recipient: str
    subject: str
    date: str
    text: str


def register(app: Flask) -> None:
    """Add the pages."""
    app.add_url_rule("/sent", "sent_list", show_list)
    app.add_url_rule("/sent/<name>", "sent_mail", show_mail)


def may_show_sent(settings: Settings) -> bool:
    """True for a private installation:

    - no relay takes our mail,
    - the pages are served on a loopback address, and known by one,
    - no proxy stands in front of them.
    """
    http = settings.http
    public_host = urlsplit(http.base_url).hostname or ""
    alone = is_loopback(http.host) and is_loopback(public_host) and http.trusted_proxy is None
    return settings.relay.host is None and alone


def show_list() -> str:
    """GET /sent, the newest first."""
    _only_here()
    folder = web().runtime.where.sent
    names = sorted((path.name for path in folder.glob("*.eml") if _NAME.fullmatch(path.name)), reverse=True)
    mails = [_read(folder, name) for name in names[:_SHOWN]]
    return render_template("sent_list.html", mails=mails, more=max(0, len(names) - _SHOWN))


def show_mail(name: str) -> str:
    """GET /sent/NAME"""
    _only_here()
    mail = _read(web().runtime.where.sent, name)
    return render_template("sent_mail.html", mail=mail, pieces=split_links(mail.text, web().runtime.settings))


def split_links(text: str, settings: Settings) -> list[tuple[bool, str]]:
    """The text in pieces, each with whether it is a link to a page of ours; no other link can be clicked."""
    link = re.compile(rf"({re.escape(settings.http.base_url)}/[^\s<>\"']*[^\s<>\"'.,;:!?)])")
    return [(index % 2 == 1, piece) for index, piece in enumerate(link.split(text)) if piece]


def _only_here() -> None:
    if not (web().shows_sent and is_loopback(request.remote_addr or "")):
        abort(404)


def _read(folder: Path, name: str) -> SentMail:
    path = folder / name
    if not _NAME.fullmatch(name) or path.is_symlink() or not path.is_file():
        raise NotFound("there is no such mail")
    message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
    return SentMail(
        name=name,
        sender=str(message["From"] or ""),
        recipient=str(message["To"] or ""),
        subject=str(message["Subject"] or ""),
        date=str(message["Date"] or ""),
        text=_text(message),
    )


def _text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    try:
        return "" if part is None else str(part.get_content())
    except (LookupError, ValueError):
        return ""
