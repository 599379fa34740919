"""Every mail that we write, in both languages, as text and as HTML: as it stands in tests/snapshots.

A change of words shows there, to be read as its reader would. `python -m tests.unit.test_mail_snapshots` writes them
anew.
"""

import tempfile
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path

import pytest

from gateway.config.load import load_settings
from gateway.domain.ticket import Language
from gateway.notify.compose import compose
from gateway.notify.samples import SAMPLES, sample
from gateway.runtime import Runtime, open_runtime

FOLDER = Path(__file__).parents[1] / "snapshots"
EVERY = [(name, lang) for name in SAMPLES for lang in Language]


def read(name: str, lang: Language, runtime: Runtime) -> dict[Path, str]:
    """What a reader sees of a mail, by the file that keeps it: the subject above the text, and the HTML part."""
    content = compose(sample(name, project="DEMO", lang=lang), runtime=runtime).content
    message = message_from_bytes(content, policy=default)
    text, html = [part.get_content() for part in message.walk() if not part.is_multipart()]
    return {
        FOLDER / lang / f"{name}.txt": f"{message['Subject']}\n\n{text}",
        FOLDER / lang / f"{name}.html": html,
    }


def environment(folder: str) -> dict[str, str]:
    """The demonstration project, with a key that gives the same tokens every day."""
    return {
        "GATEWAY_CONFIG": "/dev/null",
        "GATEWAY_DATA": folder,
        "GATEWAY_REDIS_URL": "redis://127.0.0.1:1/0",
        "GATEWAY_HTTP__PUBLIC_URL": "https://support.example.org",
        "GATEWAY_SIGNING__KEY": "of-no-use-to-anybody-but-these-tests",
    }


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    with open_runtime(load_settings(environment(str(tmp_path_factory.mktemp("var"))))) as opened:
        yield opened


@pytest.mark.parametrize(("name", "lang"), EVERY)
def test_a_mail_reads_as_it_was_last_read(runtime: Runtime, name: str, lang: Language) -> None:
    for path, now in read(name, lang, runtime).items():
        assert now.replace("\r\n", "\n") == path.read_text(encoding="utf-8"), path.name


def test_there_is_no_snapshot_of_a_mail_that_is_not_written() -> None:
    kept = {path.relative_to(FOLDER) for path in FOLDER.rglob("*.*")}
    assert kept == {Path(lang) / f"{name}.{kind}" for name, lang in EVERY for kind in ("txt", "html")}


def _write() -> None:
    with tempfile.TemporaryDirectory() as folder, open_runtime(load_settings(environment(folder))) as runtime:
        for name, lang in EVERY:
            for path, text in read(name, lang, runtime).items():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text.replace("\r\n", "\n"), encoding="utf-8")


if __name__ == "__main__":
    _write()
