"""What the tests of signing in share: an installation that asks staff for other ways, codes, mailed links."""

import re
import secrets
from functools import cache
from pathlib import Path

from argon2 import PasswordHasher

from gateway.config.load import Settings, load_settings
from gateway.db.outbox import list_deliveries
from gateway.db.sign_in_factors import set_factors, set_recovery_codes
from gateway.domain.passwords import normal_form
from gateway.domain.recovery_codes import new_recovery_codes, sum_of_recovery_code
from gateway.domain.totp import SECRET_BYTES, code_of, step_at
from gateway.services.check_factors import seal_secret
from gateway.services.sign_in import request_link, sign_in_url
from tests.support.web import Browser, Site

PASSWORD = "quatre mots sans rapport"


def staff_settings(tmp_path: Path, database_url: str, redis_url: str, **more: str) -> Settings:
    """The demonstration project, where staff sign in by password and code unless `more` says otherwise."""
    return load_settings(
        {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_DATA": str(tmp_path / "var"),
            "GATEWAY_DATABASE_URL": database_url,
            "GATEWAY_REDIS_URL": redis_url,
            "GATEWAY_SPOOL__MIN_FREE": "0",
            "GATEWAY_SIGN_IN__STAFF": '["password"]',
            **more,
        }
    )


def mailed_link(site: Site, email: str) -> str:
    """The path of a link that was mailed, as against one from the operator's shell."""
    assert request_link(site.runtime, email=email, fallback_language="fr")
    with site.runtime.database.reading() as connection:
        found = [mail.context["link_id"] for mail in list_deliveries(connection) if mail.recipient == email][-1]
    runtime = site.runtime
    url = sign_in_url(runtime.settings, runtime.signer, found, site.clock.now().date())
    return url.removeprefix(runtime.settings.http.base_url)


def by_mail(site: Site, email: str) -> Browser:
    """A browser that is signed in by a mailed link."""
    browser, path = site.browser(), mailed_link(site, email)
    assert browser.post(path, page=path).status_code == 303
    return browser


def code_now(site: Site, secret: bytes) -> str:
    """What the app shows now."""
    return code_of(secret, step_at(site.clock.now()))


def give_factors(site: Site, email: str, *, password: str = PASSWORD) -> tuple[bytes, list[str]]:
    """The secret of the app and the recovery codes of a person who has everything set up."""
    runtime, person, now = site.runtime, site.person(email), site.clock.now()
    secret, codes = secrets.token_bytes(SECRET_BYTES), new_recovery_codes()
    sealed = seal_secret(runtime, secret)
    with runtime.database.transaction() as connection:
        set_factors(connection, person.id, now=now, password_hash=_hash_of(password), secret_sealed=sealed)
        set_recovery_codes(connection, person.id, [sum_of_recovery_code(code) for code in codes])
    return secret, codes


@cache
def _hash_of(password: str) -> str:
    """A hash of little cost, made once: a hash says its own cost, and is checked by it, whatever new ones cost."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(normal_form(password))


def secret_on(page: str) -> bytes:
    """The secret that a page shows to be typed."""
    from base64 import b32decode

    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert found is not None
    return b32decode(found[1].replace(" ", ""))
