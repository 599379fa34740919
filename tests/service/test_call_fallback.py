"""What another host says while we are away is made from the configuration and needs nothing of ours."""

from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from gateway.admin.cli import cli
from telephony.twiml_lint import faults

DEPLOY = Path(__file__).parents[2] / "deploy"
BASE = "https://fallback.example.org/hotline"


def write(folder: Path, *arguments: str, base: str = BASE) -> Result:
    environment = {"GATEWAY_CONFIG": str(DEPLOY / "gateway.example.toml"), "GATEWAY_DATA": str(folder / "var")}
    options = ("call", "fallback", "--base", base, "--to", str(folder / "made"), *arguments)
    return CliRunner().invoke(cli, options, env=environment)


def test_the_samples_are_what_the_example_configuration_gives(tmp_path: Path) -> None:
    done = write(tmp_path)
    assert done.exit_code == 0, done.output
    for name in ("away.xml", "thanks.xml"):
        assert (tmp_path / "made" / name).read_bytes() == (DEPLOY / "twilio" / name).read_bytes(), (
            f"deploy/twilio/{name} is not what the configuration gives: gateway call fallback writes it"
        )


def test_they_apologise_in_both_languages_say_the_terms_and_take_a_message(tmp_path: Path) -> None:
    write(tmp_path)
    away, thanks = ((tmp_path / "made" / name).read_bytes() for name in ("away.xml", "thanks.xml"))
    assert faults(away) == faults(thanks) == []
    verbs = ElementTree.fromstring(away)
    assert [one.attrib["language"] for one in verbs if one.tag == "Say"] == ["fr-FR", "fr-FR", "en-GB", "en-GB"]
    words = " ".join(one.text or "" for one in verbs.iter("Say"))
    for word in ("problème technique", "technical problem", "90 jours", "l'effacement", "support arobase shop"):
        assert word in words
    recorder = verbs[-1]
    assert (recorder.tag, recorder.attrib["action"]) == ("Record", f"{BASE}/thanks.xml")
    assert recorder.attrib["recordingStatusCallback"] == "https://support.example.org/telephony/twilio/recording"
    assert [one.tag for one in ElementTree.fromstring(thanks)] == ["Say", "Say", "Hangup"]


@pytest.mark.parametrize(
    "base", ["http://fallback.example.org", "fallback", "https://a@b.example", "https://x.example/?a"]
)
def test_an_address_that_the_provider_would_not_ask_is_refused(tmp_path: Path, base: str) -> None:
    done = write(tmp_path, base=base)
    assert done.exit_code == 78
    assert "must look like" in done.stderr


def test_a_project_without_a_hotline_has_none(tmp_path: Path) -> None:
    done = write(tmp_path, "--project", "NONE")
    assert done.exit_code == 65
    assert "has no hotline" in done.stderr
