"""Signing in: by password, or by an OAuth token that is refreshed when its time is over or the server refuses it."""

from datetime import timedelta

import structlog
from imapclient.exceptions import LoginError

from gateway.config.mailboxes import MailboxSettings
from gateway.errors import Deferred
from gateway.runtime import Runtime
from gateway.services.mailbox_tokens import SealBroken, Tokens, find_tokens, keep_tokens
from inbound.imap_connection import SignIn, SignInRefused, is_refusal, make_context, password_sign_in
from inbound.imap_oauth import OAuthRefused, Provider
from inbound.imap_wire import Client

_MARGIN = timedelta(seconds=60)  # a token that ends so soon is refreshed first

log = structlog.get_logger()


class ConsentNeeded(SignInRefused):
    """Nobody has consented yet, or the consent has ended: an operator has to run a command."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(f"{why}: run `gateway mailbox authorize {name}`")


def make_sign_in(runtime: Runtime, *, name: str, settings: MailboxSettings) -> SignIn:
    """How to sign in to this mailbox."""
    if settings.oauth is None:
        return password_sign_in(settings)
    return OAuthSignIn(runtime, name=name, settings=settings)


class OAuthSignIn:
    """XOAUTH2 with the tokens of one mailbox. Keeps the last ones at hand for when the database is away."""

    def __init__(self, runtime: Runtime, *, name: str, settings: MailboxSettings) -> None:
        assert settings.oauth is not None, "asked only where it is configured"
        self._runtime = runtime
        self._name = name
        self._username = settings.username
        self._provider = Provider(settings.oauth, context=make_context(settings))
        self._tokens: Tokens | None = None

    def __call__(self, client: Client) -> None:
        """Sign in. Raises MailboxTrouble, ConsentNeeded among them, and imapclient's LoginError."""
        tokens = self._valid_tokens()
        try:
            self._authenticate(client, tokens)
        except LoginError as error:
            if not is_refusal(error):
                raise
            # It may have been withdrawn before its time; a fresh one decides.
            self._authenticate(client, self._refresh(tokens))

    def _authenticate(self, client: Client, tokens: Tokens) -> None:
        words = iter([f"user={self._username}\1auth=Bearer {tokens.access_token}\1\1".encode()])
        # A server that refuses says why in a second challenge, and wants an empty answer before it says NO.
        client.sasl_login("XOAUTH2", lambda _challenge: next(words, b""))

    def _valid_tokens(self) -> Tokens:
        tokens = self._tokens or self._find()
        if tokens.expires_at - _MARGIN > self._runtime.clock.now():
            self._tokens = tokens
            return tokens
        return self._refresh(tokens)

    def _find(self) -> Tokens:
        try:
            tokens = find_tokens(self._runtime, self._name)
        except SealBroken as error:
            raise ConsentNeeded(self._name, str(error)) from error
        if tokens is None:
            raise ConsentNeeded(self._name, "nobody has consented to reading this mailbox yet")
        return tokens

    def _refresh(self, tokens: Tokens) -> Tokens:
        now = self._runtime.clock.now()
        try:
            fresh = self._provider.refresh(tokens, now=now)
        except OAuthRefused as refused:
            self._tokens = None
            if refused.code != "invalid_grant":
                raise
            # Another process, or a new consent, may have changed them since we looked.
            kept = self._find()
            if kept.refresh_token == tokens.refresh_token:
                raise ConsentNeeded(self._name, "the consent has ended or was withdrawn") from refused
            fresh = self._provider.refresh(kept, now=now)
        self._tokens = fresh
        try:
            keep_tokens(self._runtime, self._name, fresh)
        except Deferred:
            log.warning("mailbox.tokens_not_kept", mailbox=self._name)
        log.info("mailbox.token_refreshed", mailbox=self._name)
        return fresh
