"""Conditions: what they mean, what is not known, and what is none."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from positivity.account.condition import Condition, parse_condition, values_of
from positivity.account.report import Change, Counts, Estimate, Report, Verdict
from positivity.account.tally import Tally
from positivity.account.verdict import LABELS, MAINLY_NEGATIVE
from positivity.errors import UsageError
from positivity.notify import Notice, document


@pytest.fixture(scope="module")
def report() -> Report:
    """Net -31.4 (-44 to -18), 12 % positive, 43.4 % negative, change -12, 90 tweets of 100."""
    from zoneinfo import ZoneInfo

    from positivity.account.report import ModelInfo
    from positivity.text.emojis import compile_table
    from positivity.text.normalize import Normalizer
    from positivity.text.terms import TermFinder
    from tests.conftest import WORDS

    tally = Tally("@ada", ZoneInfo("UTC"), TermFinder(Normalizer(compile_table(), WORDS)))
    empty = tally.report([], ModelInfo("m", "1", {}))
    net = Estimate(-31.4, -44.0, -18.0)
    return replace(
        empty,
        counts=Counts(100, 90, {"retweet": 10}),
        net=net,
        positive=Estimate(0.12, 0.05, 0.2),
        neutral=Estimate(0.446, 0.4, 0.5),
        negative=Estimate(0.434, 0.3, 0.5),
        opinion=Estimate(0.2, 0.1, 0.3),
        verdict=Verdict(MAINLY_NEGATIVE, "…", None),
        change=Change(net, 60, net, 30, Estimate(-12.0, -20.0, -4.0), True),
    )


def without_change(report: Report) -> Report:
    return replace(report, change=None)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("net < -20", True),
        ("net<-31.4", False),
        ("net <= -31.4", True),
        ("net < −20", True),
        ("net > -20", False),
        ("net.high < -20", False),
        ("net.high < -10", True),
        ("net.low < -40", True),
        ("verdict == negative", True),
        ("verdict == 'mainly negative'", True),
        ('verdict != "mixed"', True),
        ("verdict == positive", False),
        ("verdict == unsettled", False),
        ("negative > 40", True),
        ("negative >= 43.4 and negative <= 43.4", True),
        ("positive < 5", False),
        ("opinion == 20", True),
        ("tweets >= 90 and found == 100", True),
        ("change < -10", True),
        ("changed", True),
        ("not changed", False),
        ("changed and change < 0", True),
        ("net > 0 or verdict == negative", True),
        ("net > 0 or verdict == mixed", False),
        ("net > 0 and net < 0 or tweets > 1", True),
        ("tweets > 1 or net > 0 and net < 0", True),
        ("(tweets > 1 or net > 0) and net > 0", False),
        ("not (net > 0 or net.low > 0)", True),
        ("not net > 0", True),
        ("not not net < 0", True),
        ("  net\n<\t-20 ", True),
    ],
)
def test_what_conditions_mean(report: Report, text: str, holds: bool) -> None:
    assert parse_condition(text).holds(report) is holds


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("change < -10", None),
        ("not change < -10", None),
        ("changed", None),
        ("changed or net < 0", True),
        ("changed and net < 0", None),
        ("changed and net > 0", False),
        ("changed or net > 0", None),
    ],
)
def test_what_is_not_known_decides_nothing(report: Report, text: str, holds: bool | None) -> None:
    assert parse_condition(text).holds(without_change(report)) is holds


def test_it_says_the_figures_it_asked_for(report: Report) -> None:
    condition = parse_condition("net < -20 or verdict == mixed or net > 3 or change < 0")
    assert condition.why(report) == "net -31.4, verdict mainly negative, change -12"
    assert condition.why(without_change(report)).endswith("change unknown")


def test_undecided_is_what_is_told_and_unsettled_what_is_asked_for(report: Report) -> None:
    undecided = replace(report, verdict=Verdict("not enough tweets", "…", None, undecided=True))
    condition = parse_condition("verdict == unsettled")
    assert condition.holds(undecided)
    assert condition.why(undecided) == "verdict undecided"
    told = json.loads(json.dumps(document(Notice(condition), undecided, holds=True)))
    assert told["figures"]["verdict"] == "undecided"
    kept = told["report"]["verdict"]
    assert (kept["label"], kept["undecided"]) == ("not enough tweets", True)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "ends where the name"),
        ("nett < 3", "'nett'"),
        ("net", "lacks a comparison after 'net'"),
        ("net < ", "lacks a number"),
        ("net < positive", "lacks a number"),
        ("net = 3", "write =="),
        ("net < 3 verdict == mixed", "'verdict' where 'and'"),
        ("net < 3)", "')'"),
        ("(net < 3", "lacks a ')'"),
        ("verdict < negative", "other than == or !="),
        ("verdict == happy", "positive, negative, mixed, unsettled"),
        ("verdict == 3", "lacks a verdict"),
        ("net < 3x", "cannot be read"),
        ("__import__('os').system('true')", "cannot be read from|name of a figure"),
        ("net.value < 3", "'net.value'"),
        ("net < 1e9", "cannot be read"),
        ("net < 'a", "cannot be read"),
        ("(" * 5000, "at most 1,000"),
        ("(" * 400, "too deep"),
        ("not " * 200 + "changed", "too deep"),
    ],
)
def test_what_is_no_condition_is_said(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("(", r"\(").replace(")", r"\)")):
        parse_condition(text)


def conditions() -> st.SearchStrategy[str]:
    plain = st.sampled_from(
        ["net < -20", "changed", "verdict == mixed", "change.low > 0", "tweets >= 90"]
    )
    return st.recursive(
        plain,
        lambda inner: st.one_of(
            inner.map(lambda text: f"not ({text})"),
            st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
                lambda parts: f"({parts[0]}) {parts[1]} ({parts[2]})"
            ),
        ),
        max_leaves=8,
    )


@given(conditions(), conditions())
def test_de_morgan_also_of_what_is_not_known(one: str, other: str) -> None:
    def holds(text: str) -> bool | None:
        condition: Condition = parse_condition(text)
        values: dict[str, Any] = {"net": -31.0, "changed": None, "verdict": "mixed"}
        values |= {"change.low": None, "tweets": 12}
        return condition._part.holds(values)

    both = f"not (({one}) and ({other}))"
    either = f"(not ({one})) or (not ({other}))"
    if len(both) < 900:
        assert holds(both) is holds(either)


@given(st.text(max_size=60))
def test_any_text_is_a_condition_or_a_usage_error(text: str) -> None:
    try:
        parse_condition(text)
    except UsageError as error:
        assert str(error).startswith("the condition")


def test_every_figure_has_a_value(report: Report) -> None:
    values = values_of(report)
    for name, value in values.items():
        assert value is not None
        if isinstance(value, float):
            assert parse_condition(f"{name} == {value}").holds(report) is True
    for label in LABELS:
        parse_condition(f"verdict == '{label}'")
