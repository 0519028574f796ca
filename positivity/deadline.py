"""A bound on the time of a whole run, whatever it is waiting for when that is over."""

import _thread
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from positivity.errors import LimitError
from positivity.messages import say

_GRACE = 30.0  # seconds to end in, before the process is ended
_LONGEST = threading.TIMEOUT_MAX - 2 * _GRACE  # seconds, centuries: what a timer can wait for


class TimeIsUp(KeyboardInterrupt):
    """The time is over; raised in the main thread wherever it is, as a Ctrl-C would be."""


@contextmanager
def deadline(seconds: float | None, bound: str = "--max-time") -> Iterator[None]:
    """Ends the block when its time is over, as a Ctrl-C would; for the main thread.

    What does not end within 30 seconds more, such as a disk that does not answer, is ended with
    the process. Nothing is lost by that: what was read is in the store, page by page.

    Args:
        bound: what the user calls it.

    Raises:
        LimitError: the time was over.
    """
    if seconds is None:
        yield
        return
    text = (
        f"{bound} {seconds:g}: the time is over; posts that were read are kept, the next run goes "
        "on from there"
    )
    seconds = min(seconds, _LONGEST)
    number = signal.SIGALRM if hasattr(signal, "SIGALRM") else signal.SIGINT
    before = signal.signal(number, _raise)
    alarm = threading.Timer(seconds, _ring, [number])
    end = threading.Timer(seconds + _GRACE, _end, [text])
    for timer in (alarm, end):
        timer.daemon = True
        timer.start()
    try:
        yield
    except TimeIsUp:
        raise LimitError(text) from None
    finally:
        alarm.cancel()
        end.cancel()
        signal.signal(number, before)


def _ring(number: signal.Signals) -> None:
    if hasattr(signal, "pthread_kill"):
        # A signal, for it also ends a wait for the network.
        signal.pthread_kill(threading.main_thread().ident or 0, number)
    else:
        _thread.interrupt_main(number)


def _raise(number: int, frame: FrameType | None) -> None:
    raise TimeIsUp


def _end(text: str) -> None:
    say(text)
    if sys.stderr is not None:
        sys.stderr.flush()
    os._exit(LimitError.exit_code)


def wait_a_while(longest: float) -> float:
    """Wait for a random time, so that not all machines ask at once; how many seconds it was."""
    seconds = random.uniform(0, min(longest, _LONGEST))
    time.sleep(seconds)
    return seconds
