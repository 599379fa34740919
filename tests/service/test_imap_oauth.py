"""Signing in by OAuth: consent, refresh, and what is kept of it; at a provider and a server of our own."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway.db.mailboxes import find_sealed, keep_sealed, list_mailboxes
from gateway.errors import NotFound, Refused
from gateway.runtime import Runtime
from gateway.services.mailbox_tokens import SealBroken, Tokens, find_tokens, keep_tokens
from gateway.spool.entry import Lane
from inbound.imap_check import mailbox_faults
from inbound.imap_consent import Conversation, authorize_mailbox, read_code
from inbound.imap_oauth import OAuthRefused
from inbound.imap_sign_in import OAuthSignIn
from tests.support.clock import MovableClock
from tests.support.imap import OpenMailbox, polling
from tests.support.imap_fake import Behaviour, fake_imap
from tests.support.installation import mail
from tests.support.oauth_provider import OAuthProvider
from tests.support.waiting import wait_for


class Operator(Conversation):
    """Follows what is said; `answer` makes the reply from all lines so far. No waiting is real."""

    def __new__(cls) -> "Operator":
        return object.__new__(cls)

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.waits: list[float] = []
        super().__init__(say=self.heard.append, ask=lambda _question: self.answer(), wait=self.waits.append)

    def answer(self) -> str:
        raise AssertionError("nothing is to be asked")


def stale(clock: MovableClock, *, refresh: str = "refresh-0", minutes: float = -1) -> Tokens:
    return Tokens(refresh_token=refresh, access_token="access-old", expires_at=clock.now() + timedelta(minutes=minutes))


def test_an_expired_token_is_refreshed_before_it_is_used_and_the_new_one_is_kept(
    open_mailbox_runtime: OpenMailbox, clock: MovableClock
) -> None:
    with OAuthProvider() as provider, fake_imap() as server:
        server.behaviour.accepts_token = lambda token: token in provider.live
        server.deliver(mail(1))
        runtime = open_mailbox_runtime(server.port, clock=clock, environment=provider.settings(), password=None)
        keep_tokens(runtime, "box", stale(clock))
        with polling(runtime):
            wait_for(lambda: len(runtime.spool.waiting(Lane.MAIL)) == 1, "the mail")
        kept = find_tokens(runtime, "box")
        assert kept is not None
        assert (kept.access_token, kept.refresh_token) == ("access-1", "refresh-1")
        assert server.commands.count("AUTHENTICATE") == 1
        with polling(runtime):  # the next process uses what was kept
            wait_for(lambda: server.commands.count("IDLE") >= 2, "the next run")
        assert len(provider.requests) == 1


def test_a_token_that_the_server_refuses_before_its_time_is_refreshed_once(
    open_mailbox_runtime: OpenMailbox, clock: MovableClock
) -> None:
    with OAuthProvider() as provider, fake_imap() as server:
        server.behaviour.accepts_token = lambda token: token in provider.live
        runtime = open_mailbox_runtime(server.port, clock=clock, environment=provider.settings(), password=None)
        keep_tokens(runtime, "box", stale(clock, minutes=30))
        assert mailbox_faults(runtime) == []
        assert server.commands.count("AUTHENTICATE") == 2


@pytest.mark.parametrize(
    ("kept", "sentence"),
    [
        (False, "nobody has consented to reading this mailbox yet"),
        (True, "the consent has ended or was withdrawn"),
    ],
)
def test_where_consent_is_wanting_the_operator_is_told_the_command(
    open_mailbox_runtime: OpenMailbox, clock: MovableClock, kept: bool, sentence: str
) -> None:
    with OAuthProvider() as provider, fake_imap() as server:
        runtime = open_mailbox_runtime(server.port, clock=clock, environment=provider.settings(), password=None)
        if kept:
            keep_tokens(runtime, "box", stale(clock, refresh="withdrawn"))
        assert mailbox_faults(runtime) == [f"mailbox box: {sentence}: run `gateway mailbox authorize box`"]
        with polling(runtime):
            error = wait_for(lambda: error_of(runtime), "the trouble to be noted")
        assert sentence in error


def error_of(runtime: Runtime) -> str | None:
    with runtime.database.reading() as connection:
        rows = list_mailboxes(connection)
    return rows[0].error if rows else None


def test_a_refresh_that_lost_to_another_process_takes_what_that_one_kept(
    open_mailbox_runtime: OpenMailbox, clock: MovableClock
) -> None:
    with OAuthProvider() as provider, fake_imap() as server:
        server.behaviour.accepts_token = lambda token: token in provider.live
        runtime = open_mailbox_runtime(server.port, clock=clock, environment=provider.settings(), password=None)
        keep_tokens(runtime, "box", stale(clock, refresh="refresh-of-yesterday"))
        sign_in = OAuthSignIn(runtime, name="box", settings=runtime.settings.mailboxes["box"])
        old = sign_in._find()
        keep_tokens(runtime, "box", stale(clock))  # the other process
        assert sign_in._refresh(old).access_token == "access-1"


def test_consent_by_device_waits_as_it_is_told_and_is_tried_at_once(
    open_mailbox_runtime: OpenMailbox, clock: MovableClock
) -> None:
    with OAuthProvider() as provider, fake_imap() as server:
        server.behaviour.accepts_token = lambda token: token in provider.live
        provider.answers_before_consent = ["authorization_pending", "slow_down"]
        runtime = open_mailbox_runtime(server.port, clock=clock, environment=provider.settings(), password=None)
        operator = Operator()
        authorize_mailbox(runtime, "box", operator)
        assert operator.waits == [5, 5, 10]
        assert any("ABCD-EFGH" in line for line in operator.heard)
        assert operator.heard[-1] == "The mailbox box can be read."
        assert find_tokens(runtime, "box") is not None


@pytest.mark.parametrize(
    ("answer", "error", "sentence"),
    [
        ("access_denied", Refused, "refused on the provider's page"),
        ("expired_token", OAuthRefused, "expired_token"),
        ("<script>", OAuthRefused, "unknown error"),
    ],
)
def test_a_consent_that_is_not_given_keeps_nothing(
    open_mailbox_runtime: OpenMailbox, clock: MovableClock, answer: str, error: type[Exception], sentence: str
) -> None:
    with OAuthProvider() as provider:
        provider.answers_before_consent = [answer]
        runtime = open_mailbox_runtime(1, clock=clock, environment=provider.settings(), password=None)
        with pytest.raises(error, match=sentence):
            authorize_mailbox(runtime, "box", Operator())
        assert find_tokens(runtime, "box") is None


def test_consent_by_page_redeems_the_code_of_the_address_that_is_brought_back(
    open_mailbox_runtime: OpenMailbox, clock: MovableClock
) -> None:
    with OAuthProvider() as provider, fake_imap() as server:
        server.behaviour.accepts_token = lambda token: token in provider.live
        environment = provider.settings(device=False)
        runtime = open_mailbox_runtime(server.port, clock=clock, environment=environment, password=None)

        class Browser(Operator):
            def answer(self) -> str:
                page = next(line for line in self.heard if line.startswith(provider.url))
                query = parse_qs(urlsplit(page).query)
                provider.challenge = query["code_challenge"][0]
                assert query["scope"] == ["imap"]
                return f"http://127.0.0.1/?state={query['state'][0]}&code=page-code"

        authorize_mailbox(runtime, "box", Browser())
        assert find_tokens(runtime, "box") is not None


@pytest.mark.parametrize(
    "address", ["", "http://127.0.0.1/?code=c", "http://127.0.0.1/?state=other&code=c", "http://127.0.0.1/?state=mine"]
)
def test_an_address_of_another_consent_is_refused(address: str) -> None:
    with pytest.raises(Refused):
        read_code(address, state="mine")


def test_only_an_oauth_mailbox_is_authorized(open_mailbox_runtime: OpenMailbox) -> None:
    runtime = open_mailbox_runtime(1)
    with pytest.raises(Refused, match="password"):
        authorize_mailbox(runtime, "box", Operator())
    with pytest.raises(NotFound):
        authorize_mailbox(runtime, "other", Operator())


def test_what_is_kept_is_sealed_for_one_mailbox_and_one_key(
    open_mailbox_runtime: OpenMailbox, clock: MovableClock
) -> None:
    keys = {"GATEWAY_SIGNING__KEY": "k" * 32}
    runtime = open_mailbox_runtime(1, clock=clock, environment=keys)
    keep_tokens(runtime, "box", stale(clock))
    with runtime.database.reading() as connection:
        sealed = find_sealed(connection, "box")
    assert sealed is not None
    assert "refresh-0" not in sealed
    with runtime.database.transaction() as connection:
        keep_sealed(connection, "other", sealed, now=clock.now())
    with pytest.raises(SealBroken):
        find_tokens(runtime, "other")
    rotated = {"GATEWAY_SIGNING__KEY": "n" * 32, "GATEWAY_SIGNING__PREVIOUS_KEY": "k" * 32}
    later = open_mailbox_runtime(1, clock=clock, environment=rotated)
    with later.database.transaction() as connection:
        keep_sealed(connection, "box", sealed, now=clock.now())
    assert find_tokens(later, "box") == find_tokens(runtime, "box")


def test_where_the_signing_key_was_lost_the_operator_is_told_the_command(
    open_mailbox_runtime: OpenMailbox, clock: MovableClock
) -> None:
    with OAuthProvider() as provider, fake_imap() as server:
        runtime = open_mailbox_runtime(server.port, clock=clock, environment=provider.settings(), password=None)
        with runtime.database.transaction() as connection:
            keep_sealed(connection, "box", "of another key", now=clock.now())
        [fault] = mailbox_faults(runtime)
        assert "another signing key: run `gateway mailbox authorize box`" in fault


def test_a_provider_that_does_not_answer_is_trouble_and_no_refusal(
    open_mailbox_runtime: OpenMailbox, clock: MovableClock
) -> None:
    with OAuthProvider() as provider:
        environment = provider.settings()
    with fake_imap(Behaviour()) as server:
        runtime = open_mailbox_runtime(server.port, clock=clock, environment=environment, password=None)
        keep_tokens(runtime, "box", stale(clock))
        [fault] = mailbox_faults(runtime)
        assert "the OAuth provider does not answer" in fault
        assert find_tokens(runtime, "box") is not None
