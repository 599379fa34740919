"""The pure rules of signing in: codes of an app, waits after failed tries, passwords, recovery codes, devices, ways."""

from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.device import device_of
from gateway.domain.passwords import LONGEST, PasswordFault, find_password_fault
from gateway.domain.recovery_codes import HOW_MANY, new_recovery_codes, sum_of_recovery_code
from gateway.domain.sign_in import Way, opens_desk
from gateway.domain.totp import code_of, find_step, key_uri, step_at
from gateway.domain.tries import FREE_OF_ADDRESS, wait_left

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [  # RFC 6238 appendix B, SHA-1, the last six of its eight digits
        (59, "287082"),
        (1111111109, "081804"),
        (1111111111, "050471"),
        (1234567890, "005924"),
        (2000000000, "279037"),
        (20000000000, "353130"),
    ],
)
def test_codes_are_those_of_the_rfc(seconds: int, code: str) -> None:
    assert code_of(SECRET, step_at(datetime.fromtimestamp(seconds, UTC))) == code


@pytest.mark.parametrize(("off", "is_taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_clock_may_be_one_step_wrong_and_no_more(off: int, is_taken: bool) -> None:
    step = step_at(NOW) + off
    assert find_step(SECRET, code_of(SECRET, step), now=NOW) == (step if is_taken else None)


@pytest.mark.parametrize("code", ["", "abcdef", "12345", "1234567", "é" * 6, "\0" * 6])
def test_what_is_no_code_is_none(code: str) -> None:
    assert find_step(SECRET, code, now=NOW) is None


def test_the_square_says_what_apps_read() -> None:
    uri = key_uri(SECRET, issuer="Support & Cie", account="ana+x@support.example")
    assert uri.startswith("otpauth://totp/Support%20%26%20Cie:ana%2Bx@support.example?secret=GEZDGNBVGY3TQOJQ")
    assert uri.endswith("&issuer=Support%20%26%20Cie")
    assert "=" not in uri.partition("secret=")[2].partition("&")[0]


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [(0, 0), (4, 0), (5, 1), (6, 2), (7, 4), (8, 8), (9, 15), (40, 15), (10**6, 15)],
)
def test_the_wait_doubles_and_never_passes_a_quarter_of_an_hour(failures: int, minutes: int) -> None:
    assert wait_left(failures, NOW, free=FREE_OF_ADDRESS, now=NOW) == timedelta(minutes=minutes)


def test_the_wait_runs_from_the_last_failure_and_all_is_forgotten_after_a_day() -> None:
    assert wait_left(7, NOW, free=5, now=NOW + timedelta(minutes=3)) == timedelta(minutes=1)
    assert wait_left(7, NOW, free=5, now=NOW + timedelta(minutes=4)) == timedelta(0)
    assert wait_left(99, NOW, free=5, now=NOW + timedelta(days=1)) == timedelta(0)


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("court", PasswordFault.SHORT),
        ("é" * 11, PasswordFault.SHORT),
        ("e\u0301" * 11, PasswordFault.SHORT),
        ("quatre mots sans rapport", None),
        ("tout en minuscules", None),
        ("éàü 漢字 éàü çñ", None),
        ("x" * LONGEST + "y", PasswordFault.LONG),
        ("Ana@Support.example", PasswordFault.NAMES_YOU),
        ("anaanaanaana", PasswordFault.NAMES_YOU),
        ("Ana Maria Lopez", PasswordFault.NAMES_YOU),
        ("anamarialopez", PasswordFault.NAMES_YOU),
        ("ana@support.example et autre chose", None),
        ("aaaaaaaaaaaa", PasswordFault.MONOTONOUS),
        ("abababababab", PasswordFault.MONOTONOUS),
    ],
)
def test_a_password_is_long_and_does_not_name_its_owner(password: str, fault: PasswordFault | None) -> None:
    assert find_password_fault(password, email="ana@support.example", name="Ana Maria Lopez") == fault


def test_a_person_without_a_name_is_kept_from_nothing_by_it() -> None:
    assert find_password_fault("quatre mots sans rapport", email="ana@support.example", name="") is None


def test_recovery_codes_are_found_however_they_are_typed() -> None:
    codes = new_recovery_codes()
    assert len(set(codes)) == HOW_MANY
    assert sum_of_recovery_code("0123-4567-89ab-cdef") == sum_of_recovery_code(" o123 4567-89AB cdef ")
    assert len({sum_of_recovery_code(code) for code in codes}) == HOW_MANY


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML) Chrome/140.0 Safari/537.36", "Chrome, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome, Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15_0) Version/18.0 Safari/605.1.15", "Safari, macOS"),
        ("curl/8.0", ""),
        ("", ""),
    ],
)
def test_a_device_is_named_by_its_kind_alone(user_agent: str, device: str) -> None:
    assert device_of(user_agent) == device


@pytest.mark.parametrize(
    ("way", "allowed", "opens"),
    [
        (Way.LINK, {Way.LINK}, True),
        (Way.LINK, {Way.PASSWORD, Way.OIDC}, False),
        (Way.PASSWORD, {Way.PASSWORD}, True),
        (Way.PASSWORD, {Way.LINK}, False),
        (Way.OIDC, {Way.OIDC}, True),
        (Way.OPERATOR, {Way.OIDC}, True),
    ],
)
def test_a_way_opens_the_desk_where_it_is_allowed_and_the_operators_own_always(
    way: Way, allowed: set[Way], opens: bool
) -> None:
    assert opens_desk(way, allowed) is opens
