"""Signing in by the organisation's provider, in a real browser: into the desk, and not without its word."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.config.load import Settings
from tests.support.agents import Desk
from tests.support.axe import violations
from tests.support.chromium import open_page, serving
from tests.support.oidc_provider import OidcProvider
from tests.support.sign_in import staff_settings
from tests.support.web import Site

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
def settings(tmp_path: Path, database_url: str, redis_url: str, provider: OidcProvider) -> Settings:
    """Where the provider sends browsers back to is settled before the pages are served there."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    return staff_settings(tmp_path, database_url, redis_url, **provider.settings(), GATEWAY_HTTP__PORT=port)


@pytest.fixture
def url(site: Site) -> Iterator[str]:
    with serving(site.app, port=site.runtime.settings.http.port) as address:
        yield address


def test_the_provider_leads_to_the_desk_or_to_a_plain_refusal(
    chromium: Any, desk: Desk, url: str, provider: OidcProvider, tmp_path: Path
) -> None:
    page, complaints = open_page(chromium, url, width=360, lang="fr-FR")
    provider.email = "marie@example.org"
    page.goto("/desk")
    page.get_by_role("link", name="Compte de la mairie").click()
    page.get_by_text("vous ne travaillez pour aucun projet ici").wait_for()
    page.screenshot(path=tmp_path / "refused-360.png", full_page=True)
    assert violations(page) == []
    provider.email = "ana@support.example"
    page.goto("/desk")
    page.get_by_role("link", name="Compte de la mairie").click()
    page.wait_for_url(f"{url}/desk")
    page.get_by_role("heading", name="File d’attente").wait_for()
    assert [line for line in complaints if "403" not in line] == []
