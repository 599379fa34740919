"""`gateway mailbox authorize`: walks the operator through the consent, keeps the tokens, and tries them at once."""

import base64
import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

from gateway.config.mailboxes import MailboxSettings
from gateway.errors import NotFound, Refused
from gateway.runtime import Runtime
from gateway.services.mailbox_tokens import Tokens, keep_tokens
from inbound.imap_check import try_mailbox
from inbound.imap_connection import make_context
from inbound.imap_oauth import DeviceCode, OAuthRefused, Provider

_SLOWER = 5.0  # seconds more, each time that we are told to slow down (RFC 8628 section 3.5)


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """How to speak with the operator: say a line, ask for one, and wait some seconds."""

    say: Callable[[str], None]
    ask: Callable[[str], str]
    wait: Callable[[float], None] = time.sleep


def authorize_mailbox(runtime: Runtime, name: str, talk: Conversation) -> None:
    """Get and keep a consent. Raises NotFound, Refused for a mailbox without OAuth or a consent that is not given."""
    settings = runtime.settings.mailboxes.get(name)
    if settings is None:
        raise NotFound(f"there is no mailbox {name} in the configuration")
    if settings.oauth is None:
        raise Refused(f"the mailbox {name} signs in by password: nothing is to be authorized")
    provider = Provider(settings.oauth, context=make_context(settings))
    by_device = provider.endpoints.device is not None
    tokens = _by_device(runtime, provider, talk) if by_device else _by_page(runtime, provider, settings, talk)
    keep_tokens(runtime, name, tokens)
    talk.say("The consent is kept. Trying it:")
    faults = try_mailbox(runtime, name, settings)
    if faults:
        raise Refused("; ".join(faults))
    talk.say(f"The mailbox {name} can be read.")


def _by_device(runtime: Runtime, provider: Provider, talk: Conversation) -> Tokens:
    code = provider.begin_device()
    talk.say(f"Open {code.verification_url} in any browser, sign in as the mailbox, and enter this code:")
    talk.say(f"    {code.user_code}")
    talk.say("Waiting for your consent; Ctrl-C gives up.")
    return _wait_for_consent(runtime, provider, code, talk)


def _wait_for_consent(runtime: Runtime, provider: Provider, code: DeviceCode, talk: Conversation) -> Tokens:
    interval, waited = code.interval, 0.0
    while waited < code.expires_in:
        talk.wait(interval)
        waited += interval
        try:
            return provider.ask_device(code, now=runtime.clock.now())
        except OAuthRefused as refused:
            if refused.code == "slow_down":
                interval += _SLOWER
            elif refused.code == "access_denied":
                raise Refused("the consent was refused on the provider's page") from None
            elif refused.code != "authorization_pending":
                raise
    raise Refused("the code ran out before anybody consented: run the command again")


def _by_page(runtime: Runtime, provider: Provider, settings: MailboxSettings, talk: Conversation) -> Tokens:
    state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    talk.say("Open this page in a browser, sign in as the mailbox, and consent:")
    talk.say(provider.consent_url(state=state, challenge=challenge, login_hint=settings.username))
    talk.say("The browser then ends at an address at 127.0.0.1 that shows an error. That is as it should be.")
    code = read_code(talk.ask("Paste that whole address here"), state=state)
    return provider.redeem(code, verifier=verifier, now=runtime.clock.now())


def read_code(address: str, *, state: str) -> str:
    """The code in the address that the browser ended at. Raises Refused for one of another consent, or none."""
    query = parse_qs(urlsplit(address.strip()).query)
    if not secrets.compare_digest(query.get("state", [""])[0].encode(), state.encode()):
        raise Refused("that address is not the end of this consent: run the command again and paste the whole address")
    if "code" not in query:
        raise Refused("the consent was refused on the provider's page")
    return query["code"][0]
