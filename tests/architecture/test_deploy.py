"""What deploy/ says is real: commands, alarms, metrics and settings exist, and the tools that read its files agree."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from gateway.admin.cli import cli
from gateway.config.load import load_settings
from gateway.config.model import SettingsModel
from gateway.domain.alarms import RULES
from gateway.services.count_mail import KINDS
from web.latency import timed, waited
from web.metrics import exposition

DEPLOY = Path(__file__).parents[2] / "deploy"
RUNBOOK = (DEPLOY / "RUNBOOK.md").read_text(encoding="utf-8")
MONITORING = DEPLOY / "monitoring"
DOCUMENTS = sorted(DEPLOY.rglob("*.md"))
COMPOSE = [DEPLOY / "container" / "compose.yaml", DEPLOY / "container" / "machines.yaml"]
UNITS = sorted((DEPLOY / "systemd").iterdir())


def tool(name: str, package: str) -> str:
    """The path of a program; skips, with the reason, where it is not there."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"no {name} on this machine, which deploy/ is tried with (Debian: apt-get install {package})")
    return found


def run(*arguments: object) -> str:
    done = subprocess.run([str(one) for one in arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def pages() -> set[str]:
    """The headings of the runbook."""
    return set(re.findall(r"^## (\w+)$", RUNBOOK, re.MULTILINE))


def test_every_alarm_has_its_page() -> None:
    assert set(RULES) <= pages()


def test_every_alert_has_its_page_and_its_test_and_every_alarm_its_alert() -> None:
    rules = (MONITORING / "gateway.rules.yml").read_text()
    alerts = set(re.findall(r"- alert: (\w+)", rules))
    assert set(RULES) <= alerts == pages() & alerts
    assert {f"deploy/RUNBOOK.md#{name}" for name in alerts} == set(re.findall(r"runbook: (\S+)", rules))
    assert set(re.findall(r"alertname: (\w+)", (MONITORING / "gateway.rules.test.yml").read_text())) == alerts


def exported() -> set[str]:
    """The names of all that /metrics can say."""
    lane = {"waiting": 1, "quarantined": 0, "oldest_seconds": 1}
    box = {"state": "up", "last_good_seconds": 1, "waiting": 0}
    receiver = {"state": "up", "waiting": 1, "oldest_seconds": 1}
    machine = {"state": "up", "seen_seconds": 1, "waiting": 1, "quarantined": 0, "oldest_seconds": 1, "same_keys": True}
    work = ("held", "suppressed", "mails_due", "mails_failed", "oldest_due_seconds", "clocks_late_seconds")
    parts: dict[str, dict[str, Any]] = {
        "database": {"state": "up", "outbox": {"oldest_seconds": 1}},
        "spool": {"state": "up", "lanes": {"mail": lane}},
        "work": {"state": "up", **dict.fromkeys(work, 1)},
        "mailboxes": {"state": "up", "mailboxes": {"shop": box}},
        "hotline": {"state": "up", "snapshot_seconds": 1},
        "webhooks": {"state": "up", "receivers": {"DEMO/crm": receiver}},
        "machines": {"state": "up", "here": "mx1", "leases": {}, "machines": {"mx1": machine}},
    }
    list(timed(lambda *_: [b""], kind="page")({}, lambda *_: lambda _: None))
    said = exposition(parts, {kind: {"x": 1} for kind in KINDS}) + waited()
    return set(re.findall(r"^(gateway_\w+)", said.decode(), re.MULTILINE))


@pytest.mark.parametrize("name", ["gateway.rules.yml", "gateway.rules.test.yml", "dashboard.json"])
def test_only_metrics_that_there_are_are_asked_for(name: str) -> None:
    asked = set(re.findall(r"\b(gateway_\w+)(?=[\s{\[)\"']|$)", (MONITORING / name).read_text(), re.MULTILINE))
    asked -= {"gateway_gone"}  # an alert's own name
    assert asked
    assert asked - exported() == set()


def test_the_dashboard_shows_every_metric() -> None:
    text = (MONITORING / "dashboard.json").read_text()
    json.loads(text)
    shown = {name for name in exported() if name in text}
    assert {name for name in exported() if not name.endswith(("_created", "_count", "_sum"))} == {
        name for name in shown if not name.endswith(("_created", "_count", "_sum"))
    }


def test_promtool_takes_the_rules_and_their_tests_pass(tmp_path: Path) -> None:
    promtool = tool("promtool", "prometheus")
    run(promtool, "check", "rules", MONITORING / "gateway.rules.yml")
    run(promtool, "test", "rules", MONITORING / "gateway.rules.test.yml")
    config = tmp_path / "prometheus.yml"
    config.write_text((MONITORING / "scrape.yml").read_text().replace("/etc/prometheus", str(MONITORING)))
    run(promtool, "check", "config", config)


@pytest.fixture
def units(tmp_path: Path) -> list[str]:
    """The units with the interpreter of this test in the place of the installed one, instances by name."""
    for unit in UNITS:
        text = unit.read_text().replace("/opt/gateway/.venv/bin/python", sys.executable)
        (tmp_path / unit.name).write_text(text)
    return [str(tmp_path / unit.name.replace("@.", "@0.")) for unit in UNITS]


def test_systemd_takes_the_units(units: list[str]) -> None:
    run(tool("systemd-analyze", "systemd"), "verify", "--man=no", *units)


def test_the_services_are_locked_in(units: list[str]) -> None:
    """Of 100; a service without any protection has 96."""
    services = [unit for unit in units if unit.endswith(".service")]
    run(tool("systemd-analyze", "systemd"), "security", "--offline=true", "--threshold=25", *services)


def test_nginx_takes_its_piece(tmp_path: Path) -> None:
    nginx, openssl = tool("nginx", "nginx-light"), tool("openssl", "openssl")
    names = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "cert.pem"), "-subj", "/CN=x"]
    run(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", *names)
    text = (DEPLOY / "proxy" / "nginx.conf").read_text()
    live = "/etc/letsencrypt/live/support.example.org"
    text = text.replace(f"{live}/fullchain.pem", f"{tmp_path}/cert.pem").replace(
        f"{live}/privkey.pem", f"{tmp_path}/key.pem"
    )
    (tmp_path / "site.conf").write_text(text)
    whole = f"pid {tmp_path}/pid;\nerror_log {tmp_path}/log;\nevents {{}}\nhttp {{ include {tmp_path}/site.conf; }}\n"
    (tmp_path / "nginx.conf").write_text(whole)
    run(nginx, "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf")


def test_caddy_takes_its_piece() -> None:
    caddy = tool("caddy", "caddy")
    run(caddy, "validate", "--adapter", "caddyfile", "--config", DEPLOY / "proxy" / "Caddyfile")


def test_hadolint_takes_the_image() -> None:
    """In one layer each, pinned, without needless packages: https://github.com/hadolint/hadolint/wiki."""
    found = run(_beside_python("hadolint"), "--no-color", DEPLOY / "container" / "Dockerfile")
    assert found == ""


def test_the_compose_files_are_such() -> None:
    run(_beside_python("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", *COMPOSE)


def test_machines_in_containers_share_what_they_must_and_nothing_else() -> None:
    """Each has a name and a volume of its own; the servers, the keys and the settings are the same."""
    machines, alone = (YAML(typ="safe").load(path) for path in (COMPOSE[1], COMPOSE[0]))
    own = {name: one for name, one in machines["services"].items() if "GATEWAY_MACHINE" in one.get("environment", {})}
    assert {name: one["environment"].pop("GATEWAY_MACHINE") for name, one in own.items()} == {
        "mx1": "mx1",
        "mx2": "mx2",
    }
    folders = [one["volumes"].pop() for one in own.values()]
    assert folders == [f"{name}:/var/lib/gateway" for name in own]
    taken = [port for one in own.values() for port in one.pop("ports")]
    assert len({port.rpartition(":")[0] for port in taken}) == len(taken)
    assert own["mx1"] == own["mx2"]
    needed = {source for one in own.values() for source in one["secrets"]} | {"database_password", "queue_conf"}
    assert needed == set(machines["secrets"]) > set(alone["secrets"])
    known = alone["services"]["gateway"]
    assert {name: own["mx1"][name] for name in known if name not in {"environment", "ports", "secrets", "volumes"}} == {
        name: value for name, value in known.items() if name not in {"environment", "ports", "secrets", "volumes"}
    }


def _beside_python(name: str) -> Path:
    """A program that the development lock brings."""
    return Path(sys.executable).with_name(name)


def test_the_secrets_of_the_container_are_made_once(tmp_path: Path) -> None:
    script = shutil.copy(DEPLOY / "container" / "secrets.sh", tmp_path)
    run("sh", script)
    made = {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    run("sh", script)
    assert made == {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}
    compose = (DEPLOY / "container" / "compose.yaml").read_text()
    assert set(re.findall(r"file: secrets/(\w+)", compose)) == set(made)
    assert len(made["signing_key"]) == 64
    assert made["database_password"] in made["database_url"]
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


def test_what_the_container_copies_and_sets_is_there() -> None:
    text = (DEPLOY / "container" / "Dockerfile").read_text()
    for source in re.findall(r"^COPY (?!--)(\S+)", text, re.MULTILINE):
        assert (DEPLOY.parent / source).exists(), source
    settings = re.findall(r"(GATEWAY_\w+)=", text)
    for path in COMPOSE:
        settings += re.findall(r"^ +(GATEWAY_\w+):", path.read_text(), re.MULTILINE)
    names = {f"GATEWAY_{name}".upper() for name in SettingsModel.model_fields}
    known = (*names, "GATEWAY_CONFIG")
    assert [one for one in settings if not one.startswith(known)] == []


def test_the_example_of_the_settings_is_taken(tmp_path: Path) -> None:
    example = tomllib.loads((DEPLOY / "gateway.example.toml").read_text(encoding="utf-8"))
    assert {"operator", "retention"} <= set(example)
    load_settings({"GATEWAY_CONFIG": str(DEPLOY / "gateway.example.toml")})


def commands(text: str) -> set[str]:
    """What follows `gateway` or `./run` in code: the words of a command, before the first that is none."""
    code = re.findall(r"`([^`\n]+)`", text) + re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    found = [
        re.findall(r"(?:^|[\s;(])(?:gateway|\./run|-m gateway)((?: [a-z][a-z-]*)+)", one, re.MULTILINE) for one in code
    ]
    return {words.strip() for listed in found for words in listed}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_is_written_down_exists(document: Path) -> None:
    for words in commands(document.read_text(encoding="utf-8")):
        if words.split()[0] == "test":
            continue
        command: click.Command = cli
        for word in words.split():
            if not isinstance(command, click.Group):
                break
            assert word in command.commands, f"gateway {words}"
            command = command.commands[word]
