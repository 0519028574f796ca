"""Markdown and CSV reports: the numbers of the report, harmless wherever they are pasted."""

import csv
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest
from rich.console import Console

from positivity.account.report import (
    ONE_SIDED_LIMIT,
    Change,
    Counts,
    Estimate,
    Past,
    Report,
    Term,
    Verdict,
)
from positivity.report.machine import json_schema, render_json
from positivity.report.markdown import escaped, render_markdown
from positivity.report.plot import write_plot
from positivity.report.rows import (
    COLUMNS,
    MONTH_COLUMNS,
    WEEK_COLUMNS,
    render_csv,
    render_months_csv,
    render_weeks_csv,
)
from positivity.report.terminal import render, render_below_table
from positivity.report.terminal_page import make_console
from positivity.report.words import compared, net_interval
from tests.test_html import HOSTILE, NET, Elements, hostile, month, page, report, tweet, week


def markdown(reports: Report | list[Report]) -> str:
    out = io.StringIO()
    render_markdown(reports, out)
    return out.getvalue()


def rows(
    reports: list[Report], render: Callable[[list[Report], io.StringIO], None] = render_csv
) -> list[dict[str, str]]:
    out = io.StringIO()
    render(reports, out)
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def test_markdown_has_the_numbers_of_the_report() -> None:
    text = markdown(report()).replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "")
    for expected in (
        "## ▲ @someone: mainly positive",
        "about 7 in 10 are positive.",
        "Net positivity **+12** (95 % interval +3 to +21; scale −100 to +100).",
        "| ▲ positive | 50 % | 40 to 60 % |",
        "| 2026-03 | 40 | +12 | +3 to +21 |",
        "- 93 %: what a day ([on X](https://x.com/i/status/1890000000000000020))",
        r"Goes with negative tweets: \#delayed",
        "120 tweets found, 100 counted, 2026-01-01 to 2026-03-31 (Europe\\/Lisbon)",
        "Before: mixed on 2026-03-24, from 80 tweets; net −2 then, +12 now.",
        "Change: net −8 in the 30 days to 2026-03-31 (40 tweets), +12 in the year before "
        "(300 tweets): a change of −33 to −7",
        "left out: retweet 20",
        "- Read: tweets\\.csv\\: CSV",
        "- The intervals do not cover everything.",
    ):
        assert expected in text, expected


@pytest.mark.parametrize(
    "text",
    [HOSTILE, "| a | b |\n|---|---|", "[x](javascript:alert(1))", "![x](http://e/x.png)", "# big"],
)
def test_what_a_tweet_holds_is_no_markup(text: str) -> None:
    line = escaped(text)
    assert "\n" not in line
    bare = line.replace("\\\\", "")
    assert not any(char in "`*_[]<>#|!" and bare[i - 1] != "\\" for i, char in enumerate(bare) if i)
    assert escaped("@everyone ping") == "@\N{WORD JOINER}everyone ping"


def test_hostile_strings_stay_on_their_line() -> None:
    plain, hostile_lines = (markdown(each).count("\n") for each in (report(), hostile()))
    assert abs(plain - hostile_lines) <= 2
    assert "<script" not in markdown(hostile()).replace("\\<", "")


def test_markdown_of_several_is_a_table() -> None:
    lines = markdown([report(), report(subject="a|b")]).splitlines()
    assert lines[4] == ""
    lines = lines[:4]
    assert lines[3].startswith(r"| a\|b | 100 | 50")
    assert len({line.replace(r"\|", "").count("|") for line in lines}) == 1


def test_below_a_table_is_what_was_read_for_all_of_it() -> None:
    several = [
        report(),
        report(
            counts=Counts(9, 5, {"duplicate": 3, "retweet": 1}),
            first="2025-12-30",
            last="2026-01-02",
            read_as=("other.csv: CSV",),
        ),
    ]
    counted = "105 counted, 2025-12-30 to 2026-03-31"
    reasons = "retweet 21, duplicate 3"
    out = io.StringIO()
    render_below_table(several, Console(file=out, width=200))
    for shown in (out.getvalue(), Elements(page(several)).text):
        assert f"129 tweets, {counted} (Europe/Lisbon)" in shown
        assert reasons in shown
        assert "tweets.csv: CSV" in shown
        assert "other.csv: CSV" in shown
    shown = markdown(several).replace("\\", "")
    assert f"129 tweets found, {counted} (Europe/Lisbon); left out: {reasons}." in shown
    assert "- Read: other.csv: CSV\n" in shown


def test_csv_has_a_row_for_each_report() -> None:
    first, second = rows([report(), report(subject="=cmd()", net=None, positive=None)])
    assert tuple(first) == COLUMNS
    assert first["verdict"] == "mainly positive"
    assert (first["positive"], first["positive_low"], first["net_high"]) == ("0.5", "0.4", "21.0")
    assert second["subject"] == "'=cmd()"
    assert second["net"] == second["positive_low"] == ""


UNDECIDED = Verdict(
    "not enough tweets",
    "undecided: about 7 in 10 tweets with an opinion are positive (44 to 93 in 100); no more help",
    None,
    undecided=True,
)
TOO_FEW = Verdict("not enough tweets", "not enough tweets: about 20 more would settle it", 20)


def test_people_read_the_word_of_the_sentence_everywhere(tmp_path: Path) -> None:
    undecided, too_few = report(verdict=UNDECIDED), report(verdict=TOO_FEW)
    assert undecided.verdict.word == "undecided"
    assert too_few.verdict.word == "not enough tweets"
    text = markdown(undecided)
    assert "## ◇ @\N{WORD JOINER}someone: undecided" in text
    assert "not enough" not in text
    one, other = markdown([undecided, too_few]).splitlines()[2:4]
    assert one.endswith("| ◇ undecided |")
    assert other.endswith("| ◇ not enough tweets |")
    text = page(undecided)
    assert "<title>@someone: undecided</title>" in text
    assert "</span> undecided</h1>" in text
    assert "not enough" not in text
    assert page([undecided, too_few]).count("</span>&nbsp;undecided</td>") == 1
    plot = tmp_path / "months.svg"
    write_plot([undecided], plot)
    assert "@someone: undecided" in plot.read_text(encoding="utf-8")
    past = Past("2026-03-24", "not enough tweets", None, 80, undecided=True)
    assert "Before: undecided on 2026-03-24" in markdown(report(previous=past))


def test_one_tweet_of_one_day_is_said_without_a_plural_and_a_range() -> None:
    one = report(first="2026-03-31", last="2026-03-31", counts=Counts(1, 1, {}))
    terminal = io.StringIO()
    render(one, make_console(terminal))
    for text in (terminal.getvalue(), page(one)):
        assert "1 tweet, 1 counted, 2026-03-31 (Europe/Lisbon)" in text
    assert "1 tweet found, 1 counted, 2026-03-31 (Europe\\/Lisbon)" in markdown(one)


def test_a_verdict_across_whose_border_an_interval_reaches_is_explained_everywhere() -> None:
    contradicted = report(limits=(ONE_SIDED_LIMIT, "Only some were read."))
    assert ONE_SIDED_LIMIT in " ".join(Elements(page(contradicted)).text.split())
    assert f"- {ONE_SIDED_LIMIT}\n" in markdown(contradicted)
    # Of a table, where others' need no such word, too; what limits one only does not stand there.
    several = [contradicted, report(limits=())]
    text = " ".join(Elements(page(several)).text.split())
    assert text.count(ONE_SIDED_LIMIT) == 1
    assert "Only some were read." not in text
    out = io.StringIO()
    render_below_table(several, Console(file=out, width=80))
    shown = " ".join(out.getvalue().split())
    assert ONE_SIDED_LIMIT in shown
    assert "Only some were read." not in shown


def test_nothing_for_programs_steers_a_terminal() -> None:
    name = "@\x1b[31mred\x9b31m\u202e\u2066 x"
    hostile_one = replace(report(), subject=name, strongest_positive=(tweet(name),))
    out = io.StringIO()
    render_json(hostile_one, out)
    renderers = (render_csv, render_months_csv, render_weeks_csv)
    for render_rows in renderers:
        render_rows([hostile_one], out)
    assert not set("\x1b\x9b\u202e\u2066") & set(out.getvalue())
    out = io.StringIO()
    render_json(hostile_one, out)
    (plain,) = json.loads(out.getvalue())["reports"]
    assert plain["strongest_positive"][0]["text"] == name  # nothing of it is lost
    (row,) = rows([hostile_one])
    assert (row["subject"], row["author"]) == ("'@[31mred31m x", "[31mred31m x")


def test_a_row_has_the_word_and_json_the_label_beside_what_tells_the_two_apart() -> None:
    reports = [report(verdict=UNDECIDED), report(verdict=TOO_FEW), report()]
    in_csv = [(each["verdict"], each["tweets_needed"], each["undecided"]) for each in rows(reports)]
    assert in_csv == [
        ("undecided", "", "true"),
        ("not enough tweets", "20", "false"),
        ("mainly positive", "", "false"),
    ]
    out = io.StringIO()
    render_json(reports, out)
    document = json.loads(out.getvalue())
    jsonschema.Draft202012Validator(json_schema()).validate(document)
    verdicts = [each["verdict"] for each in document["reports"]]
    assert [(each["label"], each["tweets_needed"], each["undecided"]) for each in verdicts] == [
        ("not enough tweets", None, True),
        ("not enough tweets", 20, False),
        ("mainly positive", None, False),
    ]


def test_csv_by_month_has_a_row_for_each_month() -> None:
    months = rows([report(), replace(report(), months=())], render_months_csv)
    assert tuple(months[0]) == MONTH_COLUMNS
    assert [each["month"] for each in months] == ["2026-01", "2026-02", "2026-03"]
    assert months[0]["tweets"] == "40"


def test_csv_by_week_has_a_row_for_each_week() -> None:
    weeks = rows([report(weeks=(week(0), week(2))), report(weeks=())], render_weeks_csv)
    assert tuple(weeks[0]) == WEEK_COLUMNS
    assert [each["week"] for each in weeks] == ["2026-01-05", "2026-01-19"]
    assert (weeks[1]["positive"], weeks[1]["net_low"]) == ("5", "3.0")


@pytest.mark.parametrize(
    ("months", "said"),
    [(12, ""), (13, "1 earlier month is not shown."), (15, "3 earlier months are not shown.")],
)
def test_markdown_says_how_many_months_it_does_not_show(months: int, said: str) -> None:
    text = markdown(report(months=tuple(map(month, range(24300, 24300 + months)))))
    assert text.count("| +12 | +3 to +21 |") == 12
    assert said in text
    assert text.count("not shown") == bool(said)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(2, 9, "of +2 to +9"), (0.3, 9, "of up to +9"), (-9, -0.3, "of up to −9")],
)
def test_a_change_is_not_said_to_be_none(low: float, high: float, said: str) -> None:
    apart = Change(NET, 40, NET, 300, Estimate((low + high) / 2, low, high), changed=True)
    assert compared(apart, report()).endswith(f": a change {said}")


@pytest.mark.parametrize(
    ("net", "said"),
    [
        (Estimate(99.98, 99.9, 100.0), "+99 to +100"),
        (Estimate(-99.98, -100.0, -99.9), "−100 to −99"),
        (Estimate(100.0, 100.0, 100.0), "+100 to +100"),
        (Estimate(45.0, 22.4, 78.0), "+22 to +78"),
    ],
)
def test_an_end_of_the_scale_is_said_only_where_a_net_reaches_it(net: Estimate, said: str) -> None:
    assert net_interval(net) == said


@pytest.mark.parametrize(("files", "shown", "more"), [(11, 11, ""), (12, 10, "and 2 more")])
def test_of_many_files_not_each_is_named(files: int, shown: int, more: str) -> None:
    many = report(read_as=tuple(f"part{number:02}: text" for number in range(files)))
    out = io.StringIO()
    render(many, Console(file=out, width=80))
    for text in (out.getvalue(), page(many), markdown(many)):
        assert len(re.findall(r"part\d\d", text)) == shown
        assert more in text
        assert ("more, which" in text) == bool(more)


def test_markdown_of_a_short_time_is_by_week() -> None:
    text = markdown(report(weeks=(week(0), week(16))))
    assert "| week of | tweets |" in text
    assert "| 2026-01-05 | 10 | +12 | +3 to +21 |" in text
    assert "| week of |" not in markdown(report(weeks=(week(0), week(18))))


def test_a_report_without_tweets_has_its_formats_too() -> None:
    empty = report(
        **dict.fromkeys(("net", "positive", "neutral", "negative", "opinion", "first")),
        **dict.fromkeys(
            ("months", "weeks", "kinds", "strongest_positive", "strongest_negative"), ()
        ),
        **dict.fromkeys(("terms_positive", "terms_negative"), ()),
    )
    assert "Net positivity" not in markdown(empty)
    assert rows([empty])[0]["counted"] == "100"
    assert tweet().text not in markdown(empty)


def test_of_an_endless_word_people_read_the_beginning() -> None:
    scream = Term("a" * 5_000, "word", 9, 1, 3.2)
    reported = report(terms_positive=(scream,))
    for text in (markdown(reported), page(reported)):
        assert "a" * 39 + "…" in text
        assert "a" * 40 not in text
