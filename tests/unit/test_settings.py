"""Reading the settings: all faults at once, nothing overlooked, no secret shown."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from gateway.config.load import Settings, load_settings
from gateway.domain.sign_in import Way
from gateway.errors import Misconfigured

SECRET = "correct-horse-battery-staple-3141592653"
OTHER = "another-horse-battery-staple-2718281828"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(folder: Path, text: str = "", **variables: str) -> Settings:
    path = folder / "gateway.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings({"GATEWAY_CONFIG": str(path), **variables})


def faults(folder: Path, text: str = "", **variables: str) -> list[str]:
    with pytest.raises(Misconfigured) as refused:
        load(folder, text, **variables)
    assert str(refused.value) == "\n".join(refused.value.faults)
    return refused.value.faults


@pytest.mark.usefixtures("folder")
def test_without_a_file_and_variables_the_demonstration_is_served() -> None:
    settings = load_settings({})
    assert [project.key for project in settings.project_list] == ["DEMO"]
    assert (settings.data, settings.smtp.port, settings.http.port) == (Path("var"), 8025, 8000)
    assert (settings.relay.host, settings.database_url, settings.redis_url) == (None, None, None)


def test_a_file_in_the_working_folder_is_read_unasked(folder: Path) -> None:
    (folder / "gateway.toml").write_text("[smtp]\nport = 2525\n", encoding="utf-8")
    assert load_settings({}).smtp.port == 2525
    assert load_settings({"GATEWAY_CONFIG": "/dev/null"}).smtp.port == 8025


def test_the_environment_stands_over_the_file_value_by_value(folder: Path) -> None:
    settings = load(
        folder,
        '[smtp]\nport = 2525\nhostname = "file.example"\n[projects.SHOP]\nname = "Shop"\naddresses = ["a@b.example"]',
        GATEWAY_SMTP__PORT="2626",
        GATEWAY_PROJECTS__SHOP__NAME="Boutique",
    )
    assert (settings.smtp.port, settings.smtp.hostname) == (2626, "file.example")
    assert [(project.key, project.name) for project in settings.project_list] == [("SHOP", "Boutique")]


def test_every_fault_is_reported_at_once(folder: Path) -> None:
    text = '[smtp]\nport = "ninety"\n[htttp]\nport = 1\n[relay]\nhots = "x"\npassword = "in the file"\n'
    found = faults(folder, text, GATEWAY_TYPO="1", GATEWAY_HTTP__THREADS="0", GATEWAY_SMTP__TLS_CERT="/c.pem")
    for part in ("smtp.port", "htttp: there is no such setting", "relay.hots: there is no such setting"):
        assert [fault for fault in found if part in fault], part
    for part in ("relay.password: a secret does not belong", "GATEWAY_TYPO: there is no such", "http.threads: "):
        assert [fault for fault in found if part in fault], part
    assert len(found) == 6


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"GATEWAY_SMTP_PORT": "1"}, "GATEWAY_SMTP_PORT: there is no such setting"),
        ({"GATEWAY_SMTP__PROT": "1"}, "smtp.prot: there is no such setting"),
        ({"GATEWAY_SMTP__TLS_CERT": "/c.pem"}, "smtp: tls_cert and tls_key must be given together"),
        (
            {"GATEWAY_HTTP__PUBLIC_URL": "support.example"},
            "http.public_url: must look like https://support.example.org",
        ),
        ({"GATEWAY_LOG_LEVEL": "loud"}, "log_level: input should be"),
        ({"GATEWAY_SMTP__TRUSTED_PEERS": '["1.2.3"]'}, "smtp.trusted_peers: "),
        ({"GATEWAY_SIGNING__KEY": "short"}, "signing.key: must have at least 32 characters"),
    ],
)
def test_a_fault_is_a_sentence_that_names_the_setting(
    folder: Path, variables: Mapping[str, str], sentence: str
) -> None:
    [fault] = faults(folder, **variables)
    assert fault.startswith(sentence)


def test_an_address_of_ours_may_have_letters_of_any_script_and_is_kept_as_the_dns_has_it(folder: Path) -> None:
    [project] = load(folder, '[projects.TOWN]\nname = "Évry"\naddresses = ["Aide@Évry.example."]').project_list
    assert project.addresses == ("aide@xn--vry-9la.example",)
    for domain in ("❤.example", "a..example", "é" * 64 + ".example"):
        [fault] = faults(folder, f'[projects.TOWN]\nname = "Évry"\naddresses = ["aide@{domain}"]')
        assert fault.endswith(f"'aide@{domain}' is not a mail address")


def test_a_file_that_is_named_must_be_there_and_be_toml(folder: Path) -> None:
    with pytest.raises(Misconfigured, match=r"absent\.toml: cannot be read: No such file or directory"):
        load_settings({"GATEWAY_CONFIG": str(folder / "absent.toml")})
    [broken] = faults(folder, "[smtp\nport = 1")
    assert "not valid TOML" in broken
    (folder / "latin.toml").write_bytes(b'data = "\xe9"')
    with pytest.raises(Misconfigured, match="not UTF-8 text"):
        load_settings({"GATEWAY_CONFIG": str(folder / "latin.toml")})


def test_what_is_in_the_environment_of_others_is_none_of_our_business() -> None:
    load_settings({"GATEWAY_CONFIG": "/dev/null", "PATH": "/bin", "GATEWAYS": "2", "SMTP__PORT": "x"})


@pytest.mark.parametrize("name", ["database_url", "redis_url", "relay.password", "signing.key", "signing.previous_key"])
def test_a_secret_comes_by_a_variable_or_by_a_file_that_one_names_not_by_both(folder: Path, name: str) -> None:
    variable = "GATEWAY_" + name.upper().replace(".", "__")
    file = folder / "secret"
    word = f"redis://:{SECRET}@host/0" if name == "redis_url" else SECRET
    file.write_text(f"  {word}\n", encoding="utf-8")

    def secret(settings: Settings) -> str:
        value: object = settings
        for part in name.split("."):
            value = getattr(value, part)
        return str(value.get_secret_value())  # type: ignore[attr-defined]  # narrower than its stub says

    assert secret(load(folder, **{variable: word})) == word
    assert secret(load(folder, **{f"{variable}_FILE": str(file)})) == word
    both = faults(folder, **{variable: word, f"{variable}_FILE": str(file)})
    assert both == [f"{variable} and {variable}_FILE are both set; keep one"]
    absent = faults(folder, **{f"{variable}_FILE": str(folder / "absent")})
    assert absent == [f"{variable}_FILE: the file it names cannot be read"]


def test_only_secrets_come_from_files_of_their_own(folder: Path) -> None:
    [fault] = faults(folder, GATEWAY_SMTP__PORT_FILE="/tmp/port")
    assert fault == "smtp.port_file: there is no such setting"


def test_no_secret_is_printed_with_the_settings_or_in_a_fault(folder: Path) -> None:
    secrets = {
        "GATEWAY_RELAY__PASSWORD": SECRET,
        "GATEWAY_SIGNING__KEY": OTHER,
        "GATEWAY_DATABASE_URL": f"postgresql+psycopg://gateway:{SECRET}@db.example/x",
        "GATEWAY_REDIS_URL": f"redis://:{OTHER}@redis.example/0",
    }
    settings = load(folder, **secrets)
    found = faults(
        folder,
        f'[relay]\npassword = "{SECRET}"\nport = "{OTHER}"\n',
        **secrets,
        GATEWAY_SIGNING__PREVIOUS_KEY=SECRET[:20],
        GATEWAY_SMTP__PORT=OTHER,
    )
    assert len(found) == 4
    for text in (repr(settings), str(settings), settings.model_dump_json(), *found):
        assert SECRET[:20] not in text
        assert OTHER not in text


def test_the_environment_is_left_as_it_was(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_SMTP__PORT", "1")
    before = dict(os.environ)
    assert load(folder, GATEWAY_SMTP__PORT="2").smtp.port == 2
    assert len(faults(folder, GATEWAY_SMTP__PORT="x")) == 1
    assert dict(os.environ) == before
    (folder / "gateway.toml").unlink()
    assert load_settings().smtp.port == 1


def test_settings_do_not_change_once_they_are_read(folder: Path) -> None:
    settings = load(folder)
    with pytest.raises(ValueError, match="frozen"):
        settings.smtp.port = 1  # type: ignore[misc]  # frozen: that is tested


OIDC = {"GATEWAY_SIGN_IN__OIDC__ISSUER": "https://login.example.org", "GATEWAY_SIGN_IN__OIDC__CLIENT_ID": "gateway"}


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"GATEWAY_SIGN_IN__STAFF": "[]"}, "sign_in.staff: tuple should have at least 1 item"),
        ({"GATEWAY_SIGN_IN__STAFF": '["letter"]'}, "sign_in.staff.0: input should be 'link', 'password' or 'oidc'"),
        ({"GATEWAY_SIGN_IN__STAFF": '["operator"]'}, "sign_in.staff.0: input should be 'link', 'password' or 'oidc'"),
        ({"GATEWAY_SIGN_IN__STAFF": '["link", "link"]'}, "sign_in: staff names a way twice"),
        ({"GATEWAY_SIGN_IN__STAFF": '["oidc"]'}, 'sign_in: the way "oidc" and the table sign_in.oidc come together'),
        (OIDC, 'sign_in: the way "oidc" and the table sign_in.oidc come together'),
        (
            {**OIDC, "GATEWAY_SIGN_IN__OIDC__ISSUER": "http://login.example.org"},
            "sign_in.oidc.issuer: must look like https://login.example.org",
        ),
        ({**OIDC, "GATEWAY_SIGN_IN__OIDC__SCOPE": "email"}, "sign_in.oidc.scope: string should match pattern"),
    ],
)
def test_a_way_to_sign_in_that_cannot_work_is_a_fault(given: dict[str, str], fault: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        load_settings({"GATEWAY_CONFIG": "/dev/null", **given})
    assert any(one.startswith(fault) for one in caught.value.faults), caught.value.faults


def test_staff_sign_in_by_a_mailed_link_until_something_else_is_said() -> None:
    assert load_settings({"GATEWAY_CONFIG": "/dev/null"}).sign_in.ways == {Way.LINK}
    asked = load_settings({"GATEWAY_CONFIG": "/dev/null", "GATEWAY_SIGN_IN__STAFF": '["oidc", "password"]', **OIDC})
    assert asked.sign_in.ways == {Way.OIDC, Way.PASSWORD}
