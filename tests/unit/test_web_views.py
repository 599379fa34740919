"""What pages say about a hotline, a clock and a list: pure, in both languages."""

import struct
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask_babel import Babel

from gateway.domain.business_hours import hours_of
from gateway.domain.calendar import Calendar, Override
from gateway.domain.clocks import Guarantee, fold
from gateway.domain.contract import USUAL_CONTRACT
from gateway.domain.events import By, EventType, TicketEvent
from gateway.services.ticket_clocks import TicketClocks
from web.clock_view import clock_view
from web.hotline_view import opening_sentence, readable_number
from web.images import raster_type
from web.paging import LAST_PAGE, page_number, page_of

PARIS = ZoneInfo("Europe/Paris")
USUAL = Calendar()
LUNCH = Calendar(week=(*[((540, 750), (810, 1050))] * 5, (), ()))


def spoken(lang: str) -> Flask:
    app = Flask("web.app", root_path="web")
    app.config["BABEL_DEFAULT_LOCALE"] = lang
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "translations"
    Babel(app, locale_selector=lambda: lang)
    return app


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=PARIS)


@pytest.mark.parametrize(
    ("calendar", "now", "french"),
    [
        (USUAL, "2026-11-24T10:00", "ouvert jusqu’à 17 h 30"),
        (USUAL, "2026-11-24T17:29:30", "ouvert jusqu’à 17 h 30"),
        (USUAL, "2026-11-24T17:30", "ouvre demain à 9 h"),
        (USUAL, "2026-11-24T08:59", "ouvre aujourd’hui à 9 h"),
        (USUAL, "2026-11-27T18:00", "ouvre lundi à 9 h"),
        (USUAL, "2026-12-24T18:00", "ouvre lundi à 9 h"),
        (USUAL, "2027-04-30T18:00", "ouvre lundi à 9 h"),
        (LUNCH, "2026-11-24T10:00", "ouvert jusqu’à 12 h 30"),
        (LUNCH, "2026-11-24T13:00", "ouvre aujourd’hui à 13 h 30"),
    ],
)
def test_a_caller_is_told_until_when_or_from_when(calendar: Calendar, now: str, french: str) -> None:
    app = spoken("fr")
    app.add_template_global(lambda: "fr", "language")
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        assert opening_sentence(calendar, at(now)).replace("\u00a0", " ") == french


def test_in_english_the_clock_is_an_english_one() -> None:
    with spoken("en").test_request_context(headers={"Accept-Language": "en"}):
        assert opening_sentence(USUAL, at("2026-11-24T10:00")) == "open now until 17:30"
        assert opening_sentence(USUAL, at("2026-11-27T18:00")) == "opens Monday at 9:00"


def test_what_never_closes_is_simply_open() -> None:
    always = Override(
        is_open=True, since=at("2026-11-01T00:00"), until=at("2027-01-01T00:00"), author="chief", reason="flood"
    )
    with spoken("fr").test_request_context(headers={"Accept-Language": "fr"}):
        assert opening_sentence(Calendar(overrides=(always,)), at("2026-11-24T23:00")) == "ouvert en ce moment"
    assert hours_of(USUAL).is_open(at("2026-11-24T10:00"))


@pytest.mark.parametrize(("number", "written"), [("+33199001234", "+33 1 99 00 12 34"), ("+15551234", "+15551234")])
def test_a_number_is_written_to_be_read(number: str, written: str) -> None:
    assert readable_number(number) == written


BEGAN = at("2026-11-24T10:00")


def blocking(*events: TicketEvent, hours: float) -> TicketClocks:
    begun = [
        TicketEvent(type=EventType.CREATED, at=BEGAN, by=By.GATEWAY),
        TicketEvent(type=EventType.KIND, at=BEGAN, by=By.GATEWAY, value="corrective"),
        TicketEvent(type=EventType.SEVERITY, at=BEGAN, by=By.GATEWAY, value="blocking"),
    ]
    clocks = fold([*begun, *events], contract=USUAL_CONTRACT)
    return TicketClocks(clocks=clocks, calendar=USUAL, now=BEGAN + timedelta(hours=hours))


def event(kind: EventType, hours: float, value: str = "") -> TicketEvent:
    return TicketEvent(type=kind, at=BEGAN + timedelta(hours=hours), by=By.AGENT, author="a@b.example", value=value)


@pytest.mark.parametrize(
    ("clocks", "state", "sentence", "percent"),
    [
        (
            blocking(event(EventType.ANSWERED, 2 + 1 / 6), hours=5),
            "met",
            "Prise en charge garantie en 12 h|faite au bout de 2 h 10",
            18,
        ),
        (
            blocking(hours=3),
            "running",
            "Prise en charge garantie en 12 h|il reste 9 h, jusqu’au 24 novembre 2026 à 22:00",
            25,
        ),
        (blocking(hours=13), "breached", "Prise en charge garantie en 12 h|en retard de 1 h", 100),
        (
            blocking(event(EventType.ANSWERED, 14), hours=20),
            "breached",
            "Prise en charge garantie en 12 h|faite trop tard, au bout de 14 h",
            100,
        ),
        (
            blocking(event(EventType.STATUS, 6, "pending"), hours=9),
            "met",
            "Prise en charge garantie en 12 h|faite au bout de 6 h",
            50,
        ),
    ],
)
def test_a_clock_is_a_plain_sentence(clocks: TicketClocks, state: str, sentence: str, percent: int) -> None:
    with spoken("fr").test_request_context(headers={"Accept-Language": "fr"}):
        view = clock_view(clocks.reading(Guarantee.GTI))
    assert view is not None
    assert (view.state, view.percent) == (state, percent)
    assert f"{view.promise}|{view.standing}".replace("\u00a0", " ") == sentence


def test_a_clock_that_waits_for_the_reporter_says_so() -> None:
    with spoken("fr").test_request_context(headers={"Accept-Language": "fr"}):
        view = clock_view(blocking(event(EventType.STATUS, 6, "pending"), hours=9).reading(Guarantee.GTR))
    assert view is not None
    assert view.state == "paused"
    assert "en pause" in view.standing
    assert "18" in view.standing


@pytest.mark.parametrize(
    ("asked", "number"),
    [(None, 1), ("", 1), ("0", 1), ("-1", 1), ("3", 3), ("x", 1), ("99999999", 1), ("99999", LAST_PAGE), ("²", 1)],
)
def test_a_page_that_does_not_exist_is_the_first(asked: str | None, number: int) -> None:
    assert page_number(asked) == number


def test_pages_keep_what_was_searched_for() -> None:
    page = page_of("/tickets", {"q": "a&b", "whose": ""}, number=2, has_more=True)
    assert (page.before, page.after) == ("/tickets?q=a%26b&page=1", "/tickets?q=a%26b&page=3")
    assert page_of("/tickets", {}, number=1, has_more=False).before is None


JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF" + b"\0" * 10 + b"\xff\xc0\0\x11\x08" + struct.pack(">HH", 480, 640) + b"\0" * 10


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (JPEG, "image/jpeg"),
        (b"GIF89a" + struct.pack("<HH", 10, 10), "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8X" + b"\0" * 8 + b"\x0f\0\0\x0f\0\0", "image/webp"),
        (b"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f" + struct.pack("<I", 15 | 15 << 14) + b"\0" * 8, "image/webp"),
        (b"GIF89a" + struct.pack("<HH", 65_000, 65_000), None),
        (b"GIF89a" + struct.pack("<HH", 0, 10), None),
        (JPEG[:20], None),
        (b"\xff\xd8\xff" + b"\xff" * 50, None),
        (b"\x89PNG\r\n\x1a\n", None),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None),
        (b"", None),
    ],
)
def test_an_image_is_known_by_what_is_in_it(content: bytes, kind: str | None) -> None:
    assert raster_type(content) == kind
