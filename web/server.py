"""The web role: waitress, from the first bind to an orderly end.

SIGTERM or Ctrl-C let the answers under way go out, for five seconds at most; a second one ends at once.
"""

import os
import signal
import threading
import time
from collections.abc import Iterable, Mapping
from types import FrameType
from typing import TYPE_CHECKING, Any

import structlog
from waitress.server import create_server

from gateway.runtime import Runtime
from web.app import create_app
from web.latency import timed
from web.security import MAX_BODY
from web.state import (
    ReadAttachment,
    ReadFormatted,
    RefuseFiles,
    ReleaseMail,
    WebState,
    read_no_layout,
    refuse_no_files,
    release_no_mail,
)
from web.uploads import most_in_all

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_DRAIN = 5.0  # seconds
log = structlog.get_logger()


def run_web(
    runtime: Runtime,
    read_attachment: ReadAttachment,
    *,
    read_formatted: ReadFormatted = read_no_layout,
    refuse_files: RefuseFiles = refuse_no_files,
    release_mail: ReleaseMail = release_no_mail,
    beside: Mapping[str, "WSGIApplication"] | None = None,
) -> None:
    """Serve the pages until a signal ends it. Call it in the main thread.

    `beside` are applications of others by the path that theirs begin with (`/telephony`).
    """
    http = runtime.settings.http
    app = create_app(
        runtime,
        read_attachment,
        read_formatted=read_formatted,
        refuse_files=refuse_files,
        release_mail=release_mail,
    )
    channels: dict[int, Any] = {}
    server = create_server(
        side_by_side(
            timed(app, kind="page"), {prefix: timed(one, kind="webhook") for prefix, one in (beside or {}).items()}
        ),
        map=channels,
        host=http.host,
        port=http.port,
        threads=http.threads,
        # Ours is refused with a page, twice that by the server.
        max_request_body_size=2 * (most_in_all(runtime.settings) + MAX_BODY),
        ident=None,
        clear_untrusted_proxy_headers=True,
        **_proxy(http.trusted_proxy),
    )
    _end_in_order(channels)
    log.info("web.listening", host=http.host, port=http.port)
    server.run()
    state: WebState = app.extensions["gateway"]
    state.background.close()
    log.info("web.stopped")


def side_by_side(pages: "WSGIApplication", beside: Mapping[str, "WSGIApplication"]) -> "WSGIApplication":
    """One application of several, each with its own paths; what is nobody's is the pages'."""

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = str(environ.get("PATH_INFO", ""))
        found = next((app for prefix, app in beside.items() if path.startswith(f"{prefix}/")), pages)
        return found(environ, start_response)

    return answer


def _proxy(trusted: str | None) -> dict[str, Any]:
    if trusted is None:
        return {}
    return {"trusted_proxy": trusted, "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"}}


def _end_in_order(channels: dict[int, Any]) -> None:
    ending = threading.Event()

    def end(_signal: int, _frame: FrameType | None) -> None:
        if ending.is_set():
            raise SystemExit(0)  # waitress leaves its loop and ends its threads
        ending.set()
        threading.Thread(target=_wait_then_signal, args=(channels,), name="drain", daemon=True).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)


def _wait_then_signal(channels: dict[int, Any]) -> None:
    deadline = time.monotonic() + _DRAIN
    while time.monotonic() < deadline and any(_is_busy(channel) for channel in list(channels.values())):
        time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGTERM)


def _is_busy(channel: Any) -> bool:
    """True while a connection has a request under way or an answer that is not out."""
    return bool(getattr(channel, "requests", ())) or getattr(channel, "total_outbufs_len", 0) > 0
