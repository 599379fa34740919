"""A small OAuth provider on this machine: device consent, codes by page, and access tokens that expire."""

import json
import threading
from base64 import urlsafe_b64encode
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs


class OAuthProvider:
    """The provider. `live` are the access tokens that are good now, `refresh_token` the one that is."""

    def __init__(self) -> None:
        self.live: set[str] = set()
        self.refresh_token = "refresh-0"
        self.challenge = ""
        self.answers_before_consent: list[str] = []
        self.requests: list[dict[str, str]] = []
        self.expires_in = 3600
        self._given = 0
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
                status, document = provider.answer(self.path, form)
                body = json.dumps(document).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

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

    def __enter__(self) -> "OAuthProvider":
        threading.Thread(target=lambda: self._server.serve_forever(poll_interval=0.05), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
