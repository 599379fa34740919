"""A real Dovecot, 2.3 or 2.4, below a folder of its own: IMAP to read, LMTP to deliver. As root or as anybody."""

import getpass
import os
import shutil
import signal
import smtplib
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
import pytest
from imapclient import IMAPClient

from tests.support.servers import free_port
from tests.support.waiting import wait_for

USER, PASSWORD = "support@demo.example", "secret"
_LISTENERS = """
listen = 127.0.0.1
protocols = imap lmtp
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/dovecot.log
default_internal_user = {owner}
default_internal_group = {group}
default_login_user = {owner}
first_valid_uid = 0
first_valid_gid = 0
mail_max_userip_connections = 100
namespace inbox {{
  inbox = yes
  separator = /
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    {lmtp_address} = 127.0.0.1
    port = {lmtp_port}
  }}
}}
"""
_MAIL_23 = """
disable_plaintext_auth = no
mail_location = maildir:{folder}/mail/%u
mail_uid = {owner}
mail_gid = {group}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/users
}}
userdb {{
  driver = static
  args = uid={owner} gid={group} home={folder}/mail/%u
}}
"""
_MAIL_24 = """
auth_allow_cleartext = yes
mail_driver = maildir
mail_home = {folder}/mail/%{{user}}
mail_path = {folder}/mail/%{{user}}
mail_uid = {owner}
mail_gid = {group}
passdb passwd-file {{
  default_password_scheme = PLAIN
  passwd_file_path = {folder}/users
}}
userdb static {{
  fields {{
    uid = {owner}
    gid = {group}
    home = {folder}/mail/%{{user}}
  }}
}}
"""


class Dovecot:
    """One server. `stop` and `start` keep ports and mail; with `tls` (certificate and key) it also speaks TLS."""

    def __init__(self, *, tls: tuple[Path, Path] | None = None) -> None:
        self.program = shutil.which("dovecot") or "/usr/sbin/dovecot"
        if not Path(self.program).exists() or not Path("/usr/lib/dovecot/lmtp").exists():
            pytest.skip("no Dovecot on this machine (Debian: apt-get install dovecot-imapd dovecot-lmtpd)")
        # Not below pytest's folders: those are closed to other users, and closed again by each new session of pytest.
        self._folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        self._folder.chmod(0o755)
        self.imap_port, self.imaps_port, self.lmtp_port = free_port(), free_port(), free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._write_configuration(tls)

    def start(self) -> None:
        command = [self.program, "-F", "-c", str(self._folder / "dovecot.conf")]
        with (self._folder / "out").open("ab") as out:
            self._process = subprocess.Popen(command, stdout=out, stderr=out)
        wait_for(self._answers, f"Dovecot to answer; {self._folder}/dovecot.log says why not")

    def stop(self) -> None:
        """SIGTERM, and the end of every process of it."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL for all of it at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def deliver(self, raw: bytes, *, sender: str = "marie@client.example", to: str = USER) -> None:
        """Deliver by LMTP; raises what smtplib raises when it is not acknowledged."""
        with smtplib.LMTP("127.0.0.1", self.lmtp_port, timeout=30) as client:
            client.sendmail(sender, [to], raw)

    @contextmanager
    def client(self) -> Iterator[IMAPClient]:
        """A signed-in client of the tests' own."""
        client = IMAPClient("127.0.0.1", self.imap_port, ssl=False, timeout=20)
        try:
            client.login(USER, PASSWORD)
            yield client
        finally:
            client.shutdown()

    def subjects(self, folder: str = "INBOX") -> list[str]:
        """The subjects of the mails in a folder, in order; nothing where there is no such folder."""
        with self.client() as client:
            if not client.folder_exists(folder):
                return []
            client.select_folder(folder, readonly=True)
            found = client.fetch(client.search(), ["ENVELOPE"])
        return [found[uid][b"ENVELOPE"].subject.decode() for uid in sorted(found)]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        everything = [psutil.Process(self._process.pid), *psutil.Process(self._process.pid).children(recursive=True)]
        for process in everything if number == signal.SIGKILL else everything[:1]:
            try:
                process.send_signal(number)
            except psutil.NoSuchProcess:
                continue
        self._process.wait(20)
        wait_for(lambda: not psutil.wait_procs(everything[1:], timeout=0)[1], "all of Dovecot to be gone")
        self._process = None

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "out").read_text()
        try:
            with self.client(), smtplib.LMTP("127.0.0.1", self.lmtp_port, timeout=5):
                return True
        except (OSError, smtplib.SMTPException, IMAPClient.Error):
            return False

    def _write_configuration(self, tls: tuple[Path, Path] | None) -> None:
        version = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=True).stdout
        new = not version.startswith("2.3")
        owner = _owner()
        for name in ("run", "mail"):
            (self._folder / name).mkdir(exist_ok=True)
        (self._folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        if os.geteuid() == 0:
            shutil.chown(self._folder / "mail", owner, _group(owner))
        head = "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n" if new else ""
        values = {
            "folder": self._folder,
            "owner": owner,
            "group": _group(owner),
            "imap_port": self.imap_port,
            "imaps_port": self.imaps_port if tls else 0,
            "lmtp_port": self.lmtp_port,
            "lmtp_address": "listen" if new else "address",
        }
        text = head + (_LISTENERS + (_MAIL_24 if new else _MAIL_23)).format(**values)
        (self._folder / "dovecot.conf").write_text(text + _tls_lines(tls, new=new))


def _tls_lines(tls: tuple[Path, Path] | None, *, new: bool) -> str:
    if tls is None:
        return "ssl = no\n"
    if new:
        return f"ssl = yes\nssl_server_cert_file = {tls[0]}\nssl_server_key_file = {tls[1]}\n"
    return f"ssl = yes\nssl_cert = <{tls[0]}\nssl_key = <{tls[1]}\n"


def _owner() -> str:
    # Dovecot keeps mail for root only where its users' ids begin at 0; its own user is there wherever it is.
    return "dovecot" if os.geteuid() == 0 else getpass.getuser()


def _group(owner: str) -> str:
    import grp
    import pwd

    return grp.getgrgid(pwd.getpwnam(owner).pw_gid).gr_name
