"""What goes wrong at the provider's REST interface: for so many requests, then it is well again."""

from dataclasses import dataclass
from enum import Enum, auto

from werkzeug.wrappers import Response


class Wrong(Enum):
    """The kinds of trouble."""

    UNAUTHORISED = auto()
    NOT_FOUND = auto()
    TOO_MANY = auto()
    BROKEN = auto()
    CUT_SHORT = auto()  # half of the body that was announced
    OTHER_KIND = auto()  # a page instead of what was asked for
    ELSEWHERE = auto()  # the media is on another host, as a signed address would have it


_ERRORS = {
    Wrong.UNAUTHORISED: (401, 20003, "Authenticate"),
    Wrong.NOT_FOUND: (404, 20404, "The requested resource was not found"),
    Wrong.TOO_MANY: (429, 20429, "Too Many Requests"),
    Wrong.BROKEN: (500, 20500, "Internal Server Error"),
}


@dataclass(kw_only=True)
class Trouble:
    """Goes wrong on the next `times` requests whose path has `where` in it. `target` is the host of ELSEWHERE."""

    wrong: Wrong
    times: int = 1
    where: str = ""
    target: str = ""


def next_trouble(troubles: list[Trouble], path: str) -> Trouble | None:
    """The first trouble that is due on this path, which is then one less."""
    for trouble in troubles:
        if trouble.times > 0 and trouble.where in path:
            trouble.times -= 1
            return trouble
    return None


def refusal(trouble: Trouble, *, path: str) -> Response | None:
    """The error that a request meets before anything is done for it; None for trouble with the answer alone."""
    if trouble.wrong not in _ERRORS:
        return None
    return error(*_ERRORS[trouble.wrong], is_media=not path.endswith(".json"))


def spoil(good: Response, trouble: Trouble, *, path: str) -> Response:
    """What comes instead of a good answer."""
    if trouble.wrong is Wrong.OTHER_KIND:
        return Response("<html><body>Sorry</body></html>", content_type="text/html")
    if trouble.wrong is Wrong.ELSEWHERE:
        return Response(status=302, headers={"Location": f"{trouble.target}/media/{path.rpartition('/')[2]}"})
    whole = good.get_data()
    short = Response(whole[: len(whole) // 2], status=good.status_code, content_type=good.content_type)
    short.automatically_set_content_length = False
    short.headers["Content-Length"] = str(len(whole))
    return short


def error(status: int, code: int, message: str, *, is_media: bool = False) -> Response:
    """An error as the provider words it: JSON, but XML where a file was asked for."""
    if is_media:
        body = (
            f"<?xml version='1.0' encoding='UTF-8'?><TwilioResponse><RestException><Code>{code}</Code>"
            f"<Message>{message}</Message><Status>{status}</Status></RestException></TwilioResponse>"
        )
        return Response(body, status=status, content_type="application/xml")
    more = f"https://www.twilio.com/docs/errors/{code}"
    fields = f'{{"code": {code}, "message": "{message}", "more_info": "{more}", "status": {status}}}'
    return Response(fields, status=status, content_type="application/json")
