"""The routes of the API: one table, from which the application is made and the document is drawn."""

from collections.abc import Sequence

from gateway.services.api_tokens import Scope
from web import api_advisories, api_arrange, api_calls, api_duty, api_figures, api_files, api_mail
from web import api_models as models
from web.api_report import answer, report
from web.api_route import BAD_BODY, ETAG, IF_MATCH, KEY, LOCATION, ON_VERSION, Route
from web.api_views import change_ticket, list_tickets, search, show_report, show_ticket

_TICKETS: Sequence[Route] = (
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
        summary="A ticket with its timeline, of a long one page after page",
        query=models.TimelineQuery,
        answer=models.TicketShown,
        errors=(404,),
        gives=(ETAG,),
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
        errors=ON_VERSION,
        needs=(IF_MATCH,),
        gives=(ETAG,),
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
        takes_files=True,
        answer=models.ReportTaken,
        status=202,
        errors=BAD_BODY,
        needs=(KEY,),
        gives=(LOCATION,),
    ),
    Route(
        name="reply",
        method="POST",
        path="/tickets/<ref>/replies",
        view=answer,
        scope=Scope.REPORT,
        summary="Answer on a request of one's own; safe with us once this answers, on its ticket within moments",
        body=models.ReplyBody,
        takes_files=True,
        answer=models.ReportTaken,
        status=202,
        errors=(404, *BAD_BODY),
        needs=(KEY,),
        gives=(LOCATION,),
    ),
    Route(
        name="show_report",
        method="GET",
        path="/reports/<number>",
        view=show_report,
        scope=Scope.REPORT,
        summary="The ticket that a report or an answer of the person's is on",
        answer=models.ReportTaken,
        errors=(404,),
    ),
)

ROUTES: Sequence[Route] = (
    *_TICKETS,
    *api_arrange.ROUTES,
    *api_files.ROUTES,
    *api_calls.ROUTES,
    *api_mail.ROUTES,
    *api_duty.ROUTES,
    *api_advisories.ROUTES,
    *api_figures.ROUTES,
)
"""All of them."""
