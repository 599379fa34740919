"""Files are refused by extension, type, size and count; each refusal has a reason, and what is left is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.config.mail_checks import AttachmentSettings
from gateway.mail.parsed import MailFile
from inbound.attachment_policy import Refusal, refuse


def file(name: str, *, kind: str = "application/octet-stream", size: int = 100, position: int = 0) -> MailFile:
    return MailFile(position=position, name=name, type=kind, size=size, sha256="0" * 64)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("facture.pdf", None),
        ("setup.exe", "extension"),
        ("SETUP.EXE", "extension"),
        ("facture.pdf.exe", "double-extension"),
        ("photo.JPG.Scr", "double-extension"),
        ("photo.jpg      .exe", "double-extension"),
        ("v1.2.exe", "extension"),
        ("setup.exe.", "extension"),
        ("setup.exe . .", "extension"),
        ("setup.exe\u00a0\u3000", "extension"),
        ("setup.ex\u200be", "extension"),
        ("setup\u202efdp.exe", "extension"),
        ("setup.exe\x00.pdf", None),
        ("www.client.com: panne.eml", None),
        ("C:\\Temp\\setup.exe", "extension"),
        ("../../setup.exe", "extension"),
        (".exe", "extension"),
        ("exe", None),
        ("exe.txt", None),
        ("www.client.com.pdf", None),
        ("archive.tar.gz", None),
        ("rapport.v2.docx", None),
        ("notes.exemple", None),
        ("", None),
        ("...", None),
        ("setup.exe/", None),
    ],
)
def test_an_extension_is_refused_where_a_system_would_run_it(name: str, reason: str | None) -> None:
    assert refuse([file(name)], AttachmentSettings()).get(0) == reason


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("application/x-msdownload", "type"),
        ("Application/X-MSDownload; name=x", "type"),
        ("application/pdf", None),
        ("", None),
    ],
)
def test_a_type_is_refused(kind: str, reason: str | None) -> None:
    assert refuse([file("x", kind=kind)], AttachmentSettings()).get(0) == reason


def test_sizes_and_counts_are_limits_not_targets() -> None:
    settings = AttachmentSettings(max_size=100, max_count=2)
    files = [
        file("a.txt", size=100, position=1),
        file("b.txt", size=101, position=2),
        file("c.exe", position=3),
        file("d.txt", size=0, position=5),
        file("e.txt", position=7),
    ]
    assert refuse(files, settings) == {2: Refusal.SIZE, 3: Refusal.EXTENSION, 7: Refusal.COUNT}


def test_a_thousand_files_leave_those_that_come_first() -> None:
    refused = refuse([file("a.txt", position=number) for number in range(1000)], AttachmentSettings())
    assert sorted(refused) == list(range(100, 1000))
    assert set(refused.values()) == {Refusal.COUNT}


def test_the_operators_lists_replace_ours() -> None:
    settings = AttachmentSettings(refused_extensions=(".ZIP",), refused_types=("Image/SVG+XML",))
    files = [file("a.zip"), file("b.exe", position=1), file("c", kind="image/svg+xml", position=2)]
    assert refuse(files, settings) == {0: "extension", 2: "type"}


@given(st.text(max_size=250), st.text(max_size=80))
def test_no_name_makes_it_raise(name: str, kind: str) -> None:
    refuse([file(name, kind=kind)], AttachmentSettings())


@given(st.text(max_size=100), st.sampled_from(["exe", "Js", "SCR"]))
def test_whatever_stands_before_it_a_refused_extension_is_refused(name: str, extension: str) -> None:
    assert refuse([file(f"{name}.{extension}")], AttachmentSettings())[0] in {"extension", "double-extension"}
