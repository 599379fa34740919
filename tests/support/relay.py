"""An SMTP relay in the test's process whose every answer the test writes: aiosmtpd on a port of its own."""

import asyncio
import dataclasses
import ssl
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session, syntax

from gateway.config.model import RelaySettings
from gateway.runtime import Runtime
from tests.support.servers import free_port

LOSE_CONNECTION = "lose the connection"


@dataclass(frozen=True, kw_only=True)
class Received:
    """A mail whose last dot arrived, whatever was answered to it."""

    sender: str
    recipient: str
    content: bytes
    peer: tuple[str, int]
    tls: bool
    login: str | None
    options: list[str]


@dataclass(kw_only=True)
class ScriptedRelay:
    """Answers as the script says, in order, and then `250`. A script's key is the recipient."""

    tls: ssl.SSLContext | None = None
    implicit_tls: bool = False
    smtputf8: bool = False
    credentials: tuple[str, str] | None = None
    starttls_reply: str | None = None
    at_mail: list[str] = field(default_factory=list)
    at_rcpt: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    after_data: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    close_after_each: bool = False
    silent_after_data: bool = False
    before_data: Callable[[], object] = lambda: None
    received: list[Received] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.port = free_port()
        self._controller = _Controller(self)
        self._controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._controller.stop()

    def recipients(self) -> list[str]:
        return [mail.recipient for mail in self.received]


def through(runtime: Runtime, relay: ScriptedRelay, **options: Any) -> Runtime:
    """The runtime, with this relay configured; without TLS unless the options say so."""
    values: dict[str, Any] = {"host": "127.0.0.1", "port": relay.port, "security": "plain", "timeout": 10} | options
    settings = runtime.settings.model_copy(update={"relay": RelaySettings(**values)})
    return dataclasses.replace(runtime, settings=settings)


class _Controller(Controller):
    def __init__(self, relay: ScriptedRelay) -> None:
        self._relay = relay
        super().__init__(
            _Handler(relay),
            hostname="127.0.0.1",
            port=relay.port,
            ssl_context=relay.tls if relay.implicit_tls else None,
        )

    def factory(self) -> SMTP:
        relay = self._relay
        return _Smtp(
            relay,
            self.handler,
            hostname="relay.example",
            enable_SMTPUTF8=relay.smtputf8,
            tls_context=None if relay.implicit_tls else relay.tls,
            require_starttls=relay.tls is not None and not relay.implicit_tls,
            auth_require_tls=not relay.implicit_tls,
            authenticator=self._authenticate if relay.credentials else None,
            auth_required=False,
        )

    def _authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any) -> AuthResult:
        assert isinstance(data, LoginPassword)
        given = (data.login.decode(), data.password.decode())
        return AuthResult(success=given == self._relay.credentials, handled=False, auth_data=given[0])


class _Smtp(SMTP):
    def __init__(self, relay: ScriptedRelay, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._relay = relay

    @syntax("STARTTLS", when="tls_context")
    async def smtp_STARTTLS(self, arg: str) -> None:
        if self._relay.starttls_reply is not None:
            await self.push(self._relay.starttls_reply)
            return
        await super().smtp_STARTTLS(arg)


class _Handler:
    def __init__(self, relay: ScriptedRelay) -> None:
        self._relay = relay

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self._relay.commands.append("MAIL")
        answer = self._relay.at_mail.pop(0) if self._relay.at_mail else "250 OK"
        if answer.startswith("250"):
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return answer

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self._next(self._relay.at_rcpt[address])
        if answer == LOSE_CONNECTION:
            server.transport.abort()
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        (recipient,) = envelope.rcpt_tos
        assert isinstance(envelope.content, bytes)
        assert envelope.mail_from is not None
        self._relay.received.append(
            Received(
                sender=envelope.mail_from,
                recipient=recipient,
                content=envelope.content,
                peer=session.peer,
                tls=session.ssl is not None or self._relay.implicit_tls,
                login=session.auth_data if session.authenticated else None,
                options=list(envelope.mail_options),
            )
        )
        self._relay.before_data()
        if self._relay.silent_after_data:
            await asyncio.Event().wait()
        answer = self._next(self._relay.after_data[recipient])
        if answer == LOSE_CONNECTION:
            server.transport.abort()
        elif self._relay.close_after_each:
            asyncio.get_running_loop().call_soon(server.transport.close)
        return answer

    @staticmethod
    def _next(script: list[str]) -> str:
        return script.pop(0) if script else "250 OK"
