"""Files that come with a form: read within their limits, and each that cannot be taken named in the error."""

from collections.abc import Sequence
from hashlib import sha256

from flask import Flask, request
from flask_babel import gettext
from werkzeug.datastructures import FileStorage

from gateway.config.load import Settings
from gateway.mail.parsed import MailFile
from gateway.services.web_form import FormFile
from web.file_names import clean_file_name
from web.i18n import file_size
from web.remarks import refusal
from web.state import web

FIELD = "files"
ENDPOINTS = frozenset({"reply", "send_report"})
"""The forms that may carry files; any other may be as long as a text is."""


def register(app: Flask) -> None:
    """Let go of the files of a request when it is over, whether or not anybody looked at them."""
    app.teardown_request(lambda _error: request.close())


def most_in_all(settings: Settings) -> int:
    """How many bytes of files one form may carry: what a mail of the largest size could hold."""
    return settings.smtp.max_size * 72 // 100


def uploaded_files() -> tuple[list[FormFile], list[str]]:
    """The files of this request, and a sentence for each that cannot be taken, and for too much in all."""
    settings = web().runtime.settings
    files = [_read(item) for item in request.files.getlist(FIELD) if item.filename]
    faults = _refused(files)
    total = sum(len(file.content) for file in files)
    if not faults and total > most_in_all(settings):
        faults.append(
            gettext(
                "Your files have %(size)s together, and at most %(limit)s can be sent at once.",
                size=file_size(total),
                limit=file_size(most_in_all(settings)),
            )
        )
    return files, faults


def _read(item: FileStorage) -> FormFile:
    return FormFile(name=clean_file_name(item.filename or ""), type=item.mimetype, content=item.stream.read())


def _refused(files: Sequence[FormFile]) -> list[str]:
    """What the rules on attachments say: asked before anything is sent, while the person can do something about it."""
    listed = [
        MailFile(
            position=position,
            name=file.name,
            type=file.type,
            size=len(file.content),
            sha256=sha256(file.content).hexdigest(),
        )
        for position, file in enumerate(files)
    ]
    refused = web().refuse_files(listed, web().runtime.settings.attachments)
    faults = [
        gettext("“%(name)s” cannot be sent: %(reason)s.", name=files[position].name, reason=refusal(reason))
        for position, reason in sorted(refused.items())
    ]
    empty = [gettext("“%(name)s” is empty.", name=file.name) for file in files if not file.content]
    return [str(fault) for fault in (*faults, *empty)]
