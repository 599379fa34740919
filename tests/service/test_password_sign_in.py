"""Staff sign in by password and code: what opens the desk, what does not, how often it may be tried."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.config.load import Settings
from gateway.db.audit import audit
from gateway.db.sign_in import sessions
from gateway.db.sign_in_factors import recovery_codes, sign_in_factors
from gateway.db.sign_in_tries import lock_tries
from gateway.domain.tries import FREE_OF_ADDRESS, FREE_OF_PEER, key_of_address, key_of_peer
from gateway.services.password_sign_in import sign_in_with_password
from gateway.services.retention import apply_retention
from gateway.services.set_factors import reset_factors
from gateway.services.sign_in import NewSession
from gateway.services.sign_in_tries import MustWait, count_try, take_try_back
from tests.support.agents import ANA, NINA, Desk
from tests.support.sign_in import PASSWORD, by_mail, code_now, give_factors, staff_settings
from tests.support.waiting import wait_for
from tests.support.web import Browser

ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def settings(tmp_path: Path, database_url: str, redis_url: str) -> Settings:
    return staff_settings(tmp_path, database_url, redis_url)


def try_once(
    desk: Desk, email: str, password: str, code: str, *, peer: str = "192.0.2.1", known: str = ""
) -> NewSession | None:
    return sign_in_with_password(
        desk.site.runtime, email=email, password=password, code=code, peer=peer, device="Firefox, Linux", known=known
    )


def post(browser: Browser, email: str, password: str, code: str) -> Any:
    return browser.post("/login/password", page="/login/password", email=email, password=password, code=code)


def at_once(times: int, act: Callable[[], object]) -> list[object]:
    """What came of doing it several times at once; an error in the place of an outcome."""
    start, results = threading.Barrier(times), []

    def run() -> None:
        start.wait()
        try:
            results.append(act())
        except MustWait as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@ON_SQLITE
def test_password_and_code_open_the_desk_and_lead_to_what_was_wanted(desk: Desk) -> None:
    secret, _ = give_factors(desk.site, ANA)
    browser = by_mail(desk.site, ANA)
    refused = browser.get("/desk/duty")
    assert refused.status_code == 403
    assert "/login/password" in refused.text
    answer = post(browser, f" {ANA.upper()} ", PASSWORD, code_now(desk.site, secret))
    assert (answer.status_code, answer.location) == (303, "/desk/duty")
    assert browser.get("/desk/duty").status_code == 200


@ON_SQLITE
def test_a_mailed_link_shows_staff_no_more_than_a_reporter_sees(desk: Desk) -> None:
    browser = by_mail(desk.site, NINA)
    assert browser.get("/tickets").status_code == 200
    assert "/desk" not in browser.get("/tickets").text
    assert browser.get(f"/tickets/{desk.ticket.ref}").location == desk.path, "where they are told what is missing"
    for rule in desk.site.app.url_map.iter_rules():
        if rule.rule.startswith("/desk"):
            path = desk.site.app.url_map.bind("localhost").build(
                rule.endpoint, {name: "DEMO-1" if name == "ref" else 1 for name in rule.arguments}, append_unknown=False
            )
            method = "GET" if "GET" in (rule.methods or ()) else "POST"
            desk.site.app.config["WTF_CSRF_ENABLED"] = False
            assert browser.client.open(path, method=method).status_code == 403, path
    assert desk.browser(NINA).get(desk.path).status_code == 200, "the operator's own link opens it"


@ON_SQLITE
def test_unknown_address_wrong_password_wrong_code_and_no_role_read_the_same(desk: Desk) -> None:
    secret, _ = give_factors(desk.site, ANA)
    marie_secret, _ = give_factors(desk.site, "marie@example.org")
    right = code_now(desk.site, secret)
    wrong = "000000" if right != "000000" else "111111"
    pages = set()
    for email, password, code in (
        ("nobody@support.example", PASSWORD, right),
        (ANA, "un autre mot de passe", right),
        (ANA, PASSWORD, wrong),
        (ANA, PASSWORD, ""),
        ("marie@example.org", PASSWORD, code_now(desk.site, marie_secret)),
    ):
        answer = post(desk.site.browser(), email, password, code)
        assert answer.status_code == 403
        assert not any(cookie.startswith("session=") for cookie in answer.headers.getlist("Set-Cookie"))
        pages.add(answer.text.split("<main")[1].split("</main>")[0].replace(email, "").split("csrf_token")[0])
    assert len(pages) == 1
    assert post(desk.site.browser(), ANA, PASSWORD, right).status_code == 303, "no wrong try used the code up"


def test_a_code_is_good_once_also_for_two_at_once(desk: Desk) -> None:
    secret, codes = give_factors(desk.site, ANA)
    code = code_now(desk.site, secret)
    for used in (code, codes[3]):
        # mypy cannot tell the default of a lambda.
        results = at_once(3, lambda used=used: try_once(desk, ANA, PASSWORD, used))  # type: ignore[misc]
        assert sum(isinstance(one, NewSession) for one in results) == 1
        assert try_once(desk, ANA, PASSWORD, used) is None
    desk.site.clock.move(seconds=-30)
    earlier = code_now(desk.site, secret)
    desk.site.clock.move(seconds=30)
    assert try_once(desk, ANA, PASSWORD, earlier) is None, "a code of before the one that was used is no news either"


def test_no_number_at_once_gets_more_tries_and_the_wait_ends(desk: Desk) -> None:
    secret, _ = give_factors(desk.site, ANA)
    results = at_once(FREE_OF_ADDRESS + 4, lambda: try_once(desk, ANA, "faux mot de passe", "000000"))
    assert sum(one is None for one in results) == FREE_OF_ADDRESS
    with pytest.raises(MustWait) as caught:
        try_once(desk, ANA, PASSWORD, code_now(desk.site, secret), peer="198.51.100.7")
    assert caught.value.left.total_seconds() == 60
    desk.site.clock.move(seconds=61)
    assert try_once(desk, ANA, PASSWORD, code_now(desk.site, secret)) is not None
    assert try_once(desk, ANA, "faux mot de passe", "000000") is None, "a good one begins anew"


@ON_SQLITE
def test_who_guesses_at_an_address_does_not_keep_its_owner_out_of_their_browser(desk: Desk) -> None:
    secret, _ = give_factors(desk.site, ANA)
    give_factors(desk.site, NINA)
    browser, stranger = desk.site.browser(), desk.site.browser()
    assert post(browser, ANA, PASSWORD, code_now(desk.site, secret)).status_code == 303
    browser.post("/logout", page="/account")
    desk.site.clock.move(seconds=60)
    for _ in range(FREE_OF_ADDRESS):
        assert try_once(desk, ANA, "faux", "000000", peer="198.51.100.7") is None
    assert post(stranger, ANA, PASSWORD, code_now(desk.site, secret)).status_code == 429
    known = browser.client.get_cookie("known", domain="localhost")
    assert known is not None
    for _ in range(FREE_OF_ADDRESS):
        assert post(browser, ANA, "faux", "000000").status_code == 403
    assert post(browser, ANA, "faux", "000000").status_code == 429, "it has no more tries than anybody"
    desk.site.clock.move(seconds=61)
    assert post(browser, ANA, PASSWORD, code_now(desk.site, secret)).status_code == 303
    for _ in range(FREE_OF_ADDRESS):
        try_once(desk, NINA, "faux", "000000", peer="198.51.100.9")
    with pytest.raises(MustWait):  # another person's browser is no news, nor is a text that we did not sign
        try_once(desk, NINA, "faux", "000000", known=known.value)
    with pytest.raises(MustWait):
        try_once(desk, NINA, "faux", "000000", known="k-xx-1-2-3")


@ON_SQLITE
def test_one_place_cannot_go_through_many_addresses(desk: Desk) -> None:
    for number in range(FREE_OF_PEER):
        assert try_once(desk, f"a{number}@support.example", "faux", "000000") is None
    with pytest.raises(MustWait):
        try_once(desk, "another@support.example", "faux", "000000")
    assert try_once(desk, "another@support.example", "faux", "000000", peer="198.51.100.7") is None


@ON_SQLITE
def test_the_page_says_how_long_to_wait(desk: Desk) -> None:
    browser = desk.site.browser()
    for _ in range(FREE_OF_ADDRESS + 1):
        try:
            try_once(desk, ANA, "faux", "000000")
        except MustWait:
            desk.site.clock.move(minutes=1)
            try_once(desk, ANA, "faux", "000000")
    answer = post(browser, ANA, "faux", "000000")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "121")
    assert "Réessayez dans 3 min" in answer.text


@ON_SQLITE
def test_nothing_that_is_kept_lets_its_reader_in_and_the_audit_log_tells_it(desk: Desk) -> None:
    secret, codes = give_factors(desk.site, ANA)
    post(desk.site.browser(), ANA, "faux mot de passe", "000000")
    post(desk.site.browser(), "nobody@support.example", "faux mot de passe", "000000")
    post(desk.site.browser(), ANA, PASSWORD, code_now(desk.site, secret))
    with desk.site.runtime.database.reading() as connection:
        kept = [str(connection.execute(select(table)).all()) for table in (sign_in_factors, recovery_codes, sessions)]
        told = connection.execute(select(audit.c.action, audit.c.origin, audit.c.subject).order_by(audit.c.id)).all()
    for word in (PASSWORD, secret.hex(), secret.decode("latin-1"), *codes):
        assert word not in "".join(kept)
    assert [tuple(row) for row in told][-3:] == [
        ("sign-in failed", "stranger", ANA),
        ("sign-in failed", "stranger", None),
        ("signed in", "person", ANA),
    ]


@ON_SQLITE
def test_where_no_password_is_asked_there_is_no_page_for_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    give_factors(desk.site, ANA)
    monkeypatch.setitem(desk.site.runtime.settings.sign_in.__dict__, "staff", ("link",))
    browser = by_mail(desk.site, ANA)
    assert browser.get("/login/password").status_code == 404
    assert browser.get("/desk").status_code == 200
    assert browser.get("/account/app").status_code == 404


@ON_SQLITE
def test_another_signing_key_refuses_and_a_reset_mends_it(desk: Desk) -> None:
    secret, _ = give_factors(desk.site, ANA)
    with desk.site.runtime.database.transaction() as connection:
        connection.execute(sign_in_factors.update().values(secret_sealed="gAAAAAB-of-another-key"))
    assert try_once(desk, ANA, PASSWORD, code_now(desk.site, secret)) is None
    assert reset_factors(desk.site.runtime, desk.site.person(ANA).id, by=None)
    assert by_mail(desk.site, ANA).post("/account/app", page="/account").status_code == 303


@ON_SQLITE
def test_failed_tries_are_forgotten_after_a_day(desk: Desk) -> None:
    try_once(desk, "typo@support.example", "faux", "000000")
    desk.site.clock.move(hours=25)
    assert apply_retention(desk.site.runtime)["sign-in tries"] == 3, "of an address, a place, and what was told"


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
def test_who_gets_in_and_who_tries_at_once_take_the_counts_in_one_order(desk: Desk) -> None:
    runtime = desk.site.runtime
    # The two sums stand in either order, as it happens.
    peers = [f"192.0.2.{number}" for number in range(1, 20)]
    before = next(peer for peer in peers if key_of_peer(peer) < key_of_address(ANA))
    after = next(peer for peer in peers if key_of_peer(peer) > key_of_address(ANA))
    for peer in (before, after):
        count_try(runtime, address=ANA, peer=peer)
        with runtime.database.transaction() as counting:
            first, second = sorted((key_of_peer(peer), key_of_address(ANA)))
            lock_tries(counting, first, now=runtime.clock.now())
            done: list[object] = []

            def take(peer: str = peer, done: list[object] = done) -> None:
                with runtime.database.transaction() as connection:
                    done.append(take_try_back(connection, address=ANA, peer=peer))

            thread = threading.Thread(target=take)
            thread.start()
            wait_for(lambda: waits_for_a_row(desk), "the other one to wait")
            lock_tries(counting, second, now=runtime.clock.now())
        thread.join()
        assert done == [None]


def waits_for_a_row(desk: Desk) -> bool:
    """Whether a session of the server waits for what another one has."""
    with desk.site.runtime.database.reading() as connection:
        return bool(connection.exec_driver_sql("SELECT count(*) FROM pg_locks WHERE NOT granted").scalar_one())
