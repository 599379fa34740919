"""Answers made of what the store of files keeps: a sound in ranges, and a raw mail that may be on its way still.

The store may be away while everything else works: what needs it answers 503 then (`web.errors`), and nothing else does.
"""

import os
from datetime import datetime, timedelta

from flask import Response, request
from werkzeug.wsgi import FileWrapper

from gateway.errors import NotFound
from gateway.files.store import FileName, StoreTrouble
from web.state import web

_ON_ITS_WAY = timedelta(minutes=10)
_BLOCK = 256 * 1024  # bytes


def raw_mail(sha256: str | None, *, since: datetime) -> bytes:
    """The raw mail of an entry made at `since`. Raises NotFound, StoreTrouble.

    An entry can be seen a moment before its mail is in a store that is far away, or longer while the store is in
    trouble: what is not there yet is to be asked for again.
    """
    runtime = web().runtime
    try:
        return runtime.archive.read(sha256 or "")
    except NotFound:
        if sha256 and runtime.files.width > 1 and runtime.clock.now() - since < _ON_ITS_WAY:
            raise StoreTrouble("the mail is not in the store yet") from None
        raise


def play_file(name: FileName, *, kind: str) -> Response:
    """A file to be played, in the range that is asked for (RFC 9110, section 14). Raises NotFound, StoreTrouble."""
    file = web().runtime.files.open(name)
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    answer = Response(FileWrapper(file, _BLOCK), content_type=kind, direct_passthrough=True)
    answer.content_length = size
    answer.make_conditional(request.environ, accept_ranges=True, complete_length=size)
    return answer
