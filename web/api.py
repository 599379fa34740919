"""The API for programs, under /api/v1: the actions of the pages and the desk with a bearer token (RFC 6750).

No cookie is read or set here, so no form of another site can act by somebody's browser; and no header lets a page of
another site read an answer.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from flask import Blueprint, Flask, Response, json, request
from flask_babel import gettext
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFProtect
from pydantic import BaseModel, ValidationError
from werkzeug.wrappers import Response as AnyResponse

from gateway.domain.change import NotAllowed
from gateway.domain.reasons import Reason
from gateway.errors import Conflict, Deferred, GatewayError, NotFound, Refused
from gateway.services.api_tokens import Bearer, find_bearer
from gateway.services.web_form import FormFile
from web.api_document import REQUEST, draw
from web.api_once import once
from web.api_problem import ApiError, faults_of, problem
from web.api_route import MOST_ID, ROOT, Answer, Call, Download, Route
from web.api_routes import ROUTES
from web.desk_refusals import refusal_sentences, whys_of
from web.file_names import content_disposition
from web.limits import ANY_PAGE, BAD_BEARER, REPLY
from web.state import remember_program, web
from web.uploads import FIELD, most_in_all, uploaded_files

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
        view = limiter.limit(ANY_PAGE if route.method == "GET" else REPLY)(_serving(route))
        limited = limiter.limit(BAD_BEARER, deduct_when=lambda answer: answer.status_code == 401)(view)
        path = route.path.replace("<int:", f"<int(min=1, max={MOST_ID}):")
        programs.add_url_rule(path, route.name, limited, methods=[route.method])
    document = json.dumps(draw(ROUTES), separators=(",", ":"))
    programs.add_url_rule("/openapi.json", "document", lambda: Response(document, content_type="application/json"))
    programs.register_error_handler(ApiError, _told)
    programs.register_error_handler(GatewayError, _refused)
    csrf.exempt(programs)
    app.register_blueprint(programs)


def _serving(route: Route) -> Callable[..., Response]:
    is_kept = any(header.name == "Idempotency-Key" and not header.is_required for header in route.needs)

    def serve(**path: str) -> Response:
        bearer = _bearer(route)
        remember_program(bearer.person)
        query = _query(route)
        body, files = _sent(route)
        call = Call(bearer=bearer, query=query, body=body, files=files)
        answer = once(call, partial(route.view, call, **path)) if is_kept else route.view(call, **path)
        return _download(answer) if isinstance(answer, Download) else _document(answer, route.status)

    serve.__name__ = route.name
    return serve


def _document(answer: Answer, status: int) -> Response:
    text = json.dumps(_plain(answer.body))
    return Response(text, status, headers=dict(answer.headers), content_type="application/json")


def _download(file: Download) -> Response:
    answer = Response(file.content, content_type="application/octet-stream")
    answer.headers["Content-Disposition"] = content_disposition(file.name)
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


def _bearer(route: Route) -> Bearer:
    sent = request.authorization
    token = sent.token if sent is not None and sent.type == "bearer" else None
    found = find_bearer(web().runtime, token) if token else None
    if found is None:
        challenge = 'Bearer error="invalid_token"' if token else "Bearer"
        raise ApiError(
            401, gettext("Send a token that lives: Authorization: Bearer ..."), headers={"WWW-Authenticate": challenge}
        )
    if route.scope not in found.scopes:
        challenge = f'Bearer error="insufficient_scope", scope="{route.scope}"'
        raise ApiError(
            403,
            gettext("The token has not the scope %(scope)s.", scope=route.scope),
            headers={"WWW-Authenticate": challenge},
        )
    return found


def _query(route: Route) -> BaseModel:
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    if twice:
        raise ApiError(400, gettext("Say each thing once."))
    try:
        return route.query.model_validate(request.args.to_dict())
    except ValidationError as error:
        raise ApiError(400, gettext("The query is not understood."), faults=faults_of(error)) from None


def _sent(route: Route) -> tuple[BaseModel | None, list[FormFile]]:
    """What the request carries, as its model, and the files with it. Raises ApiError."""
    if route.body is None:
        return None, []
    if route.takes_files and request.mimetype == "multipart/form-data":
        return _with_files(route.body)
    if request.mimetype != "application/json":
        raise ApiError(415, gettext("Send application/json."))
    return _read(route.body, request.get_data()), []


def _with_files(model: type[BaseModel]) -> tuple[BaseModel, list[FormFile]]:
    request.max_content_length = 2 * most_in_all(web().runtime.settings)
    if set(request.form) != {REQUEST} or not set(request.files) <= {FIELD} or len(request.form.getlist(REQUEST)) > 1:
        raise ApiError(400, gettext("Send one part “request” with the JSON, and files as parts “files”."))
    asked = _read(model, request.form[REQUEST].encode())
    files, faults = uploaded_files()
    if faults:
        raise ApiError(422, gettext("Not every file can be taken."), faults=[(FIELD, fault) for fault in faults])
    return asked, files


def _read(model: type[BaseModel], text: bytes) -> BaseModel:
    try:
        return model.model_validate_json(text, strict=True)
    except ValidationError as error:
        raise ApiError(400, gettext("The body is not understood."), faults=faults_of(error)) from None


def _told(error: ApiError) -> AnyResponse:
    answer = problem(error.status, error.detail, faults=error.faults)
    answer.headers.update(error.headers)
    return answer


def _refused(error: GatewayError) -> AnyResponse:
    status = next((status for kind, status in _KINDS if isinstance(error, kind)), 500)
    if status >= 500:
        log.warning("web.deferred", page=request.endpoint, error=type(error).__name__)
        return problem(status)
    if status == 404:
        # Its own reasons would tell what is not there from what is somebody else's.
        return problem(status, gettext("There is no such thing, or it is not yours."), whys=[Reason.NOT_THERE()])
    return problem(status, " ".join(refusal_sentences(error)), whys=whys_of(error))


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
