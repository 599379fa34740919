"""Endurance: a whole installation at half its speed for an hour, with faults, and an upgrade in the middle.

python -m bench.soak [--minutes 60] [--folder DISK] [--from CHECKOUT] [--to CHECKOUT]

First it is measured how many mails a second are taken and filed when as many come as can; then half as many come,
evenly. Each half of the time begins with faults (a third of it): processes are killed, held still or flooded with
rubbish. The rest is quiet, so that processes grow old; what they use at the end of the quiet is held against its
beginning. Between the halves everything is stopped and the other checkout started on the same data.

At the end every acknowledged mail has one entry and one acknowledgement, or the run fails.
"""

import argparse
import json
import random
import signal
import smtplib
import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
from sqlalchemy import Engine, create_engine, text

from bench.living import memory_by_role
from bench.report import HEADER, Row, line, save
from bench.soak_load import PATIENCE, SENDERS, Load, capacity, is_first, send, together
from tests.support.installation import ROOT, Installation, words_of

RESULTS = Path(__file__).with_name("results")
_SAMPLE = 10  # seconds between two looks
_FAULT = 15  # seconds between two faults
_NO_CAPS = {  # every first mail is to be answered, and an hour's are more than a day's of a support address
    "GATEWAY_MAIL__ACKNOWLEDGEMENTS_IN_ALL": "10000000",
    "GATEWAY_MAIL__ACKNOWLEDGEMENTS_PER_DOMAIN": "10000000",
}


@dataclass(frozen=True, kw_only=True)
class Sample:
    """What was used at a moment: MiB and open files by role (the largest process), and how long a mail took, in ms."""

    at: float
    memory: dict[str, float]
    files: dict[str, float]
    delay: float


def main() -> None:
    """Run, print, save; exit 1 where a mail was lost, filed twice or answered twice."""
    options = _options()
    folder = options.folder / f"soak-{int(time.time())}"
    seed = random.SystemRandom().randrange(1, 1_000_000)
    print(f"seed {seed}, in {folder}")
    chance = random.Random(seed)
    load = Load()
    installation = Installation(folder, code=options.before, **_NO_CAPS)
    with installation:
        database = create_engine(f"sqlite:///file:{installation.data}/gateway.db?mode=ro&uri=true")
        rate = options.rate or capacity(installation, load) / 2
        print(f"{rate:.1f} mails a second for {options.minutes} minutes")
        half = options.minutes * 30
        samples, deeds = _half(installation, load, database, rate, half, chance)
        assert installation.stop() == 0, "it did not stop in order"
        size = _size(installation), load.acknowledged
        installation.code = options.after
        installation.start()
        later, more = _half(installation, load, database, rate, half, chance)
        installation.wait_idle(seconds=PATIENCE)
        print(f"faults: {dict(Counter(deeds + more))}; {load.refused} tries were refused or broken off")
        rows = [*_rows("before the upgrade", samples), *_rows("after the upgrade", later)]
        rows.append(_size_row(size, (_size(installation), load.acknowledged)))
        print(HEADER)
        for row in rows:
            print(line(row))
        print(f"kept in {save(rows, RESULTS)}")
        _prove(installation, load)
        assert installation.stop() == 0, "it did not stop in order"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--rate", type=float, help="mails a second; default: half of what is measured")
    parser.add_argument("--folder", type=Path, required=True, help="on a disk with room for some GB")
    parser.add_argument("--from", dest="before", type=Path, default=ROOT, help="the checkout to begin with")
    parser.add_argument("--to", dest="after", type=Path, default=ROOT, help="the checkout to upgrade to")
    return parser.parse_args()


def _half(
    installation: Installation, load: Load, database: Engine, rate: float, seconds: float, chance: random.Random
) -> tuple[list[Sample], list[str]]:
    """A third with faults, the rest in peace; samples of the peace, and the faults."""
    begun = time.monotonic()
    end, peace = begun + seconds, begun + seconds / 3
    samples: list[Sample] = []
    deeds: list[str] = []

    def send_evenly() -> None:
        due = begun + chance.random()
        while due < end:
            time.sleep(max(0.0, due - time.monotonic()))
            send(installation, load, load.take_number(), end + PATIENCE)
            due += SENDERS / rate

    def do_harm() -> None:
        while time.monotonic() < peace:
            deeds.append(_fault(installation, chance))
            time.sleep(_FAULT)

    def look() -> None:
        time.sleep(seconds / 3 + _SAMPLE)
        while time.monotonic() < end:
            samples.append(_sample(installation, database, load))
            time.sleep(_SAMPLE)

    together([*[send_evenly] * SENDERS, do_harm, look])
    return samples, deeds


def _fault(installation: Installation, chance: random.Random) -> str:
    alive = installation.processes()
    if not alive:
        return "nothing to harm"
    victim = chance.choice(alive)
    role = (words_of(victim)[3:4] or ["valkey"])[0]
    with suppress(psutil.NoSuchProcess, OSError):
        match chance.randrange(4):
            case 0:
                victim.send_signal(signal.SIGSTOP)
                time.sleep(chance.uniform(1, 8))
                victim.send_signal(signal.SIGCONT)
                return f"{role} held still"
            case 1:
                with smtplib.SMTP("127.0.0.1", installation.smtp_port, timeout=10) as client:
                    client.send(random.Random(0).randbytes(200_000))
                return "rubbish sent"
            case _:
                victim.send_signal(signal.SIGKILL)
                return f"{role} killed"
    return "it was gone already"


def _sample(installation: Installation, database: Engine, load: Load) -> Sample:
    files: dict[str, float] = defaultdict(float)
    for process in installation.processes():
        with suppress(psutil.NoSuchProcess):
            role = (words_of(process)[3:4] or ["valkey"])[0]
            files[role] = max(files[role], process.num_fds())
    number = load.take_number()
    send(installation, load, number, time.monotonic() + PATIENCE)
    sent = time.monotonic()
    wanted = {"bare": f"soak-{number}@client.example", "quoted": f"<soak-{number}@client.example>"}
    query = text("SELECT 1 FROM message_ids WHERE message_id IN (:bare, :quoted)")
    while True:
        with database.connect() as connection:
            if connection.execute(query, wanted).first():
                break
        time.sleep(0.005)
    delay = (time.monotonic() - sent) * 1000
    return Sample(at=sent, memory=memory_by_role(installation), files=dict(files), delay=delay)


def _rows(when: str, samples: Sequence[Sample]) -> list[Row]:
    """The last quarter of the peace against its first, by role."""
    quarter = max(1, len(samples) // 4)
    first, last = samples[:quarter], samples[-quarter:]

    def row(name: str, unit: str, figure: Callable[[Sample], float]) -> Row:
        before, after = (statistics.median(figure(one) for one in part) for part in (first, last))
        return Row(
            name=f"{name}, {when}", unit=unit, ours=after, other=before, other_name="its beginning",
            ratio=after / before if before else 1.0, must=1.2, aim=1.05, at_most=True,
        )  # fmt: skip

    roles = sorted(set(samples[0].memory) & set(samples[-1].memory))
    return [
        *(row(f"memory of {role}", "MiB", lambda one, role=role: one.memory.get(role, 0.0)) for role in roles),  # type: ignore[misc]  # mypy cannot tell a lambda's default
        *(row(f"open files of {role}", "files", lambda one, role=role: one.files.get(role, 0.0)) for role in roles),  # type: ignore[misc]  # mypy cannot tell a lambda's default
        row("delay from 250 to ticket, p50", "ms", lambda one: one.delay),
    ]


def _size(installation: Installation) -> int:
    """Bytes of the database and its log."""
    return sum(path.stat().st_size for path in installation.data.glob("gateway.db*"))


def _size_row(middle: tuple[int, int], end: tuple[int, int]) -> Row:
    """What a mail adds to the database in the second half, against the first."""
    first = middle[0] / middle[1] / 1024
    second = (end[0] - middle[0]) / (end[1] - middle[1]) / 1024
    return Row(
        name="database a mail, second half against first", unit="kB", ours=second, other=first,
        other_name="first half", ratio=second / first, must=1.2, aim=1.05, at_most=True,
    )  # fmt: skip


def _prove(installation: Installation, load: Load) -> None:
    """Each acknowledged mail is one entry and, if it opened a ticket, one acknowledgement."""
    numbers = range(load.next_number)
    firsts = [number for number in numbers if is_first(number)]
    entries = sum(ticket["entries"] for ticket in installation.rows("ticket", "list"))
    answered: Counter[str] = Counter()
    for path in (installation.data / "sent").glob("*.eml"):
        head = path.read_bytes().split(b"\r\n\r\n", 1)[0].decode("ascii", "replace")
        answered.update(
            field.split(":", 1)[1].strip() for field in head.splitlines() if field.startswith("In-Reply-To")
        )
    twice = {name: times for name, times in answered.items() if times > 1}
    missing = [number for number in firsts if f"<soak-{number}@client.example>" not in answered]
    waiting = installation.rows("quarantine", "list")
    told = {
        "acknowledged": load.acknowledged, "entries": entries, "answered": len(answered), "answered twice": len(twice),
        "not answered": len(missing), "in quarantine": len(waiting),
    }  # fmt: skip
    print(json.dumps(told))
    if not (load.acknowledged == entries == load.next_number and not twice and not missing and not waiting):
        raise SystemExit(f"not every mail has one entry and one answer: {sorted(twice)[:5]} {missing[:5]}")


if __name__ == "__main__":
    main()
