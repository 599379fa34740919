"""An operator's own templates take the place of ours; a broken one stops no mail, and `gateway check` says which."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gateway.config.load import load_settings
from gateway.domain.alarms import what_is_wrong
from gateway.domain.ticket import Language
from gateway.notify.compose import compose
from gateway.notify.render import environment
from gateway.notify.samples import sample
from gateway.notify.template_check import template_faults
from gateway.runtime import Runtime, open_runtime
from gateway.services.health import questions

Write = Callable[[str, str], None]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    made = tmp_path / "templates"
    (made / "fr").mkdir(parents=True)
    yield made
    environment.cache_clear()


@pytest.fixture
def write(folder: Path) -> Write:
    def put(name: str, text: str) -> None:
        (folder / name).write_text(text, encoding="utf-8")

    return put


@pytest.fixture
def runtime(tmp_path: Path, folder: Path) -> Iterator[Runtime]:
    """The demonstration project without stores: composing needs none."""
    given = {
        "GATEWAY_CONFIG": "/dev/null",
        "GATEWAY_DATA": str(tmp_path / "var"),
        "GATEWAY_REDIS_URL": "redis://127.0.0.1:1/0",
        "GATEWAY_MAIL__TEMPLATES": str(folder),
    }
    with open_runtime(load_settings(given)) as opened:
        yield opened


def mail(runtime: Runtime, name: str = "acknowledgement", lang: Language = Language.FR) -> str:
    return compose(sample(name, project="DEMO", lang=lang), runtime=runtime).content.decode().replace("=\r\n", "")


def test_a_file_of_the_same_name_takes_the_place_of_ours_and_no_other(runtime: Runtime, write: Write) -> None:
    write("fr/acknowledgement.txt", "{{ marker }}\n\nMerci, c'est {{ ref }}.\n")
    with capture_logs() as logs:
        assert "Merci, c'est DEMO-42." in mail(runtime)
        assert "Nous avons bien re" in mail(runtime), "the subject and the HTML part are ours"
        assert "Thank you for your message" in mail(runtime, lang=Language.EN)
    assert logs == []
    assert template_faults(runtime) == []


def test_a_layout_of_their_own_is_around_every_mail(runtime: Runtime, write: Write) -> None:
    write("layout.html", "<html>{% block marker %}{% endblock %}ACME{% block content %}{% endblock %}</html>")
    for name in ("acknowledgement", "resolved", "news_digest"):
        assert "ACME" in mail(runtime, name)
    assert template_faults(runtime) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "{{ marker }} {% if %}",
            "fr/acknowledgement.txt, line 1: Expected an expression, got 'end of statement block'",
        ),
        ("{{ marker }} {{ nobody }}", "fr/acknowledgement.txt: 'nobody' is undefined"),
        ("{{ marker }} {{ 1 / 0 }}", "fr/acknowledgement.txt: ZeroDivisionError"),
    ],
)
def test_a_broken_one_falls_back_to_ours_and_alarms(runtime: Runtime, write: Write, text: str, fault: str) -> None:
    write("fr/acknowledgement.txt", text)
    with capture_logs() as logs:
        assert "Nous avons bien re" in mail(runtime)
    assert [(one["event"], one["log_level"], one["template"]) for one in logs] == [
        ("template.override_broken", "error", "fr/acknowledgement.txt")
    ]
    assert template_faults(runtime) == [f"mail.templates: {fault}"]


def test_what_is_not_text_falls_back_too(runtime: Runtime, folder: Path) -> None:
    (folder / "fr/acknowledgement.html").write_bytes(b"\xff\xfe\x00")
    with capture_logs() as logs:
        assert "Nous avons bien re" in mail(runtime)
    assert [one["template"] for one in logs] == ["fr/acknowledgement.html"]
    assert template_faults(runtime) == ["mail.templates: fr/acknowledgement.html: UnicodeDecodeError"]


def test_a_name_that_is_none_of_ours_and_a_lost_marker_are_told(runtime: Runtime, write: Write) -> None:
    write("fr/progess.txt", "x")
    write("fr/progress.txt", "{{ text }}")
    assert template_faults(runtime) == [
        "mail.templates: fr/progess.txt takes the place of no template of ours",
        "mail.templates: fr/progress.txt lacks {{ marker }}, the line above which people answer",
    ]


def test_a_folder_that_is_not_there_is_told_and_stops_nothing(runtime: Runtime, folder: Path) -> None:
    (folder / "fr").rmdir()
    folder.rmdir()
    assert template_faults(runtime) == [f"mail.templates: there is no folder {folder}"]
    assert "Nous avons bien re" in mail(runtime)


def test_the_operator_is_told_that_ours_are_used(runtime: Runtime, write: Write) -> None:
    (question,) = (ask for name, ask in questions(runtime).items() if name == "templates")
    assert what_is_wrong({"templates": question()}) == {}
    write("fr/acknowledgement.txt", "{% endif %}")
    environment.cache_clear()
    assert what_is_wrong({"templates": question()}) == {"templates_broken": "templates that cannot be used: 1"}
