"""A mail on its way out is signed, where the settings have a key."""

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from gateway.config.dkim import DkimSettings
from gateway.notify.compose import OutgoingMail

if TYPE_CHECKING:
    from gateway.mail.dkim_signing import Key


def signed(mail: OutgoingMail, settings: DkimSettings, *, at: datetime) -> OutgoingMail:
    """The mail with a DKIM-Signature on top; as it is where no key is configured."""
    if settings.key is None or settings.domain is None or settings.selector is None:
        return mail
    from gateway.mail.dkim_signing import sign  # with its library, which nobody without a key needs in memory

    key = _key(settings.key.get_secret_value())
    content = sign(mail.content, key=key, domain=settings.domain, selector=settings.selector, at=at)
    return replace(mail, content=content)


@lru_cache(maxsize=1)
def _key(pem: str) -> "Key":
    from gateway.mail.dkim_signing import read_key

    return read_key(pem)
