"""Files of a request: downloads that no browser shows, runs or is led astray by."""

import pytest

from tests.support.web import Site
from web.file_names import clean_file_name, content_disposition


@pytest.mark.parametrize(
    ("kind", "served"),
    [
        ("image/png", "image/png"),
        ("APPLICATION/PDF", "application/pdf"),
        ("text/plain", "text/plain; charset=utf-8"),
        ("text/html", "application/octet-stream"),
        ("image/svg+xml", "application/octet-stream"),
        ("text/html\r\nX-Evil: 1", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_a_file_is_a_download_in_a_sandbox(site: Site, kind: str, served: str) -> None:
    person = site.person()
    content = bytes(range(256))
    path = site.entry_with_file(site.ticket(person), name="été.png", kind=kind, content=content)
    answer = site.sign_in(person).get(path)
    assert (answer.status_code, answer.data) == (200, content)
    assert answer.headers["Content-Type"] == served
    assert (
        answer.headers["Content-Disposition"] == "attachment; filename=\"ete.png\"; filename*=UTF-8''%C3%A9t%C3%A9.png"
    )
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_mail_that_has_been_erased_takes_its_files_along(site: Site) -> None:
    person = site.person()
    path = site.entry_with_file(site.ticket(person), name="a.txt", kind="text/plain", content=b"x")
    browser = site.sign_in(person)
    for file in site.runtime.where.archive.rglob("*"):
        if file.is_file():
            file.unlink()
    assert browser.get(path).status_code == 404


@pytest.mark.parametrize("last", ["0", "999999999999999999999", "-1", "x", "1/..", "1%2f..%2f..%2fetc%2fpasswd"])
def test_any_other_number_is_not_found(site: Site, last: str) -> None:
    person = site.person()
    path = site.entry_with_file(site.ticket(person), name="a.txt", kind="text/plain", content=b"x")
    assert site.sign_in(person).get(path.rpartition("/")[0] + "/" + last).status_code == 404


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("rapport.pdf", "rapport.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Windows\\evil.exe", "evil.exe"),
        ("a\r\nSet-Cookie: x=1.txt", "aSet-Cookie x=1.txt"),
        ('a"; filename="b.exe', "a; filename=b.exe"),
        ("facture\u202efdp.exe", "facturefdp.exe"),
        ("a\u200b\u2066b\u2028c\0d.txt", "abcd.txt"),
        ("été  à\u00a0la plage.jpg", "été à la plage.jpg"),
        ("...", "file"),
        ("", "file"),
        (".htaccess", "htaccess"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
        ("\ud800.txt", "txt"),
    ],
)
def test_a_name_loses_what_could_mislead(name: str, clean: str) -> None:
    assert clean_file_name(name) == clean


@pytest.mark.parametrize(
    "name",
    [
        *('a"b', "a\\b", "a\r\nb: c", "日本.txt", "é\u202e", "%0d%0a", "'*;", ""),
        *("a\uff02; filename=b.hta; x=\uff02.pdf", "a\uff3c", "a\uff0f\uff02"),  # wide characters become narrow ones
    ],
)
def test_no_name_ends_the_header(name: str) -> None:
    header = content_disposition(name)
    assert header.isascii()
    assert header.isprintable()
    assert (header.count('"'), header.count("\\")) == (2, 0)
    assert header.startswith('attachment; filename="')
