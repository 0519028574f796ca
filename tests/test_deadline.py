"""The bound on the time of a run, also where nothing else would end it."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from positivity.deadline import TimeIsUp, deadline, wait_a_while
from positivity.errors import LimitError


def test_a_block_that_is_in_time_is_left_alone() -> None:
    with deadline(5):
        pass
    with deadline(None):
        time.sleep(0.01)


@pytest.mark.parametrize("seconds", [float("inf"), 1e300])
def test_a_time_that_no_timer_can_wait_for_is_no_bound(seconds: float) -> None:
    with deadline(seconds):  # a thread that dies of it would be a warning, and so an error
        time.sleep(0.05)


def test_a_delay_is_one_that_can_be_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("positivity.deadline.time.sleep", waits.append)
    wait_a_while(float("inf"))
    assert 0 <= waits[0] < threading.TIMEOUT_MAX


def test_a_block_that_takes_longer_is_ended() -> None:
    began = time.monotonic()
    with pytest.raises(LimitError, match=r"--max-time 0\.5: the time is over"), deadline(0.5):
        time.sleep(60)
    assert time.monotonic() - began < 30


def test_it_cleans_up_as_after_a_ctrl_c() -> None:
    cleaned = []
    with pytest.raises(LimitError), deadline(0.5):
        try:
            time.sleep(60)
        except KeyboardInterrupt as stop:
            assert isinstance(stop, TimeIsUp)
            cleaned.append(True)
            raise
    assert cleaned


def test_errors_of_the_block_are_its_own() -> None:
    with pytest.raises(ZeroDivisionError), deadline(5):
        _ = 1 / 0


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_what_hears_no_signal_is_ended_with_the_process() -> None:
    script = """
import signal, time
from positivity import deadline
deadline._GRACE = 0.5
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM])
with deadline.deadline(0.5):
    time.sleep(300)
"""
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
    )
    assert time.monotonic() - began < 120
    assert ended.returncode == LimitError.exit_code
    assert "the time is over" in ended.stderr
