"""Tweets over time: by month, by hour of the day and by day of the week, in one time zone.

Only counters are kept, so a stream of any length fits in flat memory.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from operator import mul
from time import time
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from positivity.account.change import LastDays
from positivity.account.clusters import Days
from positivity.account.quantifiers import Floats, Ints
from positivity.account.quantify import NET_DIGITS, Shares, Tallied, tally_by
from positivity.account.report import FEW_DAYS, Month, Slot, Week

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
    """Counts tweets by month and week, their labels by hour and weekday."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._clock = LocalClock(zone)
        self._months: dict[int, Tallied] = {}  # months since 1970-01
        self._weeks: dict[int, Tallied] = {}  # weeks since that of 1970-01-01
        self._days = Days()
        self.last_days = LastDays()
        self._hours = np.zeros((24, 3), np.int64)
        self._weekdays = np.zeros((7, 3), np.int64)
        self._first: int | None = None  # local days since 1970
        self._last: int | None = None
        self._tomorrow = round(1000 * time()) + DAY  # no clock nor date is ahead by more
        self.undated = 0
        self.future = 0  # tweets whose time is still to come
        self.without_time = 0  # tweets that have a date only

    def add(
        self,
        utc_ms: Ints,
        labels: Ints,
        cells: Ints,
        dates_only: npt.NDArray[np.bool_] | None = None,
    ) -> None:
        """Count tweets by their times [n], labels [n] and cells [n].

        `dates_only` [n] are those whose time stands for a date, the midnight in UTC that begins it.
        That is their day in every time zone, and no hour.
        """
        dated = (utc_ms >= EARLIEST) & (utc_ms < LATEST)
        self.undated += int(len(dated) - np.count_nonzero(dated))
        if not dated.any():
            return
        self.future += int(np.count_nonzero(utc_ms[dated] > self._tomorrow))
        local, labels = self._clock.local(utc_ms[dated]), labels[dated]
        timed: npt.NDArray[np.bool_] | slice = slice(None)
        if dates_only is not None:
            timed = ~dates_only[dated]
            local = np.where(timed, local, utc_ms[dated])
            self.without_time += int(np.count_nonzero(~timed))
        days = local // DAY
        self._hours += _cross(local[timed] // HOUR % 24, labels[timed], 24)
        self._weekdays += _cross((days + 3) % 7, labels, 7)  # 1970-01-01 was a Thursday
        self._days.add(days, labels)
        # A wrong date of years ahead would leave all others too old to be compared.
        past = utc_ms[dated] <= self._tomorrow
        self.last_days.add(days[past], labels[past], cells[dated][past])
        months = local.astype("datetime64[ms]").astype("datetime64[M]").astype(np.int64)
        tally_by(self._months, months, labels, cells[dated])
        tally_by(self._weeks, week_of(days), labels, cells[dated])
        first, last = int(days.min()), int(days.max())
        self._first = first if self._first is None else min(first, self._first)
        self._last = last if self._last is None else max(last, self._last)

    def merge(self, other: "Timeline") -> None:
        """Count what another one of the same zone has counted, too."""
        self.undated += other.undated
        self.future += other.future
        self.without_time += other.without_time
        self._hours = self._hours + other._hours
        self._weekdays = self._weekdays + other._weekdays
        self._days.merge(other._days)
        self.last_days.merge(other.last_days)
        for mine, its in ((self._months, other._months), (self._weeks, other._weeks)):
            for number, part in its.items():
                mine.setdefault(number, Tallied()).merge(part)
        firsts = [day for day in (self._first, other._first) if day is not None]
        lasts = [day for day in (self._last, other._last) if day is not None]
        self._first, self._last = min(firsts, default=None), max(lasts, default=None)

    @property
    def first(self) -> str | None:
        """ISO date of the first tweet."""
        return _iso_date(self._first)

    @property
    def last(self) -> str | None:
        """ISO date of the last tweet."""
        return _iso_date(self._last)

    @property
    def is_short(self) -> bool:
        """Whether reports show weeks rather than months."""
        if self._first is None or self._last is None:
            return False
        weeks = week_of(np.array([self._first, self._last]))
        return bool(7 * (weeks[1] - weeks[0]) < FEW_DAYS)

    @property
    def design_effect(self) -> float:
        """How many of the tweets are worth one drawn independently, for their moods last."""
        return self._days.design_effect()

    @property
    def effect_within_months(self) -> float:
        """The same for the tweets of a month, of which the mood of the month is no noise."""
        return self._days.effect_within_months()

    @property
    def effect_within_weeks(self) -> float:
        """The same for the tweets of a week."""
        return self._days.effect_within_weeks()

    def tallied(self) -> list[Tallied]:
        """The tweets of each month that has some, oldest first."""
        return [self._months[number] for number in sorted(self._months)]

    def tallied_by_week(self) -> list[Tallied]:
        """The tweets of each week that has some, oldest first."""
        return [self._weeks[number] for number in sorted(self._weeks)]

    def months(self, shares: Callable[[Tallied], Shares]) -> tuple[Month, ...]:
        """The months that have tweets, oldest first."""
        return tuple(
            Month(
                _month_name(number),
                *_counts(self._months[number]),
                shares(self._months[number]).net,
            )
            for number in sorted(self._months)
        )

    def weeks(self, shares: Callable[[Tallied], Shares]) -> tuple[Week, ...]:
        """The weeks that have tweets, oldest first."""
        return tuple(
            Week(_monday(number), *_counts(self._weeks[number]), shares(self._weeks[number]).net)
            for number in sorted(self._weeks)
        )

    def hours(self, net_by_label: Floats) -> tuple[Slot, ...]:
        """The 24 hours of the day, midnight first; see `net_by_label` of the quantifier."""
        return _slots(self._hours, net_by_label)

    def weekdays(self, net_by_label: Floats) -> tuple[Slot, ...]:
        """The 7 days of the week, Monday first."""
        return _slots(self._weekdays, net_by_label)


def _cross(groups: Ints, labels: Ints, size: int) -> Ints:
    """How often each label occurs in each of `size` groups, [size, 3]."""
    return np.bincount(groups * 3 + labels, minlength=size * 3).reshape(size, 3)


def _iso_date(day: int | None) -> str | None:
    return None if day is None else (EPOCH.date() + timedelta(days=day)).isoformat()


def week_of(days: Ints) -> Ints:
    """The week, Monday to Sunday, of days since 1970-01-01, a Thursday; its own week is 0."""
    return (days + 3) // 7


def _monday(week: int) -> str:
    return (EPOCH.date() + timedelta(days=7 * week - 3)).isoformat()


def _month_name(number: int) -> str:
    year, month = divmod(number, 12)
    return f"{1970 + year:04}-{month + 1:02}"


def _counts(tallied: Tallied) -> tuple[int, int, int, int]:
    """All tweets, negative, neutral and positive ones."""
    negative, neutral, positive = tallied.labels.tolist()
    return negative + neutral + positive, negative, neutral, positive


def _slots(counts: Ints, net_by_label: Floats) -> tuple[Slot, ...]:
    return tuple(_slot(row, net_by_label.tolist()) for row in counts.tolist())


def _slot(counts: Sequence[int], net_by_label: Sequence[float]) -> Slot:
    tweets = sum(counts)
    if not tweets:
        return Slot(0, None)
    net = 100 * sum(map(mul, counts, net_by_label)) / tweets
    return Slot(tweets, round(net, NET_DIGITS) + 0.0)  # + 0.0: no -0.0
