"""A period's figures, for programs of supervisors: the service report, row by row."""

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel, ConfigDict, Field

from gateway.domain.audit import AuditAction
from gateway.domain.period import Period
from gateway.domain.report_rows import report_rows
from gateway.domain.saying import Unfit
from gateway.errors import NotFound, Refused
from gateway.services.api_tokens import Scope
from gateway.services.desk_scope import supervised
from gateway.services.service_report import read_service_report
from web.api_models import ProjectKey
from web.api_route import Answer, Asked, Call, Route, roles_of
from web.noting import note_read
from web.state import web


class FiguresQuery(Asked):
    """The days, both included."""

    model_config = ConfigDict(populate_by_name=True)

    project: ProjectKey
    first: date = Field(alias="from")
    last: date = Field(alias="to")


class Figure(BaseModel):
    """A row of the service report."""

    section: str
    item: str | int | float | None
    detail: str | int | float | None
    value: str | int | float | None
    unit: str
    explanation: str


class Figures(BaseModel):
    """What was done in a period, as `gateway report --json` prints it."""

    rows: list[Figure]


def figures(call: Call) -> Answer:
    """GET /figures, for supervisors of the project."""
    asked, runtime = call.query, web().runtime
    assert isinstance(asked, FiguresQuery)
    project = next((one for one in runtime.settings.project_list if one.key == asked.project), None)
    if project is None or project.key not in supervised(roles_of(call)):
        raise NotFound("there is no such project for this person")
    try:
        period = Period(first=asked.first, last=asked.last, zone=project.calendar.zone_info)
    except Unfit as fault:
        raise Refused(fault.why) from None
    note_read(AuditAction.REPORT_READ, f"{period.first} – {period.last}", project=project.key)
    return Answer(body={"rows": report_rows(read_service_report(runtime, project, period))})


ROUTES: Sequence[Route] = (
    Route(
        name="figures",
        method="GET",
        path="/figures",
        view=figures,
        scope=Scope.FIGURES_READ,
        summary="What was done in a period, for supervisors",
        answer=Figures,
        query=FiguresQuery,
        errors=(404, 422),
    ),
)
