"""The mails of a private installation, read on this machine: never anywhere else, never as HTML."""

from pathlib import Path

import pytest

from gateway.config.load import Settings, load_settings
from gateway.runtime import Runtime, open_runtime
from tests.support.clock import MovableClock
from tests.support.web import Site, read_attachment
from web.app import create_app
from web.sent import may_show_sent, split_links

MAIL = """\
From: Support <support@demo.example>
To: marie@example.org
Subject: =?utf-8?q?Votre_lien_=3Cb=3E?=
Date: Tue, 24 Nov 2026 09:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=x

--x
Content-Type: text/plain; charset=utf-8

Cliquez : http://127.0.0.1:8000/login/s-1-2. Pas <script>ici</script> http://evil.example/
--x
Content-Type: text/html; charset=utf-8

<h1>jamais ceci</h1>
--x--
"""


@pytest.fixture
def sent(runtime: Runtime) -> Path:
    folder = runtime.where.sent
    folder.mkdir(parents=True)
    (folder / "20261124T090000Z-000001.eml").write_text(MAIL, encoding="utf-8")
    (folder / ".20261124T090000Z-000002.99").write_text("draft", encoding="utf-8")
    return folder


def settings_with(settings: Settings, **environ: str) -> Settings:
    return load_settings(
        {
            "GATEWAY_CONFIG": "/dev/null",
            "GATEWAY_DATA": str(settings.data),
            "GATEWAY_REDIS_URL": settings.redis_url.get_secret_value() if settings.redis_url else "",
            **environ,
        }
    )


def test_mails_are_listed_and_read_without_signing_in(site: Site, sent: Path) -> None:
    browser = site.browser()
    listed = browser.get("/sent").text
    assert "Votre lien &lt;b&gt;" in listed
    assert "draft" not in listed
    page = browser.get("/sent/20261124T090000Z-000001.eml").text
    assert '<a href="http://127.0.0.1:8000/login/s-1-2">' in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert 'href="http://evil' not in page
    assert "jamais ceci" not in page


def test_a_mail_that_is_not_one_is_shown_as_far_as_it_goes(site: Site, sent: Path) -> None:
    (sent / "a.eml").write_bytes(b"\xff\xfe\0 broken\r\n\r\n\xff")
    (sent / "b.eml").write_bytes(b"Subject: x\r\nContent-Type: text/plain; charset=none-such\r\n\r\nabc")
    browser = site.browser()
    assert browser.get("/sent").status_code == 200
    assert browser.get("/sent/a.eml").status_code == browser.get("/sent/b.eml").status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "..",
        "../gateway.db",
        "..%2fsecrets%2fsigning",
        "%2e%2e%2fsecrets%2fsigning",
        "..%5csigning.eml",
        "/etc/passwd",
        "link.eml",
        ".20261124T090000Z-000002.99",
        "x.eml%00",
        "x.eml%0a",
        "none.eml",
        "folder.eml",
    ],
)
def test_no_name_leads_out_of_the_folder(site: Site, sent: Path, name: str) -> None:
    (sent / "link.eml").symlink_to("/etc/passwd")
    (sent / "folder.eml").mkdir()
    answer = site.browser().get(f"/sent/{name}")
    assert answer.status_code in {404, 308}
    assert "root:" not in answer.text


@pytest.mark.parametrize(
    ("environ", "shown"),
    [
        ({}, True),
        ({"GATEWAY_HTTP__HOST": "localhost"}, True),
        ({"GATEWAY_HTTP__HOST": "::1"}, True),
        ({"GATEWAY_HTTP__HOST": "0.0.0.0"}, False),
        ({"GATEWAY_HTTP__HOST": "192.0.2.1"}, False),
        ({"GATEWAY_HTTP__PUBLIC_URL": "https://support.example.org"}, False),
        ({"GATEWAY_RELAY__HOST": "relay.example"}, False),
        ({"GATEWAY_HTTP__TRUSTED_PROXY": "127.0.0.1"}, False),
    ],
)
def test_it_exists_on_a_private_installation_only(
    settings: Settings, clock: MovableClock, environ: dict[str, str], shown: bool
) -> None:
    changed = settings_with(settings, **environ)
    assert may_show_sent(changed) is shown
    with open_runtime(changed, clock=clock) as runtime:
        client = create_app(runtime, read_attachment).test_client()
        assert client.get("/sent").status_code == (200 if shown else 404)
        assert client.get("/sent/x.eml").status_code == 404
        assert ("/sent" in client.get("/login").text) is shown


def test_a_request_from_another_machine_finds_nothing(site: Site, sent: Path) -> None:
    client = site.app.test_client()
    for path in ("/sent", "/sent/20261124T090000Z-000001.eml"):
        assert client.get(path, environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 404
        assert client.get(path, environ_base={"REMOTE_ADDR": "::1"}).status_code == 200


def test_only_links_to_our_own_pages_can_be_clicked(settings: Settings) -> None:
    own = "http://127.0.0.1:8000"
    text = f"({own}/a), {own}/b. {own}.evil.example/c {own}@evil.example/ javascript:alert(1) {own}0/x"
    assert [piece for is_link, piece in split_links(text, settings) if is_link] == [f"{own}/a", f"{own}/b"]
    assert "".join(piece for _, piece in split_links(text, settings)) == text
