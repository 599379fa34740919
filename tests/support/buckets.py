"""A store of files in a bucket, as tests open and fill one."""

from gateway.files.s3 import S3Files
from gateway.files.s3_client import Bucket
from gateway.files.store import FileName, FileStore, Kind, content_of, settle_all
from tests.support.s3 import ACCESS_KEY, BUCKET, REGION, SECRET_KEY


def bucket(url: str, *, key: str = SECRET_KEY, name: str = BUCKET, encryption: str | None = None) -> Bucket:
    return Bucket(
        name=name,
        prefix="gateway",
        endpoint=url,
        region=REGION,
        access_key=ACCESS_KEY,
        secret_key=key,
        encryption=encryption,
    )


def far(url: str, *, limit: float = 5, width: int = 4) -> S3Files:
    return S3Files(bucket(url), limit=limit, width=width)


def keep(store: FileStore, name: FileName, body: bytes) -> None:
    store.put(name, content_of(body))
    settle_all(store)


def sums(store: FileStore, kind: Kind = Kind.MAIL) -> list[str]:
    return sorted(stored.name.sha256 for stored in store.listed(kind))
