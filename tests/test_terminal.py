"""The report for people: every width, plain pipes, hostile strings."""

import io
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from rich.cells import cell_len
from rich.console import Console

from positivity.account.report import (
    Change,
    Estimate,
    ModelInfo,
    Month,
    Report,
    Slot,
    Term,
    Verdict,
    Week,
)
from positivity.account.runs import TermKey
from positivity.account.tally import Tally
from positivity.report.sanitize import sanitize
from positivity.report.terminal import render, render_sentences, render_table
from positivity.report.terminal_page import make_console
from positivity.tweets import tweet_batch

HOSTILE = (
    "[/b] [red]x :heart: \\[",
    "\x1b[31mred\x1b]0;title\x07 \x9b2J \x08\x7f",
    "two\nlines\r\nand\ttabs\u2028here",
    "\u202egnp.exe\u2066\u2069\u200e\u200f",
    "z\u200be\u200dr\ufeffo\u00ad \U000e0041",
    "日本語のツイート" * 20,
    "👨‍👩‍👧 ❤️ 👍🏽 🇫🇷 " * 20,
    "unbroken" * 60,
)


def words(texts: Sequence[str]) -> Mapping[TermKey, int]:
    return Counter(("word", word) for text in texts for word in set(text.split()))


def invented(number: int = 200, texts: tuple[str, ...] = ("lovely show", "so so")) -> Report:
    rng = random.Random(5)
    tally = Tally("@ada", ZoneInfo("UTC"), words)
    columns = {
        "id": [str(i) for i in range(number)],
        "created_at": [1_740_000_000_000 + i * 2 * 10**8 for i in range(number)],
        "text": [f"{rng.choice(texts)} {i}" for i in range(number)],
        "kind": [rng.choice(["original", "reply"]) for _ in range(number)],
    }
    scores = np.array([[0.1, 0.1, 0.8], [0.1, 0.1, 0.8], [0.8, 0.1, 0.1]], np.float32)
    probabilities = scores[[rng.randrange(3) for _ in range(number)]].reshape(number, 3)
    tally.add(tweet_batch(columns, length=number), probabilities, [None] * number)
    model = ModelInfo("lstm", "1.0", {"TweetEval": 0.684, "SemEval 2017": 0.671})
    return tally.report(["ada.csv: CSV, utf-8"], model, ["Only English tweets were read."])


def test_a_change_is_that_of_the_days_up_to_the_last_tweet() -> None:
    net = Estimate(-8.0, -14.0, -2.0)
    ended = replace(invented(), change=Change(net, 300, net, 40, net, changed=True))
    said = f"net −8 in the 30 days to {ended.last} (40 tweets), −8 in the year before (300 tweets)"
    assert said in " ".join(shown(ended, 300).split())


def shown(report: Report, width: int = 80) -> str:
    out = io.StringIO()
    render(report, Console(file=out, width=width))
    return out.getvalue()


def hostile_report() -> Report:
    report = invented(200, HOSTILE)
    terms = tuple(Term(text, "word", 5, 1, 2.0) for text in HOSTILE)
    text = " ".join(HOSTILE)
    return replace(
        report,
        subject=text + "\udcff",
        read_as=(text,),
        terms_positive=terms,
        terms_negative=terms[5:],
        limits=(text,),
        model=ModelInfo(text, text, {text: 0.5}),
        counts=replace(report.counts, left_out={text: 3}),
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("", ""),
        ("  a \n\n b\t", "a b"),
        ("a\x00b\x07\x1b[31mc\x9bd", "ab[31mcd"),
        ("\u202eabc\u202c\u2066d\u2069", "abcd"),
        ("a\u200bb\u200cc\u200dd\ufeffe\u2060", "abcde"),
        ("a\u2028b\u2029c\u00a0d\u0085e", "a b c d e"),
        ("❤\ufe0f", "❤"),
        ("x\udcff", "x\ufffd"),
        ("[/b] :heart:", "[/b] :heart:"),
    ],
)
def test_sanitize(text: str, expected: str) -> None:
    assert sanitize(text) == expected


@pytest.mark.parametrize("width", [20, 40, 80, 100, 120, 200])
@pytest.mark.parametrize("report", [invented(0), invented(1), invented(), hostile_report()])
def test_no_line_is_longer_than_the_width(report: Report, width: int) -> None:
    lines = shown(report, width).splitlines()
    assert max(map(cell_len, lines)) <= min(width, 120)


@pytest.mark.parametrize("width", [80, 120])
def test_the_panel_is_aligned(width: int) -> None:
    panel = [
        line for line in shown(hostile_report(), width).splitlines() if line[:1] in tuple("╭│╰")
    ]
    assert len(panel) > 5
    assert {cell_len(line) for line in panel} == {width}


def test_what_a_report_tells() -> None:
    report = invented()
    text = shown(report)
    assert report.net is not None and report.positive is not None
    for expected in (
        "@ada",
        f"▲ {report.verdict.label}",
        f"net positivity +{report.net.value:.0f}, 95% interval",
        f"{report.positive.value:.0%}",
        "2025-02 to 2026-05",
        "most positive",
        "most negative",
        "200 tweets, 200 counted, 2025-02-19 to 2026-05-26 (UTC)",
        "ada.csv: CSV, utf-8",
        "original ",
        "lstm 1.0; macro recall 0.684 on TweetEval",
        "own mistakes",
        "Only English tweets were read.",
    ):
        assert expected in text


def test_an_empty_report() -> None:
    text = shown(invented(0))
    assert "not enough tweets" in text
    assert "0 tweets, 0 counted" in text
    assert "net positivity" not in text
    assert "most positive" not in text


@pytest.mark.parametrize(
    ("label", "sign"),
    [
        ("mainly positive", "▲"),
        ("mainly negative", "▼"),
        ("mixed", "◆"),
        ("not enough tweets", "◇"),
        ("undecided", "◇"),
    ],
)
def test_every_verdict_has_a_sign(label: str, sign: str) -> None:
    report = replace(invented(3), verdict=Verdict(label, f"{label}: because", None))
    assert f"{sign} {label}" in shown(report)


def test_a_table_says_undecided_where_the_report_does() -> None:
    sentence = "undecided: about 7 in 10 are positive (44 to 93 in 100); more would not settle it"
    undecided = replace(
        invented(), verdict=Verdict("not enough tweets", sentence, None, undecided=True)
    )
    out = io.StringIO()
    render_table([undecided, invented(0)], Console(file=out, width=80))
    _, first, second = out.getvalue().splitlines()
    assert first.rstrip().endswith("◇ undecided")
    assert second.rstrip().endswith("◇ not enough tweets")
    assert "◇ undecided" in shown(undecided)
    assert "not enough tweets" not in shown(undecided)


@pytest.mark.parametrize("width", [20, 44, 60, 80])
def test_no_address_of_a_tweet_is_cut(width: int) -> None:
    report = invented()
    (strongest, *_) = report.strongest_positive
    tweet = replace(strongest, id="1819383186145149487")
    printed = shown(replace(report, strongest_positive=(tweet,)), width)
    address = "https://x.com/i/status/1819383186145149487"
    assert address in "".join(printed.splitlines())
    assert (f"{address}\n" in printed) is (width >= len(address))


@pytest.mark.parametrize("width", [32, 33, 36, 80])
def test_no_interval_of_a_share_is_cut(width: int) -> None:
    report = invented()
    share = report.positive
    assert share is not None
    interval = f"{share.low:.0%}".rstrip("%") + f" to {share.high:.0%}"
    (line,) = [each for each in shown(report, width).splitlines() if each[2:10] == "positive"]
    assert line.endswith(interval)


def test_a_terminal_of_no_width_to_speak_of_is_no_error() -> None:
    for width in range(1, 20):
        for report in (invented(0), invented()):
            assert max(map(cell_len, shown(report, width).splitlines())) <= width


def test_hostile_strings_print_as_harmless_text() -> None:
    out = io.StringIO()
    console = Console(file=out, width=120, force_terminal=True, color_system=None)
    render(hostile_report(), console)
    render_table([hostile_report()], console)
    render_sentences([(text, 0.2, 0.3, 0.5, "positive") for text in HOSTILE], console)
    printed = out.getvalue()
    assert "[red]x :heart:" in printed
    for character in "\x1b\x07\x08\x9b\x7f\r\t\u202e\u2066\u200b\u200d\u200e\ufeff\udcff":
        assert character not in printed


def test_a_pipe_gets_plain_text_of_80_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("COLUMNS", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    out = io.StringIO()
    render(invented(), make_console(out))
    lines = out.getvalue().splitlines()
    assert max(map(cell_len, lines)) == 80
    assert "\x1b" not in out.getvalue()
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_no_colour_when_asked(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    coloured, plain = io.StringIO(), io.StringIO()
    render(invented(), make_console(coloured))
    assert "\x1b[" in coloured.getvalue()
    monkeypatch.setenv(name, value)
    render(invented(), make_console(plain))
    assert "\x1b" not in plain.getvalue()


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_ascii_stands_in_where_there_is_no_unicode(encoding: str) -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding)
    console = Console(file=out, width=80)
    render(hostile_report(), console)
    render(invented(), console)
    render_table([invented(), invented(0)], console)
    render_sentences([("日本 è", 0.2, 0.3, 0.5, "positive")], console)
    out.flush()
    text = raw.getvalue().decode(encoding)
    assert max(map(len, text.splitlines())) <= 80
    assert "+- @ada ---" in text
    assert "^ mainly positive" in text
    assert "####" in text


def test_signs_of_our_own_are_spelled_where_there_is_only_ascii() -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    render(replace(invented(), limits=("known to about ±12, −3 to +5",)), Console(file=out))
    out.flush()
    assert "known to about +/-12, -3 to +5" in raw.getvalue().decode()


def months_of(net_by_month: dict[str, float]) -> tuple[Month, ...]:
    return tuple(
        Month(month, 9, 3, 3, 3, Estimate(net, net - 9, net + 9))
        for month, net in net_by_month.items()
    )


def test_months_without_tweets_leave_a_gap() -> None:
    months = months_of({"2025-12": -50.0, "2026-01": 0.0, "2026-04": 90.0})
    text = shown(replace(invented(), months=months))
    assert "by month  ▁▁▁ ▃▃▃         ███\n" in text
    assert "2025-12 to 2026-04 · net −50 to +90\n" in text


def test_many_months_show_the_last_that_fit() -> None:
    months = months_of({f"{2000 + i // 12}-{i % 12 + 1:02}": float(i % 7) for i in range(200)})
    text = shown(replace(invented(), months=months))
    assert "2011-01 to 2016-08 · net 0 to +6, 132 earlier not shown" in text
    assert max(map(cell_len, text.splitlines())) == 80


def test_a_short_time_is_a_line_of_weeks() -> None:
    weeks = tuple(
        Week(f"2026-03-{day:02}", 9, 3, 3, 3, Estimate(net, net - 9, net + 9))
        for day, net in ((2, -50.0), (9, 0.0), (30, 90.0))
    )
    months = months_of({"2026-03": 1.0})
    text = shown(replace(invented(), months=months, weeks=weeks))
    assert "by week   ▁▁▁ ▃▃▃         ███\n" in text
    assert "weeks of 2026-03-02 to 2026-03-30 · net −50 to +90\n" in text
    later = replace(weeks[2], week="2026-07-13")
    assert "by week" not in shown(replace(invented(), months=months, weeks=(*weeks, later)))


def test_weekdays_and_hours_have_a_bar_each_and_gaps_where_nothing_was_said() -> None:
    days = (Slot(7, -20.0), Slot(0, None), *(Slot(5, float(10 * i)) for i in range(5)))
    hours = tuple(Slot(5, 50.0) if hour in (7, 8) else Slot(0, None) for hour in range(24))
    text = shown(replace(invented(), weekdays=days, hours=hours))
    assert ("  by day    Mo ▁ Tu   We ▃ Th ▅ Fr ▆ Sa ▇ Su █\n            net −20 to +40\n") in text
    assert (
        "  by hour   00             06   ▅ ▅       12             18\n            net +50\n"
    ) in text


def test_an_hour_of_a_few_tweets_has_no_bar() -> None:
    nets = {6: 20.0, 7: 60.0, 8: -100.0, 9: 100.0}
    few = {8: 1, 9: 4}
    hours = tuple(
        Slot(few.get(hour, 5), nets[hour]) if hour in nets else Slot(0, None) for hour in range(24)
    )
    text = shown(replace(invented(), hours=hours))
    assert "  by hour   00             06 ▁ █         12             18\n" in text
    assert "            net +20 to +60; hours of fewer than 5 tweets left out\n" in text
    one = tuple(slot if hour == 6 else Slot(0, None) for hour, slot in enumerate(hours))
    assert "by hour" not in shown(replace(invented(), hours=one))  # it has nothing beside it


def test_what_hardly_differs_stands_at_one_height() -> None:
    months = months_of({"2026-01": -45.9, "2026-02": -46.1, "2026-03": -45.8})
    text = shown(replace(invented(), months=months))
    assert bars_of(text, "by month") <= set("▄▅")
    assert "2026-01 to 2026-03 · net −46\n" in text
    days = tuple(Slot(80, 20.1 + 0.45 * day) for day in range(7))  # +20.1 to +22.8
    text = shown(replace(invented(), weekdays=days))
    assert bars_of(text, "by day") <= set("▄▅")
    assert "Su ▅\n            net +20 to +23\n" in text


def bars_of(text: str, name: str) -> set[str]:
    """The heights in a line of bars."""
    line = next(line for line in text.splitlines() if line.startswith(f"  {name} "))
    return set(line) & set("▁▂▃▄▅▆▇█")


@pytest.mark.parametrize("number", [1, 3, 12, 200])
def test_no_gap_is_wider_than_a_line(number: int) -> None:
    """One day's tweets have no line of time, and leave no room for one."""
    assert "\n\n\n" not in shown(invented(number)).replace(" \n", "\n")


def test_one_month_is_no_line() -> None:
    assert "by month" not in shown(replace(invented(), months=months_of({"2026-01": 1.0})))


@pytest.mark.parametrize("width", [80, 120])
def test_table_of_many_subjects(width: int) -> None:
    out = io.StringIO()
    wide = replace(invented(), subject="日本語のなまえ" * 9)
    render_table([invented(), wide, invented(0)], Console(file=out, width=width))
    header, *lines = out.getvalue().splitlines()
    assert " ".join(header.split()) == "author tweets pos neu neg net (95% interval) verdict"
    assert len(lines) == 3
    assert max(map(cell_len, lines)) <= width
    signs = [cell_len(line[: max(line.find("▲"), line.find("◇"))]) for line in lines]
    assert len(set(signs)) == 1
    assert "200" in lines[0] and "mainly positive" in lines[0]


@pytest.mark.parametrize("width", [76, 80])
def test_paths_in_a_table_are_told_apart(width: int) -> None:
    def rows(*subjects: str) -> list[str]:
        out = io.StringIO()
        reports = [replace(invented(20), subject=subject) for subject in subjects]
        render_table(reports, Console(file=out, width=width), subject="file")
        lines = out.getvalue().splitlines()[1:]
        assert max(map(cell_len, lines)) <= width
        return [line.split()[0] for line in lines]

    folder = "/a/folder/with/a/long/name/of/"
    ada, bob = rows(f"{folder}ada.csv", f"{folder}日本語のなまえ日本語のなまえ/bob.csv")
    assert ada.startswith("…") and ada.endswith("ada.csv")
    assert bob.startswith("…") and bob.endswith("bob.csv")
    # Where the ends are alike, the beginnings count.
    one, other = rows("2025/of/a/long/name/tweets.csv", "2026/of/a/long/name/tweets.csv")
    assert one.startswith("2025") and other.startswith("2026")
    assert "…" in one
    # What is no path is cut at its end, as before.
    (name,) = rows("x" * 99)
    assert name.startswith("xx") and name.endswith("…")


def test_sentences() -> None:
    out = io.StringIO()
    rows = [
        ("I [b]love[/b] it", 0.01, 0.02, 0.97, "positive"),
        ("x" * 99, 0.1, 0.8, 0.1, "neutral"),
    ]
    render_sentences(rows, Console(file=out, width=80))
    _, first, second = out.getvalue().splitlines()
    assert " ".join(first.split()) == "▲ positive 97% 2% 1% I [b]love[/b] it"
    assert second.startswith("● neutral") and second.endswith("x…") and cell_len(second) == 80
