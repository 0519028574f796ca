"""The times that tweets carry, however the API, exports and spreadsheets spell them, as UTC.

A date without a time of day is a `date`: it is no moment, and the same day in every time zone.
"""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import Enum

import numpy as np
import pyarrow as pa

from positivity.tweets import SNOWFLAKE_EPOCH, SNOWFLAKE_SHIFT

FIRST_YEAR, LAST_YEAR = 2006, 2100  # the first tweet is of March 2006
_LONGEST = 64
_LONGEST_DATE = 10  # in ISO 8601

_MONTHS = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
        start=1,
    )
}
_ZONE_HOURS = dict(
    [
        *zip(("z", "ut", "utc", "gmt", "wet"), [0] * 5, strict=True),
        *(("ast", -4), ("adt", -3), ("est", -5), ("edt", -4), ("cst", -6), ("cdt", -5)),
        *(("mst", -7), ("mdt", -6), ("pst", -8), ("pdt", -7)),
        *(("bst", 1), ("cet", 1), ("cest", 2), ("eet", 2), ("eest", 3), ("jst", 9)),
    ]
)

_CLOCK = (
    r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?"
    r"(?:\s*(?P<half>[AaPp])\.?[Mm]\.?)?"
)
_ZONE = r"(?P<zone>(?:UTC|GMT)?[+-]\d{1,2}:?\d{2}|[A-Za-z]{1,4})"
_TAIL = rf"(?:(?:[T,·\s]|\sat\s)+{_CLOCK})?(?:\s*{_ZONE})?"
_MONTH = r"(?P<month>[A-Za-z]{3,9})\.?"
_WEEKDAY = r"(?:[A-Za-z]{3,9}\.?,?\s+)?"

_TWITTER = re.compile(
    rf"{_WEEKDAY}{_MONTH}\s+(?P<day>\d{{1,2}})\s+{_CLOCK}(?:\s*{_ZONE})?\s+(?P<year>\d{{4}})"
)
_MONTH_FIRST = re.compile(rf"{_WEEKDAY}{_MONTH}\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}}){_TAIL}")
_DAY_FIRST = re.compile(
    rf"{_WEEKDAY}(?P<day>\d{{1,2}})[\s-]+{_MONTH}[\s-]+(?P<year>\d{{4}}){_TAIL}"
)
# As X shows it below a post.
_CLOCK_FIRST = re.compile(
    rf"{_CLOCK}\s*[·,]\s*{_MONTH}\s+(?P<day>\d{{1,2}}),?\s+(?P<year>\d{{4}})(?:\s*{_ZONE})?"
)
_YEAR_FIRST = re.compile(
    rf"(?P<year>\d{{4}})[-/.](?P<month>\d{{1,2}})[-/.](?P<day>\d{{1,2}}){_TAIL}"
)
_SLASHED = re.compile(
    rf"(?P<first>\d{{1,2}})(?P<mark>[-/.])(?P<second_number>\d{{1,2}})(?P=mark)"
    rf"(?P<year>\d{{4}}|\d{{2}}){_TAIL}"
)


_SNOWFLAKE = re.compile(r"[1-9][0-9]{14,18}")


class DayMonth(Enum):
    """What dates such as 3/4/2020 tell about the order of day and month."""

    NONE = "there are no such dates"
    SAME = "day and month have the same number in all of them"
    OPEN = "none of them tells"
    DAY_FIRST = "most of those that tell have a first number above 12"
    MONTH_FIRST = "most of those that tell have a second number above 12"


def day_month_order(values: Iterable[str]) -> DayMonth:
    """The order of day and month in the dates of a file."""
    days = months = unclear = same = 0
    for value in values:
        match = _SLASHED.fullmatch(value.strip())
        if match and match["mark"] != ".":
            first, second = int(match["first"]), int(match["second_number"])
            days += first > 12
            months += second > 12
            unclear += first <= 12 and second <= 12 and first != second
            same += first == second
    if days or months:
        return DayMonth.DAY_FIRST if days > months else DayMonth.MONTH_FIRST
    if unclear:
        return DayMonth.OPEN
    return DayMonth.SAME if same else DayMonth.NONE


def parse_time(value: str) -> datetime | None:
    """The same as `parse_moment`, with midnight in UTC for a date without a time."""
    return at_midnight(parse_moment(value))


def at_midnight(moment: date | None) -> datetime | None:
    """A date without a time as its midnight in UTC; a time as it is."""
    if moment is None or isinstance(moment, datetime):
        return moment
    return datetime.combine(moment, time.min, UTC)


def parse_moment(value: str, *, day_first: bool = False) -> date | None:
    """The time that `value` spells, in UTC, or the date where it has no time of day.

    None when it is unknown or no time of a tweet. A time without a zone is taken as UTC, and
    `3/4/2020` as the American 4 March unless the day comes first.
    """
    text = value.strip()
    if not text or len(text) > _LONGEST:
        return None
    try:
        found = _parse(text, day_first)
    except (ValueError, OverflowError):
        return None
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        return None
    return found


def time_of_id(tweet_id: str | None) -> datetime | None:
    """The time at which a tweet got this id, in UTC; None of ids from before November 2010."""
    if tweet_id is None or not _SNOWFLAKE.fullmatch(tweet_id):
        return None
    milliseconds = (int(tweet_id) >> SNOWFLAKE_SHIFT) + SNOWFLAKE_EPOCH
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def times_of_ids(ids: Sequence[str | None]) -> pa.Array:
    """`time_of_id` of each id, as arrow has times; a tenth of the work for many."""
    import pyarrow.compute as pc  # takes a while, and who reads from X does not need it

    type_ = pa.timestamp("ms", tz="UTC")
    try:
        array = pa.array(ids, pa.string())
    except UnicodeEncodeError:  # half a character: one by one, they are no tweets' ids
        return pa.array([time_of_id(each) for each in ids], type_)
    known = pc.fill_null(pc.match_substring_regex(array, f"^(?:{_SNOWFLAKE.pattern})$"), False)
    numbers = pc.if_else(known, array, "0").cast(pa.uint64()).to_numpy(zero_copy_only=False)
    times = (numbers >> np.uint64(SNOWFLAKE_SHIFT)).astype(np.int64) + SNOWFLAKE_EPOCH
    unknown = ~known.to_numpy(zero_copy_only=False)
    return pa.array(times, type_, mask=unknown)


def _parse(text: str, day_first: bool) -> date | None:
    if not text[0].isdigit():
        return _spelled(text)
    number, _, fraction = text.partition(".")  # pandas writes 1651399200.0 where one is missing
    if number.isdecimal() and (not fraction or fraction.isdecimal()):
        if len(number) != 8:
            return _epoch(number, fraction)
        text = number
    try:
        found = datetime.fromisoformat(text)
        return _utc(found) if len(text) > _LONGEST_DATE else found.date()
    except ValueError:
        return _numbered(text, day_first) or _spelled(text)


def _utc(time: datetime) -> datetime:
    if time.tzinfo is None:
        return time.replace(tzinfo=UTC)
    return time.astimezone(UTC)


def _epoch(digits: str, fraction: str) -> datetime | None:
    """Seconds, which may have a fraction, or milliseconds since 1970."""
    if not 9 <= len(digits) <= 13:
        return None
    number = int(digits)
    milliseconds = number if len(digits) > 11 else number * 1000 + int(f"{fraction}000"[:3])
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)


def _spelled(text: str) -> date | None:
    """A date whose month has a name."""
    for pattern in (_TWITTER, _MONTH_FIRST, _DAY_FIRST, _CLOCK_FIRST):
        match = pattern.fullmatch(text)
        if match:
            month = _MONTHS.get(match["month"][:3].lower())
            return None if month is None else _built(match, int(match["year"]), month)
    return None


def _numbered(text: str, day_first: bool) -> date | None:
    """A date whose month has a number."""
    match = _YEAR_FIRST.fullmatch(text)
    if match:
        return _built(match, int(match["year"]), int(match["month"]))
    match = _SLASHED.fullmatch(text)
    if not match:
        return None
    month, day = int(match["first"]), int(match["second_number"])
    if month > 12 or (day <= 12 and (day_first or match["mark"] == ".")):
        month, day = day, month  # 31.12.2020 is never American
    year = int(match["year"])
    return _built(match, year + 2000 if year < 100 else year, month, day)


def _built(match: re.Match[str], year: int, month: int, day: int | None = None) -> date | None:
    offset = _offset(match["zone"])
    if offset is None:
        return None
    day = int(match["day"]) if day is None else day
    if match["hour"] is None:  # then a zone says where it was that day
        return date(year, month, day)
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if match["half"] in "Pp" else 0)
    microsecond = int((match["fraction"] or "0")[:6].ljust(6, "0"))
    local = datetime(
        year,
        month,
        day,
        hour,
        int(match["minute"] or 0),
        int(match["second"] or 0),
        microsecond,
        tzinfo=UTC if offset == timedelta(0) else timezone(offset),
    )
    return _utc(local)


def _offset(zone: str | None) -> timedelta | None:
    """How far a zone is ahead of UTC; None when its name is unknown."""
    if not zone:
        return timedelta(0)
    digits = re.sub(r"\D", "", zone)
    if not digits:
        hours = _ZONE_HOURS.get(zone.lower())
        return None if hours is None else timedelta(hours=hours)
    ahead = timedelta(hours=int(digits[:-2]), minutes=int(digits[-2:]))
    return -ahead if "-" in zone else ahead
