"""Who does the work on parts: this process, or whatever else maps a worker over items."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")

# A class whose objects are called with an item each; what it takes to make one can be pickled.
Worker = Callable[..., Callable[[Item], Result]]


class Runner(Protocol):
    """Maps workers over items."""

    spread: int  # how many workers there are at most

    def map(
        self,
        worker: Worker[Item, Result],
        arguments: Mapping[str, Any],
        items: Sequence[Item],
        *,
        device: str | None = None,
    ) -> Iterator[tuple[int, Result]]:
        """The result for each item with its number, in any order.

        Args:
            worker: is made once on each worker, with the arguments, and called with many items.
            device: where it scores (auto, cpu, cuda, mps); None: it runs no network.

        Raises:
            PositivityError: as the worker raised it.
        """


class LocalRunner:
    """Does everything in this process, one after the other."""

    spread = 1

    def map(
        self,
        worker: Worker[Item, Result],
        arguments: Mapping[str, Any],
        items: Sequence[Item],
        *,
        device: str | None = None,
    ) -> Iterator[tuple[int, Result]]:
        """The result for each item with its number, in their order."""
        if items:
            work = worker(**arguments)
            yield from ((number, work(item)) for number, item in enumerate(items))
