"""A person gets all that is kept about them in one archive, to read and to take elsewhere, and no notes of others."""

import json
import zipfile
from pathlib import Path

import pytest

from gateway.domain.change import Change
from gateway.runtime import Runtime
from gateway.services.change_ticket import change_ticket
from tests.support.operator import Operator
from tests.support.planted import BOB, MARIE, NAME, NINA, PHONE, plant

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@pytest.fixture
def archive(runtime: Runtime, operator: Operator, tmp_path: Path) -> zipfile.ZipFile:
    plant(runtime)
    change_ticket(runtime, ref="DEMO-1", change=Change(note="une note interne"), by=NINA)
    path = tmp_path / "marie.zip"
    told = operator.says("person", "export", MARIE.upper(), "--to", str(path))
    assert told.startswith(f"{path}: ")
    assert path.stat().st_mode & 0o077 == 0
    return zipfile.ZipFile(path)


def test_the_archive_can_be_read_and_taken_elsewhere(archive: zipfile.ZipFile) -> None:
    page = archive.read("index.html").decode()
    assert "MARQUE-SUJET" in page
    assert "Le MARQUE-TEXTE de mon message" in page
    assert "nous vous appelons" in page  # what was answered to them
    tables = json.loads(archive.read("person.json"))["tables"]
    assert [(row["email"], row["name"], row["phone"]) for row in tables["people"]] == [(MARIE, NAME, PHONE)]
    assert [row["ref"] for row in tables["tickets"]] == ["DEMO-1"]
    assert {row["verdict"] for row in tables["receipts"]} == {"filed", "held"}
    assert tables["calls"][0]["caller"] == PHONE
    files = {name: archive.read(name) for name in archive.namelist()}
    assert b"MARQUE-CONTENU" in files.values()
    assert sum(name.startswith("mails/") for name in files) == 2  # the held one too
    assert any(name.startswith("calls/") for name in files)
    for name in files:
        if name.startswith(("files/", "mails/", "calls/")):
            assert f'href="{name}"' in page


def test_neither_secrets_nor_internal_notes_nor_the_requests_of_others_are_in_it(archive: zipfile.ZipFile) -> None:
    whole = b"".join(archive.read(name) for name in ("index.html", "person.json")).decode()
    assert "une note interne" not in whole
    assert "Imprimante" not in whole
    assert "token_sha256" not in whole


def test_an_archive_is_never_written_over_another(operator: Operator, runtime: Runtime, tmp_path: Path) -> None:
    plant(runtime)
    path = tmp_path / "a.zip"
    path.touch()
    assert operator.refused("person", "export", BOB, "--to", str(path))[0] == 65
    assert operator.refused("person", "export", "nobody@client.example", "--to", str(tmp_path / "b.zip")) == (
        66,
        "nothing is kept about this address",
    )


def test_erasing_prints_its_proof(operator: Operator, runtime: Runtime) -> None:
    plant(runtime)
    assert operator.refused("person", "erase", MARIE)[0] == 65  # recordings at a provider that cannot be asked
    lines = operator.says("person", "erase", BOB).splitlines()
    assert lines[0].startswith("erasure 1 of 2")
    assert "  table tickets: 1" in lines
    assert not any(BOB in line for line in lines)
