"""Rows: mails accepted durably by our door, against stock aiosmtpd that throws them away."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from bench.mails import make_mail
from bench.report import Row, interleaved
from bench.smtp_client import Load, run_load
from bench.smtp_servers import Server, our_smtpd, stock_aiosmtpd

MUST, AIM = 0.95, 3.0


@dataclass(frozen=True, kw_only=True)
class Case:
    """One row."""

    name: str
    load: Load
    measured: bool = True  # False: the targets do not speak of it


def small_cases(mails: int, size: int, sessions: list[int]) -> list[Case]:
    """One mail a connection, as most peers send."""
    content = make_mail(size)
    return [
        Case(
            name=f"accepted durably, {count} sessions" if count > 1 else "accepted durably, 1 session",
            load=Load(sessions=count, mails=mails, mails_per_connection=1, content=content),
        )
        for count in sessions
    ]


def other_cases(mails: int, size: int) -> list[Case]:
    """Mail servers that keep a connection, or send ahead; and large mails."""
    many = Load(sessions=50, mails=mails * 2, mails_per_connection=20, content=make_mail(size))
    ahead = Load(sessions=50, mails=mails, mails_per_connection=1, content=make_mail(size), pipelining=True)
    large = Load(sessions=4, mails=40, mails_per_connection=1, content=make_mail(5_000_000))
    return [
        Case(name="the same, 50 sessions, 20 mails a connection", load=many, measured=False),
        Case(name="the same, 50 sessions that send ahead where offered", load=ahead, measured=False),
        Case(name="the same, 4 sessions, mails of 5 MB", load=large, measured=False),
    ]


def measure(cases: list[Case], *, runs: int, redis_url: str, folder: Path) -> Iterator[Row]:
    """Both servers in turn in every run."""
    for number, case in enumerate(cases):
        cost: dict[str, float] = {"stock": 0.0, "ours": 0.0}

        def stock(_run: int, case: Case = case, cost: dict[str, float] = cost) -> float:
            return _rate(stock_aiosmtpd(), case.load, cost, "stock")

        def ours(run: int, case: Case = case, cost: dict[str, float] = cost, number: int = number) -> float:
            data = folder / f"door-{number}-{run}"
            return _rate(our_smtpd(redis_url=redis_url, data=data), case.load, cost, "ours")

        left, right = interleaved(runs, [stock, ours])
        yield Row(
            name=case.name,
            unit="mails/s",
            ours=right,
            other=left,
            other_name="aiosmtpd",
            ratio=right / left,
            must=MUST if case.measured else None,
            aim=AIM if case.measured else None,
            details={f"{name} us CPU a mail": seconds * 1e6 / case.load.mails / runs for name, seconds in cost.items()},
        )


def _rate(running: AbstractContextManager[Server], load: Load, cost: dict[str, float], name: str) -> float:
    with running as server:
        before = server.cpu
        rate = run_load(server.port, load)
        cost[name] += server.cpu - before
    return rate
