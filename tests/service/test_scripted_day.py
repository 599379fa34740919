"""One incident from its first mail to its end, over a change of the clock and a public holiday, read as people read it.

Friday 26 March 2027, 17:00 in Paris: half an hour before the weekend in which summer time begins and after which Easter
Monday is no working day. Its twelve and twenty-four hours are working hours.
"""

import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial
from itertools import pairwise

import pytest

from gateway.config.load import Settings, load_settings
from gateway.domain.ticket import Language, Level, Severity, Status
from gateway.jobs.drain import drain_lane
from gateway.jobs.timetable import find_passed_marks
from gateway.notify.deliver import deliver_due
from gateway.services.file_web_form import file_web_form
from gateway.services.tell_agents import tell_agents
from gateway.spool.entry import Lane
from inbound.form_files import read_form_files
from tests.service.test_agent_mail import authenticated
from tests.service.test_filing import file
from tests.support.clock import MovableClock
from tests.support.desk import ANA, CHIEF, DEV, NINA, act, body, clocks, staff, ticket_of, timeline, told
from tests.support.web import Site

__all__ = ["authenticated"]  # a fixture that every test here uses
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MARIE = "marie@client.example"
SUBJECT = {Language.FR: "Export impossible", Language.EN: "The export fails"}
FIRST = {
    Language.FR: "Bonjour,\n\nl'export ne fonctionne plus depuis ce matin, nous ne pouvons plus travailler.\n",
    Language.EN: "Hello,\n\nthe export has not been working since this morning, and we cannot work any more.\n",
}
READ = {
    Language.FR: [
        ["DEMO-1"],
        [
            "Gravité de l’incident : bloquante.",
            "niveau 2 depuis le 26 mars 2027 à 17:10.",
            "Prise en charge garantie avant le 31 mars 2027 à 12:00.",
            "Rétablissement garanti avant le 1er avril 2027 à 15:30.",
        ],
        ["Nous avons reproduit le problème.", "> l'export ne fonctionne plus depuis ce matin"],
        ["niveau 3 depuis le 30 mars 2027 à 15:10."],
        ["Passez par l'export CSV.", "Une solution de contournement est en place."],
        ["Corrigé en 4.2.", "Votre demande est résolue."],
        ["Corrigé en 4.3.", "Votre demande est résolue.", "> Ce n’est pas résolu"],
        ["Corrigé en 4.4.", "Votre demande est résolue.", "> Toujours pas"],
    ],
    Language.EN: [
        ["DEMO-1"],
        [
            "Severity of the incident: blocking.",
            "level 2 support since 26 March 2027 at 17:10.",
            "Guaranteed to be taken in hand before 31 March 2027 at 12:00.",
            "Service guaranteed to be restored before 1 April 2027 at 15:30.",
        ],
        ["Nous avons reproduit le problème.", "> the export has not been working since this morning"],
        ["level 3 support since 30 March 2027 at 15:10."],
        ["Passez par l'export CSV.", "A workaround is in place."],
        ["Corrigé en 4.2.", "Your request is resolved."],
        ["Corrigé en 4.3.", "Your request is resolved.", "> Ce n’est pas résolu"],
        ["Corrigé en 4.4.", "Your request is resolved.", "> Toujours pas"],
    ],
}
"""What each mail to Marie says, whatever else it says: eight mails from Friday to Wednesday."""


@pytest.fixture
def clock() -> MovableClock:
    """Friday, 17:00 in Paris."""
    return MovableClock(datetime(2027, 3, 26, 16, 0, tzinfo=UTC))


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Guaranteed times in working hours."""
    working = {"GATEWAY_CONFIG": "/dev/null", "GATEWAY_CONTRACTS__DEFAULT__COUNTING": "working"}
    return settings.model_copy(update={"contracts": load_settings(working).contracts})


@dataclass(kw_only=True)
class Day:
    """What people do, and what they then find in the folder of sent mail."""

    site: Site
    clock: MovableClock
    lang: Language
    written: list[str] = field(default_factory=list)

    def at(self, day: int, hour: int, minute: int = 0) -> None:
        """Move to a moment of March by the clock of Paris, and let the timetable and the mailer do their work."""
        offset = 1 if day < 28 else 2
        moment = datetime(2027, 3, day, hour - offset, minute, tzinfo=UTC)
        self.clock.move(seconds=(moment - self.clock.now()).total_seconds())
        self.work()

    def work(self) -> None:
        handler = partial(file_web_form, read_files=read_form_files)
        drain_lane(Lane.WEB, handler, self.site.runtime, deadline=float("inf"))
        find_passed_marks(self.site.runtime)
        tell_agents(self.site.runtime)
        deliver_due(self.site.runtime, deadline=time.monotonic() + 60)

    def writes(self, text: str, *, under: EmailMessage | None = None) -> None:
        """Marie writes, or answers a mail of ours as her mail program does it."""
        message = EmailMessage(policy=policy.SMTP)
        ident = f"<marie-{len(self.written) + 1}@client.example>"
        subject = SUBJECT[self.lang] if under is None else str(under["Subject"])
        to = "support@demo.example" if under is None else str(under["Reply-To"]).strip(" <>")
        message["From"], message["To"], message["Subject"], message["Message-ID"] = MARIE, to, subject, ident
        if under is not None:
            message["In-Reply-To"] = under["Message-ID"]
            message["References"] = f"{under['References'] or ''} {under['Message-ID']}".strip()
            text += "\n" + "".join(f"> {line}\n" for line in body(under).splitlines())
        message.set_content(text)
        self.written.append(ident)
        file(self.site.runtime, message.as_bytes(), to, mail_from=MARIE)
        self.work()

    def says(self, answer: str, text: str = "") -> None:
        """Marie follows the link of the last mail, and presses its button."""
        found = re.search(rf"http://[^/]+(/outcome/[^?\s]+)\?answer={answer}", body(self.to(MARIE)[-1]))
        assert found is not None
        form = {"answer": answer, **({"text": text} if text else {})}
        reply = self.site.browser().post(found[1], page=f"{found[1]}?answer={answer}", **form)
        assert reply.status_code == 200
        self.work()

    def to(self, recipient: str) -> list[EmailMessage]:
        """What went out to somebody, in order."""
        paths = sorted(self.site.runtime.where.sent.glob("*.eml"))
        mails = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]
        return [mail for mail in mails if isinstance(mail, EmailMessage) and recipient in str(mail["To"])]


@pytest.fixture(params=list(Language))
def day(request: pytest.FixtureRequest, site: Site, clock: MovableClock) -> Day:
    """The whole day, for a Marie who writes French and for one who writes English."""
    staff(site.runtime)
    found = Day(site=site, clock=clock, lang=request.param)
    found.writes(FIRST[found.lang])
    found.at(26, 17, 10)
    act(site.runtime, NINA, severity=Severity.BLOCKING, level=Level.N2, reason="ne sait pas")
    for hour in (18, 23):
        found.at(27, hour)
    found.at(29, 12)
    found.at(30, 14, 29)
    assert warnings(found, ANA) == []
    found.at(30, 14, 30)
    found.at(30, 15)
    act(site.runtime, ANA, reply="Nous avons reproduit le problème.")
    found.at(30, 15, 10)
    act(site.runtime, ANA, level=Level.N3, reason="erreur dans la bibliothèque")
    found.at(30, 16)
    act(site.runtime, DEV, workaround="Passez par l'export CSV.")
    found.at(31, 10)
    act(site.runtime, DEV, reply="Corrigé en 4.2.", status=Status.RESOLVED)
    found.at(31, 11)
    found.writes("Ce n’est pas résolu : l'export échoue encore.", under=found.to(MARIE)[-1])
    found.at(31, 14)
    act(site.runtime, DEV, reply="Corrigé en 4.3.", status=Status.RESOLVED)
    found.at(31, 15)
    found.says("unsolved", "Toujours pas, le fichier est vide.")
    found.at(31, 16)
    act(site.runtime, DEV, reply="Corrigé en 4.4.", status=Status.RESOLVED)
    found.at(31, 17)
    found.says("works")
    return found


def warnings(day: Day, recipient: str) -> list[EmailMessage]:
    """The mails about guaranteed times that somebody got."""
    return [mail for mail in day.to(recipient) if "GTI" in body(mail) or "GTR" in body(mail)]


def test_marie_reads_every_step_and_nothing_that_was_said_inside(day: Day) -> None:
    mails = day.to(MARIE)
    assert len(mails) == len(READ[day.lang])
    for number, (mail, sentences) in enumerate(zip(mails, READ[day.lang], strict=True)):
        for kind in ("plain", "html"):
            text = " ".join(body(mail, kind).replace("&#39;", "'").split())
            for sentence in sentences if kind == "plain" else sentences[:1]:
                assert sentence in text, f"mail {number}, {kind}"
        assert "bibliothèque" not in mail.as_string()
        assert ANA not in mail.as_string()
        assert "ne sait pas" not in body(mail)


def test_her_mails_are_one_thread_for_every_mail_program(day: Day) -> None:
    mails, known = day.to(MARIE), [day.written[0]]
    for mail in mails:
        references = str(mail["References"]).split()
        assert references[0] == day.written[0], "Gmail and Apple Mail hang a thread onto its first mail"
        assert str(mail["In-Reply-To"]) == references[-1]
        assert set(references) <= {*known, *day.written}
        known.append(str(mail["Message-ID"]))
    assert len(set(known)) == len(mails) + 1
    assert {str(mail["Subject"]) for mail in mails} == {f"Re: {SUBJECT[day.lang]} [DEMO-1]"}
    mark = {Language.FR: "Merci de répondre au-dessus de cette ligne", Language.EN: "write your answer above this line"}
    assert all(mark[day.lang] in body(mail).splitlines()[0] for mail in mails)
    letters = [number for number, mail in enumerate(mails) if mail["Auto-Submitted"] is None]
    assert letters == [2, 4, 5, 6, 7], "what a person wrote does not say that it is automatic"
    above = [str(mail["In-Reply-To"]) for mail in mails]
    assert (above[0], above[6]) == tuple(day.written), "each answer hangs under what it answers"
    assert all(above[later] == str(mails[earlier]["Message-ID"]) for earlier, later in pairwise([2, 4, 5]))


def test_the_warning_came_on_time_over_the_holiday_and_the_clocks_tell_the_whole_story(day: Day) -> None:
    [mail] = warnings(day, ANA)
    assert "DEMO-1" in body(mail)
    assert "50" in body(mail)
    assert str(mail["Date"]) == "Tue, 30 Mar 2027 12:30:00 +0000", "six working hours: half past two in Paris"
    for other in (NINA, DEV, CHIEF):
        assert warnings(day, other) == [], "what was met in time calls nobody else"
    lines = clocks(day.site.runtime).explanations()
    assert [line.partition(":")[0] for line in lines] == ["GTI blocking", "GTR blocking"] * 3
    assert lines[0] == (
        "GTI blocking: 12 h of working hours, from 2027-03-26 17:00, due 2027-03-31 12:00,"
        " met 2027-03-30 15:00 by an answer (Europe/Paris)"
    )
    assert "met 2027-03-30 16:00 by a workaround" in lines[1]
    assert "from 2027-03-31 11:00" in lines[2], "reopened by her mail"
    assert "from 2027-03-31 15:00" in lines[4], "reopened by her link"
    assert all("met" in line for line in lines)
    moves = [value for kind, value in told(day.site.runtime) if kind in {"level", "status"}]
    assert moves == ["N2", "open", "N3", "resolved", "open", "resolved", "open", "resolved", "closed"]
    assert ticket_of(day.site.runtime).status == Status.CLOSED
    inside = [text for _, direction, text in timeline(day.site.runtime) if direction == "internal"]
    assert any("N3" in text and "erreur dans la bibliothèque" in text for text in inside)
