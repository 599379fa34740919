"""Whatever people do in a call, and whatever becomes of its callbacks, the same stands on record afterwards.

Random scripts are played twice against the real webhooks, spool and database: once as they are, and once while
requests are repeated and callbacks come doubled, disordered, late or never. After one reconciliation both have left
the same rows, and a second one changes nothing.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st

from gateway.config.load import Settings, load_settings
from gateway.domain.ticket import Severity
from gateway.runtime import Runtime
from telephony.messages import account_of
from telephony.reconcile import reconcile
from telephony.simulator.account import Account
from telephony.simulator.command import departures
from telephony.simulator.delivery import Faults
from telephony.simulator.rest import RestApi
from telephony.simulator.script import End, Message, Script, parse_leg
from telephony.simulator.serving import served
from telephony.simulator.world import Ending
from tests.support.call_rows import effects, forget_effects
from tests.support.calling import Calling
from tests.support.clock import MovableClock

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MOMENTS = [
    datetime.fromisoformat(text)
    for text in ("2026-11-24T10:00:00+01:00", "2026-11-24T17:29:30+01:00", "2026-07-14T10:00:00+02:00")
]
KEYS = ["", "1", "2", "9", "0#", "CODE#", "12*CODE#", "MINOR#", "12345678#", "#", "hangup"]
FATES = ["accept,talk=40", "accept,talk=4", "refuse", "silence", "voicemail", "busy", "no-answer", "failed"]
LIKELY = st.sampled_from([0.0, 0.3, 0.7, 1.0])


@pytest.fixture
def provider() -> Iterator[tuple[RestApi, str]]:
    """The provider's REST side, and its address."""
    api = RestApi(account=Account(), secret="token")
    with served(api) as base:
        yield api, base


@pytest.fixture
def settings(settings: Settings, provider: tuple[RestApi, str]) -> Settings:
    """An installation that looks for the provider there."""
    api, base = provider
    given = {
        "GATEWAY_CONFIG": "/dev/null",
        "GATEWAY_TELEPHONY__ACCOUNT_SID": api.account.sid,
        "GATEWAY_TELEPHONY__AUTH_TOKEN": api.secret,
        "GATEWAY_TELEPHONY__API_BASE": base,
        "GATEWAY_TELEPHONY__TEXT_SENDER": "Support",
    }
    return settings.model_copy(update={"telephony": load_settings(given).telephony})


@pytest.fixture
def calling(runtime: Runtime, clock: MovableClock) -> Calling:
    return Calling(runtime, clock)


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    """People who mostly get somewhere: the code is often right, and they may hang up at any moment."""
    usual = st.just(("1", "CODE#", "1"))
    presses = draw(st.one_of(usual, usual, st.lists(st.sampled_from(KEYS), max_size=8).map(tuple)))
    legs = draw(st.lists(st.sampled_from(FATES), max_size=3))
    return Script(
        caller=draw(st.sampled_from(["+33612345678", "+33123456789", "anonymous", "+266696687"])),
        presses=(*presses, *draw(st.lists(st.sampled_from(["", "9", "2"]), max_size=2))),
        legs=tuple(parse_leg(leg) for leg in legs),
        message=Message(seconds=draw(st.sampled_from([0.5, 9.0, 200.0])), end=draw(st.sampled_from(list(End)))),
        hang_up_at=draw(st.one_of(st.none(), st.none(), st.floats(0.5, 150).map(lambda value: round(value, 1)))),
        interrupts=draw(st.booleans()),
    )


FAULTS = st.builds(Faults, doubled=LIKELY, swapped=LIKELY, late=LIKELY, dropped=LIKELY, repeated=LIKELY)


@with_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(script=scripts(), faults=FAULTS, at=st.sampled_from(MOMENTS), seed=st.integers(0, 2**32))
def test_faults_change_nothing_of_what_stands_on_record(
    calling: Calling, provider: tuple[RestApi, str], script: Script, faults: Faults, at: datetime, seed: int
) -> None:
    api, _ = provider
    _, code = calling.incident(Severity.BLOCKING)
    _, minor = calling.incident(Severity.MINOR)
    presses = tuple(keys.replace("CODE", code).replace("MINOR", minor) for keys in script.presses)
    people = Script(**{**vars(script), "presses": presses})
    seen = [_played(calling, api, people, at=at, seed=seed, faults=given) for given in (Faults(), faults)]
    assert seen[1] == seen[0]
    assert len(seen[0]["calls"]) == 1


def _played(calling: Calling, api: RestApi, script: Script, *, at: datetime, seed: int, faults: Faults) -> Any:
    """All that the call leaves behind, after one reconciliation."""
    runtime = calling.runtime
    forget_effects(runtime)
    api.account = account = Account()
    calling.set_clock(at)
    session = calling.place(script, seed=seed, account=account, faults=faults)
    assert session.ending is not Ending.FAILED, "the provider found no way on, or a document that it refuses"
    assert [one for one in departures(session) if "not taken" in one] == []
    calling.drain()
    credentials = account_of(runtime)
    assert credentials is not None
    since = at - timedelta(hours=1)
    reconcile(runtime, credentials, since=since)
    left = effects(runtime)
    assert reconcile(runtime, credentials, since=since) == 0
    assert effects(runtime) == left
    return left
