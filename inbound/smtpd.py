"""The mail door as a role: the SMTP and LMTP listeners, from the settings to an orderly end.

On SIGTERM or SIGINT no new connection is taken, idle ones hear 421, a mail under way may be finished. What was
acknowledged is on the disk by then: there is nothing else to save.
"""

import asyncio
import errno
import gc
import logging
import signal
import ssl
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from gateway.config.model import SmtpSettings
from gateway.errors import Misconfigured
from gateway.runtime import Runtime
from inbound.connection import Crowd, Listener
from inbound.door import Door
from inbound.limits import PeerLimits
from inbound.session import LmtpSession, SmtpSession

_BIND_PATIENCE = 10.0  # seconds; the one before us may still be seeing its last peers out
_DRAIN_PATIENCE = 10.0  # seconds that a mail under way has when we stop
_BACKLOG = 256

log = structlog.get_logger()


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Where the listeners answer; `lmtp` is None where it is off."""

    smtp: int
    lmtp: int | None


def run_smtpd(runtime: Runtime) -> None:
    """Run the listeners until SIGTERM or SIGINT. Raises Misconfigured where they cannot be opened."""
    # What was loaded stays for good: searching it for garbage again and again costs more than taking a mail. A
    # connection leaves few objects that only a search finds, so it is enough to look after some hundred of them.
    gc.freeze()
    gc.set_threshold(10_000)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_run(runtime))


async def serve(runtime: Runtime, *, stopping: asyncio.Event, ready: Callable[[Ports], None]) -> None:
    """Listen until `stopping` is set, then see everybody out. `ready` is called once, when all listeners answer."""
    # aiosmtpd logs every command at level info, addresses included.
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    settings, lmtp = runtime.settings.smtp, runtime.settings.lmtp
    door, tls, crowd = Door(runtime), _tls_context(settings), Crowd()
    servers: list[asyncio.Server] = []
    try:
        for kind, host, port in ((SmtpSession, settings.host, settings.port), (LmtpSession, lmtp.host, lmtp.port)):
            if port is not None:
                listener = Listener(door=door, limits=PeerLimits(settings), tls=tls, crowd=crowd)
                servers.append(await _listen(kind, listener, host=host, port=port))
        ports = [server.sockets[0].getsockname()[1] for server in servers]
        ready(Ports(smtp=ports[0], lmtp=ports[1] if len(ports) > 1 else None))
        await stopping.wait()
    finally:
        for server in servers:
            server.close()
        await crowd.send_home(seconds=_DRAIN_PATIENCE)
        door.close()


async def _run(runtime: Runtime) -> None:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    await serve(
        runtime,
        stopping=stopping,
        ready=lambda ports: log.info("smtp.ready", smtp_port=ports.smtp, lmtp_port=ports.lmtp),
    )
    log.info("smtp.stopped")


async def _listen(kind: type[SmtpSession], listener: Listener, *, host: str, port: int) -> asyncio.Server:
    loop = asyncio.get_running_loop()
    give_up = loop.time() + _BIND_PATIENCE
    while True:
        try:
            return await loop.create_server(lambda: kind(listener, loop=loop), host, port, backlog=_BACKLOG)
        except OSError as error:
            if error.errno != errno.EADDRINUSE or loop.time() > give_up:
                reason = error.strerror or "no such host"
                raise Misconfigured([f"{kind.channel.value}: cannot listen on {host} port {port}: {reason}"]) from error
        await asyncio.sleep(0.1)


def _tls_context(settings: SmtpSettings) -> ssl.SSLContext | None:
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise Misconfigured([f"smtp.tls_cert, smtp.tls_key: cannot be used: {error.strerror or error}"]) from error
    return context


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    try:
        import uvloop
    except ImportError:  # the extra `fast` is not installed
        return asyncio.new_event_loop
    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory
