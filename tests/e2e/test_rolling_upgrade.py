"""The release before on the schema of this one, while this one works beside it: mail in, mail out, pages.

`tests/previous_release` names its commit. Whoever releases writes there the commit that was released.
"""

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from http.cookiejar import CookieJar
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.config.load import load_settings
from gateway.db.migrate import current_revision, head_revision, migrate
from gateway.db.outbox import DeliveryState, list_deliveries
from gateway.db.tickets import tickets
from gateway.domain.ticket import Channel
from gateway.jobs.drain import drain_lane
from gateway.mail.envelope import MailEnvelope
from gateway.runtime import Runtime, open_runtime
from gateway.spool.entry import Lane
from inbound.filing import file_mail
from tests.support.installation import ROOT, Installation, mail
from tests.support.servers import PostgresServer, ValkeyServer
from tests.support.waiting import wait_for

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(240)]
MARIE = "marie@client.example"


@pytest.fixture(scope="module")
def code_before(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of the release before. Skips, with the reason, where the clone does not have it."""
    commit = (ROOT / "tests" / "previous_release").read_text(encoding="ascii").strip()
    git = shutil.which("git") or "false"
    archive = subprocess.run([git, "archive", commit], cwd=ROOT, capture_output=True, check=False)
    if archive.returncode:
        pytest.skip(f"the history of the repository is not here: {commit[:12]} (git fetch --unshallow)")
    folder = tmp_path_factory.mktemp("before")
    with tempfile.TemporaryFile() as file:
        file.write(archive.stdout)
        file.seek(0)
        with tarfile.open(fileobj=file) as packed:
            # Our own commits; the filter keeps later Pythons from warning, and 3.11.2 does not know it.
            packed.extractall(folder, **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    return folder


@pytest.fixture
def before(
    code_before: Path, tmp_path: Path, postgres_server: PostgresServer, valkey_server: ValkeyServer
) -> Iterator[Installation]:
    """An installation that runs the code of the release before, on servers that another may share."""
    valkey_server.client().flushall()
    with Installation(
        tmp_path / "before",
        code=code_before,
        GATEWAY_DATABASE_URL=postgres_server.new_database(),
        GATEWAY_REDIS_URL=valkey_server.url,
        GATEWAY_SIGNING__KEY="the key of both releases of this test",
        GATEWAY_WORKER__PROCESSES="1",
        GATEWAY_INTAKE__ALIKE_TICKETS_PER_MINUTE="100",
    ) as running:
        yield running


@pytest.fixture
def ours(before: Installation, tmp_path: Path) -> Iterator[Runtime]:
    """This release on the same servers, with a spool of its own; the schema is as it was."""
    settings = load_settings(
        {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_DATA": str(tmp_path / "ours"),
            "GATEWAY_SMTP__PORT": str(before.smtp_port),
            **{
                name: before.environment[name]
                for name in before.environment
                if name.startswith(("GATEWAY_DATABASE", "GATEWAY_REDIS", "GATEWAY_SIGNING", "GATEWAY_INTAKE"))
            },
        }
    )
    with open_runtime(settings) as runtime:
        yield runtime


def spool_ours(runtime: Runtime, *numbers: int) -> None:
    """Take mails as our door does, and file them as our worker does."""
    for number in numbers:
        envelope = MailEnvelope(
            channel=Channel.SMTP,
            mail_from=MARIE,
            rcpt_tos=("support@demo.example",),
            peer="127.0.0.1",
            helo="",
            tls=False,
            smtputf8=False,
            received_at=runtime.clock.now(),
        )
        runtime.spool.accept(Lane.MAIL, envelope.to_json(), mail(number))
    file_ours(runtime)


def file_ours(runtime: Runtime) -> Counter[str]:
    """File what waits, as our worker does; the subjects of all tickets then."""
    drain_lane(Lane.MAIL, file_mail, runtime, deadline=time.monotonic() + 30)
    return subjects(runtime)


def subjects(runtime: Runtime) -> Counter[str]:
    with runtime.database.reading() as connection:
        return Counter(connection.execute(select(tickets.c.subject)).scalars())


def wanted(count: int) -> Counter[str]:
    return Counter(f"Écran bloqué n° {number}" for number in range(count))


def test_the_release_before_goes_on_upon_the_new_schema_beside_this_one(before: Installation, ours: Runtime) -> None:
    for number in range(2):
        before.send(mail(number))
    wait_for(lambda: subjects_of_before(before) == 2, "the release before to file on its own schema")
    migrate(ours.database)
    assert current_revision(ours.database) == head_revision()

    before.send(mail(2))
    spool_ours(ours, 3)
    before.send(mail(4))
    before.send(mail(3))  # the same mail at both doors is one
    spool_ours(ours, 5, 2)
    wait_on(before, lambda: file_ours(ours) == wanted(6), "both releases to file every mail once")
    wait_on(before, lambda: states(ours) == Counter({DeliveryState.SENT: 6}), "every mail to be answered")
    assert len(before.sent()) == 6, "the release before sends what this one wrote"

    page = sign_in(before)
    assert [number for number in range(6) if f"bloqué n° {number}" in page] == list(range(6))
    assert before.complaints().count("died") == 0
    assert before.stop() == 0


def wait_on(before: Installation, condition: Callable[[], bool], what: str) -> None:
    """Wait; where it takes too long, the logs of the release before say what it misses in the schema."""
    try:
        wait_for(condition, what, seconds=60)
    except AssertionError as error:
        raise AssertionError(f"{error}\n{before.logs()}") from None


def subjects_of_before(before: Installation) -> int:
    return len(before.rows("ticket", "list"))


def states(runtime: Runtime) -> Counter[str]:
    with runtime.database.reading() as connection:
        return Counter(delivery.state for delivery in list_deliveries(connection))


def sign_in(before: Installation) -> str:
    """The page of Marie's tickets at the release before, by a link that this release made."""
    environment = {**before.environment, "GATEWAY_MACHINE": "ours"}
    command = [sys.executable, "-m", "gateway", "login-link", MARIE]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    link = done.stdout.split()[-1]
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    asked = browser.open(link).read().decode()
    [token] = re.findall(r'name="csrf_token" value="([^"]+)"', asked)[:1]
    said = urllib.parse.urlencode({"csrf_token": token}).encode()
    page: str = browser.open(link, said).read().decode()
    return page
