"""What comes in envelopes: winmail.dat, signed and encrypted mail, invitations. Shown, kept, and said."""

from base64 import encodebytes
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from struct import pack

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder
from hypothesis import given, settings
from hypothesis import strategies as st

from inbound.calendar_invite import CalendarError, read_event
from inbound.parse import parse_message, read_file
from inbound.rtf import RtfError, decompress_rtf, rtf_to_text
from inbound.smime import SmimeError, SmimeKind, open_smime
from inbound.tnef import TnefError, open_tnef
from tests.support.mime import HEAD, der, multipart, open_ended, part, tnef, tnef_properties

RENDERING, TITLE, DATA, FILE_PROPERTIES, CODEPAGE, BODY, PROPERTIES = (
    0x9002,
    0x8010,
    0x800F,
    0x9005,
    0x9007,
    0x800C,
    0x9003,
)
STRING, UNICODE, BINARY, NUMBER = 0x1E, 0x1F, 0x102, 3
# The samples of MS-OXRTFCP section 4.
HELLO = bytes.fromhex(
    "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af320"
    "68656c090020627705b06c647d0a800fa0"
)  # fmt: skip
CROSSING = bytes.fromhex("1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0")
LONG_NAME = (UNICODE, 0x3707, "plan d’été.pdf\0".encode("utf-16-le"))
WINMAIL = tnef(
    (CODEPAGE, pack("<I", 1252)),
    (PROPERTIES, tnef_properties((NUMBER, 0x3FDE, pack("<I", 65001)), (BINARY, 0x1013, "<p>Écran noir</p>".encode()))),
    (RENDERING, b"\0" * 14),
    (TITLE, b"PLAN~1.PDF\0"),
    (DATA, b"%PDF"),
    (FILE_PROPERTIES, tnef_properties(LONG_NAME, (STRING, 0x370E, b"application/pdf\0"))),
    (RENDERING, b"\0" * 14),
    (TITLE, b"note.txt\0"),
    (DATA, b"note"),
)


def _attached(data: bytes, kind: str, name: str, *, beside: bytes = b"") -> bytes:
    head = ("Content-Transfer-Encoding: base64", f'Content-Disposition: attachment; filename="{name}"')
    envelope = part(kind, encodebytes(data), *head)
    return multipart("mixed", *([part("text/plain", beside)] if beside else []), envelope)


def test_the_text_and_the_files_of_a_winmail_are_those_of_the_mail() -> None:
    raw = _attached(WINMAIL, "application/ms-tnef", "winmail.dat")
    message = parse_message(raw)
    assert (message.text, message.html, message.notes) == ("Écran noir", "<p>Écran noir</p>", ("opened-tnef",))
    files = [(file.name, file.type, read_file(raw, file.position)) for file in message.files]
    assert files == [
        ("plan d’été.pdf", "application/pdf", b"%PDF"),
        ("note.txt", "application/octet-stream", b"note"),
    ]


def test_the_text_of_a_winmail_is_not_said_twice() -> None:
    raw = _attached(WINMAIL, "application/octet-stream", "Winmail.dat", beside=b"Ecran noir")
    assert parse_message(raw).text == "Ecran noir"


def test_the_rich_text_of_a_winmail_is_text() -> None:
    data = tnef((PROPERTIES, tnef_properties((BINARY, 0x1009, HELLO))))
    assert open_tnef(data).text == "hello world"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not this",
        WINMAIL[:60],
        tnef((PROPERTIES, pack("<IHH", 0xFFFFFFFF, 0x101E, 1) + pack("<I", 0xFFFFFFFF))),
        tnef((PROPERTIES, pack("<IHHII", 0xFFFFFFFF, 0x1E, 1, 0xFFFFFFFF, 8))),
        tnef((PROPERTIES, pack("<IHH", 1, 0x999, 1))),
        tnef((PROPERTIES, pack("<IHHII", 1, STRING, 0x1000, 1, 100) + b"short")),
    ],
    ids=["empty", "other", "cut off", "counts", "lengths", "kind", "value"],
)
def test_an_unsound_winmail_stays_a_file(data: bytes) -> None:
    message = parse_message(_attached(data, "application/ms-tnef", "winmail.dat"))
    assert [file.name for file in message.files] == ["winmail.dat"]
    assert message.notes == ("unreadable-tnef",)


@given(st.binary(max_size=300), st.integers(min_value=0, max_value=len(WINMAIL)))
@settings(max_examples=150, deadline=None)
def test_no_winmail_raises_anything_else(noise: bytes, position: int) -> None:
    for data in (WINMAIL[:position] + noise, WINMAIL[:position] + noise + WINMAIL[position + len(noise) :]):
        with suppress(TnefError):
            open_tnef(data)


def test_rich_text_is_decompressed_as_the_samples_say() -> None:
    assert decompress_rtf(HELLO) == b"{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n"
    assert decompress_rtf(CROSSING) == b"{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}"
    with pytest.raises(RtfError):
        decompress_rtf(b"\0" * 20)


@pytest.mark.parametrize(
    ("rtf", "text"),
    [
        (rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\'e9t\'e9\par\tab x\~y}", "été\n\tx\xa0y"),
        (rb"{\rtf1\uc1\u233?t\u-3913?{\*\generator Word;}}", "ét\uf0b7"),
        (rb"{\rtf1\fromhtml1{\*\htmltag64 <p>}\htmlrtf \par\htmlrtf0 seen\{\}}", "seen{}"),
        (rb"}}}}\'e", "'e"),
    ],
)
def test_rich_text_is_read_for_its_words(rtf: bytes, text: str) -> None:
    assert rtf_to_text(rtf) == text


def _signed(content: bytes) -> bytes:
    """Signed by a certificate of the moment, the content inside (RFC 8551 section 3.5.2)."""
    authority = trustme.CA()
    issued = authority.issue_cert("a@x.example")
    certificate = x509.load_pem_x509_certificate(issued.cert_chain_pems[0].bytes())
    key = load_pem_private_key(issued.private_key_pem.bytes(), None)
    # The loader takes keys of every kind; the one of trustme is elliptic, which can sign this.
    builder = PKCS7SignatureBuilder().set_data(content).add_signer(certificate, key, SHA256())  # type: ignore[arg-type]
    return builder.sign(Encoding.DER, [PKCS7Options.Binary])


def test_the_content_of_a_signed_envelope_is_shown_and_not_believed() -> None:
    inner = b"Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\nBonjour\r\n--i\r\n"
    inner += b'Content-Disposition: attachment; filename="a.bin"\r\n\r\n\xff\xfe\r\n--i--\r\n'
    raw = HEAD + b"Content-Type: application/pkcs7-mime; smime-type=signed-data; name=smime.p7m\n"
    raw += b"Content-Transfer-Encoding: base64\n\n" + encodebytes(_signed(inner))
    message = parse_message(raw)
    assert (message.text, message.notes) == ("Bonjour", ("signed-not-verified",))
    assert [(file.name, read_file(raw, file.position)[:2]) for file in message.files] == [
        ("a.bin", b"\xff\xfe"),
        ("smime.p7m", b"0\x82"),
    ]


SIGNED, ENVELOPED = der(6, bytes.fromhex("2a864886f70d010702")), der(6, bytes.fromhex("2a864886f70d010703"))
DATA_TYPE, VERSION, SET = der(6, bytes.fromhex("2a864886f70d010701")), der(2, b"\1"), der(0x31)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (
            open_ended(0x30, SIGNED, open_ended(0xA0, open_ended(0x30, VERSION, SET, open_ended(
                0x30, DATA_TYPE, open_ended(0xA0, open_ended(0x24, der(4, b"one"), der(4, b"two"))))))),
            (SmimeKind.SIGNED, b"onetwo"),
        ),
        (
            der(0x30, SIGNED, der(0xA0, der(0x30, VERSION, SET, der(0x30, DATA_TYPE)))),
            (SmimeKind.SIGNED, b""),
        ),
        (der(0x30, ENVELOPED, der(0xA0)), (SmimeKind.ENCRYPTED, b"")),
        (der(0x30, DATA_TYPE), (SmimeKind.OTHER, b"")),
    ],
    ids=["in pieces", "content elsewhere", "encrypted", "other"],
)  # fmt: skip
def test_envelopes_of_every_form_are_told_apart(data: bytes, found: tuple[SmimeKind, bytes]) -> None:
    assert open_smime(data) == found


@pytest.mark.parametrize(
    "data",
    [b"", b"\x30", b"\x30\x80" * 1000, b"\x30\x84\xff\xff\xff\xff", der(0x30, SIGNED), der(0x31)],
    ids=["empty", "short", "deep", "long", "without content", "tag"],
)
def test_an_unsound_envelope_stays_a_file(data: bytes) -> None:
    with pytest.raises(SmimeError):
        open_smime(data)
    message = parse_message(_attached(data, "application/pkcs7-mime", "smime.p7m"))
    assert ([file.name for file in message.files], message.notes) == (["smime.p7m"], ("unreadable-smime",))


@pytest.mark.parametrize(
    ("raw", "text", "names", "notes"),
    [
        (
            multipart("signed", part("text/plain", b"Bonjour"), part("application/pgp-signature", b"-----BEGIN")),
            "Bonjour",
            ["part-2.asc"],
            ("signed-not-verified",),
        ),
        (
            multipart(
                "encrypted",
                part("application/pgp-encrypted", b"Version: 1"),
                part("application/octet-stream; name=encrypted.asc", b"-----BEGIN PGP MESSAGE-----"),
                parameters='; protocol="application/pgp-encrypted"',
            ),
            "",
            ["part-1.asc", "encrypted.asc"],
            ("encrypted-pgp",),
        ),
        (HEAD + b"\n-----BEGIN PGP MESSAGE-----\nxx\n", "-----BEGIN PGP MESSAGE-----\nxx", [], ("encrypted-pgp",)),
        (
            HEAD + b"\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nBonjour\n",
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nBonjour",
            [],
            ("signed-not-verified",),
        ),
    ],
    ids=["signed", "encrypted", "encrypted text", "signed text"],
)
def test_protection_is_said_and_its_parts_are_kept(
    raw: bytes, text: str, names: list[str], notes: tuple[str, ...]
) -> None:
    message = parse_message(raw)
    assert (message.text, [file.name for file in message.files], message.notes) == (text, names, notes)


def _invitation(*lines: str, method: str = "REQUEST") -> bytes:
    return "\r\n".join(["BEGIN:VCALENDAR", f"METHOD:{method}", "BEGIN:VEVENT", *lines, "END:VEVENT", ""]).encode()


def test_an_invitation_is_shown_as_an_event() -> None:
    calendar = _invitation(
        "SUMMARY:Point d'étape\\, projet",
        "DTSTART;TZID=Romance Standard Time:20261124T100000",
        "DURATION:PT90M",
        "LOCATION:Salle",
        "  3",
        "ORGANIZER;CN=Marie:mailto:marie@x.example",
        "ATTENDEE;PARTSTAT=ACCEPTED:MAILTO:b@x.example",
        "RRULE:FREQ=SECONDLY",
    )
    raw = multipart("alternative", part("text/plain", b"Bonjour, je vous invite"), part("text/calendar", calendar))
    message = parse_message(raw)
    assert message.text == (
        "Bonjour, je vous invite\n\n"
        "Invitation : Point d'étape, projet\n"
        "Quand : 2026-11-24 10:00 – 11:30 (Europe/Paris)\n"
        "Où : Salle 3\n"
        "Organisé par : Marie <marie@x.example>\n"
        "Participants : b@x.example"
    )
    assert message.event is not None
    assert message.event.start == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert ([file.name for file in message.files], message.notes) == (["part-2.ics"], ("calendar-event",))


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        (["DTSTART:20261124T100000Z"], "2026-11-24 10:00 (UTC)"),
        (["DTSTART:20261124T100000"], "2026-11-24 10:00 (heure locale)"),
        (["DTSTART;TZID=Elsewhere:20261124T100000"], "2026-11-24 10:00 (Elsewhere)"),
        (["DTSTART;VALUE=DATE:20261124"], "2026-11-24"),
        (["DTSTART;VALUE=DATE:20261124", "DTEND;VALUE=DATE:20261127"], "2026-11-24 – 2026-11-26"),
        (["DTSTART:20261124T230000Z", "DTEND:20261125T010000Z"], "2026-11-24 23:00 – 2026-11-25 01:00 (UTC)"),
        (["DTSTART:soon", "DURATION:long"], None),
    ],
)
def test_when_it_is_is_said_with_its_zone(lines: list[str], shown: str | None) -> None:
    message = parse_message(
        HEAD + b"Content-Type: text/calendar\n\n" + _invitation("SUMMARY:x", *lines, method="CANCEL")
    )
    assert message.text == "Rendez-vous annulé : x" + (f"\nQuand : {shown}" if shown else "")


def test_an_answer_says_who_comes() -> None:
    event = read_event(
        _invitation("SUMMARY:x", "ATTENDEE;CN=B;PARTSTAT=DECLINED:mailto:b@x.example", method="reply"), None
    )
    assert (event.method, event.attendees) == ("REPLY", ("B <b@x.example> (declined)",))


@given(st.text(max_size=200), st.integers(min_value=0, max_value=300))
@settings(max_examples=150, deadline=timedelta(seconds=5))
def test_no_calendar_raises_anything_else(noise: str, position: int) -> None:
    calendar = _invitation(
        "SUMMARY:x", "DTSTART;TZID=Europe/Paris:20261124T100000", "ORGANIZER;CN=M:mailto:a@x.example"
    )
    with suppress(CalendarError):
        read_event(calendar[:position] + noise.encode() + calendar[position:], None)
