"""The store of files that the settings name."""

import ssl
from pathlib import Path

from gateway.config.files import LOCAL, bucket_of
from gateway.config.load import Settings
from gateway.config.locations import locations
from gateway.errors import Misconfigured
from gateway.files.local import LocalStore
from gateway.files.s3 import S3Files
from gateway.files.s3_client import Bucket
from gateway.files.store import FileStore


def open_files(settings: Settings, *, store: str | None = None) -> FileStore:
    """The store, or another one of the same endpoint and keys. Dials nothing. Raises Misconfigured."""
    store = settings.files.store if store is None else store
    if store == LOCAL:
        where = locations(settings)
        return LocalStore(where.data, drafts=_drafts(where.spool))
    # A job waits for uploads in a few places, and must come to its end by itself: one that is ended counts as a try.
    limit = min(settings.files.timeout, settings.worker.job_timeout / 6)
    return S3Files(_bucket(settings, store), limit=limit, width=settings.files.parallel)


def _drafts(spool: Path) -> Path:
    return spool / "mail" / "tmp"


def _bucket(settings: Settings, store: str) -> Bucket:
    files = settings.files
    try:
        name, prefix = bucket_of(store)
    except ValueError as error:
        raise Misconfigured([f"{store}: {error}"]) from None
    if files.access_key is None or files.secret_key is None:
        raise Misconfigured(["a bucket needs GATEWAY_FILES__ACCESS_KEY and GATEWAY_FILES__SECRET_KEY, or ..._FILE"])
    return Bucket(
        name=name,
        prefix=prefix,
        endpoint=files.endpoint,
        region=files.region,
        access_key=files.access_key.get_secret_value(),
        secret_key=files.secret_key.get_secret_value(),
        session_token=None if files.session_token is None else files.session_token.get_secret_value(),
        authority=None if files.ca_file is None else _authority(files.ca_file),
        encryption=files.encryption,
        kms_key=files.kms_key,
    )


def _authority(path: Path) -> bytes:
    """The certificates of a file in PEM. Looked at here: the library says of a file without any nothing at all."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
        return path.read_bytes()
    except OSError as error:  # an SSLError too
        why = error.strerror or str(error)
        raise Misconfigured([f"files.ca_file: {path}: no certificates in PEM can be read ({why})"]) from None
