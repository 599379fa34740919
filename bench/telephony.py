"""Rows: webhooks of calls, a hundred a second for a minute, while all is well and while no store answers.

    python -m bench.telephony [--seconds 60] [--rate 100] [--folder DISK]

The web role runs as ever; around its webhooks stands a clock. The server's time of a request is that of all our code
for it, and beside it stands what the provider sees, waiting included. Without stores, Redis and the database are one
port that takes connections and never says a word.
"""

import argparse
import json
import os
import socket
import statistics
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.call_load import CallLoad
from bench.report import HEADER, Row, line
from bench.smtp_servers import running
from gateway.config.load import load_settings
from gateway.config.locations import signing_keys
from gateway.domain.calendar import DAY_NAMES
from gateway.domain.duty import Shift
from gateway.domain.hotline_code import complete
from gateway.hotline_snapshot import Eligible, HotlineSnapshot, hash_code, hotline_key, snapshot_path, write_snapshot
from tests.support.servers import ValkeyServer, free_port

_BASE, _SECRET, _CODE = "https://support.example.org", "bench", complete("123456")
_ROLE = """
import json, sys, time
from gateway.config.load import load_settings
from gateway.logs import configure_logs
from gateway.runtime import open_runtime
from inbound.parse import read_file
from telephony.exchange import open_exchange
from web.server import run_web
configure_logs("warning", role="web")
taken = []
def timed(app):
    def answer(environ, start_response):
        began = time.perf_counter()
        try:
            return app(environ, start_response)
        finally:
            taken.append(time.perf_counter() - began)
    return answer
with open_runtime(load_settings()) as runtime:
    run_web(runtime, read_file, beside={"/telephony": timed(open_exchange(runtime))})
    with open(sys.argv[1], "w") as file:
        json.dump(taken, file)
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--folder", type=Path, default=None)
    options = parser.parse_args()
    print(HEADER)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder, ValkeyServer(Path(folder)) as valkey:
        for row in rows(Path(folder), redis_url=valkey.url, seconds=options.seconds, rate=options.rate):
            print(line(row), flush=True)


def rows(folder: Path, *, redis_url: str, seconds: float = 60, rate: float = 100) -> Iterator[Row]:
    """Once with everything at hand, once with stores that are silent."""
    at_hand = {"GATEWAY_REDIS_URL": redis_url}
    found = _measured(folder / "calls", at_hand, seconds=seconds, rate=rate)
    yield _row("webhook of a call, server's time, p99", found, must=100, aim=50)
    with _silent_port() as port:
        away = {
            "GATEWAY_REDIS_URL": f"redis://127.0.0.1:{port}/0",
            "GATEWAY_DATABASE_URL": f"postgresql+psycopg://gateway@127.0.0.1:{port}/gateway",
        }
        found = _measured(folder / "calls-away", away, seconds=seconds, rate=rate)
    yield _row("the same, Redis and database silent", found, must=300, aim=100)


def _row(name: str, found: dict[str, float], *, must: float, aim: float) -> Row:
    p99 = found.pop("p99")
    return Row(name=name, unit="ms", ours=p99, must=must, aim=aim, at_most=True, details=found)


def _measured(data: Path, stores: dict[str, str], *, seconds: float, rate: float) -> dict[str, float]:
    port, times = free_port(), data / "times"
    data.mkdir()
    environment = _environment(data, port) | stores
    _write_snapshot(environment)
    load = CallLoad(base=_BASE, road=f"http://127.0.0.1:{port}", secret=_SECRET, code=_CODE)
    command = [sys.executable, "-c", _ROLE, str(times)]
    with (data / "log").open("wb") as log, running(command, port, environment, log.fileno()):
        load.send(seconds=seconds, rate=rate)
    taken = [one * 1000 for one in json.loads(times.read_text())]
    return {
        "p99": _p99(taken),
        "p50": statistics.median(taken),
        "provider's p99": _p99([one * 1000 for one in load.seen]),
        "requests": len(taken),
        "not 2xx": load.refused,
    }


def _environment(data: Path, port: int) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return kept | {
        "GATEWAY_CONFIG": "/dev/null",
        "GATEWAY_DATA": str(data),
        "GATEWAY_HTTP__PORT": str(port),
        "GATEWAY_HTTP__PUBLIC_URL": _BASE,
        "GATEWAY_TELEPHONY__AUTH_TOKEN": _SECRET,
        "GATEWAY_CALENDARS__DEFAULT__HOLIDAYS": "none",
        **{f"GATEWAY_CALENDARS__DEFAULT__{day.upper()}": "0:00-24:00" for day in DAY_NAMES},
    }


def _write_snapshot(environment: dict[str, str]) -> None:
    """One eligible ticket and one agent, as if looked at in an hour's time: no timetable runs here to look again."""
    settings, now = load_settings(environment), datetime.now(UTC)
    key = hotline_key(signing_keys(settings)[0])
    snapshot = HotlineSnapshot(
        made_at=now + timedelta(hours=1),
        codes={hash_code(_CODE, key): Eligible(ref="DEMO-1", project="DEMO", since=now - timedelta(days=1))},
        shifts={"DEMO": (Shift(person_id=1, position=0, start=0, end=1440),)},
        numbers={1: "+33612345601"},
    )
    write_snapshot(snapshot_path(Path(environment["GATEWAY_DATA"])), snapshot)


@contextmanager
def _silent_port() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    held: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as listener:

        def hold() -> None:
            with suppress(OSError):
                while True:
                    held.append(listener.accept()[0])

        thread = threading.Thread(target=hold, daemon=True)
        thread.start()
        yield int(listener.getsockname()[1])
        listener.shutdown(socket.SHUT_RDWR)
    for connection in held:
        connection.close()


def _p99(figures: list[float]) -> float:
    return statistics.quantiles(figures, n=100, method="inclusive")[98]


if __name__ == "__main__":
    main()
