"""The operator at the command line, in the test's own process: as good as another process, in a tenth of its time."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import structlog
import time_machine
from click.testing import CliRunner, Result

from gateway.admin.cli import cli
from gateway.config.load import Settings
from tests.support.clock import MovableClock


@dataclass(frozen=True, kw_only=True)
class Operator:
    """Runs commands on the test's own stores; `environment` is what they read their settings from.

    With a clock it is for them what time it is there, and a little later from command to command.
    """

    environment: dict[str, str]
    clock: MovableClock | None = None
    begun: float = field(default_factory=time.monotonic)

    def run(self, *arguments: str, stdin: bytes = b"", **variables: str) -> Result:
        """One command, with its exit code, and what it wrote to each stream."""
        environment: dict[str, str | None] = {**self.environment, **variables}
        passed = timedelta(seconds=time.monotonic() - self.begun)
        with nullcontext() if self.clock is None else time_machine.travel(self.clock.now() + passed):
            return CliRunner().invoke(cli, arguments, input=stdin, env=environment)

    def says(self, *arguments: str, stdin: bytes = b"") -> str:
        """What a command that does its work prints."""
        done = self.run(*arguments, stdin=stdin)
        assert done.exit_code == 0, done.stderr
        return done.stdout

    def rows(self, *arguments: str) -> list[dict[str, Any]]:
        """The rows of a listing, and of nothing else on standard output."""
        return [json.loads(line) for line in self.says(*arguments, "--json").splitlines()]

    def refused(self, *arguments: str, stdin: bytes = b"", **variables: str) -> tuple[int, str]:
        """The exit code of a command that does not do its work, and its sentence without `gateway: ` and the names."""
        done = self.run(*arguments, stdin=stdin, **variables)
        assert done.stdout == ""
        assert isinstance(done.exception, SystemExit), done.exception
        sentence, _, _ = done.stderr.strip().partition("\ngateway: reason ")
        return done.exit_code, sentence.removeprefix("gateway: ")


@pytest.fixture(scope="session", autouse=True)
def logs_stay_as_they_are() -> Iterator[None]:
    """No command that runs in a test's process sets up the logs of the process.

    A logger keeps the stream that it first wrote to, and the streams of such a command are closed at its end.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structlog, "configure", lambda **_: None)
        patch.setattr(logging, "basicConfig", lambda **_: None)
        yield


@pytest.fixture
def operator(settings: Settings, clock: MovableClock) -> Operator:
    """An operator of the installation that the test has."""
    assert settings.database_url is not None
    assert settings.redis_url is not None
    return Operator(
        environment={
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_DATA": str(settings.data),
            "GATEWAY_DATABASE_URL": settings.database_url.get_secret_value(),
            "GATEWAY_REDIS_URL": settings.redis_url.get_secret_value(),
            "GATEWAY_SPOOL__MIN_FREE": "0",
        },
        clock=clock,
    )
