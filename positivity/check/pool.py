"""Work on many things in some threads, which a Ctrl-C ends cleanly."""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")

_PATIENCE = 5.0  # seconds that requests under way get to end after a Ctrl-C
_POLL = 0.2


def work_through(
    items: Sequence[Item],
    work: Callable[[Item], None],
    *,
    threads: int,
    cancelled: threading.Event,
) -> None:
    """Calls `work` with each item, on at most some threads at once; it must not raise.

    A KeyboardInterrupt sets `cancelled`, which `work` has to look at, and is raised again when all
    have ended, or do not end: the threads do not keep the program alive.
    """
    waiting: queue.SimpleQueue[Item] = queue.SimpleQueue()
    for item in items:
        waiting.put(item)
    failures: list[BaseException] = []
    # Not Thread.join: interrupted, it takes a thread that goes on for one that has ended.
    ended = threading.Semaphore(0)

    def run() -> None:
        try:
            while not cancelled.is_set():
                work(waiting.get_nowait())
        except queue.Empty:
            pass
        except BaseException as error:
            failures.append(error)
        finally:
            ended.release()

    running = 0
    try:
        for _ in range(min(threads, len(items))):
            running += 1  # before it is so: one that is just starting is waited for, too
            threading.Thread(target=run, daemon=True).start()
        while running:
            # With a timeout, so that Windows delivers a Ctrl-C.
            running -= ended.acquire(timeout=_POLL)
    except KeyboardInterrupt:
        cancelled.set()
        ends = time.monotonic() + _PATIENCE
        while running and ended.acquire(timeout=max(0.0, ends - time.monotonic())):
            running -= 1
        raise
    if failures:
        raise failures[0]
