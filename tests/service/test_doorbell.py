"""The bell: one waiting job a lane, never none where work waits, and silence is no trouble."""

from collections.abc import Iterator

import pytest
from rq.serializers import JSONSerializer

from gateway.jobs.doorbell import Doorbell
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
