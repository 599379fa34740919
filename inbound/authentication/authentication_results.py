"""Reading one Authentication-Results header (RFC 8601 section 2.2): strict in its structure, and linear.

A header that breaks the grammar is no header: half of a broken one may be what a sender smuggled in. One thing is
forgiven, because Microsoft's servers write it: a property without a type, as in `action=quarantine`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

MAX_LENGTH = 16_384
_MAX_RESULTS = 100

_SPACE = re.compile(r"[ \t\r\n]*")
_QUOTED = re.compile(r'"(?P<text>(?:[^"\\\r\n]|\\[^\r\n])*)"')
_WORD = re.compile(r'[^\s;()"=]+')
# A value may be an address, whose local part may hold `=`.
_VALUE = re.compile(r'[^\s;()"]+')
_COMMENT_STEP = re.compile(r"[^()\\]+|\\.|[()]", re.DOTALL)
_KEYWORD = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?")
_VERSION = re.compile(r"[0-9]+")


@dataclass(frozen=True, kw_only=True)
class MethodResult:
    """What one method came to. Names and the result are in lower case; `properties` maps `header.d` and its like
    to the value; `comments` is the text in parentheses, where servers put what the grammar has no place for."""

    method: str
    result: str
    properties: Mapping[str, str]
    comments: str


@dataclass(frozen=True, kw_only=True)
class AuthenticationResults:
    """One header: who vouches for it, and what it says; no results stand for `none`."""

    authserv_id: str
    results: tuple[MethodResult, ...]


def parse_authentication_results(value: str) -> AuthenticationResults | None:
    """Read the text behind the header's name; None for what the grammar does not allow, or is too long."""
    if len(value) > MAX_LENGTH:
        return None
    try:
        return _Reader(value).header()
    except _Malformed:
        return None


def authserv_id_of(value: str) -> str:
    """Who is said to vouch, in lower case, even where the rest is broken; "" where not even that can be read."""
    try:
        return _Reader(value[:MAX_LENGTH]).authserv_id()
    except _Malformed:
        return ""


class _Malformed(Exception):
    """The text is no Authentication-Results header."""


class _Reader:
    """A cursor over the text: each step goes forward, so the time is linear in the length."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._comments: list[str] = []

    def header(self) -> AuthenticationResults:
        authserv_id = self.authserv_id()
        self._skip()
        if self._take(_VERSION) not in {"", "1"}:
            raise _Malformed
        self._skip()
        results: list[MethodResult] = []
        while self._at < len(self._text) and len(results) < _MAX_RESULTS:
            self._expect(";")
            found = self._result()
            if found is not None:
                results.append(found)
        return AuthenticationResults(authserv_id=authserv_id, results=tuple(results))

    def authserv_id(self) -> str:
        self._skip()
        return self._value(_WORD).lower()

    def _result(self) -> MethodResult | None:
        """What stands between two semicolons; None for `none`, and for nothing behind the last one."""
        self._comments = []
        self._skip()
        if self._at == len(self._text):
            return None
        method = self._method()
        self._skip()
        if method == "none" and not self._peek("="):
            self._end()
            return None
        self._expect("=")
        self._skip()
        result = self._keyword()
        properties = self._properties()
        return MethodResult(method=method, result=result, properties=properties, comments=" ".join(self._comments))

    def _method(self) -> str:
        """A method's name, without the version that may follow it (`dkim/1`)."""
        name, slash, version = self._take(_WORD).lower().partition("/")
        if not _KEYWORD.fullmatch(name) or (slash and not _VERSION.fullmatch(version)):
            raise _Malformed
        return name

    def _properties(self) -> dict[str, str]:
        found: dict[str, str] = {}
        self._skip()
        while self._at < len(self._text) and not self._peek(";"):
            name = self._take(_WORD).lower()
            if not name or not all(_KEYWORD.fullmatch(part) for part in name.replace("_", "-").split(".")):
                raise _Malformed
            self._skip()
            self._expect("=")
            self._skip()
            found.setdefault(name, self._value(_VALUE))
            self._skip()
        return found

    def _keyword(self) -> str:
        word = self._take(_WORD).lower()
        if not _KEYWORD.fullmatch(word):
            raise _Malformed
        return word

    def _value(self, bare: re.Pattern[str]) -> str:
        """A token, a quoted string, or an address whose local part is one."""
        quoted = _QUOTED.match(self._text, self._at)
        if quoted is not None:
            self._at = quoted.end()
            behind = self._take(_VALUE) if self._peek("@") else ""
            return re.sub(r"\\(.)", r"\1", quoted["text"]) + behind
        value = self._take(bare)
        if not value:
            raise _Malformed
        return value

    def _take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        if found is None:
            return ""
        self._at = found.end()
        return found[0]

    def _skip(self) -> None:
        """Go over white space and comments, and remember what the comments say."""
        self._take(_SPACE)
        while self._peek("("):
            begun = self._at
            self._comment()
            self._comments.append(self._text[begun + 1 : self._at - 1])
            self._take(_SPACE)

    def _comment(self) -> None:
        """Comments nest; one that never ends is a fault."""
        depth = 0
        while step := self._take(_COMMENT_STEP):
            depth += {"(": 1, ")": -1}.get(step, 0)
            if depth == 0:
                return
        raise _Malformed

    def _peek(self, char: str) -> bool:
        return self._text.startswith(char, self._at)

    def _expect(self, char: str) -> None:
        if not self._peek(char):
            raise _Malformed
        self._at += 1

    def _end(self) -> None:
        self._skip()
        if self._at < len(self._text) and not self._peek(";"):
            raise _Malformed
