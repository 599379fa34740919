"""A caller who is not put through may have the platform's address on their mobile: once, and nobody else."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import select

from gateway.config.load import Settings, load_settings
from gateway.db.call_texts import call_texts
from gateway.db.calls import CallKey
from gateway.runtime import Runtime, open_runtime
from gateway.services.forget_calls import forget_calls
from gateway.services.log_call import log_event
from telephony import texts
from telephony.simulator.account import Account
from telephony.simulator.rest import RestApi
from telephony.simulator.serving import served
from telephony.simulator.trouble import Trouble, Wrong
from telephony.snapshot import may_text
from telephony.texts import send_due
from tests.support.call_events import final, step
from tests.support.clock import MovableClock

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MOBILE, OTHER, LANDLINE = "+33612345678", "+33612345679", "+33123456789"


@dataclass(frozen=True, kw_only=True)
class Sms:
    """An installation that sends text messages, and the provider that it sends them by."""

    runtime: Runtime
    api: RestApi

    def wanted(self, number: int = 0, *, caller: str | None = MOBILE, lang: str = "fr") -> None:
        """A caller pressed for a text message, in a call of this number."""
        known = {"from": caller, "from_kind": "e164" if caller else "anonymous"}
        begun = ({"name": "call.received", "project": "DEMO"}, {"name": "language", "lang": lang})
        key = CallKey(provider="twilio", provider_id=f"CA{number}")
        for event in (
            step(0, *begun, kind="voice", **known),
            step(3, {"name": "text.wanted"}, **known),
            final(60, **known),
        ):
            log_event(self.runtime, key, replace(event, key=f"{number:04d}{event.key[4:]}"))

    def send(self) -> list[tuple[str, int]]:
        """One round of the job; the state and the tries of each text after it."""
        send_due(self.runtime, deadline=float("inf"))
        with self.runtime.database.reading() as connection:
            rows = connection.execute(select(call_texts).order_by(call_texts.c.id)).all()
        return [(row.state, row.attempts) for row in rows]

    @property
    def taken(self) -> list[tuple[str, str]]:
        """What the provider has: to whom, and which words."""
        return [(one.to, one.body) for one in self.api.account.messages.values()]


@pytest.fixture
def sms(settings: Settings, clock: MovableClock, database: object) -> Iterator[Sms]:
    api = RestApi(account=Account(), secret="secret")
    with served(api) as base:
        given = {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_TELEPHONY__ACCOUNT_SID": api.account.sid,
            "GATEWAY_TELEPHONY__AUTH_TOKEN": api.secret,
            "GATEWAY_TELEPHONY__API_BASE": base,
            "GATEWAY_TELEPHONY__TEXT_SENDER": "Support",
            "GATEWAY_TELEPHONY__TEXTS_PER_HOUR": "3",
        }
        telephony = load_settings(given).telephony
        with open_runtime(settings.model_copy(update={"telephony": telephony}), clock=clock) as runtime:
            yield Sms(runtime=runtime, api=api)


def test_a_text_says_where_to_report_in_the_callers_language_and_is_sent_once(sms: Sms) -> None:
    sms.wanted()
    sms.wanted(1, caller=OTHER, lang="en")
    assert sms.send() == [("sent", 1)] * 2
    assert sms.send() == [("sent", 1)] * 2
    base = sms.runtime.settings.http.base_url
    french, english = sms.taken
    assert french == (
        MOBILE,
        f"Support Démonstration : signalez votre incident ou suivez votre demande sur {base} "
        "ou par courriel à support@demo.example",
    )
    assert english[0] == OTHER
    assert "report your incident" in english[1]


def test_a_number_gets_one_a_day_however_often_it_calls(sms: Sms, clock: MovableClock) -> None:
    sms.wanted()
    sms.wanted()
    sms.wanted(1)
    assert sms.send() == [("sent", 1)]
    assert len(sms.taken) == 1


def test_no_more_are_sent_in_an_hour_than_the_limit(sms: Sms) -> None:
    for number in range(5):
        sms.wanted(number, caller=f"+3361234567{number}")
    assert [state for state, _ in sms.send()] == ["sent"] * 3 + ["limited"] * 2
    assert len(sms.taken) == 3


@pytest.mark.parametrize("caller", [None, LANDLINE, "+33899123456"])
def test_a_withheld_number_and_a_landline_get_none(sms: Sms, caller: str | None) -> None:
    sms.wanted(caller=caller)
    assert [state for state, _ in sms.send()] in ([], ["refused"])
    assert sms.taken == []


@pytest.mark.parametrize("wrong", [Wrong.BROKEN, Wrong.TOO_MANY, Wrong.UNAUTHORISED])
def test_trouble_at_the_provider_is_followed_by_another_try(sms: Sms, clock: MovableClock, wrong: Wrong) -> None:
    sms.api.trouble.append(Trouble(wrong=wrong, where="Messages"))
    sms.wanted()
    assert sms.send() == [("wanted", 1)]
    assert sms.send() == [("wanted", 1)]
    clock.move(seconds=30)
    assert sms.send() == [("sent", 2)]
    assert len(sms.taken) == 1


def test_a_death_after_the_provider_took_it_sends_no_second_one(
    sms: Sms, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    sms.wanted()
    with monkeypatch.context() as patch:
        patch.setattr(texts, "_move", die)
        with pytest.raises(KeyboardInterrupt):
            sms.send()
    assert len(sms.taken) == 1
    clock.move(seconds=30)
    assert sms.send() == [("sent", 2)]
    assert len(sms.taken) == 1


def test_an_answer_that_was_cut_short_is_looked_up_before_anything_is_sent_again(sms: Sms, clock: MovableClock) -> None:
    sms.api.trouble.append(Trouble(wrong=Wrong.OTHER_KIND, where="Messages"))
    sms.wanted()
    assert sms.send() == [("wanted", 1)]
    clock.move(seconds=30)
    assert sms.send() == [("sent", 2)]
    assert len(sms.taken) == 1


def test_after_an_hour_it_is_of_no_use_any_more(sms: Sms, clock: MovableClock) -> None:
    sms.api.trouble.append(Trouble(wrong=Wrong.BROKEN, where="Messages"))
    sms.wanted()
    sms.send()
    clock.move(hours=2)
    assert sms.send() == [("refused", 2)]
    assert sms.taken == []


def test_that_a_text_was_sent_is_forgotten_after_a_month(sms: Sms, clock: MovableClock) -> None:
    sms.wanted()
    sms.send()
    clock.move(days=31)
    forget_calls(sms.runtime)
    assert sms.send() == []


@pytest.mark.parametrize(
    ("caller", "may"),
    [(MOBILE, True), (LANDLINE, False), ("anonymous", False), ("+266696687", False), ("sip:a@b", False), ("", False)],
)
def test_who_may_be_sent_one(sms: Sms, caller: str, may: bool) -> None:
    rules = sms.runtime.settings.telephony
    assert may_text(rules, caller) is may
    assert may_text(rules.model_copy(update={"text_sender": None}), caller) is False
    assert may_text(rules.model_copy(update={"account_sid": None}), caller) is False
