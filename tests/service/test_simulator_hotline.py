"""The hotline called by the simulated provider, from the first ring to the last callback: in process and by command."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from requests.exceptions import ConnectionError as RequestsConnectionError
from twilio.rest import Client

from gateway.admin.cli import cli
from gateway.config.load import load_settings
from gateway.domain.duty import Shift
from gateway.hotline_snapshot import Eligible, HotlineSnapshot, hash_code, hotline_key, write_snapshot
from gateway.spool.store import Spool
from telephony.signature import Secrets
from telephony.simulator.account import Hotline
from telephony.simulator.delivery import Faults
from telephony.simulator.document import Grammar
from telephony.simulator.script import Script, parse_leg
from telephony.simulator.sending import Signing, WsgiTransport
from telephony.simulator.serving import served
from telephony.simulator.session import Provider, Session
from telephony.simulator.transcript import transcript
from telephony.simulator.world import Ending
from telephony.snapshot import Snapshots
from telephony.webhooks import Exchange, create_app
from tests.support.calls import BASE, CODE, OTHER_CODE, VOICES
from tests.support.clock import MovableClock
from tests.support.servers import free_port
from tests.support.waiting import wait_for

SIGNING, TOKEN = b"k" * 32, "account-token"
HOTLINE, FIRST, SECOND = "+33199001234", "+33612345607", "+33612345608"
App = Callable[..., Any]
Call = Callable[..., Session]


def write(path: Path, now: datetime) -> None:
    ticket = Eligible(ref="DEMO-42", project="DEMO", since=datetime(2026, 1, 1, tzinfo=UTC))
    shifts = tuple(Shift(person_id=person, position=person, start=0, end=1440) for person in (7, 8))
    snapshot = HotlineSnapshot(
        made_at=now,
        codes={hash_code(CODE, hotline_key(SIGNING)): ticket},
        shifts={"DEMO": shifts},
        numbers={7: FIRST, 8: SECOND},
    )
    write_snapshot(path, snapshot)


def webhooks(spool: Spool, clock: MovableClock, folder: Path, *, public_url: str) -> App:
    path = folder / "hotline.json"
    write(path, clock.now())
    exchange = Exchange(
        settings=load_settings({"GATEWAY_CONFIG": "/dev/null", "GATEWAY_HTTP__PUBLIC_URL": public_url}),
        secrets=Secrets(auth_tokens=(TOKEN,)),
        snapshots=Snapshots(path),
        signing_keys=(SIGNING,),
        spool=spool,
        ring=lambda _lane: None,
        clock=clock,
    )
    return create_app(exchange)


@pytest.fixture
def call(spool: Spool, clock: MovableClock, tmp_path: Path) -> Call:
    """A call to our webhooks in this process; the clock goes on with it."""
    app = webhooks(spool, clock, tmp_path, public_url=BASE)

    def place(*presses: str, legs: tuple[str, ...] = (), faults: Faults | None = None, **script: Any) -> Session:
        provider = Provider(
            hotline=Hotline(
                number=HOTLINE,
                **{f"{name}_url": f"{BASE}/telephony/twilio/{name}" for name in ("voice", "fallback", "status")},
            ),
            transport=WsgiTransport(app=app),
            signing=Signing(secret=TOKEN),
            grammar=Grammar(base_url=BASE, voices=VOICES),
            faults=faults or Faults(),
            pace=lambda seconds: clock.move(seconds=seconds),
        )
        people = Script(caller="+33612345678", presses=presses, legs=tuple(parse_leg(leg) for leg in legs), **script)
        session = Session(provider, people, begun=clock.now(), seed=1)
        session.run()
        return session

    return place


def read(session: Session) -> str:
    return "\n".join(transcript(session.lines))


def taken(session: Session) -> bool:
    return all(exchange.status in {200, 204} for exchange in session.exchanges)


RANG = ("1", f"{CODE}#", "1")


def test_the_right_code_reaches_an_agent_who_accepts(call: Call) -> None:
    session = call(*RANG, legs=("accept,talk=90",))
    assert session.ending is Ending.HUNG_UP
    assert f"{FIRST}      talks with the caller" in read(session)
    assert taken(session)


def test_a_voicemail_never_wins_and_the_next_agent_is_rung(call: Call) -> None:
    told = read(call(*RANG, legs=("voicemail", "accept,talk=90")))
    assert f"{FIRST}      presses nothing" in told
    assert f"{SECOND}      talks with the caller" in told


@pytest.mark.parametrize("fate", ["busy", "no-answer", "failed", "refuse", "silence", "voicemail"])
def test_where_nobody_takes_it_a_message_is_left(call: Call, fate: str) -> None:
    session = call(*RANG, legs=(fate, fate))
    told = read(session)
    assert told.index("Aucun agent") < told.index("records")
    assert [recording.seconds for recording in session.world.account.recordings.values()] == [8]
    assert taken(session)


@pytest.mark.parametrize(
    ("presses", "said"),
    [(("1", f"{OTHER_CODE}#", "1"), "ne pouvons pas vous mettre"), (("1", "0#"), "ne pouvons pas vous mettre")],
    ids=["another code", "no code"],
)
def test_whoever_may_not_is_told_what_to_do(call: Call, presses: tuple[str, ...], said: str) -> None:
    session = call(*presses)
    assert said in read(session)
    assert "rings" not in read(session)
    assert session.ending is Ending.HUNG_UP


def test_at_half_past_five_the_line_is_closed_and_says_when_it_opens(call: Call, clock: MovableClock) -> None:
    clock.move(seconds=(datetime(2026, 11, 24, 16, 30, tzinfo=UTC) - clock.now()).total_seconds())
    assert "Il rouvre le mercredi 25 novembre" in read(call("1"))


def test_a_caller_may_hang_up_at_any_second(call: Call) -> None:
    for second in range(0, 90, 9):
        session = call(*RANG, legs=("silence", "accept,talk=30"), hang_up_at=float(second))
        assert session.ending is Ending.CALLER_GONE
        assert taken(session)


def test_doubled_and_disordered_requests_lead_the_call_the_same_way(call: Call) -> None:
    plain = read(call(*RANG, legs=("refuse", "accept,talk=90")))
    disturbed = call(*RANG, legs=("refuse", "accept,talk=90"), faults=Faults(doubled=0.5, swapped=0.5, repeated=1))
    assert read(disturbed) == plain
    assert taken(disturbed)


@pytest.fixture
def command(spool: Spool, clock: MovableClock, tmp_path: Path) -> Iterator[Callable[..., Result]]:
    """`gateway call simulate` against webhooks that really listen, behind another public address."""
    port = free_port()
    with served(webhooks(spool, clock, tmp_path, public_url=BASE), port=port):
        environment = {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_DATA": str(tmp_path / "data"),
            "GATEWAY_HTTP__PORT": str(port),
            "GATEWAY_HTTP__PUBLIC_URL": BASE,
            "GATEWAY_TELEPHONY__AUTH_TOKEN": TOKEN,
        }

        def run(*arguments: str, **variables: str) -> Result:
            return CliRunner().invoke(cli, ["call", "simulate", *arguments], env={**environment, **variables})

        yield run


PRESSED = ("--press", "1", "--press", f"{CODE}#", "--press", "1")


def test_the_command_prints_the_dialogue_with_times(command: Callable[..., Result]) -> None:
    done = command("--from", "+33612345678", *PRESSED, "--leg", "accept,talk=90")
    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert re.match(r" 0:00\.0  caller +calls \+33199001234", lines[0])
    assert any(re.match(rf" 0:\d\d\.\d  caller +presses {CODE}#", line) for line in lines)
    assert any("talks with the caller" in line for line in lines)
    assert re.match(r"call CA[0-9a-f]{32}, seed \d+: \d+\.\d s, \d+ requests", lines[-1])


def test_a_taken_port_is_told_in_a_sentence(command: Callable[..., Result]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        base = f"http://127.0.0.1:{taken.getsockname()[1]}"
        done = command("--from", "+33612345678", GATEWAY_TELEPHONY__API_BASE=base)
    assert (done.exit_code, done.stdout) == (75, "")
    assert "cannot be had" in done.stderr


def test_a_script_file_does_the_same_and_options_stand_over_it(command: Callable[..., Result], tmp_path: Path) -> None:
    file = tmp_path / "call.toml"
    file.write_text(
        f'from = "+33612345678"\npress = ["1", "{CODE}#", "1"]\nmessage = {{ seconds = 12, end = "key" }}\n'
        '[[leg]]\ndoes = "busy"\n[[leg]]\ndoes = "accept"\nafter = 3\ntalk = 20\n',
        "utf-8",
    )
    as_written = command("--script", str(file), "--seed", "5")
    assert as_written.exit_code == 0
    assert f"{SECOND}      talks with the caller" in as_written.stdout
    changed = command("--script", str(file), "--leg", "busy", "--leg", "no-answer", "--message", "5")
    assert "speaks 5 s" in changed.stdout


def test_the_message_is_there_to_be_fetched_while_the_command_waits_for_that(
    command: Callable[..., Result],
) -> None:
    """A job that comes with the account's secret, at the address of the settings, gets it and deletes it."""
    base = f"http://127.0.0.1:{free_port()}"
    account = "AC" + "7" * 32
    fetched: list[str] = []

    def fetch() -> None:
        client = Client(account, TOKEN)
        client.api.base_url = base
        sid = wait_for(lambda: _recordings(client), "a message")[0]
        fetched.append(sid)
        client.recordings(sid).delete()

    job = threading.Thread(target=fetch)
    job.start()
    done = command(
        *("--from", "+33612345678", *PRESSED, "--message", "9"),
        GATEWAY_TELEPHONY__API_BASE=base,
        GATEWAY_TELEPHONY__ACCOUNT_SID=account,
    )
    job.join()
    assert done.exit_code == 0, done.output
    assert len(fetched) == 1
    assert "nobody fetched it" not in done.stdout


def _recordings(client: Client) -> list[str]:
    try:
        return [recording.sid for recording in client.recordings.list()]
    except RequestsConnectionError:
        return []


@pytest.mark.parametrize(
    ("arguments", "variables", "why"),
    [
        ((*PRESSED, "--press", "1", "--press", "1"), {}, "it ended before 1 could be pressed"),
        ((*PRESSED, "--leg", "accept", "--hang-up-at", "900"), {}, "it ended before 900 s"),
        ((), {"GATEWAY_TELEPHONY__AUTH_TOKEN": "another"}, "the provider cut it off"),
        ((), {"GATEWAY_HTTP__PORT": "1"}, "the provider cut it off"),
    ],
    ids=["keys are left", "too long", "not signed by us", "nobody listens"],
)
def test_a_call_that_leaves_its_script_says_how(
    command: Callable[..., Result], arguments: tuple[str, ...], variables: dict[str, str], why: str
) -> None:
    done = command("--from", "+33612345678", *arguments, **variables)
    assert done.exit_code == 1
    assert f"not by the script: {why}" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "a script needs a caller"),
        (("--from", "+33612345678", "--press", "12a"), "no keys: '12a'"),
        (("--from", "+33612345678", "--leg", "sings"), "no telephone does 'sings'"),
        (("--from", "+33612345678", "--leg", "accept,loud=1"), "a telephone has no loud"),
        (("--from", "+33612345678", "--leg", "accept,after=soon"), "seconds are a number"),
        (("--from", "+33612345678", "--message", "-1"), "message is so many seconds"),
    ],
)
def test_a_script_that_is_none_is_refused_with_a_sentence(
    command: Callable[..., Result], arguments: tuple[str, ...], why: str
) -> None:
    done = command(*arguments)
    assert (done.exit_code, done.stdout) == (78, "")
    assert why in done.stderr
