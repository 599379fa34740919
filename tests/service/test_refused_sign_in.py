"""Every refused try to sign in, or to change how one does, is in the audit log with its reason, and counts as a try."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gateway.config.load import Settings
from gateway.db.audit import audit
from gateway.domain.audit import AuditAction, Refusal
from gateway.domain.sign_in import Way
from gateway.domain.tries import FREE_OF_ADDRESS, FREE_OF_LINKS, TOLD_SINGLY
from gateway.mail.tokens import Purpose
from gateway.services.password_sign_in import sign_in_with_password
from gateway.services.set_factors import NotProven, Proof, change_password, renew_codes
from gateway.services.sign_in import LINKS_PER_HOUR, Visitor, consume_link, request_link
from gateway.services.sign_in_record import note_failure
from gateway.services.sign_in_tries import MustWait
from tests.support.agents import ANA, CHIEF, Desk
from tests.support.sign_in import PASSWORD, by_mail, code_now, give_factors, mailed_link, staff_settings
from tests.support.web import Browser

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
PEER = "192.0.2.1"
OTHER = "encore quatre mots différents"


@pytest.fixture
def settings(tmp_path: Path, database_url: str, redis_url: str) -> Settings:
    return staff_settings(tmp_path, database_url, redis_url, GATEWAY_SIGN_IN__STAFF='["password", "link"]')


def told(desk: Desk) -> list[tuple[str | None, str, str]]:
    """Of each failure in the audit log: whose, by which way or at which change, and why."""
    query = select(audit.c.subject, audit.c.detail).where(audit.c.action == AuditAction.SIGN_IN_FAILED.value)
    with desk.site.runtime.database.reading() as connection:
        rows = connection.execute(query.order_by(audit.c.id)).all()
    return [(row.subject, row.detail.get("what", row.detail["way"]), row.detail["why"]) for row in rows]


def visitor(desk: Desk, way: Way = Way.PASSWORD) -> Visitor:
    return Visitor(session_id=0, person=desk.site.person(ANA), way=way, may_work=True)


def test_a_refused_link_is_told_with_whose_it_was_and_why(desk: Desk) -> None:
    runtime = desk.site.runtime
    used, late = (mailed_link(desk.site, ANA).rpartition("/")[2] for _ in range(2))
    assert consume_link(runtime, used, peer=PEER) is not None
    assert consume_link(runtime, used, peer=PEER) is None
    desk.site.clock.move(minutes=runtime.settings.session.link_minutes)
    assert consume_link(runtime, late, peer=PEER) is None
    gone = runtime.signer.sign(Purpose.SIGN_IN, 999, today=desk.site.clock.now().date())
    for forged in (gone, f"{late[:-1]}!", runtime.signer.sign(Purpose.REPLY, 1, today=desk.site.clock.now().date())):
        assert consume_link(runtime, forged, peer=PEER) is None
    assert told(desk) == [
        (ANA, "link", "used"),
        (ANA, "link", "expired"),
        (None, "link", "expired"),
        (None, "link", "forged"),
        (None, "link", "forged"),
    ]


def test_a_link_that_nobody_gets_is_told_without_the_address_that_was_typed(desk: Desk) -> None:
    runtime = desk.site.runtime
    assert not request_link(runtime, email="nobody@support.example", fallback_language="fr")
    for _ in range(LINKS_PER_HOUR + 1):
        request_link(runtime, email=ANA, fallback_language="fr")
    assert told(desk) == [(None, "link", "unknown"), (ANA, "link", "too many")]


def test_refused_links_have_a_wait_that_is_told_and_keeps_no_password_out(desk: Desk) -> None:
    secret, _ = give_factors(desk.site, ANA)
    for _ in range(FREE_OF_LINKS):
        assert consume_link(desk.site.runtime, "s-x", peer="127.0.0.1") is None
    browser, path = desk.site.browser(), mailed_link(desk.site, ANA)
    answer = browser.post(path, page=path)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "61")
    assert "Réessayez dans" in answer.text
    form = {"email": ANA, "password": PASSWORD, "code": code_now(desk.site, secret)}
    assert browser.post("/login/password", page="/login/password", **form).status_code == 303
    assert told(desk)[-1] == (None, "link", "too many")
    desk.site.clock.move(seconds=61)
    assert desk.site.browser().post(path, page=path).status_code == 303


def test_what_was_wrong_with_a_password_or_a_code_is_told_to_the_log_alone(desk: Desk) -> None:
    secret, _ = give_factors(desk.site, ANA)
    marie, _ = give_factors(desk.site, "marie@example.org")
    right, runtime = code_now(desk.site, secret), desk.site.runtime
    for email, password, code in (
        ("nobody@support.example", PASSWORD, right),
        (CHIEF, PASSWORD, right),
        (ANA, "un autre mot de passe", right),
        (ANA, PASSWORD, "1"),
        ("marie@example.org", PASSWORD, code_now(desk.site, marie)),
        (ANA, PASSWORD, right),
        (ANA, PASSWORD, right),
    ):
        sign_in_with_password(runtime, email=email, password=password, code=code, peer=PEER, device="")
    assert told(desk) == [
        (None, "password", "unknown"),
        (CHIEF, "password", "not set up"),
        (ANA, "password", "wrong password"),
        (ANA, "password", "wrong code"),
        ("marie@example.org", "password", "no role"),
        (ANA, "password", "used"),
    ]


def test_a_refused_change_is_told_with_what_was_to_be_changed(desk: Desk) -> None:
    secret, _ = give_factors(desk.site, ANA)
    runtime, code = desk.site.runtime, code_now(desk.site, secret)
    right = Proof(password=PASSWORD, code=code, peer=PEER)
    change_password(runtime, visitor(desk), password=OTHER, proof=right, device="")
    again = Proof(password=OTHER, code=code, peer=PEER)
    with pytest.raises(NotProven):
        renew_codes(runtime, visitor(desk), proof=again, device="")
    with pytest.raises(NotProven):
        renew_codes(runtime, visitor(desk), proof=right, device="")
    browser = by_mail(desk.site, ANA)
    refused = browser.post("/account/factors/remove", page="/account/factors/remove", code="1")
    assert refused.status_code == 403
    assert told(desk) == [(ANA, "codes", "used"), (ANA, "codes", "wrong password"), (ANA, "removed", "wrong code")]


def at_set_up(desk: Desk, browser: Browser) -> int:
    form = {"password": OTHER, "again": OTHER, "new_code": "1", "code": "1"}
    return browser.post("/account/app/set", page="/account/app", **form).status_code


def at_change(what: str) -> Callable[[Desk, Browser], int]:
    def act(_desk: Desk, browser: Browser) -> int:
        path = f"/account/factors/{what}"
        return browser.post(path, page=path, password=OTHER, again=OTHER, code="1").status_code

    return act


@pytest.mark.parametrize("act", [at_set_up, *map(at_change, ("password", "codes", "remove"))])
def test_every_change_counts_its_tries_and_tells_that_they_were_too_many(
    desk: Desk, act: Callable[[Desk, Browser], int]
) -> None:
    give_factors(desk.site, ANA)
    browser = by_mail(desk.site, ANA)
    browser.post("/account/app", page="/account")
    refused = [act(desk, browser) for _ in range(FREE_OF_ADDRESS)]
    assert set(refused) <= {400, 403}
    assert act(desk, browser) == 429
    assert [why for _, _, why in told(desk)][-2:] == [told(desk)[0][2], "too many"]
    assert len(told(desk)) == FREE_OF_ADDRESS + 1


def test_a_flood_of_one_kind_is_told_with_its_size_and_fills_nothing(desk: Desk) -> None:
    runtime = desk.site.runtime
    for _ in range(70):
        note_failure(runtime, person_id=None, way="link", why=Refusal.FORGED)
    note_failure(runtime, person_id=None, way="link", why=Refusal.UNKNOWN)
    assert len(told(desk)) == TOLD_SINGLY + 2 + 1, "at 32 and 64; another kind has a count of its own"
    with runtime.database.reading() as connection:
        sizes = [row.detail.get("times") for row in connection.execute(select(audit).order_by(audit.c.id))]
        kept = connection.execute(select(func.count()).select_from(audit)).scalar_one()
    assert [size for size in sizes if size] == [32, 64]
    desk.site.clock.move(hours=1)
    note_failure(runtime, person_id=None, way="link", why=Refusal.FORGED)
    with runtime.database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(audit)).scalar_one() == kept + 1


def test_a_wait_at_the_door_is_told(desk: Desk) -> None:
    for _ in range(FREE_OF_ADDRESS):
        sign_in_with_password(desk.site.runtime, email=ANA, password="x", code="1", peer=PEER, device="")
    with pytest.raises(MustWait):
        sign_in_with_password(desk.site.runtime, email=ANA, password="x", code="1", peer=PEER, device="")
    assert told(desk)[-1] == (ANA, "password", "too many")


def test_a_supervisor_reads_why_in_their_language(desk: Desk) -> None:
    note_failure(desk.site.runtime, person_id=desk.site.person(ANA).id, way="change", why=Refusal.USED, what="codes")
    said = "moyen : changement des moyens de connexion · modifié : codes de secours · motif : déjà utilisé"
    assert said.replace(" :", "\u00a0:") in desk.browser(CHIEF).get("/desk/audit").text.replace("&#39;", "’")
