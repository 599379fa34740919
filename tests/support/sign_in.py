"""What the tests of signing in share: an installation that asks staff for other ways, codes, mailed links."""

import re
from pathlib import Path

from gateway.config.load import Settings, load_settings
from gateway.db.outbox import list_deliveries
from gateway.domain.totp import code_of, step_at
from gateway.services.set_factors import set_up_by_operator
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
    return set_up_by_operator(site.runtime, email=email, password=password)


def secret_on(page: str) -> bytes:
    """The secret that a page shows to be typed."""
    from base64 import b32decode

    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert found is not None
    return b32decode(found[1].replace(" ", ""))
