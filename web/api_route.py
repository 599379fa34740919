"""One route of the API, as the table has it: the application is made from it and the document is drawn from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict

from gateway.services.api_tokens import Bearer, Scope
from gateway.services.desk_scope import Roles
from gateway.services.program_look import person_roles
from gateway.services.web_form import FormFile
from web.state import web

ROOT = "/api/v1"
MOST_ID = 2**31 - 1
"""What a number in the database can be."""
USUAL = (400, 401, 403, 429, 503)
"""The errors of every route."""


class Asked(BaseModel):
    """What a program sends: nothing that we do not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NothingAsked(Asked):
    """A request without a query."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request that was let in: whose it is, and what they ask for as the models of the route have it."""

    bearer: Bearer
    query: BaseModel
    body: BaseModel | None = None
    files: Sequence[FormFile] = ()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is told: values for a JSON document."""

    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Download:
    """What is told where it is bytes: a file, under a name."""

    content: bytes
    name: str


@dataclass(frozen=True, kw_only=True)
class Header:
    """A header that a route takes, or that its answer has."""

    name: str
    description: str
    pattern: str = ""
    is_required: bool = True


@dataclass(frozen=True, kw_only=True)
class Route:
    """One method of one path. `errors` are those beside `USUAL`; `status` is that of the answer, which is a download
    where `answer` is None. With `takes_files` the body may come as multipart/form-data with files beside it."""

    name: str
    method: str
    path: str
    view: Callable[..., Answer | Download]
    scope: Scope
    summary: str
    answer: type[BaseModel] | None
    query: type[BaseModel] = NothingAsked
    body: type[BaseModel] | None = None
    takes_files: bool = False
    status: int = 200
    errors: Sequence[int] = ()
    needs: Sequence[Header] = ()
    gives: Sequence[Header] = ()


ETAG = Header(name="ETag", description="The version of the ticket, to be sent back in If-Match.")
IF_MATCH = Header(name="If-Match", description="The ETag of the ticket as you know it; * for any.")
KEY = Header(
    name="Idempotency-Key",
    description="A text of your own for this request: what is sent again with it is done once.",
    pattern="^[\\x21-\\x7e]{8,200}$",
)
MAYBE_KEY = Header(name=KEY.name, description=KEY.description, pattern=KEY.pattern, is_required=False)
"""That of what its own rules let nobody do twice: with it the second answer is the first one."""
LOCATION = Header(name="Location", description="Where it will be told what this has become.")
BAD_BODY = (413, 415, 422)
"""The errors of a route with a body."""
WRITING = (404, 409, *BAD_BODY)
"""The errors of an act on something else than a version of a ticket."""
ON_VERSION = (*BAD_BODY, 404, 412, 428)
"""The errors of an act on a version of a ticket."""


def roles_of(call: Call) -> Roles:
    """What whoever asks is, by project."""
    runtime = web().runtime
    with runtime.database.reading() as connection:
        return person_roles(connection, runtime, call.bearer.person)
