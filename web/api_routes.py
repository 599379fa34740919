"""The routes of the API: one table, from which the application is made and the document is drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel

from gateway.services.api_tokens import Scope
from web import api_models as models
from web.api_report import report
from web.api_views import Answer, change_ticket, list_calls, list_tickets, search, show_report, show_ticket

ROOT = "/api/v1"
USUAL = (400, 401, 403, 429, 503)
"""The errors of every route."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """A header that a route needs, or that its answer has."""

    name: str
    description: str
    pattern: str = ""


@dataclass(frozen=True, kw_only=True)
class Route:
    """One method of one path. `errors` are those beside `USUAL`; `status` is that of the answer."""

    name: str
    method: str
    path: str
    view: Callable[..., Answer]
    scope: Scope
    summary: str
    answer: type[BaseModel]
    query: type[BaseModel] = models.NothingAsked
    body: type[BaseModel] | None = None
    status: int = 200
    errors: Sequence[int] = ()
    needs: Sequence[Header] = ()
    gives: Sequence[Header] = ()


_ETAG = Header(name="ETag", description="The version of the ticket, to be sent back in If-Match.")

ROUTES: Sequence[Route] = (
    Route(
        name="list_tickets",
        method="GET",
        path="/tickets",
        view=list_tickets,
        scope=Scope.TICKETS_READ,
        summary="The tickets that the person sees, the one that moved last first",
        query=models.TicketQuery,
        answer=models.TicketPage,
    ),
    Route(
        name="show_ticket",
        method="GET",
        path="/tickets/<ref>",
        view=show_ticket,
        scope=Scope.TICKETS_READ,
        summary="A ticket with its timeline",
        answer=models.TicketShown,
        errors=(404,),
        gives=(_ETAG,),
    ),
    Route(
        name="change_ticket",
        method="PATCH",
        path="/tickets/<ref>",
        view=change_ticket,
        scope=Scope.TICKETS_WRITE,
        summary="Act on a ticket, all of it or nothing",
        body=models.ChangeBody,
        answer=models.TicketShown,
        errors=(404, 412, 413, 415, 422, 428),
        needs=(Header(name="If-Match", description="The ETag of the ticket as you know it; * for any."),),
        gives=(_ETAG,),
    ),
    Route(
        name="search",
        method="GET",
        path="/search",
        view=search,
        scope=Scope.TICKETS_READ,
        summary="The tickets in which each of the words is found",
        query=models.SearchQuery,
        answer=models.TicketsFound,
    ),
    Route(
        name="report",
        method="POST",
        path="/reports",
        view=report,
        scope=Scope.REPORT,
        summary="Report something in the person's name; safe with us once this answers, a ticket within moments",
        body=models.ReportBody,
        answer=models.ReportTaken,
        status=202,
        errors=(413, 415, 422),
        needs=(
            Header(
                name="Idempotency-Key",
                description="A text of your own for this report: what is sent again with it is taken once.",
                pattern="^[\\x21-\\x7e]{8,200}$",
            ),
        ),
        gives=(Header(name="Location", description="Where its ticket will be told."),),
    ),
    Route(
        name="show_report",
        method="GET",
        path="/reports/<number>",
        view=show_report,
        scope=Scope.REPORT,
        summary="The ticket that a report of the person's has become",
        answer=models.ReportTaken,
        errors=(404,),
    ),
    Route(
        name="list_calls",
        method="GET",
        path="/calls",
        view=list_calls,
        scope=Scope.CALLS_READ,
        summary="Calls of the projects that the person works for, the latest first",
        query=models.CallQuery,
        answer=models.CallPage,
    ),
)
