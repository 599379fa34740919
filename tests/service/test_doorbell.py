"""The bell: one waiting job a lane, never none where work waits, and silence is no trouble."""

from collections.abc import Iterator

import pytest
from rq.serializers import JSONSerializer

from gateway.jobs.doorbell import OUTBOX, Doorbell, read_address
from tests.support.servers import free_port


@pytest.fixture
def bell(redis_url: str) -> Iterator[Doorbell]:
    doorbell = Doorbell(redis_url)
    yield doorbell
    doorbell.close()


def test_however_often_it_rings_one_job_waits(bell: Doorbell) -> None:
    for _ in range(50):
        assert bell.ring("mail")
    assert len(bell.queue("mail")) == 1


def test_a_ring_after_a_drain_began_makes_a_job_of_its_own(bell: Doorbell) -> None:
    bell.ring("mail")
    bell.begin_drain("mail")
    bell.ring("mail")
    assert len(bell.queue("mail")) == 2


def test_a_job_that_left_the_queue_with_its_worker_does_not_silence_the_bell(bell: Doorbell) -> None:
    bell.ring("mail")
    bell.redis.delete(bell.queue("mail").key)  # taken, and the taker is dead
    bell.ring("mail")
    assert len(bell.queue("mail")) == 1


def test_a_store_that_was_emptied_is_rung_anew(bell: Doorbell) -> None:
    bell.ring("mail")
    bell.redis.flushall()
    bell.ring("mail")
    assert len(bell.queue("mail")) == 1


def test_jobs_carry_the_name_of_a_lane_and_are_no_pickles(bell: Doorbell) -> None:
    bell.ring("mail")
    [job] = bell.queue("mail").jobs
    assert job.args == ["mail"]
    assert job.serializer is JSONSerializer


def test_with_redis_away_the_bell_is_silent_and_nothing_raises() -> None:
    away = Doorbell(f"redis://127.0.0.1:{free_port()}/0")
    assert away.ring("mail") is False
    away.ring_soon("mail")
    away.close()


def test_each_machine_has_lanes_of_its_own_and_the_outbox_is_everybodys(redis_url: str, bell: Doorbell) -> None:
    one, two = Doorbell(redis_url, machine="mx1"), Doorbell(redis_url, machine="mx2")
    for machine in (one, two):
        for lane in ("mail", OUTBOX):
            machine.ring(lane)
    assert [one.queue("mail").job_ids, two.queue("mail").job_ids] == [["drain-mail_mx1-0"], ["drain-mail_mx2-0"]]
    assert one.queue(OUTBOX).job_ids == two.queue(OUTBOX).job_ids == ["drain-outbox-0"]
    assert read_address(one.queue("mail").jobs[0].args[0]) == ("mail", "mx1")
    assert read_address(one.queue(OUTBOX).jobs[0].args[0]) == (OUTBOX, "")
    assert (one.busy(), one.busy(machines=["mx2"])) == (2, 3)
    bell.ring("mail")  # a door of the release that knew one machine alone
    assert [len(queue) for queue in one.older_queues()] == [0, 0, 1]
    two.ring_as_before("mail")
    assert [len(queue) for queue in one.older_queues()] == [0, 0, 1]
    assert bell.older_queues() == []
    one.close()
    two.close()
