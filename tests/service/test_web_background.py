"""Work behind an answer: in order, bounded, and never stopped by one job's trouble."""

import threading

import pytest

from web.background import Background, TooBusy


def test_a_job_that_fails_leaves_the_next_one_alone(capsys: pytest.CaptureFixture[str]) -> None:
    background = Background()
    done = threading.Event()

    def fail() -> None:
        raise RuntimeError("about marie@example.org")

    background.run(fail)
    background.run(done.set)
    background.close()
    assert done.is_set()
    said = capsys.readouterr().out
    assert "background.failed" in said
    assert "marie" not in said


def test_more_than_there_is_room_for_is_refused_for_now() -> None:
    background = Background(capacity=2)
    hold, ran = threading.Event(), []
    background.run(lambda: hold.wait(30))
    background.run(lambda: ran.append(1))
    with pytest.raises(TooBusy):
        background.run(lambda: ran.append(2))
    hold.set()
    background.close()
    assert ran == [1], "closing finishes what was taken on"
