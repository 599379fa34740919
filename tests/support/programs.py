"""Programs with tokens, that check every answer against the document, for the tests of the API."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from gateway.services.api_tokens import Scope, make_token
from gateway.services.file_web_form import file_web_form
from gateway.spool.entry import Lane
from inbound.form_files import read_form_files
from tests.support.agents import Desk

ALL = frozenset(Scope)


class Program:
    """A program with a token, that checks every answer against the document."""

    def __init__(self, desk: Desk, token: str) -> None:
        self._client = desk.site.app.test_client()
        self._token = token
        self.document: dict[str, Any] = json.loads(self._client.get("/api/v1/openapi.json").data)

    def ask(self, method: str, path: str, *, headers: dict[str, str] | None = None, **more: Any) -> TestResponse:
        sent = {"Authorization": f"Bearer {self._token}", **(headers or {})}
        return self._client.open(f"/api/v1{path}", method=method, headers=sent, buffered=True, **more)

    def says(self, method: str, path: str, template: str = "", **more: Any) -> Any:
        """The body of an answer that is what the document says of it."""
        answer = self.ask(method, path, **more)
        assert answer.status_code < 300, answer.text
        operation = self.document["paths"][template or path.partition("?")[0]][method.lower()]
        schema = operation["responses"][str(answer.status_code)]["content"]["application/json"]["schema"]
        Draft202012Validator({**schema, "components": self.document["components"]}).validate(answer.json)
        return answer.json

    def change(self, ref: str, etag: str, **body: Any) -> TestResponse:
        return self.ask("PATCH", f"/tickets/{ref}", headers={"If-Match": etag}, json=body)


@pytest.fixture
def program(desk: Desk) -> Callable[..., Program]:
    """Makes a program for a person."""

    def make(email: str, scopes: frozenset[Scope] = ALL) -> Program:
        desk.site.person(email)
        return Program(desk, make_token(desk.site.runtime, email=email, scopes=scopes).token)

    return make


def file_reports(desk: Desk) -> None:
    """What the worker does with the web lane."""
    runtime = desk.site.runtime
    with runtime.spool.worker(Lane.WEB) as claims:
        for place in runtime.spool.waiting(Lane.WEB):
            entry = claims.claim(*place)
            assert entry is not None
            file_web_form(entry, runtime, read_files=read_form_files)
            claims.finish(entry)
