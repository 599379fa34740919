"""What the documentation shows of calls is what callers hear."""

import os
from pathlib import Path

import pytest

from gateway.config.load import Settings, load_settings
from gateway.runtime import Runtime
from tests.support.call_transcripts import write_transcripts
from tests.support.calling import Calling
from tests.support.clock import MovableClock

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
FILE = Path(__file__).parents[2] / "telephony" / "TRANSCRIPTS.md"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An installation with a public address, which callers are told."""
    given = {
        "GATEWAY_CONFIG": "/dev/null",
        "GATEWAY_HTTP__PUBLIC_URL": "https://support.example.org",
        "GATEWAY_TELEPHONY__SHARED_KEY": "a key",
    }
    other = load_settings(given)
    return settings.model_copy(update={"telephony": other.telephony, "http": other.http})


def test_the_transcripts_are_true(runtime: Runtime, clock: MovableClock) -> None:
    written = write_transcripts(Calling(runtime, clock))
    if os.environ.get("GATEWAY_WRITE_TRANSCRIPTS"):
        FILE.write_text(written, "utf-8")
    assert written == FILE.read_text("utf-8"), (
        "telephony/TRANSCRIPTS.md is not what callers hear; it says how to renew it"
    )
