"""One request to a bucket, by obstore: what it needs to know, and what its errors mean. It never tries again by itself.

The library is imported at the first request, for most installations have no bucket, and its threads survive no fork.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from gateway.errors import GatewayError, Misconfigured, NotFound

_CONNECT = 2.0  # seconds
_PAGE = 1000  # keys; what a store lists at once
_OPENED_BY: dict[str, int] = {}  # the process that the library's threads run in
_STATUS = re.compile(r"status code: (\d{3})")
_UNTRUSTED = re.compile(r"InvalidCertificate\(\s*(\w+)")  # in rustls's own words
_AGAIN = frozenset({408, 409, 429})


class IsThere(GatewayError):
    """There is an object under this key already."""


class NoAnswer(GatewayError):
    """The request failed. `is_final` says that the store refused it, so that trying again at once is in vain."""

    def __init__(self, reason: str, *, is_final: bool) -> None:
        super().__init__(reason)
        self.is_final = is_final


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Where a bucket is and how it is opened. `prefix` has no slash at its ends; without `endpoint` it is at AWS.

    `authority` are certificates in PEM of whom we believe beside those whom the library knows. `encryption` is what
    the store is asked to encrypt objects with at rest: "AES256", or "aws:kms" with `kms_key`.
    """

    name: str
    prefix: str
    endpoint: str | None
    region: str
    access_key: str
    secret_key: str
    session_token: str | None = None
    authority: bytes | None = None
    encryption: str | None = None
    kms_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class Found:
    """An object: its key below the prefix, its size in bytes, when it was put."""

    key: str
    size: int
    at: datetime


class Client:
    """Requests to one bucket, each given up after `limit` seconds. Every method raises NoAnswer, Misconfigured."""

    def __init__(self, bucket: Bucket, *, limit: float) -> None:
        try:
            import obstore
            from obstore.store import S3Store
        except ImportError:
            raise Misconfigured(
                ["files.store: a bucket needs the extra `s3`: pip install support-gateway[s3]"]
            ) from None
        if _OPENED_BY.setdefault("pid", os.getpid()) != os.getpid():
            raise RuntimeError("a bucket was opened before the fork; here it would never answer")
        self._obstore = obstore
        self._store = S3Store(
            bucket.name,
            prefix=bucket.prefix or None,
            config=_config(bucket),
            client_options={
                **({} if bucket.authority is None else {"root_certificate": bucket.authority}),
                "allow_http": urlsplit(bucket.endpoint or "").scheme == "http",
                "timeout": timedelta(seconds=limit),
                "connect_timeout": timedelta(seconds=min(limit, _CONNECT)),
            },
            retry_config={"max_retries": 0},
        )

    def put(self, key: str, body: bytes, *, replaces: bool) -> None:
        """Put an object. Raises IsThere where there is one and it is not to be replaced."""
        with _translated():
            self._obstore.put(self._store, key, body, mode="overwrite" if replaces else "create", use_multipart=False)

    def get(self, key: str) -> bytes:
        """The whole object. Raises NotFound."""
        with _translated():
            return bytes(self._obstore.get(self._store, key).bytes())

    def piece(self, key: str, *, start: int, end: int) -> bytes:
        """The bytes from `start` up to `end`, which is not among them. Raises NotFound."""
        with _translated():
            return bytes(self._obstore.get_range(self._store, key, start=start, end=end))

    def head(self, key: str) -> Found:
        """What is known of an object. Raises NotFound."""
        with _translated():
            return _found(self._obstore.head(self._store, key))

    def delete(self, key: str) -> None:
        """Delete an object; one that is not there is deleted."""
        with _translated():
            self._obstore.delete(self._store, key)

    def page(self, prefix: str, *, after: str | None) -> list[Found]:
        """The next objects below a folder, in the order of their keys; after the last there is none."""
        with _translated():
            found = self._obstore.list(self._store, prefix, offset=after, chunk_size=_PAGE)
            return [_found(one) for one in next(iter(found), ())]

    def probe(self) -> None:
        """List a folder in which nothing is: it needs the bucket, and the right to look."""
        with _translated():
            self._obstore.list_with_delimiter(self._store, "probe")


@contextmanager
def _translated() -> Iterator[None]:
    """The library's errors as ours."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  # the library raises kinds of its own and of the language
        raise _ours(error) from None


def _ours(error: Exception) -> GatewayError:
    """What an error of the library means. Its text names hosts and keys, and is shown to nobody."""
    from obstore import exceptions as kinds

    said = str(error)
    stated = _STATUS.search(said)
    status = int(stated[1]) if stated else 0
    if isinstance(error, (FileNotFoundError, kinds.NotFoundError)) and "NoSuchBucket" not in said:
        return NotFound("there is no such file")
    if isinstance(error, kinds.AlreadyExistsError):
        return IsThere("there is such a file")
    if untrusted := _UNTRUSTED.search(said):
        return NoAnswer(untrusted[1].removesuffix("Context"), is_final=True)
    is_refused = isinstance(error, (FileNotFoundError, kinds.PermissionDeniedError, kinds.UnauthenticatedError))
    return NoAnswer(
        str(status or type(error).__name__), is_final=is_refused or (400 <= status < 500 and status not in _AGAIN)
    )


def _found(meta: Any) -> Found:
    return Found(key=meta["path"], size=meta["size"], at=meta["last_modified"])


def _config(bucket: Bucket) -> Any:
    given = {
        "endpoint": bucket.endpoint,
        "region": bucket.region,
        "access_key_id": bucket.access_key,
        "secret_access_key": bucket.secret_key,
        "session_token": bucket.session_token,
        "server_side_encryption": bucket.encryption,
        "sse_kms_key_id": bucket.kms_key,
        "virtual_hosted_style_request": False,
    }
    return {name: value for name, value in given.items() if value is not None}
