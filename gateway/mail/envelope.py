"""What the door knew about a mail when it came in; kept beside the raw bytes, never taken from headers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain.ticket import Channel
from gateway.errors import Refused


class BadEnvelope(Refused):
    """The spool's envelope is not one that a mail door writes."""


@dataclass(frozen=True, kw_only=True)
class MailEnvelope:
    """The facts of one acceptance.

    `mail_from` is "" for the null sender, never "<>". `rcpt_tos` are as the peer gave them, in order. `peer` is
    an IP address, "" where there was no network; `helo` is what the peer called itself. `tls` says whether the
    mail came over an encrypted connection, `smtputf8` whether the peer asked for RFC 6531. `received_at` is
    aware, in UTC. `arrival` names the arrival where the door can be offered one twice, as a mailbox can: a mailbox,
    its UIDVALIDITY and a UID. `hold` is why a person must look first, "" where nothing is known against the mail.
    """

    channel: Channel
    mail_from: str
    rcpt_tos: tuple[str, ...]
    peer: str
    helo: str
    tls: bool
    smtputf8: bool
    received_at: datetime
    arrival: str = ""
    hold: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; the time in ISO 8601."""
        return {
            "channel": self.channel.value,
            "mail_from": self.mail_from,
            "rcpt_tos": list(self.rcpt_tos),
            "peer": self.peer,
            "helo": self.helo,
            "tls": self.tls,
            "smtputf8": self.smtputf8,
            "received_at": self.received_at.isoformat(),
            **({"arrival": self.arrival} if self.arrival else {}),
            **({"hold": self.hold} if self.hold else {}),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "MailEnvelope":
        """Read what `to_json` wrote; more keys are no harm. Raises BadEnvelope."""
        try:
            return cls(
                channel=Channel(document["channel"]),
                mail_from=document["mail_from"],
                rcpt_tos=tuple(document["rcpt_tos"]),
                peer=document["peer"],
                helo=document["helo"],
                tls=document["tls"],
                smtputf8=document["smtputf8"],
                received_at=datetime.fromisoformat(document["received_at"]),
                arrival=document.get("arrival", ""),
                hold=document.get("hold", ""),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadEnvelope("the envelope of this mail cannot be read") from error
