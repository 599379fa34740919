"""A whole installation, run as an operator runs it: `gateway up` in a process of its own, commands beside it."""

import json
import os
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Self, cast

import psutil

from tests.support.servers import free_port
from tests.support.waiting import wait_for

ROOT = Path(__file__).resolve().parents[2]


class Installation:
    """An installation below `folder`; `environment` adds settings. Ports are chosen free and kept over restarts.

    `code` is the checkout that runs: another one from the next start on is an upgrade.
    """

    def __init__(self, folder: Path, *, code: Path = ROOT, **environment: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.code = code
        self._errors = folder / "up.err"
        self.data = folder / "var"
        self.smtp_port, self.http_port = free_port(), free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
        self.environment = {
            **kept,
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_DATA": str(self.data),
            "GATEWAY_SMTP__PORT": str(self.smtp_port),
            "GATEWAY_HTTP__PORT": str(self.http_port),
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.ready_line = ""

    def start(self) -> None:
        """Start everything and wait for the line that says it is ready."""
        out = self._folder / "up.out"
        with out.open("w") as stdout, self._errors.open("w") as stderr:
            process = self._process = subprocess.Popen(
                [sys.executable, "-m", "gateway", "up"],
                cwd=self.code,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
            )
        wait_for(
            lambda: out.read_text().endswith("\n") or process.poll() is not None, "the line that says ready", seconds=90
        )
        self.ready_line = out.read_text()
        assert self.ready_line, f"not ready: {self.complaints()}\n{self.logs()}"

    @property
    def pid(self) -> int:
        """The supervisor's process id."""
        assert self._process is not None
        return self._process.pid

    def stop(self) -> int:
        """Ctrl-C, and the exit code."""
        os.kill(self.pid, signal.SIGINT)
        return self.wait()

    def wait(self) -> int:
        """The exit code, once everything has ended."""
        assert self._process is not None
        return self._process.wait(60)

    def kill(self) -> None:
        """SIGKILL for the parent of everything; its children see to themselves."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing running, whatever the test did."""
        left = self.processes()
        self.kill()
        self.wait_until_gone(left)

    def processes(self) -> list[psutil.Process]:
        """Every process below the supervisor, forks of workers included."""
        assert self._process is not None
        if self._process.poll() is not None:
            return []
        with suppress(psutil.NoSuchProcess):
            return cast(list[psutil.Process], psutil.Process(self._process.pid).children(recursive=True))
        return []

    def run(
        self, *arguments: str, stdin: bytes | None = None, seconds: float = 120
    ) -> subprocess.CompletedProcess[bytes]:
        """One command of the operator's."""
        return subprocess.run(
            [sys.executable, "-m", "gateway", *arguments],
            cwd=self.code,
            env=self.environment,
            input=stdin,
            capture_output=True,
            timeout=seconds,
            check=False,
        )

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        """The rows that a listing prints with --json."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr.decode()
        return [json.loads(line) for line in done.stdout.splitlines()]

    def wait_idle(self, *, seconds: float = 60) -> None:
        """Until everything accepted is in its place and every mail has gone out."""
        done = self.run("wait-idle", "--timeout", str(seconds), seconds=seconds + 60)
        assert done.returncode == 0, f"{done.stderr.decode()}\n{self.logs()}"

    def send(
        self, raw: bytes, *, sender: str = "marie@client.example", to: Iterable[str] = ("support@demo.example",)
    ) -> None:
        """Hand a mail to the SMTP door; raises what smtplib raises when it is not acknowledged."""
        with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=30) as client:
            client.sendmail(sender, list(to), raw)

    def sent(self) -> list[EmailMessage]:
        """The mails that went out, in order."""
        return [
            cast(EmailMessage, message_from_bytes(path.read_bytes(), policy=policy.default))
            for path in sorted((self.data / "sent").glob("*.eml"))
        ]

    def logs(self) -> str:
        """The end of each log, for the failure report."""
        return "\n".join(
            f"--- {path.name}\n{path.read_text(errors='replace')[-1500:]}"
            for path in sorted((self.data / "log").glob("*.log"))
        )

    def complaints(self) -> str:
        """What the supervisor wrote to standard error since its start."""
        return self._errors.read_text()

    def wait_until_gone(self, processes: list[psutil.Process]) -> None:
        """Until none of these processes lives."""
        wait_for(lambda: not psutil.wait_procs(processes, timeout=0)[1], "every process to be gone")


def words_of(process: psutil.Process) -> list[str]:
    """The command line of a process; empty for one that has just gone."""
    with suppress(psutil.NoSuchProcess):
        return cast(list[str], process.cmdline())
    return []


def mail(number: int = 1, *, sender: str = "marie@client.example", **headers: str) -> bytes:
    """A plain mail with a Message-ID of its own."""
    fields = {
        "From": f"Marie Martin <{sender}>",
        "To": "support@demo.example",
        "Subject": f"Écran bloqué n° {number}",
        "Date": "Tue, 24 Nov 2026 10:00:00 +0100",
        "Message-ID": f"<mail-{number}@client.example>",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    message = EmailMessage(policy=policy.SMTP)
    for name, value in fields.items():
        message[name] = value
    message.set_content(f"Bonjour,\n\nje ne peux plus me connecter à la plateforme. Essai n° {number}.\n")
    return message.as_bytes()
