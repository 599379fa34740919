"""Can the mailboxes be read? Each is tried as the poller would, and what is wrong is said in one sentence."""

from concurrent.futures import ThreadPoolExecutor

from gateway.config.mailboxes import MailboxSettings
from gateway.errors import GatewayError
from gateway.runtime import Runtime
from inbound.imap_connection import open_mailbox
from inbound.imap_sign_in import make_sign_in

_AT_ONCE = 8


def mailbox_faults(runtime: Runtime) -> list[str]:
    """What is wrong with the mailboxes, in the order of the file; they are tried side by side."""
    mailboxes = runtime.settings.mailboxes
    with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        found = pool.map(lambda item: try_mailbox(runtime, *item), mailboxes.items())
        return [fault for faults in found for fault in faults]


def try_mailbox(runtime: Runtime, name: str, settings: MailboxSettings) -> list[str]:
    """Sign in and open the folders, changing nothing. One sentence, or none."""
    try:
        sign_in = make_sign_in(runtime, name=name, settings=settings)
        mailbox = open_mailbox(settings, sign_in, largest=runtime.settings.smtp.max_size)
        try:
            for folder in filter(None, (settings.folder, settings.junk_folder)):
                mailbox.select(folder, readonly=True)
            if settings.after == "move" and not mailbox.can_move:
                return [f"mailbox {name}: the server can neither MOVE nor UIDPLUS: set after to 'flag' or 'leave'"]
        finally:
            mailbox.close()
    except (GatewayError, OSError) as error:
        return [f"mailbox {name}: {error}"]
    return []
