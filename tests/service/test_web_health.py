"""Health: bounded answers about every part, whatever is down, to anybody, with nothing personal in them."""

import shutil
import threading
from time import monotonic

from gateway.config.load import Settings, load_settings
from gateway.runtime import open_runtime
from gateway.services.probes import Probe
from gateway.services.sign_in import request_link
from gateway.spool.entry import Lane
from tests.support.clock import MovableClock
from tests.support.servers import ValkeyServer
from tests.support.web import Site, read_attachment
from web.app import create_app


def test_the_process_says_that_it_lives(site: Site) -> None:
    answer = site.browser().get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


def test_ready_says_how_each_part_is_and_how_long_the_oldest_waits(site: Site) -> None:
    site.runtime.spool.accept(Lane.MAIL, {}, b"x")
    site.person()
    assert request_link(site.runtime, email="marie@example.org", fallback_language="fr")
    site.clock.move(seconds=90)
    answer = site.browser().get("/readyz")
    assert answer.status_code == 200
    empty = {"waiting": 0, "quarantined": 0, "oldest_seconds": None}
    assert answer.json is not None
    parts = {name: answer.json["parts"][name] for name in ("database", "redis", "spool")}
    assert {"ready": answer.json["ready"], "parts": parts} == {
        "ready": True,
        "parts": {
            "database": {"state": "up", "outbox": {"oldest_seconds": 90}},
            "redis": {"state": "up"},
            "spool": {
                "state": "up",
                "lanes": {
                    "mail": {"waiting": 1, "quarantined": 0, "oldest_seconds": 90},
                    "call": empty,
                    "web": empty,
                },
            },
        },
    }
    assert "marie" not in answer.text


def states(answer_json: object) -> dict[str, str]:
    assert isinstance(answer_json, dict)
    stores = ("database", "redis", "spool")
    return {name: part["state"] for name, part in answer_json["parts"].items() if name in stores}


def test_a_redis_that_stops_and_comes_back_shows(site: Site, valkey_server: ValkeyServer) -> None:
    browser = site.browser()
    valkey_server.stop()
    try:
        answer = browser.get("/readyz")
        assert answer.status_code == 503
        assert states(answer.json) == {"database": "up", "redis": "down", "spool": "up"}
        assert browser.get("/login").status_code == 200, "pages go on, counting in this process"
    finally:
        valkey_server.start()
    assert browser.get("/readyz").status_code == 200


def test_a_spool_that_is_gone_or_full_shows(site: Site) -> None:
    shutil.rmtree(site.runtime.where.spool)
    answer = site.browser().get("/readyz")
    assert answer.status_code == 503
    assert states(answer.json)["spool"] == "down"


def test_stores_that_hang_are_down_within_two_seconds(
    settings: Settings, clock: MovableClock, silent_port: int
) -> None:
    hanging = load_settings(
        {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_DATA": str(settings.data),
            "GATEWAY_DATABASE_URL": f"postgresql+psycopg://nobody@127.0.0.1:{silent_port}/none",
            "GATEWAY_REDIS_URL": f"redis://127.0.0.1:{silent_port}/0",
            "GATEWAY_SPOOL__MIN_FREE": "0",
        }
    )
    with open_runtime(hanging, clock=clock) as runtime:
        client = create_app(runtime, read_attachment).test_client()
        before = monotonic()
        answer = client.get("/readyz")
        assert monotonic() - before < 3
        assert answer.status_code == 503
        assert states(answer.json) == {"database": "down", "redis": "down", "spool": "up"}


def test_a_part_that_hangs_is_not_asked_twice_at_once() -> None:
    asked = []
    go_on = threading.Event()

    def ask() -> dict[str, str]:
        asked.append(1)
        go_on.wait(30)
        return {"state": "up"}

    probe = Probe(ask)
    for _ in range(3):
        probe.start()
        assert probe.finding(0.01) == {"state": "down"}
    go_on.set()
    assert probe.finding(20) == {"state": "up"}
    assert len(asked) == 1
