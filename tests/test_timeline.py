"""Labels over months, hours and weekdays."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from positivity.account.posterior import cells_of
from positivity.account.quantifiers import Ints
from positivity.account.quantify import Shares, Tallied, quantify
from positivity.account.report import Slot
from positivity.account.timeline import NO_DATE, LocalClock, Timeline

LABELLED = np.array([-1.0, 0.0, 1.0])  # what a tweet of each label adds to the net


def labelled(labels: list[int]) -> tuple[Ints, Ints]:
    """Labels and cells of tweets."""
    return np.array(labels), cells_of(np.eye(3)[labels])


def counted(tallied: Tallied) -> Shares:
    shares = quantify(tallied, None, seed=1)
    assert shares is not None
    return shares


def milliseconds(*times: str) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.array(
        [int(datetime.fromisoformat(time + "+00:00").timestamp()) * 1000 for time in times],
        np.int64,
    )


@pytest.mark.parametrize(
    ("zone", "utc", "local"),
    [
        ("UTC", "2026-03-01T12:00", "2026-03-01T12:00"),
        ("America/New_York", "2026-03-01T03:00", "2026-02-28T22:00"),
        ("America/New_York", "2026-03-08T06:59", "2026-03-08T01:59"),  # the clocks go forward
        ("America/New_York", "2026-03-08T07:00", "2026-03-08T03:00"),
        ("Asia/Kathmandu", "2026-01-31T18:15", "2026-02-01T00:00"),
        ("Australia/Lord_Howe", "2026-01-01T00:00", "2026-01-01T11:00"),
        ("Europe/Berlin", "1969-12-31T23:30", "1970-01-01T00:30"),
    ],
)
def test_local_clock(zone: str, utc: str, local: str) -> None:
    assert LocalClock(ZoneInfo(zone)).local(milliseconds(utc)) == milliseconds(local)


def test_local_clock_agrees_with_datetime_around_the_year() -> None:
    zone = ZoneInfo("Europe/London")
    start = datetime(2025, 1, 1, tzinfo=UTC)
    times = [start + timedelta(minutes=97 * i) for i in range(5_500)]
    utc = np.array([int(time.timestamp()) * 1000 for time in times], np.int64)
    local = LocalClock(zone).local(utc)
    expected = [int(time.astimezone(zone).replace(tzinfo=UTC).timestamp()) * 1000 for time in times]
    assert local.tolist() == expected


def test_counts_by_month_hour_and_weekday() -> None:
    timeline = Timeline(ZoneInfo("UTC"))
    times = milliseconds(
        "2026-03-02T09:00",  # a Monday
        "2026-03-02T09:59",
        "2026-03-08T23:00",  # a Sunday
        "2025-12-31T00:00",  # a Wednesday
    )
    timeline.add(times, *labelled([2, 1, 0, 2]))
    december, march = timeline.months(counted)
    assert (december.month, december.tweets, december.positive) == ("2025-12", 1, 1)
    assert (march.month, march.tweets) == ("2026-03", 3)
    assert (march.negative, march.neutral, march.positive) == (1, 1, 1)
    assert march.net.value == 0
    assert december.net.value == 100
    hours = timeline.hours(LABELLED)
    assert len(hours) == 24
    assert hours[9] == Slot(2, 50.0)
    assert hours[23] == Slot(1, -100.0)
    assert hours[0] == Slot(1, 100.0)
    assert hours[12] == Slot(0, None)
    weekdays = timeline.weekdays(LABELLED)
    assert [slot.tweets for slot in weekdays] == [2, 0, 1, 0, 0, 0, 1]
    assert (timeline.first, timeline.last) == ("2025-12-31", "2026-03-08")


def test_counts_by_week() -> None:
    timeline = Timeline(ZoneInfo("UTC"))
    times = milliseconds(
        "2026-03-01T23:59",  # a Sunday
        "2026-03-02T00:00",  # a Monday
        "2026-03-08T12:00",
        "2025-12-31T00:00",
        "1970-01-01T00:00",
    )
    timeline.add(times, *labelled([2, 1, 0, 2, 0]))
    first, old, before, after = timeline.weeks(counted)
    assert [each.week for each in (first, old, before, after)] == [
        *("1969-12-29", "2025-12-29", "2026-02-23", "2026-03-02"),
    ]
    assert (after.tweets, after.negative, after.neutral, after.positive) == (2, 1, 1, 0)
    assert after.net.value == -50
    assert after.number == before.number + 1
    assert old.number == before.number - 8
    assert len(timeline.tallied_by_week()) == 4


def test_the_zone_moves_a_tweet_to_another_month_day_and_hour() -> None:
    timeline = Timeline(ZoneInfo("America/New_York"))
    timeline.add(milliseconds("2026-03-01T03:00"), *labelled([2]))
    assert timeline.months(counted)[0].month == "2026-02"
    assert timeline.first == "2026-02-28"
    assert timeline.hours(LABELLED)[22].tweets == 1
    assert timeline.weekdays(LABELLED)[5].tweets == 1


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo", "UTC"])
def test_a_date_without_a_time_is_that_day_everywhere_and_no_hour(zone: str) -> None:
    timeline = Timeline(ZoneInfo(zone))
    times = milliseconds("2026-03-01T00:00", "2026-03-05T15:30")
    timeline.add(times, *labelled([2, 0]), np.array([True, False]))
    assert [month.month for month in timeline.months(counted)] == ["2026-03"]
    assert [week.week for week in timeline.weeks(counted)] == ["2026-02-23", "2026-03-02"]
    assert timeline.first == "2026-03-01"  # a Sunday
    assert timeline.weekdays(LABELLED)[6] == Slot(1, 100.0)
    assert sum(slot.tweets for slot in timeline.hours(LABELLED)) == 1
    other = Timeline(ZoneInfo(zone))
    other.add(times[:1], *labelled([2]), np.array([True]))
    timeline.merge(other)
    assert (timeline.without_time, timeline.undated) == (2, 0)


def test_unknown_and_impossible_dates_are_counted_apart() -> None:
    timeline = Timeline(ZoneInfo("UTC"))
    far = np.iinfo(np.int64).max
    timeline.add(np.array([NO_DATE, far, -far], np.int64), *labelled([0, 1, 2]))
    assert timeline.undated == 3
    assert timeline.months(counted) == ()
    assert timeline.first is None
    assert all(slot == Slot(0, None) for slot in timeline.hours(LABELLED))


@pytest.mark.parametrize("time", ["0001-01-04T00:00", "9999-12-28T12:00"])
def test_the_edges_of_the_calendar(time: str) -> None:
    timeline = Timeline(ZoneInfo("Pacific/Kiritimati"))
    timeline.add(milliseconds(time), *labelled([1]))
    assert timeline.undated == 0
    assert timeline.first is not None


def test_what_labels_are_worth_moves_hours_and_weekdays() -> None:
    timeline = Timeline(ZoneInfo("UTC"))
    timeline.add(milliseconds("2026-03-02T09:00", "2026-03-02T09:30"), *labelled([2, 1]))
    assert timeline.hours(np.array([-0.5, 0.1, 0.7]))[9] == Slot(2, 40.0)
    assert timeline.weekdays(np.array([-0.5, 0.1, 0.7]))[0] == Slot(2, 40.0)


def test_a_wrong_date_far_ahead_does_not_hide_a_change() -> None:
    clock = milliseconds("2025-06-01T12:00")[0] + 86_400_000 * np.arange(400)
    labels, cells = labelled([2] * 370 + [0] * 30)
    right, wrong = Timeline(ZoneInfo("UTC")), Timeline(ZoneInfo("UTC"))
    right.add(clock, labels, cells)
    wrong.add(clock, labels, cells)
    wrong.add(milliseconds("2099-01-01T00:00"), labels[:1], cells[:1])
    assert wrong.future == 1
    before, recent = wrong.last_days.periods()
    assert [each.labels.tolist() for each in (before, recent)] == [
        each.labels.tolist() for each in right.last_days.periods()
    ]
    assert recent.labels.tolist() == [30, 0, 0]
