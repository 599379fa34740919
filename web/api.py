"""The API for programs, under /api/v1: the actions of the pages and the desk with a bearer token (RFC 6750).

No cookie is read or set here, so no form of another site can act by somebody's browser; and no header lets a page of
another site read an answer.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, json, request
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFProtect
from pydantic import BaseModel, ValidationError
from werkzeug.wrappers import Response as AnyResponse

from gateway.domain.change import NotAllowed
from gateway.errors import Conflict, Deferred, GatewayError, NotFound, Refused
from gateway.services.api_tokens import Bearer, find_bearer
from web.api_document import draw
from web.api_problem import ApiError, faults_of, problem
from web.api_routes import ROOT, ROUTES, Route
from web.api_views import Call
from web.limits import ANY_PAGE, BAD_BEARER, REPLY
from web.state import web

log = structlog.get_logger()

_KINDS: tuple[tuple[type[GatewayError], int], ...] = (
    (NotFound, 404),
    (NotAllowed, 403),
    (Refused, 422),
    (Conflict, 409),
    (Deferred, 503),
)


def register(app: Flask, limiter: Limiter, csrf: CSRFProtect) -> None:
    """Add the routes of the table, and the document that says what they are."""
    programs = Blueprint("api", __name__, url_prefix=ROOT)
    for route in ROUTES:
        view = limiter.limit(REPLY if route.body is not None else ANY_PAGE)(_serving(route))
        limited = limiter.limit(BAD_BEARER, deduct_when=lambda answer: answer.status_code == 401)(view)
        programs.add_url_rule(route.path, route.name, limited, methods=[route.method])
    document = json.dumps(draw(ROUTES))
    programs.add_url_rule("/openapi.json", "document", lambda: Response(document, content_type="application/json"))
    programs.register_error_handler(ApiError, _told)
    programs.register_error_handler(GatewayError, _refused)
    csrf.exempt(programs)
    app.register_blueprint(programs)


def _serving(route: Route) -> Callable[..., Response]:
    def serve(**path: str) -> Response:
        bearer = _bearer(route)
        call = Call(bearer=bearer, query=_query(route), body=None if route.body is None else _body(route.body))
        answer = route.view(call, **path)
        text = json.dumps(_plain(answer.body))
        return Response(text, route.status, headers=dict(answer.headers), content_type="application/json")

    serve.__name__ = route.name
    return serve


def _bearer(route: Route) -> Bearer:
    sent = request.authorization
    token = sent.token if sent is not None and sent.type == "bearer" else None
    found = find_bearer(web().runtime, token) if token else None
    if found is None:
        challenge = 'Bearer error="invalid_token"' if token else "Bearer"
        raise ApiError(
            401, "Send a token that lives: Authorization: Bearer ...", headers={"WWW-Authenticate": challenge}
        )
    if route.scope not in found.scopes:
        challenge = f'Bearer error="insufficient_scope", scope="{route.scope}"'
        raise ApiError(403, f"The token has not the scope {route.scope}.", headers={"WWW-Authenticate": challenge})
    return found


def _query(route: Route) -> BaseModel:
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    if twice:
        raise ApiError(400, "Say each thing once.")
    try:
        return route.query.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise ApiError(400, "The query is not understood.", faults=faults_of(error)) from None


def _body(model: type[BaseModel]) -> BaseModel:
    if request.mimetype != "application/json":
        raise ApiError(415, "Send application/json.")
    try:
        return model.model_validate_json(request.get_data(), strict=True)
    except ValidationError as error:
        raise ApiError(400, "The body is not understood.", faults=faults_of(error)) from None


def _told(error: ApiError) -> AnyResponse:
    answer = problem(error.status, error.detail, faults=error.faults)
    answer.headers.update(error.headers)
    return answer


def _refused(error: GatewayError) -> AnyResponse:
    status = next((status for kind, status in _KINDS if isinstance(error, kind)), 500)
    if status >= 500:
        log.warning("web.deferred", page=request.endpoint, error=type(error).__name__)
        return problem(status)
    return problem(status, "There is no such thing, or it is not yours." if status == 404 else str(error))


def _plain(value: Any) -> Any:
    """With moments as texts."""
    match value:
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case Mapping():
            return {key: _plain(one) for key, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
    return value
