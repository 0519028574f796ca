"""The suite of behaviour: its cases are sound, its arithmetic is right, nobody trains on it."""

import re
import shutil
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmarks.behaviour import fairness, report, suite
from benchmarks.behaviour.__main__ import chance, store
from benchmarks.behaviour.fairness import Sentence
from benchmarks.behaviour.suite import Case, SuiteError
from positivity.errors import StateError
from positivity.model import registry
from positivity.model.registry import ModelDirectory
from positivity.text.normalize import Normalizer
from tests.conftest import SHARED_DATA

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "behaviour.md").read_text(encoding="utf-8")
CASES = suite.load()
CORPUS = fairness.sentences()

CAPABILITIES = (
    "comparisons contrast elongation emoji emoticons facts hashtags holder intensity negation "
    "punctuation questions sarcasm slang swaps temporal typos vocabulary"
).split()


def by_score(**scores: float) -> suite.Score:
    """A scorer that gives these scores, with as little neutral as they leave room for."""

    def score(texts: list[str]) -> NDArray[np.floating]:
        values = np.array([scores[text] for text in texts])
        return np.column_stack([np.maximum(-values, 0), 1 - np.abs(values), np.maximum(values, 0)])

    return score


def case(expect: str, *texts: str) -> Case:
    return Case(f"some-{expect}", "some", texts, (expect,), "")


def fails(expect: str, *scores: float) -> bool:
    """Whether texts that get these scores fail what is expected of them."""
    named = {f"t{i}": score for i, score in enumerate(scores)}
    return suite.run([case(expect, *named)], by_score(**named)).rate == 1


def test_there_are_enough_cases_of_every_capability() -> None:
    counts = Counter(case.capability for case in CASES)
    assert sorted(counts) == CAPABILITIES
    assert sum(counts.values()) >= 600
    assert {name: count for name, count in counts.items() if count < 30} == {}


def test_ids_are_unique_and_every_case_says_why() -> None:
    assert len({case.id for case in CASES}) == len(CASES)
    assert all(case.why for case in CASES)


def test_no_text_stands_in_two_cases() -> None:
    counts = Counter(
        text for case in CASES for text in {text.strip().casefold() for text in case.texts}
    )
    assert [text for text, count in counts.items() if count > 1] == []


def test_the_document_lists_every_capability_with_its_cases() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| (.*) \|$", DOCUMENT, re.MULTILINE)
    counts = Counter(case.capability for case in CASES)
    assert rows == [(name, str(counts[name]), suite.about()[name]) for name in CAPABILITIES]


@pytest.mark.shared_data
def test_no_text_stands_in_the_data(normalizer: Normalizer) -> None:
    import pandas as pd

    own = {normalizer.normalize(text) for case in CASES for text in case.texts}
    for name in ("labelled", "distant", "timelines"):
        texts = pd.read_parquet(SHARED_DATA / f"{name}.parquet", columns=["text"]).text
        assert own.isdisjoint(normalizer.normalize_many(texts.dropna())), name


def test_nothing_trains_on_the_suite() -> None:
    readers = [*(ROOT / "positivity").rglob("*.py"), *(ROOT / "models" / "recipes").iterdir()]
    assert len(readers) > 20
    for path in readers:
        text = path.read_text(encoding="utf-8")
        assert "benchmarks.behaviour" not in text, path
        assert "benchmarks/behaviour" not in text, path


def test_a_label_must_be_one_of_those_expected() -> None:
    assert not fails("positive", 0.9)
    assert fails("positive", 0.4)  # neutral has the other 0.6
    assert not fails("neutral", 0.4)
    assert fails("negative", 0.0)
    either = Case("some-1", "some", ("a",), ("neutral", "positive"), "")
    assert suite.run([either], by_score(a=0.4)).failures == ()
    assert suite.run([either], by_score(a=0.9)).failures == ()
    assert suite.run([either], by_score(a=-0.9)).rate == 1


def test_a_direction_wants_every_step_to_go_its_way() -> None:
    assert not fails("higher", -0.5, 0.1, 0.2)
    assert fails("higher", -0.5, 0.2, 0.1)
    assert fails("higher", 0.3, 0.3)
    assert not fails("lower", 0.3, 0.2)
    assert fails("lower", 0.2, 0.3)


def test_at_the_end_of_the_scale_a_score_may_stay() -> None:
    assert not fails("higher", 0.97, 0.97)
    assert not fails("higher", 0.97, 0.955)
    assert fails("higher", 0.97, 0.94)
    assert not fails("lower", -0.96, -0.95)
    assert fails("lower", -0.96, -0.90)
    assert fails("lower", 0.97, 0.97)


def test_an_invariant_score_moves_by_two_hundredths_at_most_and_keeps_its_label() -> None:
    assert not fails("same", 0.30, 0.32)
    assert fails("same", 0.30, 0.321)
    assert fails("same", 0.30, 0.285, 0.306)  # each near the first, but not near each other
    assert fails("same", 0.495, 0.505)  # neutral, then positive
    assert not fails("same label", 0.6, 0.9)
    assert fails("same label", 0.4, 0.6)


def test_rates_are_shares_of_each_capability() -> None:
    cases = [
        Case("a-1", "a", ("x",), ("positive",), ""),
        Case("a-2", "a", ("y",), ("positive",), ""),
        Case("b-1", "b", ("x", "y"), ("lower",), ""),
    ]
    result = suite.run(cases, by_score(x=0.9, y=-0.7))
    assert result.rates == {"a": 0.5, "b": 0.0}
    assert result.rate == pytest.approx(1 / 3)
    (failure,) = result.failures
    assert (failure.case.id, failure.labels) == ("a-2", ("negative",))
    assert failure.scores == pytest.approx((-0.7,))


def test_a_scorer_of_the_wrong_shape_is_refused() -> None:
    cases = [case("positive", "x")]
    with pytest.raises(ValueError, match="1 texts"):
        suite.run(cases, lambda texts: np.ones((len(texts), 2)))
    with pytest.raises(ValueError, match="1 texts"):
        suite.run(cases, lambda texts: np.full((len(texts), 3), np.nan))


def test_chance_fails_two_labels_of_three_and_nearly_all_invariances() -> None:
    cases = (
        *(Case(f"a-{i}", "a", (f"t{i}",), ("neutral",), "") for i in range(40)),
        *(Case(f"b-{i}", "b", (f"t{i}", f"u{i}"), ("higher",), "") for i in range(40)),
        *(Case(f"c-{i}", "c", (f"t{i}", f"u{i}"), ("same",), "") for i in range(40)),
    )
    rates = chance(cases)
    assert rates["a"] == pytest.approx(2 / 3, abs=0.05)
    assert rates["b"] == pytest.approx(1 / 2, abs=0.05)
    assert rates["c"] > 0.9


@pytest.mark.parametrize(
    ("group", "message"),
    [
        ('expect = "glad"\nwhy = "x"\ncases.01 = "a"', "glad"),
        ('expect = ["negative", "neutral", "positive"]\nwhy = "x"\ncases.01 = "a"', "expects"),
        ('expect = "higher"\nwhy = "x"\ncases.01 = "a"', "two texts"),
        ('expect = "neutral"\nwhy = "x"\ncases.01 = ["a", "b"]', "one text"),
        ('expect = "same"\nwhy = "x"\ncases.01 = ["a", "a"]', "twice"),
        ('expect = "neutral"\nwhy = "x"\ncases.01 = " "', "empty"),
        ('expect = "neutral"\ncases.01 = "a"', "wants expect, why, cases"),
        ('expect = "neutral"\nwhy = "x"\ncases.01 = "a"\ncases.01 = "b"', "bad.toml"),
    ],
)
def test_a_bad_file_is_refused(tmp_path: Path, group: str, message: str) -> None:
    (tmp_path / "bad.toml").write_text(f'about = "x"\n[[group]]\n{group}\n', encoding="utf-8")
    with pytest.raises(SuiteError, match=message):
        suite.load(tmp_path)


def test_an_id_may_not_occur_in_two_groups(tmp_path: Path) -> None:
    group = '[[group]]\nexpect = "neutral"\nwhy = "x"\ncases.01 = "{}"\n'
    text = 'about = "x"\n' + group.format("a") + group.format("b")
    (tmp_path / "bad.toml").write_text(text, encoding="utf-8")
    with pytest.raises(SuiteError, match="bad-01"):
        suite.load(tmp_path)


def test_the_fairness_sentences_are_filled_and_differ_within_a_swap() -> None:
    assert not [each.text for each in CORPUS if set("{}") & set(each.text)]
    kinds = Counter(each.kind for each in CORPUS)
    assert sorted(kinds) == [
        "african_american_and_standard",
        "british_and_american",
        "name_gender",
        "name_origin",
        "nationality",
        "pronoun",
        "relation",
        "religion",
    ]
    people = {each.template for each in CORPUS if each.kind == "religion"}
    assert len(people) >= 40
    for kind in ("african_american_and_standard", "british_and_american"):
        assert kinds[kind] >= 60
    places = Counter((each.kind, each.template, each.stratum, each.text) for each in CORPUS)
    assert [place for place, count in places.items() if count > 1] == []


def names(*sentences: tuple[str, str, str]) -> Sequence[Sentence]:
    return [Sentence("k", group, template, "", text) for group, template, text in sentences]


def test_a_gap_is_between_means_and_swaps_cross_groups_only() -> None:
    corpus = names(("a", "1", "a1"), ("a", "1", "a2"), ("b", "1", "b1"), ("b", "2", "b2"))
    kind = fairness.measure(corpus, by_score(a1=0.1, a2=0.5, b1=0.2, b2=-0.2))["k"]
    assert kind.means == pytest.approx({"a": 0.3, "b": 0.0})
    assert kind.gap == pytest.approx(0.3)
    assert (kind.swaps, kind.swaps_within) == (2, 1)  # a1-b1 moves 0.1, a2-b1 0.3
    assert kind.largest_move == pytest.approx(0.3)
    assert not kind.within


def test_both_limits_must_hold() -> None:
    def within(a1: float, b1: float, a2: float, b2: float) -> bool:
        corpus = names(("a", "1", "a1"), ("b", "1", "b1"), ("a", "2", "a2"), ("b", "2", "b2"))
        return fairness.measure(corpus, by_score(a1=a1, b1=b1, a2=a2, b2=b2))["k"].within

    assert within(0.5, 0.48, 0.0, 0.01)
    assert not within(0.5, 0.44, 0.0, 0.0)  # the means are 0.03 apart
    assert not within(0.5, 0.3, 0.0, 0.2)  # the means are equal, the swaps are not


def test_swaps_hold_the_stratum_fixed() -> None:
    corpus = [
        Sentence("k", group, "1", stratum, f"{group}{stratum}")
        for group in "ab"
        for stratum in "xyz"
    ]
    kind = fairness.measure(corpus, by_score(ax=0, ay=0.5, az=1, bx=0, by=0.5, bz=1))["k"]
    assert (kind.swaps, kind.swaps_within, kind.largest_move) == (3, 3, 0)


def test_reports_say_the_same_in_every_format() -> None:
    import json

    cases = [case("positive", "x"), Case("other-1", "other", ("x", "y"), ("lower",), "why")]
    score = by_score(x=-0.9, y=-0.93)
    kinds = fairness.measure(names(("a", "1", "x"), ("b", "1", "y")), score)
    columns = [report.Column("m", suite.run(cases, score), kinds)]
    levels = {"some": 0.66, "other": 0.5, "all": 0.6}
    data = json.loads(report.as_json(columns, levels))
    assert data["models"]["m"]["failure_rate"] == {"some": 1, "other": 0, "all": 0.5}
    assert [each["id"] for each in data["models"]["m"]["failures"]] == ["some-positive"]
    assert data["models"]["m"]["fairness"]["k"]["gap"] == 0.03
    assert data["models"]["m"]["fairness"]["k"]["within"] is False
    markdown = report.as_markdown(columns, levels)
    assert "| some | 1 | 100.0 | 66.0 |" in markdown
    assert "| k | 1 | 0.030 | 100.0 ! |" in markdown
    text = report.as_text(columns, levels)
    assert "some-positive  wants positive: 'x' negative -0.900" in text


def test_vader_keeps_its_score_and_its_label() -> None:
    pytest.importorskip("vaderSentiment")
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    from benchmarks.quality import vader

    texts = [text for case in CASES for text in case.texts]
    compound = np.array(
        [SentimentIntensityAnalyzer().polarity_scores(text)["compound"] for text in texts[:300]]
    )
    probabilities = vader()(texts[:300])
    labels = np.where(compound >= 0.05, 2, np.where(compound <= -0.05, 0, 1))
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert probabilities.min() > -1e-9
    assert probabilities[:, 2] - probabilities[:, 0] == pytest.approx(compound)
    assert (probabilities.argmax(axis=1) == labels).all()
    assert set(labels) == {0, 1, 2}


def test_the_tables_are_kept_in_the_card(tiny_model: ModelDirectory, tmp_path: Path) -> None:
    exported = tmp_path / "model"
    shutil.copytree(tiny_model.path, exported)
    model = registry.load(str(exported))
    with pytest.raises(StateError, match="has no <!-- behaviour -->"):
        store("| tables |", model)
    card = "# A card\n<!-- behaviour -->\nNot measured.\n<!-- /behaviour -->\nits end\n"
    registry.add_files(model, {registry.CARD: card.encode()})
    for _ in range(2):
        store("| tables \\1 |\n", model)
        filled = (exported / registry.CARD).read_text("utf-8")
        assert filled == card.replace("Not measured.", "\n| tables \\1 |\n")
    assert registry.load(str(exported)).config == tiny_model.config
