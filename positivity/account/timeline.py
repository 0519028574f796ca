"""Labels over time: by month, by hour of the day and by day of the week, in one time zone.

Only counters are kept, so a stream of any length fits in flat memory.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from positivity.account.quantify import (
    NEGATIVE,
    NET_DIGITS,
    NEUTRAL,
    POSITIVE,
    Ints,
    net_positivity,
)
from positivity.account.report import Month, Slot

HOUR = 3_600_000  # milliseconds
DAY = 24 * HOUR
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NO_DATE = np.iinfo(np.int64).min  # stands for an unknown time in arrays of milliseconds

# What datetime can hold in any time zone; a time outside is treated as unknown.
EARLIEST = ((date.min - EPOCH.date()).days + 2) * DAY
LATEST = ((date.max - EPOCH.date()).days - 2) * DAY


def local_time(utc_ms: int, zone: ZoneInfo) -> datetime:
    """Milliseconds since 1970 as a time in `zone`."""
    return (EPOCH + timedelta(milliseconds=utc_ms)).astimezone(zone)


def is_date(utc_ms: int) -> bool:
    """Whether a time is known and can be shown."""
    return EARLIEST <= utc_ms < LATEST


class LocalClock:
    """UTC milliseconds -> local milliseconds, whole arrays at a time.

    The offset of a zone is the same all day except on the few days when the clocks change, so it
    is looked up once a day and only the tweets of those few days are converted one by one.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone
        self._offsets: dict[int, int] = {}  # day since 1970 -> offset at its start, in ms

    def local(self, utc_ms: Ints) -> Ints:
        days, where = np.unique(utc_ms // DAY, return_inverse=True)
        start = np.array([self._offset(day) for day in days.tolist()], np.int64)
        end = np.array([self._offset(day + 1) for day in days.tolist()], np.int64)
        offsets = start[where]
        for row in np.flatnonzero((start != end)[where]):
            offsets[row] = self._exact(int(utc_ms[row]))
        return utc_ms + offsets

    def _offset(self, day: int) -> int:
        if day not in self._offsets:
            self._offsets[day] = self._exact(day * DAY)
        return self._offsets[day]

    def _exact(self, utc_ms: int) -> int:
        offset = local_time(utc_ms, self.zone).utcoffset() or timedelta()
        return offset // timedelta(milliseconds=1)


class Timeline:
    """Counts labels by month, hour and weekday."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._clock = LocalClock(zone)
        self._months: dict[int, Ints] = {}  # months since 1970-01 -> labels [3]
        self._hours = np.zeros((24, 3), np.int64)
        self._weekdays = np.zeros((7, 3), np.int64)
        self._first: int | None = None  # local days since 1970
        self._last: int | None = None
        self.undated = 0

    def add(self, utc_ms: Ints, labels: Ints) -> None:
        """Count tweets by their times [n] and labels [n]."""
        dated = (utc_ms >= EARLIEST) & (utc_ms < LATEST)
        self.undated += int(len(dated) - np.count_nonzero(dated))
        if not dated.any():
            return
        local, labels = self._clock.local(utc_ms[dated]), labels[dated]
        days = local // DAY
        self._hours += _cross(local // HOUR % 24, labels, 24)
        self._weekdays += _cross((days + 3) % 7, labels, 7)  # 1970-01-01 was a Thursday
        self._add_months(local, labels)
        first, last = int(days.min()), int(days.max())
        self._first = first if self._first is None else min(first, self._first)
        self._last = last if self._last is None else max(last, self._last)

    def _add_months(self, local: Ints, labels: Ints) -> None:
        months = local.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
        numbers, where = np.unique(months, return_inverse=True)
        for number, row in zip(numbers.tolist(), _cross(where, labels, len(numbers)), strict=True):
            self._months[number] = self._months.get(number, 0) + row

    @property
    def first(self) -> str | None:
        """ISO date of the first tweet."""
        return _iso_date(self._first)

    @property
    def last(self) -> str | None:
        """ISO date of the last tweet."""
        return _iso_date(self._last)

    def months(self, *, seed: int) -> tuple[Month, ...]:
        """The months that have tweets, oldest first."""
        return tuple(_month(number, self._months[number], seed) for number in sorted(self._months))

    def hours(self) -> tuple[Slot, ...]:
        """The 24 hours of the day, midnight first."""
        return _slots(self._hours)

    def weekdays(self) -> tuple[Slot, ...]:
        """The 7 days of the week, Monday first."""
        return _slots(self._weekdays)


def _cross(groups: Ints, labels: Ints, size: int) -> Ints:
    """How often each label occurs in each of `size` groups, [size, 3]."""
    return np.bincount(groups * 3 + labels, minlength=size * 3).reshape(size, 3)


def _iso_date(day: int | None) -> str | None:
    return None if day is None else (EPOCH.date() + timedelta(days=day)).isoformat()


def _month(number: int, counts: Ints, seed: int) -> Month:
    year, month = divmod(number, 12)
    return Month(
        month=f"{1970 + year:04}-{month + 1:02}",
        tweets=int(counts.sum()),
        negative=int(counts[NEGATIVE]),
        neutral=int(counts[NEUTRAL]),
        positive=int(counts[POSITIVE]),
        net=net_positivity(counts, seed=seed),
    )


def _slots(counts: Ints) -> tuple[Slot, ...]:
    return tuple(_slot(row) for row in counts.tolist())


def _slot(counts: Sequence[int]) -> Slot:
    tweets = sum(counts)
    if not tweets:
        return Slot(0, None)
    net = 100 * (counts[POSITIVE] - counts[NEGATIVE]) / tweets
    return Slot(tweets, round(net, NET_DIGITS) + 0.0)  # + 0.0: no -0.0
