"""A small OAuth provider on this machine: device consent, codes by page, and access tokens that expire."""

from base64 import urlsafe_b64encode
from hashlib import sha256

from tests.support.listener import Answer, Asked, HttpListener, as_json


class OAuthProvider(HttpListener):
    """The provider. `live` are the access tokens that are good now, `refresh_token` the one that is."""

    def __init__(self) -> None:
        super().__init__()
        self.live: set[str] = set()
        self.refresh_token = "refresh-0"
        self.challenge = ""
        self.answers_before_consent: list[str] = []
        self.requests: list[dict[str, str]] = []
        self.expires_in = 3600
        self._given = 0

    def reply(self, asked: Asked) -> Answer:
        status, document = self.answer(asked.target, asked.form)
        return as_json(document, status=status)

    def settings(self, *, device: bool = True) -> dict[str, str]:
        """Variables that make the mailbox `box` use it, in place of a password."""
        values = {
            "provider": "other",
            "client_id": "gateway",
            "client_secret": "client-secret",
            "token_url": f"{self.url}/token",
            "authorize_url": f"{self.url}/authorize",
            "scope": "imap",
            **({"device_url": f"{self.url}/device"} if device else {}),
        }
        return {f"GATEWAY_MAILBOXES__BOX__OAUTH__{name.upper()}": value for name, value in values.items()}

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        self.requests.append(form)
        if path == "/device":
            return 200, {
                "user_code": "ABCD-EFGH",
                "verification_uri": f"{self.url}/activate",
                "device_code": "device-code",
                "interval": 5,
                "expires_in": 900,
            }
        if form.get("client_secret") != "client-secret":
            return 401, {"error": "invalid_client"}
        return self._token(form)

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, object]]:
        grant = form["grant_type"].rpartition(":")[2]
        if grant == "device_code" and self.answers_before_consent:
            return 400, {"error": self.answers_before_consent.pop(0)}
        if grant == "refresh_token" and form["refresh_token"] != self.refresh_token:
            return 400, {"error": "invalid_grant"}
        if grant == "authorization_code":
            challenge = urlsafe_b64encode(sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
            if form["code"] != "page-code" or challenge != self.challenge:
                return 400, {"error": "invalid_grant"}
        self._given += 1
        token, self.refresh_token = f"access-{self._given}", f"refresh-{self._given}"
        self.live = {token}
        return 200, {"access_token": token, "refresh_token": self.refresh_token, "expires_in": self.expires_in}
