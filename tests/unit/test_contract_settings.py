"""What the operator may write about contracts, calendars and projects, and what is refused, with its line."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from gateway.config.lines import find_line, lines_of
from gateway.config.load import Settings, load_settings
from gateway.domain.contract import Counting, Guarantees
from gateway.domain.ticket import Kind, Level, Role, Severity
from gateway.errors import Misconfigured

WHOLE = """
[calendars.office]
friday = "9:00-12:30, 13:30-16:30"
holidays = "FR-57"
closed = [2026-12-24, 2026-12-31]
worked = { "2027-05-17" = "9:00-17:30" }

[contracts.gold]
counting = "working"
organisations = ["Client.Example"]
blocking = { gti_hours = 12, gtr_hours = 24, counting = "elapsed" }
minor = { gti_hours = 48 }

[projects.SHOP]
name = "La boutique"
addresses = ["Support@shop.example"]
calendar = "office"
contract = "gold"
hotline = "+33123456789"
teams = { n1 = ["Helpdesk@client.example"], n2 = ["ana@support.example"] }
level_addresses = { n2 = "n2@shop.example", n3 = "n3@shop.example" }
"""


def load(folder: Path, text: str, **variables: str) -> Settings:
    path = folder / "gateway.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings({"GATEWAY_CONFIG": str(path), **variables})


def refuse(folder: Path, text: str, **variables: str) -> list[str]:
    with pytest.raises(Misconfigured) as refusal:
        load(folder, text, **variables)
    return [fault.removeprefix(f"{folder}/") for fault in refusal.value.faults]


def test_a_project_is_told_in_one_file(tmp_path: Path) -> None:
    [project] = load(tmp_path, WHOLE).project_list
    assert project.hotline == "+33123456789"
    assert project.every_address == ("support@shop.example", "n2@shop.example", "n3@shop.example")
    assert project.level_of("n3@shop.example") is Level.N3
    assert project.level_of("support@shop.example") is None
    assert project.configured_roles("helpdesk@client.example") == {Role.N1}
    assert project.contract.organisations == {"client.example"}
    assert project.contract.guarantees_for(Kind.CORRECTIVE, Severity.BLOCKING) == Guarantees(
        gti=timedelta(hours=12), gtr=timedelta(hours=24), counting=Counting.ELAPSED
    )
    assert project.contract.guarantees_for(Kind.CORRECTIVE, Severity.MAJOR) == Guarantees(
        gti=timedelta(hours=24), gtr=timedelta(hours=48), counting=Counting.WORKING
    )
    assert project.calendar.day(date(2026, 12, 24)).reason == "company closing day"
    assert project.calendar.day(date(2027, 5, 17)).reason == "worked by exception"
    assert project.calendar.day(date(2027, 3, 26)).reason == "public holiday (Vendredi saint)"
    assert project.calendar.day(date(2026, 11, 20)).hours == ((540, 750), (810, 990))


def test_without_a_word_the_usual_contract_holds() -> None:
    [project] = load_settings({"GATEWAY_CONFIG": "/dev/null"}).project_list
    promised = {severity: project.contract.guarantees_for(Kind.CORRECTIVE, severity) for severity in (*Severity, None)}
    hours = timedelta(hours=1)
    assert promised == {
        Severity.BLOCKING: Guarantees(gti=12 * hours, gtr=24 * hours),
        Severity.MAJOR: Guarantees(gti=24 * hours, gtr=48 * hours),
        Severity.MINOR: Guarantees(gti=48 * hours, gtr=None),
        None: None,
    }
    assert project.contract.guarantees_for(Kind.EVOLUTIVE, Severity.BLOCKING) is None


def test_a_variable_changes_one_value_of_a_contract(tmp_path: Path) -> None:
    [project] = load(tmp_path, WHOLE, GATEWAY_CONTRACTS__GOLD__MAJOR__GTI_HOURS="20").project_list
    promised = project.contract.guarantees_for(Kind.CORRECTIVE, Severity.MAJOR)
    assert promised is not None
    assert promised.gti == timedelta(hours=20)


PROJECT = '[projects.shop]\nname = "Shop"\naddresses = ["a@shop.example"]\n'


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[contracts.c]\nminor = { gtr_hours = 48 }", "gateway.toml:2: contracts.c.minor.gti_hours: field required"),
        (
            "[contracts.c]\nblocking = { gti_hours = 4 }",
            "gateway.toml:2: contracts.c.blocking: a GTI of 4 h is outside 12 to 48 hours",
        ),
        (
            "[contracts.c.major]\ngti_hours = 24\ngtr_hours = 72",
            "gateway.toml:1: contracts.c.major: a GTR of 72 h is outside 12 to 48 hours",
        ),
        (
            "[contracts.c]\nmajor = { gti_hours = 24, gtr_hours = 12 }",
            "gateway.toml:2: contracts.c.major: the GTR (12 h) ends before the GTI (24 h)",
        ),
        (
            "[contracts.c]\nallow_times_outside_12_to_48_hours = true\nmajor = { gti_hours = 0 }",
            "gateway.toml:3: contracts.c.major: a GTI of 0 h is no time",
        ),
        ("[contracts.c]\nurgent = { gti_hours = 12 }", "gateway.toml:2: contracts.c.urgent: there is no such setting"),
        ("[contracts.c]\nkinds = []", None),
        (
            "[contracts.c]\norganisations = ['client']",
            "gateway.toml:2: contracts.c.organisations: 'client' is not a mail domain",
        ),
        (
            "[calendars.c]\nzone = 'Europe/Lutetia'",
            "gateway.toml:2: calendars.c.zone: there is no time zone 'Europe/Lutetia'",
        ),
        ("[calendars.c]\nholidays = 'DE'", None),
        ("[calendars.c]\nmonday = '9-17'", "gateway.toml:2: calendars.c.monday: '9-17' is not in the form 9:00-17:30"),
        (
            "[calendars.c]\nclosed = [2026-12-24]\nworked = { '2026-12-24' = '9:00-12:00' }",
            "gateway.toml:1: calendars.c: 2026-12-24 is worked and a closing day",
        ),
        (f"{PROJECT}calendar = 'c'", "gateway.toml:4: projects.shop.calendar: there is no calendar 'c'"),
        (f"{PROJECT}contract = 'c'", "gateway.toml:4: projects.shop.contract: there is no contract 'c'"),
        (f"{PROJECT}hotline = '0123456789'", None),
        (
            f"{PROJECT}level_addresses = {{ n2 = 'a@shop.example' }}",
            "gateway.toml:3: projects.shop.addresses: address a@shop.example is there twice",
        ),
        (f"{PROJECT}teams = {{ n2 = ['ana'] }}", "gateway.toml:4: projects.shop.teams.n2: 'ana' is not a mail address"),
        (
            f"{PROJECT}[projects.city]\nname = 'City'\naddresses = ['A@shop.example']",
            "gateway.toml:6: projects.city.addresses: address a@shop.example is in both SHOP and CITY",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_line(tmp_path: Path, text: str, fault: str | None) -> None:
    faults = refuse(tmp_path, text)
    assert len(faults) == 1
    assert fault in {None, faults[0]}


def test_a_calendar_with_no_working_time_is_refused(tmp_path: Path) -> None:
    days = "\n".join(f"{day} = ''" for day in ("monday", "tuesday", "wednesday", "thursday", "friday"))
    assert refuse(tmp_path, f"[calendars.never]\n{days}") == [
        "gateway.toml:1: calendars.never: no day of the week has any working time"
    ]


def test_times_outside_12_to_48_hours_may_be_meant(tmp_path: Path) -> None:
    text = "[contracts.fast]\nallow_times_outside_12_to_48_hours = true\nblocking = { gti_hours = 1, gtr_hours = 4 }\n"
    [project] = load(tmp_path, f"{text}{PROJECT}contract = 'fast'").project_list
    assert project.contract.guarantees_for(Kind.CORRECTIVE, Severity.BLOCKING) == Guarantees(
        gti=timedelta(hours=1), gtr=timedelta(hours=4)
    )


def test_every_fault_is_told_at_once_also_those_between_projects(tmp_path: Path) -> None:
    text = """
[calendars.c]
monday = "nine"
zone = "Nowhere"
[contracts.c]
blocking = { gti_hours = 100 }
minor = { gti_hours = 1 }
[projects.shop]
addresses = ["a@shop.example"]
[projects.city]
name = "City"
addresses = ["a@shop.example", "b"]
"""
    lines = [fault.split(" ")[0] for fault in refuse(tmp_path, text)]
    assert sorted(lines) == sorted(
        [
            "gateway.toml:3:",
            "gateway.toml:4:",
            "gateway.toml:6:",
            "gateway.toml:7:",
            "gateway.toml:8:",  # no name
            "gateway.toml:12:",  # no address
            "gateway.toml:12:",  # of another project
        ]
    )


def test_a_fault_of_a_variable_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    [fault] = refuse(tmp_path, "[calendars.c]\nzone = 'Europe/Paris'", GATEWAY_CALENDARS__C__ZONE="Nowhere")
    assert fault == "calendars.c.zone: there is no time zone 'Nowhere'"


def test_a_place_in_the_file_is_found_by_headers_and_keys() -> None:
    lines = lines_of(
        'smtp.port = 25\n[projects."SHOP"]\nname = "x"\n[ projects . "SHOP" . teams ]\n\n n1 = []\n[[list]]\n'
    )
    assert find_line(lines, ("smtp", "port")) == 1
    assert find_line(lines, ("projects", "shop", "name")) == 3
    assert find_line(lines, ("projects", "shop", "addresses", 0)) == 2
    assert find_line(lines, ("projects", "shop", "teams", "n1")) == 6
    assert find_line(lines, ("http", "port")) is None
