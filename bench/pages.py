"""Every page with two years of tickets behind it: server time and bytes, each asked by whoever uses it.

    python -m bench --only pages [--stored 100000]

Server time is what the application takes in this process, from the request to the last byte of the answer, beside a
stock Flask page that says hello in the same run; `processor` is this process's part of it, which moves less on a busy
machine (SQLite works in this process, PostgreSQL in its own). A route that is added is asked too: as it is where its
path has no variable, and named where it has one and no line below.
"""

import re
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from bench.databases import Databases
from bench.lives import AGENTS, COLLEAGUE, COMMON_WORD, FREQUENT_WORDS, MANY, NOW, RARE_WORD
from bench.report import Row
from bench.stocked import Stocked, longest_ticket, open_stocked, stocked_settings
from gateway.db.calls import calls
from gateway.db.people import people
from gateway.db.ticket_events import ticket_events
from gateway.db.tickets import entries, tickets
from gateway.logs import configure_logs
from gateway.services.api_tokens import Scope, make_token
from web.api_page import entry_cursor

_TIMES = 20
_MUST, _AIM = 100.0, 50.0  # milliseconds
_MOST_BYTES = 100_000
_FREQUENT = (FREQUENT_WORDS[1], "+".join(FREQUENT_WORDS))
_ASSETS = re.compile(rb'(?:src|href)="(/static/[^"]+)"')
_NEED_A_FILE = {
    *("static", "link", "outcome", "leave", "attachment", "preview", "formatted", "desk_formatted", "desk_file"),
    *("desk_raw", "desk_sound", "desk_held_raw", "sent_mail", "api.show_report", "desk_advisory", "account_change"),
    *(f"api.{name}" for name in ("download_file", "raw_mail", "download_recording", "held_raw")),
}
"""Routes of one file, mail, link or way in, which there is none of here."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A page and who asks for it; `token` is an API token, which then takes the place of a session."""

    name: str
    path: str
    by: str = ""
    token: str = ""


@dataclass(frozen=True, kw_only=True)
class Taken:
    """What a page took: milliseconds of every request, and of the processor in it; bytes of the answer, and with what
    it names."""

    times: tuple[float, ...]
    worked: tuple[float, ...]
    size: int
    whole: int

    @property
    def usual(self) -> float:
        """The median."""
        return statistics.median(self.times)

    @property
    def worst(self) -> float:
        """The 99th of a hundred; of twenty the slowest."""
        return max(self.times)


def rows(folder: Path, *, redis_url: str, number: int, kinds: Databases) -> Iterator[Row]:
    """A row for each page and database, then the slowest and the heaviest of all."""
    configure_logs("error", role="bench")
    for store in kinds.stores():
        settings = stocked_settings(folder / f"pages-{store.name}", redis_url=redis_url, more=store.new_settings())
        with open_stocked(settings, number=number) as stocked:
            yield from _rows(stocked, store.name)


def _rows(stocked: Stocked, database: str) -> Iterator[Row]:
    hello = _take(_hello().test_client(), Asked(name="hello", path="/"))
    found: list[Taken] = []
    for asked in every_page(stocked):
        taken = _take(stocked.browser(asked.by), asked)
        found.append(taken)
        yield _row(f"{database}: {asked.name}", taken, hello)
    slowest = max(found, key=lambda one: one.worst)
    yield _row(f"{database}: the slowest of {len(found)} pages, its worst", slowest, hello, ours=slowest.worst)
    yield Row(
        name=f"{database}: the heaviest page",
        unit="kB",
        ours=max(one.size for one in found) / 1000,
        must=_MOST_BYTES / 1000,
        aim=_MOST_BYTES / 1000,
        at_most=True,
    )


def _row(name: str, taken: Taken, hello: Taken, *, ours: float | None = None) -> Row:
    return Row(
        name=name,
        unit="ms",
        ours=taken.usual if ours is None else ours,
        other=hello.usual,
        other_name="stock Flask says hello",
        must=_MUST,
        aim=_AIM,
        at_most=True,
        details={
            "worst": taken.worst,
            "processor": statistics.median(taken.worked),
            "times hello": taken.usual / hello.usual,
            "kB": taken.size / 1000,
            "kB with assets": taken.whole / 1000,
        },
    )


def every_page(stocked: Stocked) -> Sequence[Asked]:
    """What is asked, by everybody who asks for it."""
    listed = [*_of_strangers(), *_of_reporters(stocked), *_of_agents(stocked), *_of_programs(stocked)]
    adapter = stocked.app.url_map.bind("localhost")
    known = {adapter.match(asked.path.partition("?")[0])[0] for asked in listed}
    for rule in stocked.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in known | _NEED_A_FILE:
            continue
        if rule.arguments:
            print(f"not measured: {rule.rule} has no line in bench/pages.py")
            continue
        asked = Asked(name=f"supervisor, {rule.rule}", path=rule.rule, by=AGENTS["supervisor"])
        status = stocked.browser(asked.by).get(asked.path, environ_base={"REMOTE_ADDR": next(_peers)}).status_code
        if status < 400:  # others are switched off by the settings
            listed.append(asked)
    return listed


def _of_strangers() -> Iterator[Asked]:
    for path in ("/login", "/healthz", "/readyz", "/metrics", "/sent", "/api/v1/openapi.json", "/nowhere"):
        if path != "/nowhere":
            yield Asked(name=f"stranger, {path}", path=path)


def _of_reporters(stocked: Stocked) -> Iterator[Asked]:
    for who, email in (("reporter of many", MANY), ("colleague", COLLEAGUE)):
        yield Asked(name=f"{who}, my requests", path="/tickets", by=email)
        yield Asked(name=f"{who}, page 40", path="/tickets?page=40", by=email)
        yield Asked(name=f"{who}, searches a common word", path=f"/tickets?q={COMMON_WORD}", by=email)
        yield Asked(name=f"{who}, searches a rare word", path=f"/tickets?q={RARE_WORD}", by=email)
        for words in _FREQUENT:
            yield Asked(name=f"{who}, searches {words}", path=f"/tickets?q={words}", by=email)
    yield Asked(name="colleague, only my own", path="/tickets?whose=mine", by=COLLEAGUE)
    with stocked.runtime.database.reading() as connection:
        query = select(tickets.c.ref).join(people, people.c.id == tickets.c.reporter_id).where(people.c.email == MANY)
        ref = connection.execute(query.order_by(tickets.c.id.desc()).limit(1)).scalar_one()
        longest, email = longest_ticket(connection)
    yield Asked(name="reporter of many, a ticket", path=f"/tickets/{ref}", by=MANY)
    yield Asked(name="reporter, the longest ticket", path=f"/tickets/{longest}", by=email)
    yield Asked(name="reporter, the report form", path="/report", by=MANY)


def _of_agents(stocked: Stocked) -> Iterator[Asked]:
    with stocked.runtime.database.reading() as connection:
        longest, _ = longest_ticket(connection)
        been = select(ticket_events.c.ticket_id).where(ticket_events.c.type == "level", ticket_events.c.value == "N2")
        query = select(tickets.c.ref).where(
            tickets.c.project == "DEMO", tickets.c.level == "N3", tickets.c.id.in_(been)
        )
        ref = connection.execute(query.order_by(tickets.c.id.desc()).limit(1)).scalar_one()
    for role, email in AGENTS.items():
        yield Asked(name=f"{role}, queue", path="/desk", by=email)
        for filters in ("level=all", "mine=1", "unassigned=1", "waiting=1", "overdue=1", "to_call=1"):
            yield Asked(name=f"{role}, queue, {filters}", path=f"/desk?{filters}", by=email)
        yield Asked(name=f"{role}, queue, project", path="/desk?level=all&project=LAB", by=email)
        yield Asked(name=f"{role}, queue, severity and kind", path="/desk?severity=blocking&kind=corrective", by=email)
        yield Asked(name=f"{role}, queue, page 20", path="/desk?level=all&page=20", by=email)
        for words in (COMMON_WORD, RARE_WORD, f"{COMMON_WORD}+{RARE_WORD}", *_FREQUENT):
            yield Asked(name=f"{role}, search, {words}", path=f"/desk/search?q={words}", by=email)
        yield Asked(name=f"{role}, search, a reference", path=f"/desk/search?q={ref}", by=email)
        yield Asked(name=f"{role}, a ticket", path=f"/desk/tickets/{ref}", by=email)
        yield Asked(name=f"{role}, calls", path="/desk/calls", by=email)
        yield Asked(name=f"{role}, duty", path="/desk/duty", by=email)
        yield Asked(name=f"{role}, advisories", path="/desk/advisories", by=email)
    chief = AGENTS["supervisor"]
    yield Asked(name="supervisor, the longest ticket", path=f"/desk/tickets/{longest}", by=chief)
    yield Asked(name="supervisor, mail to decide on", path="/desk/mail", by=chief)
    with stocked.runtime.database.reading() as connection:
        person_id = connection.execute(select(people.c.id).where(people.c.email == MANY)).scalar_one()
    yield Asked(name="supervisor, a person", path=f"/desk/people/{person_id}", by=chief)
    for path in ("answer", "answer/fr/layout"):
        yield Asked(name=f"supervisor, a mail's text, {path}", path=f"/desk/templates/{path}", by=chief)
    month = "from=2026-10-01&to=2026-10-31"
    year = f"from={(NOW - timedelta(days=365)).date()}&to={NOW.date()}"
    for name, asked in (("month", month), ("year", year)):
        yield Asked(name=f"supervisor, service report, {name}", path=f"/desk/report?project=DEMO&{asked}", by=chief)
        yield Asked(
            name=f"supervisor, service report as CSV, {name}", path=f"/desk/report.csv?project=DEMO&{asked}", by=chief
        )


def _of_programs(stocked: Stocked) -> Iterator[Asked]:
    longest, email = "", ""
    with stocked.runtime.database.reading() as connection:
        longest, email = longest_ticket(connection)
    for who, address in (("reporter of many", MANY), ("N2", AGENTS["n2"]), ("supervisor", AGENTS["supervisor"])):
        token = make_token(stocked.runtime, email=address, scopes=list(Scope)).token
        for path in ("/tickets?limit=50", "/tickets?status=open&severity=blocking", "/calls"):
            yield Asked(name=f"API, {who}, {path}", path=f"/api/v1{path}", token=token)
        yield Asked(name=f"API, {who}, search", path=f"/api/v1/search?q={COMMON_WORD}", token=token)
    yield Asked(
        name="API, supervisor, why it is on the ticket", path=f"/api/v1/tickets/{longest}/decisions", token=token
    )
    with stocked.runtime.database.reading() as connection:
        number = connection.execute(select(func.max(calls.c.id))).scalar_one()
        theirs = select(entries.c.id).join(tickets, tickets.c.id == entries.c.ticket_id).where(tickets.c.ref == longest)
        entry = connection.execute(
            theirs.where(entries.c.visible).order_by(entries.c.id).offset(99).limit(1)
        ).scalar_one()
    yield Asked(name="API, supervisor, a call", path=f"/api/v1/calls/{number}", token=token)
    token = make_token(stocked.runtime, email=email, scopes=list(Scope)).token
    path = f"/api/v1/tickets/{longest}"
    yield Asked(name="API, the longest ticket", path=path, token=token)
    yield Asked(name="API, the longest ticket, an older page", path=f"{path}?cursor={entry_cursor(entry)}", token=token)


def _hello() -> Flask:
    app = Flask("hello")
    app.add_url_rule("/", "hello", lambda: "Hello, World!")
    return app


_peers = iter(f"127.{one >> 16 & 255}.{one >> 8 & 255}.{one & 255}" for one in range(1 << 16, 1 << 24))


def _take(client: FlaskClient, asked: Asked) -> Taken:
    headers = {"Authorization": f"Bearer {asked.token}"} if asked.token else {"Accept-Language": "fr"}
    times, worked, body = [], [], b""
    for turn in range(_TIMES + 1):
        peer = {"REMOTE_ADDR": next(_peers)}  # each from elsewhere: how often one may ask is not measured
        began, work = time.perf_counter(), time.thread_time()
        answer = client.get(asked.path, headers=headers, environ_base=peer)
        body = answer.data
        if turn:  # the first one warms up
            times.append(1000 * (time.perf_counter() - began))
            worked.append(1000 * (time.thread_time() - work))
        assert answer.status_code < 400 or asked.path == "/readyz", f"{asked}: {answer.status}"
        if turn > 2 and sum(times) > 10_000:
            break
    assets = {path.decode() for path in _ASSETS.findall(body)}
    whole = len(body) + sum(len(client.get(path).data) for path in assets)
    return Taken(times=tuple(times), worked=tuple(worked), size=len(body), whole=whole)
