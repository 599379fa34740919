"""The files that came with a form of a web page: taken apart, scanned and refused as a mail's are."""

from collections.abc import Iterable

from gateway.config.load import Settings
from gateway.config.mail_checks import AntivirusSettings
from gateway.db.tickets import Attachment
from gateway.services.web_form import FormFiles
from inbound.antivirus import NO_SCANNER, ScanOutcome, scan
from inbound.arriving import Infected
from inbound.attachment_policy import refuse
from inbound.mime_tree import read_tree
from inbound.openers import open_envelopes
from inbound.parts import describe_file, numbered_files


def read_form_files(payload: bytes, settings: Settings) -> FormFiles:
    """The files of a raw form. Waits for the virus scanner within its time limit. Raises Infected."""
    leaves = dict(numbered_files(open_envelopes(read_tree(payload).root).root))
    files = [describe_file(position, leaf) for position, leaf in leaves.items()]
    refused = refuse(files, settings.attachments)
    kept = [file for file in files if file.position not in refused]
    is_scanned = _scan((leaves[file.position].content() for file in kept), settings.antivirus)
    return FormFiles(
        kept=tuple(
            Attachment(position=file.position, name=file.name, type=file.type, size=file.size, sha256=file.sha256)
            for file in kept
        ),
        refused=tuple(
            {"name": file.name, "reason": refused[file.position].value} for file in files if file.position in refused
        ),
        notes=() if is_scanned else ("not-scanned",),
    )


def _scan(contents: Iterable[bytes], settings: AntivirusSettings) -> bool:
    """False where there is a scanner and something was not scanned; the rest is then not asked about, lest a slow
    scanner keep a job for long. Raises Infected.

    Each file by itself: unlike a mail, a form has no header by which a scanner would know to take it apart.
    """
    for content in contents:
        found = scan(content, settings)
        if found.outcome is ScanOutcome.INFECTED:
            raise Infected(f"the virus scanner found {found.detail}")
        if found is NO_SCANNER:
            return True
        if found.outcome is ScanOutcome.NOT_SCANNED:
            return False
    return True
