"""The report as a page: complete, harmless whatever the tweets hold, fit for all who read it."""

import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from positivity.account.report import (
    Change,
    Counts,
    Estimate,
    KindShare,
    Method,
    ModelInfo,
    Month,
    Past,
    Report,
    Slot,
    StrongTweet,
    Term,
    Verdict,
    Week,
)
from positivity.report import charts
from positivity.report.html import render_html
from tests.screenshots import browser, chromium

if TYPE_CHECKING:
    from playwright.sync_api import Browser

HOSTILE = (
    "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
    "</title></style><svg onload=alert(1)>\u202egnp.exe &amp; {{ 7*7 }} {% raw %} ' \" ` \x1b[31m"
)
HALF = Estimate(0.5, 0.4, 0.6)
NET = Estimate(12.0, 3.0, 21.0)


def tweet(text: str = "what a day", tweet_id: str | None = "1890000000000000020") -> StrongTweet:
    return StrongTweet(tweet_id, "2026-03-01T10:00:00+00:00", "someone", text, 0.93)


def month(number: int, net: Estimate = NET) -> Month:
    year, index = divmod(number, 12)
    return Month(f"{year:04}-{index + 1:02}", 40, 10, 10, 20, net)


def week(number: int, net: Estimate = NET) -> Week:
    """Of a week after that of 2026-01-05."""
    monday = date(2026, 1, 5) + timedelta(weeks=number)
    return Week(monday.isoformat(), 10, 2, 3, 5, net)


def report(**changes: object) -> Report:
    plain = Report(
        subject="@someone",
        read_as=("tweets.csv: CSV",),
        counts=Counts(120, 100, {"retweet": 20}),
        first="2026-01-01",
        last="2026-03-31",
        negative=Estimate(0.2, 0.1, 0.3),
        neutral=Estimate(0.3, 0.2, 0.4),
        positive=HALF,
        net=NET,
        opinion=Estimate(0.7, 0.6, 0.8),
        verdict=Verdict("mainly positive", "mainly positive: about 7 in 10 are positive", None),
        months=tuple(month(24312 + i) for i in range(3)),
        weeks=tuple(week(i) for i in range(0, 30, 2)),
        hours=tuple(Slot(4, 10.0) if hour % 2 else Slot(0, None) for hour in range(24)),
        weekdays=tuple(Slot(10, -5.0) for _ in range(7)),
        timezone="Europe/Lisbon",
        kinds=(KindShare("original", 80, 10, 30, 40, NET), KindShare("reply", 20, 5, 5, 10, NET)),
        strongest_positive=(tweet(),),
        strongest_negative=(tweet("awful", None),),
        terms_positive=(Term("lovely", "word", 9, 1, 3.2),),
        terms_negative=(Term("#delayed", "hashtag", 0, 8, -2.9),),
        model=ModelInfo("base", "1", {"semeval2016": 0.6}),
        change=Change(
            NET, 300, Estimate(-8.0, -20.0, 4.0), 40, Estimate(-20.0, -33.0, -7.0), changed=True
        ),
        method=Method("Bayesian prior correction", ("semeval2016",), 1.3),
        limits=("The intervals do not cover everything.",),
        previous=Past("2026-03-24", "mixed", Estimate(-2.0, -9.0, 5.0), 80),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def hostile() -> Report:
    """Every string that can come from outside holds something that wants out."""
    return report(
        subject=HOSTILE,
        read_as=(HOSTILE,),
        counts=Counts(120, 100, {HOSTILE: 20}),
        strongest_positive=(tweet(HOSTILE), replace(tweet(), author=HOSTILE, id=HOSTILE)),
        terms_positive=(Term(HOSTILE, "word", 9, 1, 3.2),),
        limits=(HOSTILE,),
        model=ModelInfo(HOSTILE, HOSTILE, {HOSTILE: 0.5}),
    )


def page(reports: object, **options: str) -> str:
    out = io.StringIO()
    render_html(reports, out, **options)  # type: ignore[arg-type]
    return out.getvalue()


class Elements(HTMLParser):
    """All elements of a page with their attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += f"{data} "


def test_the_page_has_every_number_of_the_report() -> None:
    text = " ".join(Elements(page(report())).text.split())
    for expected in (
        "mainly positive",
        "about 7 in 10 are positive",
        "+12 net positivity",
        "95 % interval +3 to +21",
        "50 % (40 to 60 %)",
        "2026-02 40 20 10 10 +12 (+3 to +21)",
        "Europe/Lisbon",
        "Before: mixed on 2026-03-24, from 80 tweets; net −2 then, +12 now.",
        "Change: net −8 in the 30 days to 2026-03-31 (40 tweets), +12 in the year before "
        "(300 tweets): a change of −33 to −7",
        "original 80 40 30 10 +12",
        "what a day",
        "93 % positive",
        "lovely 3.20 9 1",
        "#delayed 2.90 0 8",
        "120 tweets, 100 counted, 2026-01-01 to 2026-03-31",
        "retweet 20",
        "tweets.csv: CSV",
        "base 1; macro recall 0.600 on semeval2016",
        "The intervals do not cover everything.",
    ):
        assert expected in text, expected


def test_a_short_time_is_shown_by_week() -> None:
    short = report(weeks=(week(0), week(1, Estimate(-7.0, -20.0, 6.0)), week(5)))
    elements = Elements(page(short))
    text = " ".join(elements.text.split())
    assert "Week by week" in text
    assert "2026-01-12 10 5 3 2 −7 (−20 to +6)" in text
    assert "2026-02 40" not in text
    label = next(
        a["aria-label"] for _, a in elements.found if "by week" in (a.get("aria-label") or "")
    )
    assert "2026-01-05 to 2026-02-09" in (label or "")


def test_tweets_link_to_where_they_stand_if_their_id_is_one() -> None:
    links = [a["href"] for tag, a in Elements(page(report())).found if tag == "a"]
    assert links == ["https://x.com/i/status/1890000000000000020"]
    old = replace(tweet(tweet_id="20"), created_at="2006-03-21T20:50:14+00:00")
    elements = Elements(page(report(strongest_positive=(old,))))
    assert "https://x.com/i/status/20" in [a.get("href") for _, a in elements.found]
    for strange in ("javascript:alert(1)", "20", "1" * 21):  # the second is the number of a row
        elements = Elements(page(report(strongest_positive=(tweet(tweet_id=strange),))))
        assert "a" not in [tag for tag, _ in elements.found]


def test_hostile_strings_stay_text() -> None:
    elements = Elements(page(hostile()))
    tags = {tag for tag, _ in elements.found}
    assert not tags & {"script", "img", "iframe", "object", "embed", "link", "form"}
    assert not [name for _, attrs in elements.found for name in attrs if name.startswith("on")]
    assert "<script>document.title" in elements.text
    assert "{{ 7*7 }}" in elements.text
    assert "\u202e" not in elements.text
    assert "\x1b" not in elements.text


def test_the_policy_stands_before_anything_it_must_hold_for() -> None:
    elements = Elements(page(hostile()))
    first = next(attrs for _, attrs in elements.found if attrs.get("http-equiv"))
    assert first["http-equiv"] == "Content-Security-Policy"
    assert "default-src 'none'" in (first["content"] or "")
    assert "script-src" not in (first["content"] or "")
    tags = [tag for tag, _ in elements.found]
    assert tags.index("meta") < tags.index("title") < tags.index("style")


def test_nothing_is_fetched() -> None:
    text = page(report())
    assert not re.findall(r"(?:src|srcset|data|action|poster)=", text)
    assert not re.findall(r"url\(\s*['\"]?(?!#)", text)  # clip paths of a drawing are its own
    assert "@import" not in text


def test_the_same_report_gives_the_same_page() -> None:
    assert page(report()) == page(report())


def test_a_long_history_with_gaps_fits_in_a_megabyte() -> None:
    months = tuple(month(24312 + i) for i in range(0, 1000, 2))
    text = page(report(months=months))
    assert len(text.encode()) < 1_000_000


def test_a_report_without_tweets_is_a_page_too() -> None:
    text = page(
        report(
            counts=Counts(0, 0, {}),
            **dict.fromkeys(("first", "last", "negative", "neutral", "positive", "net", "opinion")),
            **dict.fromkeys(
                ("months", "weeks", "kinds", "strongest_positive", "strongest_negative"), ()
            ),
            **dict.fromkeys(("terms_positive", "terms_negative"), ()),
            verdict=Verdict("not enough tweets", "not enough tweets: there was none", None),
        )
    )
    assert "not enough tweets" in text
    assert "<svg" not in text


def test_several_reports_are_a_table() -> None:
    second = report(subject="@other", limits=())
    elements = Elements(page([report(), second], subject="file"))
    assert "2 verdicts" in elements.text
    assert elements.text.count("mainly positive") == 2
    assert "The intervals do not cover" not in elements.text  # it is not true of both
    assert page([report()]) == page(report())


@pytest.fixture(scope="module")
def chrome() -> "Iterator[Browser]":
    pytest.importorskip("playwright")
    if chromium() is None:
        pytest.skip("no Chromium here")
    with browser() as started:
        yield started


def test_no_script_runs_in_a_browser(chrome: "Browser", tmp_path: Path) -> None:
    path = tmp_path / "hostile.html"
    path.write_text(page(hostile()), encoding="utf-8")
    tab = chrome.new_page()
    requests: list[str] = []
    dialogs: list[str] = []
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("dialog", lambda dialog: dialogs.append(dialog.message))
    tab.goto(path.as_uri())
    tab.wait_for_timeout(200)
    assert "owned" not in tab.title().split("<")[0]
    assert tab.evaluate("document.scripts.length") == 0
    assert requests == [path.as_uri()]
    assert dialogs == []
    tab.close()


def test_the_policy_stops_a_script_that_got_in(chrome: "Browser", tmp_path: Path) -> None:
    path = tmp_path / "broken.html"
    injected = "<script>document.title='owned'</script></body>"
    path.write_text(page(report()).replace("</body>", injected), encoding="utf-8")
    tab = chrome.new_page()
    tab.goto(path.as_uri())
    assert tab.title() == "@someone: mainly positive"
    tab.close()


@pytest.mark.parametrize("width", [900, 1400])
def test_tables_of_words_show_all_their_columns(
    chrome: "Browser", tmp_path: Path, width: int
) -> None:
    terms = tuple(Term("everyone", "word", 1234, 56, 12.3) for _ in range(3))
    path = tmp_path / "words.html"
    given = replace(report(), terms_positive=terms, terms_negative=terms)
    path.write_text(page(given), encoding="utf-8")
    tab = chrome.new_page(viewport={"width": width, "height": 900})
    tab.goto(path.as_uri())
    hidden = "[...document.querySelectorAll('.scroll')].map(e => e.scrollWidth - e.clientWidth)"
    assert set(tab.evaluate(hidden)) == {0}
    assert "12.30" in tab.inner_text("main")  # each weight with two places
    tab.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("several", [False, True])
def test_axe_finds_nothing_serious(
    chrome: "Browser", tmp_path: Path, scheme: Literal["light", "dark"], several: bool
) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright")
    path = tmp_path / "page.html"
    path.write_text(page([report(), report()] if several else report()), encoding="utf-8")
    tab = chrome.new_page(color_scheme=scheme, bypass_csp=True)  # axe itself is a script
    tab.goto(path.as_uri())
    violations = axe.Axe().run(tab)["violations"]
    serious = [each for each in violations if each["impact"] in ("serious", "critical")]
    assert [(each["id"], [n["html"] for n in each["nodes"]][:2]) for each in serious] == []
    tab.close()


@pytest.mark.parametrize("width", [320, 390, 820, 1440])
def test_the_page_never_scrolls_sideways(chrome: "Browser", tmp_path: Path, width: int) -> None:
    path = tmp_path / "page.html"
    long = report(
        strongest_positive=(tweet("x" * 280),), subject="@" + "y" * 200, read_as=("z" * 300,)
    )
    path.write_text(page(long), encoding="utf-8")
    tab = chrome.new_page(viewport={"width": width, "height": 900})
    tab.goto(path.as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.close()


def heights(svg: str | None) -> list[tuple[float, float]]:
    """From where to where each bar of a drawing reaches, in its own units."""
    assert svg is not None
    found = re.findall(r'<g id="patch_\d+">\s*<path d="([^"]*)"[^>]*style="fill: var', svg)
    paths = [[float(y) for y in re.findall(r"[ML] \S+ (\S+)", path)] for path in found]
    return [(min(path), max(path)) for path in paths]


def test_an_hour_of_a_few_tweets_has_no_bar() -> None:
    few = tuple(Slot(4, 90.0) if hour == 3 else Slot(9, 30.0) for hour in range(24))
    reach = [bottom - top for top, bottom in heights(charts.hours(few))]
    assert sum(each > 1 for each in reach) == 23
    text = page(report(hours=few))
    assert "No bar where there are fewer than 5 tweets." in text
    assert '<td>03:00</td><td class="number">4</td><td class="number">+90</td>' in text
    # With nothing to compare there is no drawing, and no empty frame for one.
    assert charts.weekdays([Slot(4, 10.0)] * 7) is None
    text = page(report(hours=[Slot(4, 10.0)] * 24))
    assert "Hour of the day" not in text
    assert "Day of the week" in text


@pytest.mark.parametrize(
    ("numbers", "alone"), [((0,), 1), ((0, 2), 2), ((0, 1, 3), 1), ((0, 1, 2), 0)]
)
def test_a_month_that_stands_alone_shows_its_interval_too(
    numbers: tuple[int, ...], alone: int
) -> None:
    drawn = charts.timeline([month(24300 + number) for number in numbers])
    lines = re.findall(r'd="[^"]*"[^>]*style="fill: none; stroke: var\(--band\)', drawn)
    assert len(lines) == alone


def test_small_nets_are_drawn_small() -> None:
    small = heights(charts.weekdays([Slot(50, 2.0 + 0.1 * day) for day in range(7)]))
    large = heights(charts.weekdays([Slot(50, 20.0 + day) for day in range(7)]))
    assert max(low - top for top, low in small) < 0.3 * max(low - top for top, low in large)
