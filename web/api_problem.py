"""Errors of the API as problem documents (RFC 9457): a sentence and what to put right, never what went on inside."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from flask import Response, json, request
from pydantic import ValidationError

from gateway.domain.reasons import Why

PREFIX = "/api/"
TYPE = "application/problem+json"
_HEADERS = {
    401: {"WWW-Authenticate": "Bearer"},
    429: {"Retry-After": "60"},
    503: {"Retry-After": "30"},
}  # seconds


class ApiError(Exception):
    """What a program is told instead of an answer; `faults` are pairs of a place and what is wrong there."""

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        faults: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.faults = faults
        self.headers = headers or {}


def is_for_programs() -> bool:
    """Whether whoever asks now reads problem documents and no pages."""
    return request.path.startswith(PREFIX)


def problem(
    status: int,
    detail: str = "",
    *,
    faults: Sequence[tuple[str, str]] = (),
    whys: Sequence[Why] = (),
    incident: str | None = None,
) -> Response:
    """The document for a status. `whys` are the reasons that `detail` says, for programs: their names stay."""
    told: dict[str, object] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if detail:
        told["detail"] = detail
    if faults:
        told["errors"] = [{"where": where, "why": why} for where, why in faults]
    if whys:
        told["reasons"] = [why.as_json() for why in whys]
    if incident:
        told["incident"] = incident
    return Response(json.dumps(told), status, headers=_HEADERS.get(status), content_type=TYPE)


def faults_of(error: ValidationError) -> list[tuple[str, str]]:
    """Where what was sent does not fit its model, at most twenty places; nothing of what was sent."""
    found = error.errors(include_url=False, include_context=False, include_input=False)
    return [(".".join(str(part) for part in one["loc"]), one["msg"]) for one in found[:20]]
