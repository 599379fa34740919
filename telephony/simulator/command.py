"""Simulated calls against the running gateway: one by a script, with its transcript, or by hand on a web page."""

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from gateway.clock import Clock
from gateway.config.load import Settings
from gateway.config.locations import locations
from gateway.errors import Misconfigured
from telephony.answering import PREFIX
from telephony.exchange import secrets_of
from telephony.line import Route
from telephony.simulator.account import Account, Hotline
from telephony.simulator.document import Grammar
from telephony.simulator.effects import Told
from telephony.simulator.phone import Phone
from telephony.simulator.script_file import parse_script
from telephony.simulator.sending import HttpTransport, Signing
from telephony.simulator.serving import served
from telephony.simulator.session import Provider, Session, in_no_time
from telephony.simulator.standing_in import standing_in, wait_until_fetched
from telephony.simulator.transcript import transcript
from telephony.simulator.world import Ending


def simulate(
    settings: Settings,
    document: Mapping[str, Any],
    *,
    clock: Clock,
    say: Callable[[str], None],
    called: str | None = None,
    seed: int | None = None,
    is_real_time: bool = False,
) -> bool:
    """Place the call and `say` its transcript; False where it did not end by its script, and then why.

    `called` is a project's hotline, or the first one. Without a seed each call has ids of its own. Raises
    Misconfigured for a script that is none, and where there is no hotline or no secret to sign with; Deferred where
    `telephony.api_base` is a port of this machine that is taken.
    """
    script = parse_script(document)
    provider = local_provider(settings, called=called, is_real_time=is_real_time)
    seed = secrets.randbits(32) if seed is None else seed
    session = Session(provider, script, begun=clock.now(), seed=seed, tell=lambda told: say(_written(told)))
    with standing_in(settings.telephony, provider.account) as is_served:
        session.run()
        if is_served and not wait_until_fetched(provider.account):
            say("a message was left, and nobody fetched it")
    reasons = departures(session)
    for reason in reasons:
        say(f"not by the script: {reason}")
    say(f"call {session.sid}, seed {seed}: {session.world.now:.1f} s, {len(session.exchanges)} requests")
    return not reasons


def departures(session: Session) -> list[str]:
    """In what a call that is over did not go by its script.

    - it was cut off by the provider
    - it ended before all keys were pressed, or before the caller was to hang up
    - a callback was not taken
    """
    reasons = []
    if session.ending is Ending.FAILED:
        reasons.append("the provider cut it off")
    if session.unused:
        reasons.append(f"it ended before {' '.join(session.unused)} could be pressed")
    if session.world.hang_up_at is not None and session.ending is not Ending.CALLER_GONE:
        reasons.append(f"it ended before {session.world.hang_up_at:g} s")
    refused = [exchange for exchange in session.exchanges if exchange.status not in {200, 204}]
    if refused and session.ending is not Ending.FAILED:
        reasons.append(f"{len(refused)} requests were not taken, the first with status {refused[0].status}")
    return reasons


def local_provider(settings: Settings, *, called: str | None = None, is_real_time: bool = False) -> Provider:
    """The provider as it would be set up for this installation, on the road to the local listener.

    Raises Misconfigured.
    """
    numbers = [project.hotline for project in settings.project_list if project.hotline]
    if not numbers:
        raise Misconfigured(["no project has a hotline"])
    base, http, telephony = settings.http.base_url, settings.http, settings.telephony
    routes = {route: f"{base}{PREFIX}/{route}" for route in (Route.VOICE, Route.FALLBACK, Route.STATUS)}
    hotline = Hotline(
        number=called or numbers[0],
        voice_url=routes[Route.VOICE],
        fallback_url=routes[Route.FALLBACK],
        status_url=routes[Route.STATUS],
    )
    account = Account(sid=telephony.account_sid) if telephony.account_sid else Account()
    account.hotlines.append(hotline)
    host = "127.0.0.1" if http.host in {"0.0.0.0", "::"} else http.host  # noqa: S104  # everywhere is here too
    voices = {(telephony.french_voice, "fr-FR"), (telephony.english_voice, "en-GB")}
    return Provider(
        hotline=hotline,
        transport=HttpTransport(roads={base: f"http://{host}:{http.port}"}),
        signing=_signing(settings),
        account=account,
        grammar=Grammar(base_url=base, voices=voices),
        pace=time.sleep if is_real_time else in_no_time,
    )


def _signing(settings: Settings) -> Signing:
    """What the running gateway believes; on a machine of its own, the secret that it made for us."""
    known = secrets_of(settings, locations(settings))
    if known.shared_keys:
        return Signing(secret=known.shared_keys[0], shared_key="webhooks_sharedkey_simulator")
    if known.auth_tokens:
        return Signing(secret=known.auth_tokens[0])
    raise Misconfigured(["telephony.auth_token: no webhook is believed without a secret"])


def _written(told: Told) -> str:
    return transcript([told])[0]


def serve_phone(settings: Settings, *, clock: Clock, port: int, say: Callable[[str], None]) -> None:
    """Serve the web telephone on this machine until interrupted, and `say` where. Raises Misconfigured, Deferred."""
    provider = local_provider(settings)

    def place(document: Mapping[str, Any]) -> Session:
        return Session(provider, parse_script(document), begun=clock.now(), seed=secrets.randbits(32))

    phone = Phone(key=secrets.token_urlsafe(16), place=place)
    with standing_in(settings.telephony, provider.account), served(phone, port=port) as base:
        say(f"{base}/{phone.key}/")
        with suppress(KeyboardInterrupt):
            threading.Event().wait()
