"""The pages of supervisors: people, tokens and sessions, outgoing mails, how the gateway is, and the audit log."""

import csv
import html
import json
import re
from pathlib import Path

import pytest

from gateway.config.load import Settings, load_settings
from gateway.db.audit import AuditFilter, list_audit
from gateway.db.people import Person, add_membership, find_person, get_or_create_person
from gateway.domain.audit import AuditAction, Origin
from gateway.domain.ticket import Role
from gateway.mail.tokens import BadToken, Purpose
from gateway.services.api_tokens import find_bearer
from gateway.services.audit import record_audit
from gateway.services.duty_roster import set_duty
from gateway.spool.entry import Lane
from tests.support.agents import ANA, CHIEF, NINA, Desk

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
EVE = "eve@other.example"


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    folder = tmp_path / "templates"
    (folder / "fr").mkdir(parents=True)
    return folder


@pytest.fixture
def settings(tmp_path: Path, database_url: str, redis_url: str, templates: Path) -> Settings:
    """Two projects, of which the tests' supervisor has one, and a folder for templates of the operator's own."""
    projects = {key: {"name": key.title(), "addresses": [f"support@{key}.example"]} for key in ("demo", "other")}
    return load_settings(
        {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_DATA": str(tmp_path / "var"),
            "GATEWAY_DATABASE_URL": database_url,
            "GATEWAY_REDIS_URL": redis_url,
            "GATEWAY_SPOOL__MIN_FREE": "0",
            "GATEWAY_PROJECTS": json.dumps(projects),
            "GATEWAY_MAIL__TEMPLATES": str(templates),
        }
    )


def person(desk: Desk, email: str, project: str | None = None, role: Role = Role.N2) -> Person:
    with desk.site.runtime.database.transaction() as connection:
        found = get_or_create_person(connection, email=email, name="", now=desk.site.clock.now())
        if project is not None:
            add_membership(connection, person_id=found.id, project=project, role=role)
    return found


def records(desk: Desk) -> list[tuple[str, str | None, str | None]]:
    with desk.site.runtime.database.reading() as connection:
        rows = list_audit(connection, AuditFilter(), None, limit=99)
    signing_in = {AuditAction.SIGNED_IN}
    return [(row.action, row.actor, row.subject) for row in reversed(rows) if row.action not in signing_in]


def text(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_somebody_is_added_changed_and_removed(desk: Desk) -> None:
    chief = desk.browser(CHIEF)
    new = {"email": "luc@support.example", "project": "DEMO", "role": "n1", "phone": "+33 6 12 34 56 78", "name": "Luc"}
    made = chief.post("/desk/people", page="/desk/people", **new)
    assert made.status_code == 303
    page = made.location
    shown = chief.get(page).text
    assert "+33612345678" in shown
    version = chief.field(page, "version")
    changed = {"name": "Lucien", "phone": "", "lang": "en", "notices": "digest", "version": version}
    assert chief.post(f"{page}/change", page=page, **changed).status_code == 303
    late = chief.post(f"{page}/change", page=page, **changed | {"name": "Lucas"})
    assert (late.status_code, "entre-temps" in late.text) == (409, True)
    assert chief.post(f"{page}/take", page=page, project="DEMO").location == "/desk/people"
    assert chief.get(page).status_code == 404
    with desk.site.runtime.database.reading() as connection:
        luc = find_person(connection, email="luc@support.example")
    assert luc is not None
    assert (luc.name, luc.phone, luc.lang, luc.notices) == ("Lucien", None, "en", "digest")
    who = ("luc@support.example",)
    assert [row[:2] for row in records(desk) if row[2] in who] == [
        ("person added", CHIEF),
        ("role given", CHIEF),
        ("person changed", CHIEF),
        ("role taken", CHIEF),
    ]


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"email": "no address"}, 400, "n’est pas une adresse"),
        ({"phone": "06 12"}, 400, "forme internationale"),
        ({"email": CHIEF, "role": "n2"}, 400, "se donne un rôle"),
        ({"role": "operator"}, 400, ""),
        ({"lang": "de"}, 400, ""),
        ({"project": "OTHER"}, 404, ""),
        ({"project": "NONE"}, 404, ""),
    ],
)
def test_what_may_not_be_is_refused_in_words(desk: Desk, form: dict[str, str], status: int, said: str) -> None:
    chief = desk.browser(CHIEF)
    given = {"email": "new@support.example", "project": "DEMO", "role": "n1"} | form
    answer = chief.post("/desk/people", page="/desk/people", **given)
    assert (answer.status_code, said in answer.text) == (status, True)
    assert records(desk) == []


def test_the_people_of_others_are_not_there_and_those_of_both_are_not_to_be_touched(desk: Desk) -> None:
    chief, eve = desk.browser(CHIEF), person(desk, EVE, "OTHER")
    page = f"/desk/people/{eve.id}"
    assert EVE not in chief.get("/desk/people").text
    for nobody in (page, "/desk/people/0", "/desk/people/99999999999999999999"):
        assert chief.get(nobody).status_code == 404, nobody
    for act in ("change", "give", "take", "tokens", "tokens/end", "sessions/end"):
        form = {"project": "DEMO", "role": "n1", "token": "1", "days": "9", "newest": "0", "scope": "report"}
        assert chief.post(f"{page}/{act}", page="/desk/people", **form).status_code == 404, act
    person(desk, EVE, "DEMO", Role.REPORTER)
    shown = chief.get(page)
    assert (shown.status_code, "aussi dans d’autres projets" in text(shown.text)) == (200, True)
    assert "OTHER" not in shown.text
    for act in ("change", "tokens", "sessions/end"):
        assert chief.post(f"{page}/{act}", page=page, **form).status_code == 400, act
    assert chief.post(f"{page}/take", page=page, project="OTHER").status_code == 404


def test_a_token_is_shown_once_and_ends_when_it_is_revoked(desk: Desk) -> None:
    chief, ana = desk.browser(CHIEF), person(desk, ANA)
    page = f"/desk/people/{ana.id}"
    form = {"scope": "tickets:read", "days": "30", "newest": chief.field(page, "newest")}
    made = chief.post(f"{page}/tokens", page=page, **form)
    [token] = re.findall(r"sgw_\d+_[\w-]{43}", made.text)
    assert made.headers["Cache-Control"] == "no-store"
    bearer = find_bearer(desk.site.runtime, token)
    assert bearer is not None
    assert (bearer.person.email, set(bearer.scopes)) == (ANA, {"tickets:read"})
    again = chief.post(f"{page}/tokens", page=page, **form)
    assert (again.status_code, "sgw_" in again.text) == (409, False)
    shown = chief.get(page).text
    assert ("sgw_" in shown, "Lire les demandes" in shown) == (False, True)
    assert chief.post(f"{page}/tokens/end", page=page, token=str(bearer.token_id)).status_code == 303
    assert find_bearer(desk.site.runtime, token) is None
    without = chief.post(f"{page}/tokens", page=page, days="30", newest=chief.field(page, "newest"))
    assert (without.status_code, "portée" in without.text) == (400, True)


def test_the_session_of_somebody_is_seen_and_ended(desk: Desk) -> None:
    chief, nina = desk.browser(CHIEF), desk.browser(NINA)
    page = f"/desk/people/{person(desk, NINA).id}"
    number = chief.field(page, "session")
    assert nina.get("/desk").status_code == 200
    assert chief.post(f"{page}/sessions/end", page=page, session=number).status_code == 303
    assert nina.get("/desk").status_code == 303
    assert records(desk)[-1] == ("session revoked", CHIEF, NINA)


def test_the_log_is_read_by_whom_it_concerns_and_filtered(desk: Desk) -> None:
    runtime = desk.site.runtime
    eve = person(desk, EVE, "OTHER", Role.SUPERVISOR)
    with runtime.database.transaction() as connection:
        for action, project, about in (
            (AuditAction.DUTY_SET, "DEMO", None),
            (AuditAction.DUTY_SET, "OTHER", None),
            (AuditAction.TOKEN_MADE, None, eve),
            (AuditAction.BACKUP_MADE, None, None),
        ):
            record_audit(
                connection,
                at=desk.site.clock.now(),
                actor_id=None,
                action=action,
                subject=f"=cmd {project}" if about is None else about.email,
                project=project,
                person_id=None if about is None else about.id,
                detail={},
            )
    chief, other = desk.browser(CHIEF), desk.browser(EVE)
    seen, theirs = text(chief.get("/desk/audit").text), text(other.get("/desk/audit").text)
    assert ("=cmd DEMO" in seen, "=cmd OTHER" in seen, EVE in seen, "Sauvegarde faite =" in seen) == (1, 0, 0, 0)
    assert ("=cmd DEMO" in theirs, "=cmd OTHER" in theirs, "Jeton créé" in theirs) == (0, 1, 1)
    person(desk, CHIEF, "OTHER", Role.SUPERVISOR)
    assert "=cmd None" in text(chief.get("/desk/audit").text)  # whoever supervises all reads all
    assert "=cmd" not in text(chief.get(f"/desk/audit?who={CHIEF}").text)
    assert "=cmd" not in text(chief.get("/desk/audit?to=2020-01-01").text)
    for days in ("from=nonsense", "from=0001-01-01", "to=9999-12-31"):
        assert chief.get(f"/desk/audit?{days}").status_code == 400, days
    assert chief.get("/desk/audit.csv?from=nonsense").status_code == 404
    table = chief.get("/desk/audit.csv?action=duty+set")
    rows = list(csv.DictReader(table.text.lstrip("\ufeff").splitlines()))
    assert sorted(row["subject"] for row in rows) == ["'=cmd DEMO", "'=cmd OTHER"]
    assert records(desk)[-1][:2] == ("audit log downloaded", CHIEF)


def test_a_mail_is_shown_as_it_would_be_sent_with_nothing_in_it_that_opens_anything(
    desk: Desk, templates: Path
) -> None:
    (templates / "fr" / "progress.txt").write_text("{{ nothing_there }}")
    (templates / "fr" / "acknowledgement.subject").write_text("À nous : {{ ref }}")
    chief = desk.browser(CHIEF)
    listed = text(chief.get("/desk/templates").text)
    assert "À nous : DEMO-42" in listed
    assert "fr/progress.txt: 'nothing_there' is undefined" in listed
    one = text(chief.get("/desk/templates/answer").text)
    assert ("fr/progress.txt" in one, "L’écran reste noir" in one) == (True, True)
    link = html.unescape(chief.get("/desk/templates/sign_in_link/fr/layout").text)
    [token] = set(re.findall(r"/login/([\w-]+)", link))
    with pytest.raises(BadToken):
        desk.site.runtime.signer.verify(Purpose.SIGN_IN, token, today=desk.site.clock.now().date())
    layout = chief.get("/desk/templates/answer/fr/layout")
    policy = layout.headers["Content-Security-Policy"]
    assert ("sandbox" in policy, "default-src 'none'" in policy, "script" in policy) == (True, True, False)
    for path in ("/desk/templates/none", "/desk/templates/answer/de/layout", "/desk/templates?project=OTHER"):
        assert chief.get(path).status_code == 404, path


def test_how_the_gateway_is_is_said_in_words_and_looked_at_again(desk: Desk) -> None:
    chief = desk.browser(CHIEF)
    page = chief.get("/desk/status")
    assert (page.status_code, page.headers["Refresh"]) == (200, "30")
    assert "Refresh" not in chief.get("/desk/status?still=1").headers
    shown = text(page.text)
    assert "Base de données : va bien" in shown
    assert "courrier : 0 en attente" in shown
    assert "n’a pas pu être classé" not in shown
    set_aside(desk)
    wrong = text(chief.get("/desk/status").text)
    assert "Quelque chose n’a pas pu être classé" in wrong
    assert "éléments en quarantaine : 1." in wrong
    assert "courrier : 0 en attente, 1 en quarantaine" in wrong


def set_aside(desk: Desk) -> None:
    runtime = desk.site.runtime
    runtime.spool.accept(Lane.MAIL, {}, b"x")
    with runtime.spool.worker(Lane.MAIL) as claims:
        entry = claims.claim(*runtime.spool.waiting(Lane.MAIL)[0])
        assert entry is not None
        claims.quarantine(entry.id, entry.attempts, "broken")


def test_what_leaves_the_house_is_on_record(desk: Desk) -> None:
    runtime, chief = desk.site.runtime, desk.browser(CHIEF)
    marie = desk.site.person()
    desk.site.entry_with_file(desk.ticket, name="a.txt", kind="text/plain", content=b"x", author_id=marie.id)
    [path] = re.findall(r'href="(/desk/tickets/DEMO-1/entries/\d+/raw)"', chief.get(desk.path).text)
    assert chief.get(path).status_code == 200
    assert chief.get("/desk/report.csv").status_code in {200, 303}
    set_duty(runtime, "DEMO", day="monday", hours="", agents=[], by=person(desk, CHIEF).id)
    assert [row for row in records(desk) if row[0] != "report downloaded"] == [
        ("raw mail read", CHIEF, "DEMO-1"),
        ("duty set", CHIEF, "monday"),
    ]


def test_whoever_only_knocked_is_named_as_a_stranger(desk: Desk) -> None:
    chief = person(desk, CHIEF)
    with desk.site.runtime.database.transaction() as connection:
        record_audit(
            connection,
            at=desk.site.clock.now(),
            actor_id=None,
            origin=Origin.STRANGER,
            action=AuditAction.SIGN_IN_FAILED,
            subject=CHIEF,
            person_id=chief.id,
            detail={"way": "password"},
        )
    page = text(desk.browser(CHIEF, prefers="en").get("/desk/audit").text)
    assert f"Sign-in failed {CHIEF} way: by password and code somebody unknown" in page
