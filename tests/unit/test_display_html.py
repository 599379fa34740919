"""HTML from outside is shown without anything that acts, and without anything that is fetched."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.mail.display_html import MAX_HTML
from gateway.mail.display_html import display_html as clean


def display_html(html: str) -> str | None:
    """With one image in the mail."""
    return clean(html, own_image=lambda link: "data:image/gif;base64,R0lG" if link == "cid:logo@x" else None)


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>Bonjour <b>vous</b></p>", "<p>Bonjour <b>vous</b></p>"),
        ("<script>alert(1)</script>x", "x"),
        ("<style>p{background:url(http://t.example)}</style>x", "x"),
        ("<p onclick='x()' style='background:url(http://t.example)' class=a id=b>x</p>", "<p>x</p>"),
        ("<img src='http://t.example/1.gif' alt=logo>", '<img alt="logo">'),
        ("<img src='//t.example/1.gif' srcset='http://t.example/2.gif'>", "<img>"),
        ("<img src='data:image/svg+xml,x'>", "<img>"),
        ("<img src='cid:logo@x'>", '<img src="data:image/gif;base64,R0lG">'),
        ("<img src='cid:other@x' alt=logo>", '<img alt="logo">'),
        ("<a href='cid:logo@x'>x</a>", '<a rel="noopener noreferrer nofollow">x</a>'),
        ("<a href='data:text/html,x'>x</a>", '<a rel="noopener noreferrer nofollow">x</a>'),
        ("<a href='javascript:x()'>x</a>", '<a rel="noopener noreferrer nofollow">x</a>'),
        ("<a href='JaVa&#115;cript:x()'>x</a>", '<a rel="noopener noreferrer nofollow">x</a>'),
        ("<a href='/logout'>x</a>", '<a rel="noopener noreferrer nofollow">x</a>'),
        (
            "<a href='https://x.example/' target=_top ping='http://t.example'>x</a>",
            '<a href="https://x.example/" rel="noopener noreferrer nofollow">x</a>',
        ),
        ("<svg><a xlink:href='javascript:x()'>x</a><script>x()</script></svg>y", "y"),
        ("<form action=http://t.example><input name=q><button>x</button></form>", "x"),
        ("<iframe src=http://t.example></iframe><object data=http://t.example></object>x", "x"),
        ("<link rel=stylesheet href=http://t.example><base href=http://t.example><meta http-equiv=refresh>x", "x"),
        (
            "<table background=http://t.example><tr><td>x</td></tr></table>",
            "<table><tbody><tr><td>x</td></tr></tbody></table>",
        ),
        ("<video src=http://t.example poster=http://t.example></video>x", "x"),
        ("<!-- x --><p>y</p>", "<p>y</p>"),
    ],
)
def test_what_is_shown(html: str, shown: str) -> None:
    assert display_html(html) == shown


@pytest.mark.parametrize(
    "html", ["x" * (MAX_HTML + 1), "<div>" * 600, "<b></b>" * 60_000], ids=["long", "deep", "tags"]
)
def test_what_would_take_too_long_is_not_cleaned(html: str) -> None:
    assert display_html(html) is None


def test_elements_that_close_themselves_are_not_deep() -> None:
    assert display_html("<p>x" * 600) is not None


_PIECES = st.sampled_from(
    [
        *(
            "<",
            ">",
            "</",
            "/>",
            '"',
            "'",
            "=",
            " ",
            "&#106;",
            "script",
            "svg",
            "math",
            "style",
            "img",
            "src",
            "onerror",
        ),
        *(
            "href",
            "javascript:",
            "http://t.example",
            "cid:x",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "x",
            "noscript",
            "table",
        ),
    ]
)


@given(st.lists(_PIECES, max_size=40).map("".join))
@settings(max_examples=300, deadline=None)
def test_nothing_acts_and_nothing_is_fetched(html: str) -> None:
    shown = display_html(html) or ""
    for tag in re.findall(r"<[a-z][^>]*>", shown):
        assert not re.match(r"<(script|style|svg|math|iframe)", tag)
        assert not re.search(r"""\s(on\w+|style)=|(src|href)="\s*(?!https?:|mailto:)|src="http""", tag)
