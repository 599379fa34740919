"""Where Redis is: what a URL says, and that no fault repeats its secret."""

from pathlib import Path

import pytest
from redis.sentinel import SentinelConnectionPool, SentinelManagedSSLConnection

from gateway.config.load import load_settings
from gateway.config.locations import machine_name
from gateway.config.redis_url import SentinelUrl, check_redis_url, parse_sentinel_url
from gateway.errors import Misconfigured
from gateway.redis_server import PasswordFile, RedisServer

URL = "rediss+sentinel://gate:s%40fe@one,two:26380,[::1]:26381/main/2"


def test_a_sentinels_url_names_hosts_service_database_and_who_we_are() -> None:
    assert parse_sentinel_url(URL) == SentinelUrl(
        hosts=(("one", 26379), ("two", 26380), ("::1", 26381)),
        service="main",
        db=2,
        username="gate",
        password="s@fe",
        tls=True,
    )
    plain = parse_sentinel_url("redis+sentinel://one/main")
    assert (plain.db, plain.username, plain.password, plain.tls) == (0, None, None, False)


@pytest.mark.parametrize(
    "url",
    [
        "http://:hidden@host",
        "host:6379",
        "redis+sentinel://:hidden@/main",
        "redis+sentinel://:hidden@one",
        "redis+sentinel://:hidden@one/main/x",
        "redis+sentinel://:hidden@one,,two/main",
        "redis+sentinel://:hidden@one:port/main",
    ],
)
def test_a_url_that_cannot_be_one_is_a_fault_that_hides_the_secret(url: str) -> None:
    with pytest.raises(ValueError) as caught:
        check_redis_url(url)
    assert "hidden" not in str(caught.value)
    with pytest.raises(Misconfigured, match="redis_url"):
        load_settings({"GATEWAY_CONFIG": "/dev/null", "GATEWAY_REDIS_URL": url})


def test_sentinels_are_spoken_to_by_tls_and_with_their_own_password_where_the_server_is() -> None:
    server = RedisServer(url=URL, ca_file=Path("/ca.pem"), sentinel_password="theirs")
    pool = server.connect(socket_timeout=1).connection_pool
    assert isinstance(pool, SentinelConnectionPool)
    assert pool.connection_class is SentinelManagedSSLConnection
    assert pool.connection_kwargs["password"] == "s@fe"
    [first, *_] = pool.sentinel_manager.sentinels
    asked = first.connection_pool.connection_kwargs
    assert (asked["password"], asked["ssl_ca_certs"], asked["ssl_cert_reqs"]) == ("theirs", "/ca.pem", "required")


def test_a_password_file_is_read_anew_at_each_connection(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("one\n")
    client = RedisServer(url="redis://gate@host:6379/0", password_file=file).connect()
    found = client.connection_pool.connection_kwargs["credential_provider"]
    assert found.get_credentials() == ("gate", "one")
    file.write_text("two\n")
    assert found.get_credentials() == ("gate", "two")
    assert PasswordFile(file, username=None).get_credentials() == ("two",)


def test_a_machine_has_the_configured_name_or_one_that_it_keeps(tmp_path: Path) -> None:
    def settings(**more: str) -> str:
        return machine_name(load_settings({"GATEWAY_CONFIG": "/dev/null", "GATEWAY_DATA": str(tmp_path), **more}))

    made = settings()
    assert settings() == made
    assert settings(GATEWAY_MACHINE="mx1") == "mx1"
    with pytest.raises(Misconfigured, match="machine"):
        settings(GATEWAY_MACHINE="MX_1")
    (tmp_path / "machine").unlink()
    assert settings() != made, "part of it is chance: two containers may believe that they are the same host"
