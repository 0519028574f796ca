"""Stops a training that would take longer than somebody wants to wait."""

import time
from collections.abc import Callable, Iterator

from positivity.errors import LimitError
from positivity.training.loop import Record, Step

EVENING = 4 * 3600.0  # seconds
_LEAST = 60.0  # seconds of training before its pace is judged


class TooLong(LimitError):
    """A training that would take longer than it may."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"would take about {seconds / 3600:.0f} hours at the pace of this machine")
        self.seconds = seconds


def within(
    training: Iterator[Step | Record],
    most: float,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Step | Record]:
    """Passes a training on, as long as it will be done in time.

    Args:
        most: seconds that are left for it.

    Raises:
        TooLong: after a minute, once it is seen that it will not.
    """
    first: Step | Record | None = None
    begun = 0.0
    for each in training:
        yield each
        if first is None or each.steps != first.steps or each.step <= first.step:
            first, begun = each, clock()  # what pre-trains first begins to count again afterwards
            continue
        passed = clock() - begun
        left = passed / (each.step - first.step) * (each.steps - each.step)
        if passed >= _LEAST and left > most - passed:
            raise TooLong(passed + left)
