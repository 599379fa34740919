"""The files that came with a form of a web page: taken apart, scanned and refused as a mail's are."""

from gateway.config.load import Settings
from gateway.db.tickets import Attachment
from gateway.services.web_form import FormFiles
from inbound.antivirus import NO_SCANNER, ScanOutcome, scan
from inbound.arriving import Infected
from inbound.attachment_policy import refuse
from inbound.parse import parse_message


def read_form_files(payload: bytes, settings: Settings) -> FormFiles:
    """The files of a raw form. Waits for the virus scanner within its time limit. Raises Infected."""
    files = parse_message(payload).files
    if not files:
        return FormFiles()
    scanned = scan(payload, settings.antivirus)
    if scanned.outcome is ScanOutcome.INFECTED:
        raise Infected(f"the virus scanner found {scanned.detail}")
    refused = refuse(files, settings.attachments)
    is_unscanned = scanned is not NO_SCANNER and scanned.outcome is ScanOutcome.NOT_SCANNED
    return FormFiles(
        kept=tuple(
            Attachment(position=file.position, name=file.name, type=file.type, size=file.size, sha256=file.sha256)
            for file in files
            if file.position not in refused
        ),
        refused=tuple(
            {"name": file.name, "reason": refused[file.position].value} for file in files if file.position in refused
        ),
        notes=("not-scanned",) if is_unscanned else (),
    )
