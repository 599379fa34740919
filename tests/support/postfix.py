"""A real Postfix below a folder of its own, run as root, that relays one domain to an LMTP port of this machine."""

import os
import shutil
import smtplib
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.support.servers import free_port
from tests.support.waiting import wait_for

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = /usr/lib/postfix/sbin
mail_owner = postfix
setgid_group = postdrop
myhostname = mx.demo.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtp_host_lookup = native
smtp_dns_support_level = disabled
relay_domains = demo.example
recipient_delimiter = +
transport_maps = inline:{{ {{ demo.example = lmtp:inet:127.0.0.1:{lmtp_port} }} }}
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
mynetworks = 127.0.0.0/8
alias_maps =
maillog_file = {folder}/log
maillog_file_prefixes = /tmp, /var
minimal_backoff_time = 1s
queue_run_delay = 1s
"""


class Postfix:
    """The server; `smtp_port` takes mail. Skips, with the reason, where none can be run."""

    def __init__(self, *, lmtp_port: int) -> None:
        if shutil.which("postfix") is None:
            pytest.skip("no Postfix on this machine (Debian: apt-get install postfix)")
        if os.geteuid() != 0:
            pytest.skip("Postfix needs root to be run below a folder of its own")
        self._folder = Path(tempfile.mkdtemp(prefix="postfix-"))
        self._folder.chmod(0o755)
        self.smtp_port = free_port()
        for name in ("spool", "data"):
            (self._folder / name).mkdir()
        shutil.chown(self._folder / "data", "postfix")
        (self._folder / "main.cf").write_text(_MAIN.format(folder=self._folder, lmtp_port=lmtp_port))
        (self._folder / "master.cf").write_text(_master(self.smtp_port))

    def log(self) -> str:
        path = self._folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def queued(self) -> int:
        """How many mails wait in the queue."""
        listed = subprocess.run(
            ["postqueue", "-c", str(self._folder), "-j"], capture_output=True, text=True, check=False
        )
        return len(listed.stdout.splitlines())

    def send(self, raw: bytes, *, sender: str = "marie@client.example", to: str = "support@demo.example") -> None:
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=30) as client:
            client.sendmail(sender, [to], raw)

    def __enter__(self) -> Self:
        subprocess.run(["postfix", "-c", str(self._folder), "start"], check=True, capture_output=True)
        wait_for(self._answers, "Postfix to answer")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        subprocess.run(["postfix", "-c", str(self._folder), "stop"], check=False, capture_output=True)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _answers(self) -> bool:
        try:
            with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=5):
                return True
        except (OSError, smtplib.SMTPException):
            return False


def _master(smtp_port: int) -> str:
    """Debian's services, none in a chroot, with SMTP on a port of ours."""
    services = [
        f"{smtp_port} inet n - n - - smtpd",
        "pickup unix n - n 60 1 pickup",
        "cleanup unix n - n - 0 cleanup",
        "qmgr unix n - n 300 1 qmgr",
        "tlsmgr unix - - n 1000? 1 tlsmgr",
        "rewrite unix - - n - - trivial-rewrite",
        "bounce unix - - n - 0 bounce",
        "defer unix - - n - 0 bounce",
        "trace unix - - n - 0 bounce",
        "verify unix - - n - 1 verify",
        "flush unix n - n 1000? 0 flush",
        "proxymap unix - - n - - proxymap",
        "proxywrite unix - - n - 1 proxymap",
        "smtp unix - - n - - smtp",
        "relay unix - - n - - smtp",
        "showq unix n - n - - showq",
        "error unix - - n - - error",
        "retry unix - - n - - error",
        "discard unix - - n - - discard",
        "local unix - n n - - local",
        "virtual unix - n n - - virtual",
        "lmtp unix - - n - - lmtp",
        "anvil unix - - n - 1 anvil",
        "scache unix - - n - 1 scache",
        "postlog unix-dgram n - n - 1 postlogd",
    ]
    return "\n".join(services) + "\n"
