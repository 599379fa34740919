"""Redis as it is run for several machines: it fails over, speaks TLS, and changes its password, while we go on."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme
from redis import Redis
from redis.exceptions import RedisError

from gateway.config.load import load_settings
from gateway.jobs.doorbell import Doorbell
from gateway.redis_server import RedisServer
from tests.support.redis_servers import PASSWORD, SentinelSet, TlsProxy
from tests.support.servers import ValkeyServer
from tests.support.waiting import wait_for
from web.limits import make_limiter


@pytest.mark.crash
def test_after_a_failover_the_bell_is_heard_again_by_whoever_waits_for_it(tmp_path: Path) -> None:
    with SentinelSet(tmp_path) as servers:
        bell = Doorbell(servers.url, machine="mx1")
        assert bell.ring("mail")
        waiting = bell.worker_connection()
        assert waiting.role()[0] == b"master"
        servers.kill("primary")
        assert not bell.ring("mail"), "silent, and no trouble for who rings"
        wait_for(lambda: bell.ring("mail"), "the bell to be heard again", seconds=20)
        assert servers.client("replica").role()[0] == b"master"
        assert len(bell.queue("mail", connection=waiting)) == 1
        bell.close()


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def tls_port(authority: trustme.CA, valkey_server: ValkeyServer) -> Iterator[int]:
    """A Redis that speaks TLS alone, to those whose certificate it knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with TlsProxy(context, port=int(urlsplit(valkey_server.url).port or 0)) as proxy:
        yield proxy.port


def test_tls_is_spoken_to_whom_we_trust_with_the_certificate_that_we_have(
    authority: trustme.CA, tls_port: int, tmp_path: Path
) -> None:
    ca, cert, key = (tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem"))
    authority.cert_pem.write_to_path(ca)
    ours = authority.issue_cert("gateway.example")
    ours.private_key_pem.write_to_path(key)
    ours.cert_chain_pems[0].write_to_path(cert)
    url = f"rediss://:{PASSWORD}@127.0.0.1:{tls_port}/0"

    def ping(**how: Path) -> bool:
        client = RedisServer(url=url, **how).connect(socket_timeout=5)
        try:
            return bool(client.ping())
        finally:
            client.close()

    assert ping(ca_file=ca, cert_file=cert, key_file=key)
    for how in ({"cert_file": cert, "key_file": key}, {"ca_file": ca}):
        with pytest.raises(RedisError):
            ping(**how)


def test_the_limits_of_pages_are_counted_where_the_settings_say(
    authority: trustme.CA, tls_port: int, tmp_path: Path
) -> None:
    """Not in this process alone, as they are while Redis is away."""
    paths = {name: tmp_path / f"{name}.pem" for name in ("CA_FILE", "CERT_FILE", "KEY_FILE")}
    ours = authority.issue_cert("gateway.example")
    authority.cert_pem.write_to_path(paths["CA_FILE"])
    ours.cert_chain_pems[0].write_to_path(paths["CERT_FILE"])
    ours.private_key_pem.write_to_path(paths["KEY_FILE"])
    settings = load_settings(
        {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_DATA": str(tmp_path),
            "GATEWAY_REDIS_URL": f"rediss://:{PASSWORD}@127.0.0.1:{tls_port}/0",
            **{f"GATEWAY_REDIS__{name}": str(path) for name, path in paths.items()},
        }
    )
    from flask import Flask

    limiter = make_limiter(settings)
    limiter.init_app(Flask(__name__))
    assert limiter.storage.check()


def test_a_password_is_changed_without_a_restart(valkey_server: ValkeyServer, tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    port = urlsplit(valkey_server.url).port
    client = RedisServer(url=f"redis://127.0.0.1:{port}/0", password_file=file).connect()
    admin: Redis = valkey_server.client()
    assert client.ping()
    try:
        admin.config_set("requirepass", "another")
        file.write_text("another")
        client.connection_pool.disconnect()
        assert client.ping()
    finally:
        admin.config_set("requirepass", PASSWORD)
        client.close()
