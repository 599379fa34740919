"""The OpenAPI 3.1 document, drawn from the table of routes and the models that check what programs send.

What many routes share is said once, under `components`: errors, headers and the parts of paths.
"""

import re
from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway import __version__
from gateway.domain.hooks import HookEvent
from web.api_hooks import HOOK_HEADERS, HOOK_SUMMARIES, HookBody
from web.api_models import Problem
from web.api_problem import TYPE
from web.api_route import MOST_ID, ROOT, USUAL, Header, Route
from web.uploads import FIELD

REQUEST = "request"
"""The part of a multipart request that is its JSON."""
_PARAMETER = re.compile(r"<(?:(int):)?(\w+)>")
_PATTERNS = {
    "ref": "^[A-Z][A-Z0-9]*-[1-9][0-9]*$",
    "number": "^[0-9a-f]{32}$",
    "project": "^[A-Z][A-Z0-9]{1,9}$",
    "day": "^([a-z]{6,9}|[0-9]{4}-[0-9]{2}-[0-9]{2})$",
    "spool_id": "^[0-9a-z]{20,40}$",
    "recording": "^[A-Za-z0-9]{1,64}$",
}


def draw(routes: Sequence[Route]) -> dict[str, Any]:
    """The document of these routes."""
    schemas = _schemas(routes)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(_PARAMETER.sub(r"{\2}", route.path), {})[route.method.lower()] = _operation(route, schemas)
    queries = {route.query.__name__ for route in routes}
    errors = sorted({*USUAL, *(status for route in routes for status in route.errors)})
    return {
        "openapi": "3.1.0",
        "info": {"title": "Support gateway", "version": __version__},
        "servers": [{"url": ROOT}],
        "security": [{"bearer": []}],
        "paths": paths,
        "webhooks": {event.value: _webhook(event) for event in HookEvent},
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": "`gateway token add`"},
            },
            "schemas": {name: schema for name, schema in schemas.items() if name not in queries},
            "parameters": dict(_parameters(routes)),
            "responses": {_error_name(status): _error(status) for status in errors},
        },
    }


def _schemas(routes: Sequence[Route]) -> dict[str, Any]:
    asked = {route.query for route in routes} | {route.body for route in routes if route.body is not None}
    told: set[type[BaseModel]] = {route.answer for route in routes if route.answer is not None} | {Problem, HookBody}
    named = sorted(asked | told, key=lambda model: model.__name__)
    _, found = models_json_schema(
        [(model, "validation") for model in named], ref_template="#/components/schemas/{model}"
    )
    return {name: _untitled(schema) for name, schema in found["$defs"].items()}


def _untitled(schema: Any) -> Any:
    """A schema without the titles that pydantic makes of names, which say the names again."""
    match schema:
        case dict():
            kept = {key: value for key, value in schema.items() if key != "title" or not isinstance(value, str)}
            return {key: _untitled(value) for key, value in kept.items()}
        case list():
            return [_untitled(one) for one in schema]
    return schema


def _parameters(routes: Sequence[Route]) -> Iterator[tuple[str, dict[str, Any]]]:
    """What stands in paths and headers of several routes, by its name under `components`."""
    for route in routes:
        for kind, name in _PARAMETER.findall(route.path):
            text = {"type": "string", "pattern": _PATTERNS.get(name, "")}
            schema = {"type": "integer", "minimum": 1, "maximum": MOST_ID} if kind else text
            yield _path_name(kind, name), {"name": name, "in": "path", "required": True, "schema": schema}
        for header in route.needs:
            yield _header_name(header), _header(header)
    for name, said in HOOK_HEADERS.items():
        yield name, _header(Header(name=name, description=said))


def _operation(route: Route, schemas: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "description": f"Needs the scope `{route.scope}`.",
        "parameters": [*_shared(route), *_query(schemas[route.query.__name__])],
        "responses": {
            str(route.status): _response(route),
            **{str(status): _at("responses", _error_name(status)) for status in sorted({*USUAL, *route.errors})},
        },
    }
    if route.body is not None:
        found["requestBody"] = {"required": True, "content": _bodies(route.body, takes_files=route.takes_files)}
    return found


def _webhook(event: HookEvent) -> dict[str, Any]:
    """What a receiver is sent, and what it is to answer."""
    operation = {
        "operationId": f"receive_{event.name.lower()}",
        "summary": HOOK_SUMMARIES[event],
        "security": [],
        "parameters": [_at("parameters", name) for name in HOOK_HEADERS],
        "requestBody": {"required": True, "content": {"application/json": {"schema": _named(HookBody)}}},
        "responses": {
            "2XX": {"description": "Taken; nothing of the body is read"},
            "410": {"description": "No more, until an operator says otherwise"},
            "default": {"description": "Sent again later with the same id; another 4xx holds up its ticket alone"},
        },
    }
    return {"post": operation}


def _bodies(model: type[BaseModel], *, takes_files: bool) -> dict[str, Any]:
    content: dict[str, Any] = {"application/json": {"schema": _named(model)}}
    if takes_files:
        file = {"type": "string", "contentMediaType": "application/octet-stream"}
        parts = {REQUEST: _named(model), FIELD: {"type": "array", "items": file}}
        content["multipart/form-data"] = {
            "schema": {"type": "object", "properties": parts, "required": [REQUEST], "additionalProperties": False},
            "encoding": {REQUEST: {"contentType": "application/json"}},
        }
    return content


def _shared(route: Route) -> Iterator[dict[str, str]]:
    yield from (_at("parameters", _path_name(kind, name)) for kind, name in _PARAMETER.findall(route.path))
    yield from (_at("parameters", _header_name(header)) for header in route.needs)


def _path_name(kind: str, name: str) -> str:
    return f"{name}.{kind}" if kind else name


def _header_name(header: Header) -> str:
    return header.name if header.is_required else f"{header.name}.optional"


def _query(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for name, given in schema.get("properties", {}).items():
        yield {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": _said(given)}


def _said(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of something that is left out of a query where it is not said: a query has no null."""
    choices = [choice for choice in schema.get("anyOf", ()) if choice != {"type": "null"}]
    if not choices:
        return schema
    rest = {key: value for key, value in schema.items() if key not in {"anyOf", "default", "title"}}
    return {**choices[0], **rest}


def _header(header: Header) -> dict[str, Any]:
    schema = {"type": "string", **({"pattern": header.pattern} if header.pattern else {})}
    return {
        "name": header.name,
        "in": "header",
        "required": header.is_required,
        "description": header.description,
        "schema": schema,
    }


def _response(route: Route) -> dict[str, Any]:
    given = {one.name: {"description": one.description, "schema": {"type": "string"}} for one in route.gives}
    whole = {"application/octet-stream": {"schema": {"type": "string", "contentMediaType": "application/octet-stream"}}}
    content = whole if route.answer is None else {"application/json": {"schema": _named(route.answer)}}
    return {"description": HTTPStatus(route.status).phrase, "content": content, **({"headers": given} if given else {})}


def _error_name(status: int) -> str:
    return f"Error{status}"


def _error(status: int) -> dict[str, Any]:
    return {"description": HTTPStatus(status).phrase, "content": {TYPE: {"schema": _named(Problem)}}}


def _named(model: type[BaseModel]) -> dict[str, str]:
    return _at("schemas", model.__name__)


def _at(section: str, name: str) -> dict[str, str]:
    return {"$ref": f"#/components/{section}/{name}"}
