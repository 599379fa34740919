"""Is this recipient ours? The rules of `inbound/recipients.py`, row by row."""

from contextlib import suppress
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.project import Project
from gateway.domain.ticket import Language
from gateway.mail.reply_address import BounceToken, ReplyToken, make_bounce_address, make_reply_address
from gateway.mail.tokens import TokenSigner
from inbound.recipients import UnknownRecipient, check_recipient, find_project

TODAY = date(2026, 11, 24)
SIGNER = TokenSigner(keys=(b"k" * 32,), lifetime_days=400)
SHOP = Project(key="SHOP", name="Shop", addresses=("shop@a.example", "help@b.example"), language=Language.FR)
CITY = Project(key="CITY", name="City", addresses=("city@b.example",), language=Language.EN)
TOWN = Project(key="TOWN", name="Évry", addresses=("aide@xn--vry-9la.example",), language=Language.FR)
PROJECTS = (SHOP, CITY, TOWN)


@pytest.mark.parametrize(
    ("address", "project"),
    [
        ("shop@a.example", SHOP),
        ("help@b.example", SHOP),
        ("city@b.example", CITY),
        ("CITY@B.Example", CITY),
        ("city+urgent@b.example", CITY),
        ("city+@b.example", CITY),
        ("postmaster@a.example", SHOP),
        ("postmaster@b.example", SHOP),
        ("Postmaster+x@b.example", SHOP),
        ("postmaster", SHOP),
        ("PostMaster", SHOP),
        ("city@b.example.", CITY),
        ("ｃity@b.example", None),
        ("city@ｂ.example", CITY),
        ("aide@xn--vry-9la.example", TOWN),
        ("aide@évry.example", TOWN),
        ("Aide+x@ÉVRY.example.", TOWN),
        ("postmaster@évry.example", TOWN),
        ("aide@evry.example", None),
        ("shop@b.example", None),
        ("shop@a.example.evil.example", None),
        ("postmaster@c.example", None),
        ("postmaster@", None),
        ("shop@a.example@c.example", None),
        ('"shop@a.example"@c.example', None),
        ("shop%a.example@c.example", None),
        ("@a.example", None),
        ("+x@a.example", None),
        ("shop", None),
        ("", None),
    ],
)
def test_an_address_belongs_to_the_project_that_lists_it(address: str, project: Project | None) -> None:
    assert find_project(address, PROJECTS) == project


def test_without_projects_nothing_is_ours() -> None:
    assert find_project("postmaster", ()) is None


def check(address: str, *, today: date = TODAY) -> ReplyToken | BounceToken | None:
    return check_recipient(address, projects=PROJECTS, signer=SIGNER, today=today).token


def test_a_signed_address_says_what_it_was_signed_for() -> None:
    reply = make_reply_address("city@b.example", SIGNER, ticket_id=7, person_id=9, today=TODAY)
    bounce = make_bounce_address("city@b.example", SIGNER, delivery_id=3, today=TODAY)
    assert check(reply) == ReplyToken(ticket_id=7, person_id=9)
    assert check(bounce.upper()) == BounceToken(delivery_id=3)
    assert check("city+r2d2@b.example") is None


@pytest.mark.parametrize("domain", ["xn--vry-9la.example", "XN--VRY-9LA.example", "évry.example", "Évry.example."])
def test_a_mail_program_may_write_our_domain_in_either_of_its_forms(domain: str) -> None:
    reply = make_reply_address(TOWN.address, SIGNER, ticket_id=7, person_id=9, today=TODAY)
    assert reply.isascii()
    assert check(f"{reply.partition('@')[0]}@{domain}") == ReplyToken(ticket_id=7, person_id=9)


@pytest.mark.parametrize("detail", ["r-", "R-1-2", "b-", "b-0-1-00000000000000000000", "r-é"])
def test_a_detail_in_the_form_of_a_token_must_be_one(detail: str) -> None:
    with pytest.raises(UnknownRecipient, match=r"please write to city@b\.example"):
        check(f"city+{detail}@b.example")


def test_a_signed_address_that_is_too_old_or_forged_is_unknown() -> None:
    reply = make_reply_address("city@b.example", SIGNER, ticket_id=7, person_id=9, today=TODAY)
    with pytest.raises(UnknownRecipient):
        check(reply, today=TODAY + timedelta(days=401))
    other = TokenSigner(keys=(b"n" * 32,), lifetime_days=400)
    with pytest.raises(UnknownRecipient):
        check(make_reply_address("city@b.example", other, ticket_id=7, person_id=9, today=TODAY))


def test_a_signed_detail_at_a_foreign_address_is_unknown() -> None:
    with pytest.raises(UnknownRecipient):
        check(make_reply_address("city@c.example", SIGNER, ticket_id=7, person_id=9, today=TODAY))


def test_the_refusal_names_the_address_only_where_there_is_one() -> None:
    with pytest.raises(UnknownRecipient, match=r"the support address is city@b\.example"):
        check_recipient("x@b.example", projects=(CITY,), signer=SIGNER, today=TODAY)
    with pytest.raises(UnknownRecipient) as refused:
        check("x@b.example")
    assert "@" not in str(refused.value)


@given(st.text(max_size=80))
def test_no_text_from_outside_raises_anything_but_a_refusal(text: str) -> None:
    with suppress(UnknownRecipient):
        check(text)
