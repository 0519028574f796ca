"""What bars are drawn and how high, alike in every format: no hills where nothing differs."""

from collections.abc import Sequence

from positivity.account.report import Slot

LEAST_SPAN = 20.0  # points of net positivity from the bottom of a scale to its top


def scale(low: float, high: float) -> tuple[float, float]:
    """The ends of a scale that holds nets from `low` to `high`, at least `LEAST_SPAN` apart."""
    missing = max(0.0, LEAST_SPAN - (high - low)) / 2
    return low - missing, high + missing


def drawn(slots: Sequence[Slot]) -> list[float | None]:
    """The net of each hour or weekday, None for a gap; nothing where there are no two to compare.

    An hour of one tweet would stand as high as the net can go.
    """
    nets = [slot.drawn for slot in slots]
    return nets if len(nets) - nets.count(None) >= 2 else []
