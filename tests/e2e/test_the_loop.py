"""From a mail on the wire to an answer in the reporter's thread, as a reporter and an operator see it."""

import re
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from urllib.parse import urlencode

import pytest

from tests.support.installation import Installation, mail


def test_a_mail_becomes_a_ticket_with_a_threaded_acknowledgement(installation: Installation) -> None:
    installation.send(mail(1, sender="loop@client.example"), sender="loop@client.example")
    installation.wait_idle()
    [ticket] = [row for row in installation.rows("ticket", "list") if row["reporter"] == "loop@client.example"]
    assert (ticket["subject"], ticket["status"], ticket["level"]) == ("Écran bloqué n° 1", "new", "N1")
    [notice] = [message for message in installation.sent() if message["To"] == "loop@client.example"]
    assert notice["In-Reply-To"] == "<mail-1@client.example>"
    assert notice["References"] == "<mail-1@client.example>"
    assert notice["Auto-Submitted"] == "auto-replied"

    answer = mail(2, sender="loop@client.example", In_Reply_To=notice["Message-ID"], References=notice["Message-ID"])
    installation.send(answer, sender="loop@client.example", to=[notice["Reply-To"].addresses[0].addr_spec])
    installation.wait_idle()
    [shown] = installation.rows("ticket", "show", ticket["ref"])
    assert [entry["match"] for entry in shown["timeline"]] == [None, "signed reply address"]
    assert len([message for message in installation.sent() if message["To"] == "loop@client.example"]) == 1


def test_the_reporter_signs_in_reads_and_answers_on_the_page(installation: Installation) -> None:
    installation.send(mail(3, sender="page@client.example"), sender="page@client.example")
    installation.wait_idle()
    link = installation.run("login-link", "page@client.example").stdout.decode().strip()
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    page = _open(browser, link)
    _open(browser, link, urlencode({"csrf_token": _field(page, "csrf_token")}).encode())
    listing = _open(browser, f"http://127.0.0.1:{installation.http_port}/tickets")
    ref = re.search(r"/tickets/(DEMO-\d+)", listing)
    assert ref is not None
    ticket_url = f"http://127.0.0.1:{installation.http_port}/tickets/{ref[1]}"
    page = _open(browser, ticket_url)
    assert "je ne peux plus me connecter" in page
    form = {"csrf_token": _field(page, "csrf_token"), "nonce": _field(page, "nonce"), "text": "C’est encore pire."}
    for _ in range(2):  # a double click is one answer
        _open(browser, f"{ticket_url}/reply", urlencode(form).encode())
    installation.wait_idle()
    page = _open(browser, ticket_url)
    assert page.count("C’est encore pire.") == 1
    with pytest.raises(urllib.error.HTTPError) as refused:
        _open(browser, f"http://127.0.0.1:{installation.http_port}/tickets/DEMO-999999")
    refused.value.close()
    assert refused.value.code == 404


def test_a_mail_from_standard_input_is_explained(installation: Installation) -> None:
    done = installation.run("ingest", "--to", "support@demo.example", stdin=mail(4, sender="pipe@client.example"))
    spool_id = done.stdout.decode().strip()
    installation.wait_idle()
    explained = installation.run("explain", spool_id).stdout.decode()
    assert "filed: new ticket" in explained
    assert "origin: human" in explained
    assert "acknowledgement: sent" in explained


def test_no_log_holds_an_address_or_a_subject(installation: Installation) -> None:
    installation.send(mail(5, sender="quiet@client.example"), sender="quiet@client.example")
    installation.wait_idle()
    logs = "".join(path.read_text() for path in (installation.data / "log").glob("*.log"))
    assert "mail.filed" in logs
    assert "client.example" not in logs
    assert "Écran" not in logs


def _open(browser: urllib.request.OpenerDirector, url: str, data: bytes | None = None) -> str:
    with browser.open(url, data, timeout=30) as answer:
        return str(answer.read().decode())


def _field(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]*value="([^"]*)"', page)
    assert found is not None, f"no field {name} on the page"
    return found[1]
