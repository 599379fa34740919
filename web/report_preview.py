"""What will become of a report, said before it is sent: its level, the guaranteed times, the hotline."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from gateway.domain.clocks import Guarantee
from gateway.domain.levels import Identity, entrance
from gateway.domain.project import Project
from gateway.domain.ticket import Channel, Role, Severity
from gateway.services.web_form import ReportAnswers
from web.clock_view import promise
from web.hotline_view import HotlineView, hotline_view


@dataclass(frozen=True, kw_only=True)
class Preview:
    """`level` is a number, `promises` a sentence for each guaranteed time; `hotline` is there for what is blocking."""

    level: str
    promises: tuple[str, ...]
    hotline: HotlineView | None


def preview(answers: ReportAnswers, project: Project, *, roles: Iterable[Role], now: datetime) -> Preview:
    """What the rules make of a report by somebody with these roles in the project."""
    entered = entrance(frozenset(roles), channel=Channel.WEB, kind=answers.kind, identity=Identity.PROVEN)
    terms = project.contract.guarantees_for(answers.kind, answers.severity)
    times = () if terms is None else ((Guarantee.GTI, terms.gti), (Guarantee.GTR, terms.gtr))
    is_blocking = answers.severity is Severity.BLOCKING
    return Preview(
        level=entered.level.removeprefix("N"),
        promises=tuple(
            promise(guarantee, time, terms.counting) for guarantee, time in times if terms is not None and time
        ),
        hotline=hotline_view(project, None, now=now) if is_blocking else None,
    )
