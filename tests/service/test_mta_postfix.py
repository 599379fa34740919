"""A real Postfix in front of our LMTP: what we cannot keep stays in its queue and comes when we can."""

import asyncio
from collections.abc import Callable

import pytest

from gateway.domain.ticket import Channel
from gateway.spool.entry import Lane
from tests.support.doors import OpenDoor, kept
from tests.support.installation import mail
from tests.support.postfix import Postfix
from tests.support.waiting import wait_for


@pytest.fixture
def loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """One event loop is enough here: what is tested is Postfix's side."""
    return asyncio.new_event_loop


def test_our_451_stays_in_the_queue_of_postfix_and_is_delivered_later(open_door: OpenDoor) -> None:
    door = open_door()
    folder = door.runtime.where.spool / "mail" / "new"
    away = folder.with_name("away")
    with Postfix(lmtp_port=door.ports.lmtp) as postfix:
        folder.rename(away)  # the disk does not take it
        postfix.send(mail(1), to="support+detail@demo.example")
        wait_for(lambda: "status=deferred" in postfix.log(), "Postfix to hear our 451")
        assert "451 4.3.0" in postfix.log()
        assert postfix.queued() == 1
        away.rename(folder)
        wait_for(lambda: door.runtime.spool.waiting(Lane.MAIL), "the second try")
        wait_for(lambda: postfix.queued() == 0, "an empty queue")
        [(envelope, _)] = kept(door.runtime)
        assert (envelope.channel, envelope.mail_from, envelope.rcpt_tos) == (
            Channel.LMTP,
            "marie@client.example",
            ("support+detail@demo.example",),
        )
        assert "status=sent" in postfix.log()
