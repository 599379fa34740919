"""What we answer to each command of SMTP and LMTP. One mail at a time: MAIL, RCPT, DATA, and 250 when it is safe."""

import asyncio
from typing import cast

import structlog

from gateway.domain.ticket import Channel
from gateway.errors import Deferred, Refused
from gateway.mail.envelope import MailEnvelope
from gateway.spool.store import SpoolFull
from inbound import replies
from inbound.connection import Connection
from inbound.paths import Declined, parse_recipient, parse_sender
from inbound.wire import EndOfStream

_LONGEST_NAME = 255  # characters of what a peer calls itself; RFC 5321 section 4.5.3.1.2

log = structlog.get_logger()


class SmtpSession(Connection):
    """SMTP (RFC 5321) with SIZE, 8BITMIME, SMTPUTF8, PIPELINING, ENHANCEDSTATUSCODES and STARTTLS."""

    channel = Channel.SMTP
    protocol_name = "ESMTP"
    _helo = ""
    _mail_from: str | None = None
    _rcpt_tos: tuple[str, ...] = ()
    _smtputf8 = False

    @property
    def in_transaction(self) -> bool:
        """True from MAIL until the mail is answered or given up."""
        return self._mail_from is not None

    # Greeting and the small commands

    async def smtp_HELO(self, hostname: str) -> None:
        """HELO: a peer that knows no extensions."""
        self._greet(hostname)
        await self.push(replies.helo(self.hostname))

    async def smtp_EHLO(self, hostname: str) -> None:
        """EHLO: what we offer."""
        self._greet(hostname)
        tls = self.listener.tls is not None and not self.encrypted
        await self.push(replies.capabilities(self.hostname, max_size=self.settings.max_size, tls=tls))

    async def smtp_STARTTLS(self, arg: str) -> None:
        """STARTTLS: begin anew, encrypted (RFC 3207). A handshake that fails ends the connection."""
        _takes_nothing(arg)
        if self.listener.tls is None:
            raise Declined(replies.NOT_OFFERED)
        if self.encrypted:
            raise Declined(replies.TLS_ALREADY)
        await self.push(replies.TLS_GO_AHEAD)
        self._helo = ""
        self._forget_mail()
        self.wire.discard()
        try:
            transport = await self.loop.start_tls(
                cast(asyncio.WriteTransport, self.transport), self, self.listener.tls, server_side=True
            )
        except OSError as error:  # wrong certificates and time-outs are OSErrors too
            log.info("smtp.tls_failed", error=type(error).__name__)
            raise EndOfStream from error
        if transport is None:
            raise EndOfStream
        self.encrypted = True
        self.transport = transport
        self.wire.continue_over(transport)
        # The writer knows no public way to change its transport.
        self._writer._transport = transport  # type: ignore[attr-defined]  # asyncio has no public way

    async def smtp_NOOP(self, arg: str) -> None:
        """NOOP: whatever follows it is ignored."""
        await self.push(replies.OK)

    async def smtp_RSET(self, arg: str) -> None:
        """RSET: the mail under way is given up."""
        _takes_nothing(arg)
        self._forget_mail()
        await self.push(replies.OK)

    async def smtp_QUIT(self, arg: str) -> None:
        """QUIT: the end."""
        _takes_nothing(arg)
        await self.push(replies.BYE)
        raise EndOfStream

    async def smtp_HELP(self, arg: str) -> None:
        """HELP: one sentence."""
        await self.push(replies.HELP)

    async def smtp_VRFY(self, arg: str) -> None:
        """VRFY: tells nothing."""
        if not arg:
            raise Declined(replies.BAD_SYNTAX)
        await self.push(replies.CANNOT_VERIFY)

    async def smtp_EXPN(self, arg: str) -> None:
        """EXPN: there are no lists here."""
        raise Declined(replies.NOT_OFFERED)

    async def smtp_AUTH(self, arg: str) -> None:
        """AUTH: nobody sends through us, so nobody signs in."""
        raise Declined(replies.NOT_OFFERED)

    # One mail

    async def smtp_MAIL(self, arg: str | None) -> None:
        """MAIL: a mail begins. The null sender `<>` is "" from here on."""
        if not self._helo:
            raise Declined(replies.GREETING_NEEDED)
        if self._mail_from is not None:
            raise Declined(replies.NESTED_MAIL)
        sender = parse_sender(arg or "")
        if (sender.size or 0) > self.settings.max_size:
            raise Declined(replies.TOO_LARGE)
        if not self.listener.limits.may_send(self.peer, now=self.loop.time()):
            raise Declined(replies.TOO_MANY_MESSAGES)
        self._mail_from = sender.address
        self._smtputf8 = sender.smtputf8
        await self.push(replies.SENDER_OK)

    async def smtp_RCPT(self, arg: str | None) -> None:
        """RCPT: one recipient, which must be ours."""
        if self._mail_from is None:
            raise Declined(replies.MAIL_NEEDED)
        address = parse_recipient(arg or "")
        if len(self._rcpt_tos) >= self.settings.max_recipients:
            raise Declined(replies.TOO_MANY_RECIPIENTS)
        try:
            self.listener.door.check_recipient(address)
        except Refused as unknown:
            raise Declined(replies.unknown_recipient(str(unknown))) from unknown
        self._rcpt_tos = (*self._rcpt_tos, address)
        await self.push(replies.RECIPIENT_OK)

    async def smtp_DATA(self, arg: str) -> None:
        """DATA: the mail itself. The answer comes when it is safe on the disk."""
        _takes_nothing(arg)
        if self._mail_from is None:
            raise Declined(replies.MAIL_NEEDED)
        if not self._rcpt_tos:
            raise Declined(replies.RECIPIENT_NEEDED)
        self._reset_timeout(self.settings.data_timeout)
        await self.push(replies.GO_AHEAD)
        content = await self.wire.message(self.settings.max_size)
        answers = self.answers_to_data(len(self._rcpt_tos))
        reply = replies.TOO_LARGE if content is None else await self._keep(self._mail_from, content)
        self._forget_mail()
        await self.push("\r\n".join([reply] * answers))

    def answers_to_data(self, recipients: int) -> int:
        """How many replies a mail for so many recipients gets: in SMTP one for all."""
        return min(recipients, 1)

    async def _keep(self, mail_from: str, content: bytes) -> str:
        envelope = MailEnvelope(
            channel=self.channel,
            mail_from=mail_from,
            rcpt_tos=self._rcpt_tos,
            peer=self.peer.address,
            helo=self._helo,
            tls=self.encrypted,
            smtputf8=self._smtputf8,
            received_at=self.listener.door.clock.now(),
        )
        try:
            return replies.accepted(await self.listener.door.accept(envelope, content))
        except SpoolFull:
            return replies.DISK_FULL
        except Deferred:
            return replies.NOT_KEPT
        except Exception as error:  # noqa: BLE001 - the boundary: LMTP owes one answer a recipient even now
            return self.incident(error)

    def _greet(self, hostname: str) -> None:
        name = "".join(char for char in hostname if char.isprintable())[:_LONGEST_NAME]
        if not name:
            raise Declined(replies.NAME_NEEDED)
        self._helo = name
        self._forget_mail()

    def _forget_mail(self) -> None:
        self._mail_from = None
        self._rcpt_tos = ()
        self._smtputf8 = False


class LmtpSession(SmtpSession):
    """LMTP (RFC 2033): greeted by LHLO, and one answer to DATA for each recipient that was accepted."""

    channel = Channel.LMTP
    protocol_name = "LMTP"

    async def smtp_LHLO(self, hostname: str) -> None:
        """LHLO: the greeting of LMTP, with what we offer."""
        await super().smtp_EHLO(hostname)

    async def smtp_HELO(self, hostname: str) -> None:
        """HELO: not in LMTP (RFC 2033 section 4.1)."""
        raise Declined(replies.UNKNOWN_COMMAND)

    async def smtp_EHLO(self, hostname: str) -> None:
        """EHLO: not in LMTP either."""
        raise Declined(replies.UNKNOWN_COMMAND)

    def answers_to_data(self, recipients: int) -> int:
        """How many replies a mail for so many recipients gets: in LMTP one each (section 4.2)."""
        return recipients


def _takes_nothing(argument: str) -> None:
    if argument:
        raise Declined(replies.NO_PARAMETERS)
