"""What a mailbox may be told, and what is a fault; secrets come from outside the file only."""

from pathlib import Path
from random import Random

import pytest

from gateway.config.load import Settings, load_settings
from gateway.errors import Misconfigured
from inbound.imap_letter import make_stand_in
from inbound.imap_poller import pause_after

MICROSOFT = '\n[mailboxes.box.oauth]\nprovider = "microsoft"\nclient_id = "id"'


def load(tmp_path: Path, *lines: str, table: str = "box", oauth: str = "", **environment: str) -> Settings:
    path = tmp_path / "gateway.toml"
    given = {line.split(" = ")[0] for line in lines}
    base = [line for line in ('host = "imap.example"', 'username = "support"') if line.split(" = ")[0] not in given]
    path.write_text(f"[mailboxes.{table}]\n" + "\n".join([*base, *lines]) + oauth)
    return load_settings({"GATEWAY_CONFIG": str(path), **environment})


PASSWORD = {"GATEWAY_MAILBOXES__BOX__PASSWORD": "secret"}


@pytest.mark.parametrize("name", ["Box", "BOX", "box"])
def test_a_mailboxs_name_knows_no_case_and_its_password_comes_by_variable_or_file(tmp_path: Path, name: str) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from a file\n")
    for environment, password in (
        (PASSWORD, "secret"),
        ({"GATEWAY_MAILBOXES__BOX__PASSWORD_FILE": str(secret)}, "from a file"),
    ):
        box = load(tmp_path, table=name, **environment).mailboxes["box"]
        assert box.password is not None
        assert box.password.get_secret_value() == password
        assert password not in repr(box)


@pytest.mark.parametrize(
    ("lines", "oauth", "environment", "fault"),
    [
        ([], "", {}, "needs a password or an oauth table"),
        ([], MICROSOFT, PASSWORD, "and not both"),
        (['password = "secret"'], "", {}, "a secret does not belong into the file"),
        ([], MICROSOFT + '\nclient_secret = "s"', {}, "a secret does not belong into the file"),
        (['security = "plain"'], "", PASSWORD, "for a server on this machine only"),
        (['move_to = "INBOX"'], "", PASSWORD, "move_to must be a folder that is not read"),
        (['junk_folder = "INBOX"'], "", PASSWORD, "junk_folder must be another folder"),
        (["idle_seconds = 1740"], "", PASSWORD, "less than or equal to 1680"),
        (["alert_minutes = 5"], "", PASSWORD, "alert_minutes must be longer"),
        (['project = "nope"'], "", PASSWORD, "there is no project NOPE"),
        ([], MICROSOFT + '\ntoken_url = "https://x.example"', {}, "leave them out"),
        ([], MICROSOFT.replace("microsoft", "other"), {}, "needs token_url and scope"),
        (
            [],
            MICROSOFT.replace("microsoft", "other") + '\nscope = "s"\ntoken_url = "http://x.example"',
            {},
            "must begin with https://",
        ),
    ],
)
def test_each_fault_is_one_sentence(
    tmp_path: Path, lines: list[str], oauth: str, environment: dict[str, str], fault: str
) -> None:
    with pytest.raises(Misconfigured) as caught:
        load(tmp_path, *lines, oauth=oauth, **environment)
    assert any(fault in sentence for sentence in caught.value.faults), caught.value.faults


@pytest.mark.parametrize("name", ["my_box", "1box", "b" * 31])
def test_a_name_that_no_variable_could_carry_is_a_fault(tmp_path: Path, name: str) -> None:
    with pytest.raises(Misconfigured, match="lower-case letters and digits"):
        load(tmp_path, table=name, **{f"GATEWAY_MAILBOXES__{name.upper()}__PASSWORD": "secret"})


def test_pauses_grow_with_each_failure_up_to_five_minutes_and_are_never_the_same_for_all() -> None:
    chance = Random(1)
    assert pause_after(0, chance=chance) == 0
    for failures, longest in ((1, 1), (2, 2), (5, 16), (9, 256), (10, 300), (10_000, 300)):
        pauses = {pause_after(failures, chance=chance) for _ in range(50)}
        assert all(longest / 2 <= pause <= longest for pause in pauses)
        assert len(pauses) > 40


def test_a_stand_in_keeps_who_and_what_and_describes_no_body() -> None:
    header = (
        b"Received: from x\r\nFrom: Marie <marie@client.example>\r\nSubject: Une\r\n tr\xc3\xa8s longue\r\n"
        b"Content-Type: multipart/mixed; boundary=b\r\nMESSAGE-ID: <a@b>\r\n\r\nFrom: body@client.example\r\n"
    )
    assert make_stand_in(header, "too large: 40 MiB") == (
        b"From: Marie <marie@client.example>\r\nSubject: Une\r\n tr\xc3\xa8s longue\r\nMESSAGE-ID: <a@b>\r\n"
        b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
        b"too large: 40 MiB\r\n"
    )
