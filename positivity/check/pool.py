"""Work on many things in some threads, which a Ctrl-C ends cleanly."""

import queue
import threading
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

    def run() -> None:
        while not cancelled.is_set():
            try:
                work(waiting.get_nowait())
            except queue.Empty:
                return
            except BaseException as error:
                failures.append(error)
                return

    crew = [
        threading.Thread(target=run, daemon=True, name=f"check-{number}")
        for number in range(min(threads, len(items)))
    ]
    for thread in crew:
        thread.start()
    try:
        for thread in crew:
            # With a timeout, so that Windows delivers a Ctrl-C.
            while thread.is_alive():
                thread.join(_POLL)
    except KeyboardInterrupt:
        cancelled.set()
        for thread in crew:
            thread.join(_PATIENCE)
        raise
    if failures:
        raise failures[0]
