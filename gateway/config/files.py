"""Where files are kept after filing: below the data folder, or in a bucket of an S3-compatible store."""

import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from gateway.config.section import Section

SECRETS = ("files.access_key", "files.secret_key", "files.session_token")
LOCAL = "local"

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_BUCKET = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])((?:/[A-Za-z0-9._-]+)*)/?")


class FilesSettings(Section):
    """The store of raw mail and voice messages. `store` is "local" or "s3://BUCKET/PREFIX".

    `endpoint` is the store's address where it is not AWS; buckets are named in the path. `ca_file`, in PEM, is whom we
    believe beside the authorities that the library knows. `timeout` is in seconds, for
    one request; `parallel` is how many go at once. `encryption` asks the store to encrypt at rest, by `kms_key` for
    "aws:kms". The keys come by environment or file alone, and are needed for a bucket.
    """

    store: str = LOCAL
    endpoint: str | None = None
    ca_file: Path | None = None
    region: str = "us-east-1"
    access_key: SecretStr | None = None
    secret_key: SecretStr | None = None
    session_token: SecretStr | None = None
    encryption: Literal["AES256", "aws:kms"] | None = None
    kms_key: str | None = None
    timeout: float = Field(default=10, ge=1, le=300)
    parallel: int = Field(default=16, ge=1, le=64)

    @field_validator("store")
    @classmethod
    def _is_a_store(cls, value: str) -> str:
        if value != LOCAL:
            bucket_of(value)
        return value

    @field_validator("endpoint")
    @classmethod
    def _is_an_address(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path not in {"", "/"} or parts.username:
            raise ValueError("must look like https://s3.example.org")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _has_keys(self) -> "FilesSettings":
        if self.store != LOCAL and (self.access_key is None or self.secret_key is None):
            raise ValueError("a bucket needs GATEWAY_FILES__ACCESS_KEY and GATEWAY_FILES__SECRET_KEY, or ..._FILE")
        if self.ca_file is not None and (self.endpoint or "").startswith("http:"):
            raise ValueError("ca_file goes with an endpoint that begins with https")
        if self.kms_key is not None and self.encryption != "aws:kms":
            raise ValueError('kms_key goes with encryption = "aws:kms"')
        return self


def bucket_of(store: str) -> tuple[str, str]:
    """The bucket and the prefix, without slashes at its ends, that "s3://BUCKET/PREFIX" names. Raises ValueError."""
    found = _BUCKET.fullmatch(store)
    if found is None or ".." in store:
        raise ValueError('must be "local" or look like s3://bucket/prefix')
    return found[1], found[2].strip("/")
