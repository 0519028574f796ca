from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from positivity.sources.dates import (
    DayMonth,
    day_month_order,
    parse_moment,
    parse_time,
    time_of_id,
    times_of_ids,
)
from positivity.sources.files import open_tweets


@pytest.mark.parametrize(
    ("spelling", "time"),
    [
        ("2020-05-14T01:38:56.000Z", (2020, 5, 14, 1, 38, 56)),
        ("2020-05-14T01:38:56Z", (2020, 5, 14, 1, 38, 56)),
        ("2020-05-14T03:38:56+02:00", (2020, 5, 14, 1, 38, 56)),
        ("2020-05-14 01:38:56", (2020, 5, 14, 1, 38, 56)),
        ("2020-05-14 01:38", (2020, 5, 14, 1, 38)),
        ("2020-05-14", (2020, 5, 14)),
        ("20200514", (2020, 5, 14)),
        ("2020-05-14 01:38:56.123456", (2020, 5, 14, 1, 38, 56, 123456)),
        ("2020-05-14 01:38:56 UTC", (2020, 5, 14, 1, 38, 56)),
        ("2020/5/14 1:38", (2020, 5, 14, 1, 38)),
        ("2017-10-11 22:18:59 +0000", (2017, 10, 11, 22, 18, 59)),
        ("2026-06-20 09:00 +0200", (2026, 6, 20, 7, 0)),
        ("Wed Aug 26 18:29:06 +0000 2026", (2026, 8, 26, 18, 29, 6)),
        ("Wed Aug 26 18:29:06 -0130 2026", (2026, 8, 26, 19, 59, 6)),
        ("Mon May 11 03:17:40 UTC 2009", (2009, 5, 11, 3, 17, 40)),
        ("Mon Apr 06 22:19:45 PDT 2009", (2009, 4, 7, 5, 19, 45)),
        ("Wed, 26 Aug 2026 18:29:06 +0000", (2026, 8, 26, 18, 29, 6)),
        ("Wed, 26 Aug 2026 18:29:06 GMT", (2026, 8, 26, 18, 29, 6)),
        ("26 Aug 2026", (2026, 8, 26)),
        ("Fri, Jun 5, 2026", (2026, 6, 5)),
        ("Aug 26, 2026 · 6:29 PM UTC", (2026, 8, 26, 18, 29)),
        ("6:29 PM · Aug 26, 2026", (2026, 8, 26, 18, 29)),
        ("12:05 AM · Mar 1, 2022", (2022, 3, 1, 0, 5)),
        ("September 3, 2019 at 12:05 AM", (2019, 9, 3, 0, 5)),
        ("8/9/18 22:50", (2018, 8, 9, 22, 50)),
        ("12/1/2016 1:22:35 AM", (2016, 12, 1, 1, 22, 35)),
        ("12/1/2016 12:22:35 PM", (2016, 12, 1, 12, 22, 35)),
        ("10/1/2017 19:58", (2017, 10, 1, 19, 58)),
        ("23/1/2017 19:58:03", (2017, 1, 23, 19, 58, 3)),
        ("05.11.2017 19:58", (2017, 11, 5, 19, 58)),
        ("1589420336", (2020, 5, 14, 1, 38, 56)),
        ("1589420336000", (2020, 5, 14, 1, 38, 56)),
        ("1589420336.0", (2020, 5, 14, 1, 38, 56)),
        ("1589420336.25", (2020, 5, 14, 1, 38, 56, 250000)),
        ("1589420336000.0", (2020, 5, 14, 1, 38, 56)),
        ("20200514.0", (2020, 5, 14)),
        ("  2020-05-14  ", (2020, 5, 14)),
    ],
)
def test_spellings(spelling: str, time: tuple[int, ...]) -> None:
    assert parse_time(spelling) == datetime(*time, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    "spelling",
    [
        *("2020-05-14", "20200514", "  2020-05-14 ", "2020/5/14", "2020-05-14Z", "2020.5.14 PDT"),
        *("14 May 2020", "Thu, May 14, 2020", "5/14/2020", "14.5.20", "5/14/2020 +0900"),
    ],
)
def test_a_date_without_a_time_is_no_moment(spelling: str) -> None:
    found = parse_moment(spelling)
    assert type(found) is date
    assert found == date(2020, 5, 14)


@pytest.mark.parametrize(
    "spelling", ["2020-05-14T00:00", "20200514T00", "14 May 2020 12:00 AM", "1589414400"]
)
def test_midnight_is_a_moment(spelling: str) -> None:
    assert parse_moment(spelling) == datetime(2020, 5, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    "value",
    [
        "",
        " ",
        "yesterday",
        "NA",
        "1999-12-31",
        "2005-12-31T23:59:59Z",
        "2101-01-01",
        "2020-13-01",
        "2020-02-30 10:00",
        "13/13/2020",
        "5/5/2020 13:00 PM",
        "Wed Abc 26 18:29:06 +0000 2026",
        "2020-05-14 10:00:00 XYZ",
        "0",
        "20",
        "99999999999999999999",
        "1.5894E+09",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2020-05-14 10:00 +9999",
        "²020-05-14",
        "2020-05-14" * 20,
    ],
)
def test_no_times_of_tweets(value: str) -> None:
    assert parse_time(value) is None


@given(st.text(max_size=40) | st.from_regex(r"[0-9/:. TZ+-]{1,30}", fullmatch=True))
def test_any_text_is_a_time_in_utc_or_none(value: str) -> None:
    time = parse_time(value)
    assert time is None or (time.tzinfo is UTC and 2006 <= time.year <= 2100)


@given(st.datetimes(datetime(2006, 1, 1), datetime(2100, 12, 31)))
def test_iso_round_trip(time: datetime) -> None:
    assert parse_time(time.isoformat() + "Z") == time.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("values", "order"),
    [
        ([], DayMonth.NONE),
        (["2020-01-01", "31.12.2020", "nothing", "Fri, Jun 5, 2026"], DayMonth.NONE),
        (["5/5/2020"], DayMonth.SAME),
        (["3/4/2020", "1/2/2020"], DayMonth.OPEN),
        (["3/4/2020", "13/2/2020"], DayMonth.DAY_FIRST),
        (["3-4-2020 10:00", "13-2-20 11:00"], DayMonth.DAY_FIRST),
        (["3/4/2020", "2/13/2020 1:22 AM"], DayMonth.MONTH_FIRST),
        (["14/4/2020", "15/4/2020", "2/13/2020"], DayMonth.DAY_FIRST),
    ],
)
def test_order_of_day_and_month(values: list[str], order: DayMonth) -> None:
    assert day_month_order(values) is order


def test_day_first() -> None:
    expected = date(2020, 4, 3)
    assert parse_moment("3/4/2020", day_first=True) == expected
    assert parse_moment("4/3/2020") == expected
    assert parse_moment("3.4.2020") == expected
    assert parse_moment("4/13/2020", day_first=True) == date(2020, 4, 13)
    assert parse_moment("2020-04-03", day_first=True) == expected


@pytest.mark.parametrize(
    ("dates", "month", "said"),
    [
        (["3/4/2020", "25/4/2020"], 4, "dates with the day first"),
        (["3/4/2020", "4/25/2020"], 3, None),
        (["3/4/2020", "5/6/2020"], 3, "dates such as 3/4/2020 taken as month first"),
        (["3/4/2020"] * 30_000 + ["25/4/2020"], 4, "dates with the day first"),
        (["3/3/2020"] * 600 + ["4/3/2020", "25/4/2020"], 3, "dates with the day first"),
        (["3/3/2020"] * 600 + ["4/3/2020"], 3, "dates such as 3/4/2020 taken as month first"),
        (["3/3/2020"] * 600, 3, None),
    ],
)
def test_one_date_tells_for_all(
    tmp_path: Path, dates: list[str], month: int, said: str | None
) -> None:
    path = tmp_path / "tweets.csv"
    rows = "".join(f"{date},hi\n" for date in dates)
    path.write_text(f"date,text\n{rows}", encoding="utf-8")
    with open_tweets(str(path)) as file:
        first = next(iter(file.batches())).column("created_at")[0].as_py()
    assert first.month == month
    assert ("dates" in file.read_as) == (said is not None)
    assert said is None or said in file.read_as


@pytest.mark.parametrize(
    ("tweet_id", "time"),
    [
        (
            "1050118621198921728",
            datetime(2018, 10, 10, 20, 19, 24, 211000, UTC),
        ),
        ("20", None),
        ("99999999999999", None),
        ("100000000000000", datetime(2010, 11, 4, 8, 20, 16, 514000, UTC)),
        ("9999999999999999999", datetime(2086, 5, 23, 19, 32, 45, 672000, UTC)),
        ("10000000000000000000", None),
        ("1050118621198921728\n", None),
        ("١٠٥٠١١٨٦٢١١٩٨٩٢١٧٢٨", None),
        ("029700859247", None),
        ("abc", None),
        ("\ud83d", None),
        (None, None),
    ],
)
def test_times_of_ids(tweet_id: str | None, time: datetime | None) -> None:
    assert time_of_id(tweet_id) == time
    assert times_of_ids([tweet_id, "1050118621198921728"]).to_pylist() == [
        time,
        datetime(2018, 10, 10, 20, 19, 24, 211000, UTC),
    ]
