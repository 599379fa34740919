"""What incoming mail is checked for: files that are refused, and viruses. And how senders are named in lists."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, model_validator

from gateway.config.section import Section
from gateway.mail.address import is_address

REFUSED_EXTENSIONS = (
    "ade adp apk appx appxbundle application bat cab chm cmd com cpl dll dmg exe gadget hta hlp inf ins isp jar jnlp "
    "js jse lnk mde msc msi msix msixbundle msp mst pif ps1 ps1xml ps2 psc1 psd1 psm1 reg scf scr sct shb shs sys url "
    "vb vbe vbs vhd vhdx vxd ws wsc wsf wsh xll"
)
REFUSED_TYPES = (
    "application/x-msdownload application/x-dosexec application/x-msdos-program application/x-ms-installer "
    "application/x-ms-shortcut application/vnd.microsoft.portable-executable application/hta application/java-archive "
    "application/x-java-jnlp-file text/vbscript text/x-vbscript"
)


def _are_listable(entries: tuple[str, ...]) -> tuple[str, ...]:
    plain = tuple(entry.strip().lower() for entry in entries)
    for entry in plain:
        local, _, domain = entry.rpartition("@")
        if not is_address(f"{local or 'x'}@{domain.removeprefix('.')}") or (local and domain.startswith(".")):
            raise ValueError(f"{entry!r} is no address, domain or .domain")
    return plain


SenderList = Annotated[tuple[str, ...], AfterValidator(_are_listable)]
"""Addresses, domains (`example.org`, that domain alone) and `.example.org` (it and all below it)."""


class AttachmentSettings(Section):
    """Which attached files are kept. What is refused leaves a line on the ticket, and stays in the raw mail.

    `refused_extensions` are without the dot; `max_size` is in bytes, of one file.
    """

    refused_extensions: tuple[str, ...] = tuple(REFUSED_EXTENSIONS.split())
    refused_types: tuple[str, ...] = tuple(REFUSED_TYPES.split())
    max_size: int = Field(default=25 * 1024 * 1024, ge=0)
    max_count: int = Field(default=100, ge=0, description="of one mail; those that come first are kept")


class AntivirusSettings(Section):
    """The ClamAV daemon, by its socket or by host and port; off while neither is set.

    `timeout` is in seconds, for one whole mail; with `dns_timeout` it stays below half of the worker's `job_timeout`,
    lest a slow scanner kill jobs. `max_size` is in bytes and no more than clamd's StreamMaxLength.
    """

    socket: Path | None = None
    host: str | None = None
    port: int = Field(default=3310, ge=1, le=65535)
    timeout: float = Field(default=20, gt=0)
    max_size: int = Field(default=25 * 1024 * 1024, ge=0)

    @model_validator(mode="after")
    def _is_one_place(self) -> "AntivirusSettings":
        if self.socket is not None and self.host is not None:
            raise ValueError("give socket or host, not both")
        return self
