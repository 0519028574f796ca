"""Which accounts differ, their ranks, and how all that is shown."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import jsonschema
import numpy as np
import pytest
from referencing import Registry, Resource

from positivity.account.comparison import Sample, _of_two, compare, difference, holm, nets_of
from positivity.account.posterior import BayesianQuantifier, cells_of
from positivity.account.quantify import Tallied, quantify
from positivity.account.report import Comparison, Difference, Estimate, Report
from positivity.recalibration import IDENTITY, PARAMETERS, Recalibration
from positivity.report.html import render_comparison_html
from positivity.report.machine import comparison_schema, json_schema, render_comparison_json
from positivity.report.markdown import render_comparison_markdown
from positivity.report.rows import COLUMNS, RANK_COLUMNS, render_comparison_csv
from positivity.report.terminal_comparison import render_comparison
from positivity.report.terminal_page import make_console
from positivity.report.words import apart
from tests.test_html import HOSTILE, Elements, chrome, report

if TYPE_CHECKING:
    from playwright.sync_api import Browser

DOUBT = tuple(tuple(row) for row in (0.05 * np.eye(PARAMETERS)).tolist())
QUANTIFIER = BayesianQuantifier(Recalibration(IDENTITY, DOUBT, 8.0, ("one", "two"), 1000))
SIDES = np.array([[0.8, 0.15, 0.05], [0.1, 0.8, 0.1], [0.05, 0.15, 0.8]])

__all__ = ["chrome"]  # a fixture
Quantifier = BayesianQuantifier | None


def sample(shares: list[float], size: int, seed: int, effect: float = 1.0) -> Sample:
    """Tweets of an account with these shares of labels."""
    labels = np.random.default_rng(seed).choice(3, size, p=shares)
    tallied = Tallied()
    tallied.add(labels, cells_of(SIDES[labels]))
    return Sample(tallied, effect, seed)


def account(
    name: str, counted: Sample, quantifier: Quantifier = QUANTIFIER
) -> tuple[Report, Sample]:
    shares = quantify(counted.tallied, quantifier, seed=counted.seed, effect=counted.effect)
    return report(subject=name, net=shares.net if shares else None), counted


def compared(
    *samples: Sample, alike: bool = False, quantifier: Quantifier = QUANTIFIER
) -> Comparison:
    named = [account(f"@{i}", each, quantifier) for i, each in enumerate(samples)]
    return compare(named, quantifier, alike=alike)


def pair_differs(comparison: Comparison) -> bool:
    (pair,) = comparison.pairs
    return pair.different


@pytest.mark.parametrize("quantifier", [QUANTIFIER, None], ids=["corrected", "counted"])
@pytest.mark.parametrize("sizes", [(150, 150), (40, 900)])
def test_halves_of_an_account_seldom_differ_and_unlike_ones_do(
    quantifier: Quantifier, sizes: tuple[int, int]
) -> None:
    same = unlike = 0
    for seed in range(60):
        first = sample([0.2, 0.4, 0.4], sizes[0], seed)
        second = sample([0.2, 0.4, 0.4], sizes[1], 1000 + seed)
        other = sample([0.7, 0.2, 0.1], sizes[1], 2000 + seed)
        same += pair_differs(compared(first, second, alike=True, quantifier=quantifier))
        unlike += pair_differs(compared(first, other, alike=True, quantifier=quantifier))
    assert same <= 7
    assert unlike >= 57


def test_what_accounts_do_not_share_stays_in_their_difference() -> None:
    first, second = sample([0.2, 0.4, 0.4], 4000, 1), sample([0.3, 0.4, 0.3], 4000, 2)
    widths = []
    for alike in (True, False):
        found = difference(*(nets_of(each, QUANTIFIER, alike=alike) for each in (first, second)))
        assert found.low < 20 < found.high
        widths.append(found.high - found.low)
    assert widths[1] > 2 * widths[0]
    certain = replace(QUANTIFIER.recalibration, covariance=(tuple([0.0] * 6),) * 6)
    known = BayesianQuantifier(certain)
    same = [
        difference(*(nets_of(each, known, alike=alike) for each in (first, second)))
        for alike in (True, False)
    ]
    assert same[0].value == same[1].value
    assert (same[0].low, same[0].high) == pytest.approx((same[1].low, same[1].high), abs=0.05)


def test_one_domain_is_shared_as_a_whole() -> None:
    alone = replace(QUANTIFIER.recalibration, domains=("one",))
    assert alone.shared == 1
    assert QUANTIFIER.recalibration.shared == pytest.approx(1 / 4)


def test_dependent_tweets_tell_less() -> None:
    first, second = sample([0.2, 0.4, 0.4], 600, 1), sample([0.3, 0.4, 0.3], 600, 2)
    moody = (replace(first, effect=9.0), replace(second, effect=9.0))
    assert pair_differs(compared(first, second, alike=True))
    assert not pair_differs(compared(*moody, alike=True))


def test_many_equal_accounts_are_ties() -> None:
    wrong = 0
    for seed in range(20):
        found = compared(
            *(sample([0.25, 0.35, 0.4], 80, 100 * seed + i) for i in range(8)), alike=True
        )
        wrong += any(pair.different for pair in found.pairs)
    assert wrong <= 4


def test_ranks_are_the_places_that_pairs_leave_open() -> None:
    found = compared(
        sample([0.8, 0.1, 0.1], 400, 1),
        sample([0.1, 0.2, 0.7], 400, 2),
        sample([0.11, 0.2, 0.69], 400, 3),
        sample([0.4, 0.2, 0.4], 400, 4),
        Sample(Tallied(), 1.0, 5),
        alike=True,
    )
    names = [each.subject for each in found.reports]
    assert set(names[:2]) == {"@1", "@2"}
    assert names[2:] == ["@3", "@0", "@4"]
    ranks = [(rank.best, rank.worst) if rank else None for rank in found.ranks]
    assert ranks == [(1, 2), (1, 2), (3, 3), (4, 4), None]
    assert len(found.pairs) == 6
    nets = [each.net.value for each in found.reports if each.net]
    assert nets == sorted(nets, reverse=True)
    assert found.sentence == "5 of the 6 pairs differ; @0 is less positive than all others"
    for pair in found.pairs:
        assert found.reports[pair.first].subject == pair.first_subject
        assert pair.net.low <= pair.net.value <= pair.net.high
        assert pair.different == (pair.p_value < 0.05)


@pytest.mark.parametrize(("low", "by"), [(0.3, "up to 12"), (2, "2 to 12")])
def test_a_difference_is_not_said_to_be_none(low: float, by: str) -> None:
    pair = Difference(0, 1, "@a", "@b", Estimate(6, low, 12), p_value=0.04, different=True)
    assert _of_two(pair) == f"@a is more positive than @b, by {by} points of net positivity"


@pytest.mark.parametrize(
    ("low", "high", "told"), [(-24, 3, "−24 to +3"), (-0.2, 9, "0 to +9"), (-9, 0, "−9 to 0")]
)
def test_the_points_between_two_are_written_as_elsewhere(
    low: float, high: float, told: str
) -> None:
    pair = Difference(0, 1, "@a", "@b", Estimate(low, low, high), p_value=0.4, different=False)
    assert f" told: {told} points" in _of_two(pair)


def test_points_between_two_have_no_sign_at_0_nor_reach_an_end_by_rounding() -> None:
    near = Difference(0, 1, "@a", "@b", Estimate(18, -0.3, 38), 0.06, different=False)
    assert "told: 0 to +38 points" in _of_two(near)
    far = Difference(0, 1, "@a", "@b", Estimate(199.9, 199.8, 200.0), 0.0, different=True)
    assert "by 199 to 200 points" in _of_two(far)


def test_sentences_of_two_and_of_none() -> None:
    far = compared(sample([0.1, 0.1, 0.8], 300, 1), sample([0.8, 0.1, 0.1], 300, 2), alike=True)
    assert far.sentence.startswith("@0 is more positive than @1, by ")
    near = compared(sample([0.3, 0.3, 0.4], 50, 1), sample([0.3, 0.3, 0.4], 50, 2))
    assert "cannot be told" in near.sentence
    alone = compared(sample([0.3, 0.3, 0.4], 50, 1), Sample(Tallied(), 1.0, 0))
    assert "nothing to compare" in alone.sentence
    assert not alone.pairs
    assert not alone.limits
    ties = compared(*(sample([0.3, 0.3, 0.4], 50, i) for i in range(3)))
    assert ties.sentence == "none of the 3 pairs can be told apart"


def test_holm_by_hand() -> None:
    assert holm(np.array([0.04, 0.01, 0.03, 0.5])) == pytest.approx([0.09, 0.04, 0.09, 0.5])
    assert holm(np.array([0.9, 0.8])).tolist() == [1.0, 1.0]


def test_the_order_of_accounts_does_not_matter() -> None:
    named = [account(f"@{i}", sample([0.3, 0.3, 0.4], 90, i)) for i in range(4)]
    assert compare(named, QUANTIFIER) == compare(named[::-1], QUANTIFIER)


def example(names: tuple[str, ...] = ("@sunny", "@calm", "@stormy")) -> Comparison:
    shares = ([0.05, 0.15, 0.8], [0.3, 0.4, 0.3], [0.8, 0.15, 0.05])
    samples = [
        account(name, sample(each, 300, i))
        for i, (name, each) in enumerate(zip(names, shares, strict=False))
    ]
    return compare(samples, QUANTIFIER, alike=True)


def shown(render: Callable[..., None], comparison: Comparison) -> str:
    out = io.StringIO()
    render(comparison, out)
    return out.getvalue()


def on_terminal(comparison: Comparison) -> str:
    out = io.StringIO()
    render_comparison(comparison, make_console(out))
    return out.getvalue()


def test_json_follows_its_schema() -> None:
    schema = comparison_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for part in (schema, *schema["$defs"].values()):
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])
        assert all(field["description"] for field in part["properties"].values())
    reports = Resource.from_contents(json_schema())
    validator = jsonschema.Draft202012Validator(
        schema, registry=Registry().with_resource("report.schema.json", reports)
    )
    document = json.loads(shown(render_comparison_json, example()))
    validator.validate(document)
    assert [each["subject"] for each in document["reports"]] == ["@sunny", "@calm", "@stormy"]
    assert document["comparison"]["ranks"] == [{"best": i, "worst": i} for i in (1, 2, 3)]
    document["comparison"]["surprise"] = 1
    assert not validator.is_valid(document)


def test_csv_has_the_ranks_before_the_columns_of_a_report() -> None:
    comparison = replace(example(), ranks=(*example().ranks[:2], None))
    rows = list(csv.DictReader(io.StringIO(shown(render_comparison_csv, comparison))))
    assert tuple(rows[0]) == (*RANK_COLUMNS, *COLUMNS)
    assert [row["rank_best"] for row in rows] == ["1", "2", ""]
    assert [row["subject"] for row in rows] == ["'@sunny", "'@calm", "'@stormy"]  # guarded
    assert [row["author"] for row in rows] == ["sunny", "calm", "stormy"]  # to join by


@pytest.mark.parametrize("render", ["terminal", "markdown", "html"])
def test_people_see_ranks_nets_pairs_and_limits(render: str) -> None:
    comparison = example()
    text = {
        "terminal": on_terminal(comparison),
        "markdown": shown(render_comparison_markdown, comparison),
        "html": Elements(shown(render_comparison_html, comparison)).text,
    }[render]
    text = " ".join(text.replace("\N{WORD JOINER}", "").split())
    at = [text.rindex(name) for name in ("@sunny", "@calm", "@stormy")]
    assert all(one != other for one, other in pairwise(at))
    assert "3 of the 3 pairs differ" in text
    assert text.count("differ") >= 4
    assert "mainly positive" in text
    assert "err alike on all of them" in text
    assert "The intervals do not cover everything." in text  # it limits all of the reports


def test_a_pair_whose_own_interval_leaves_0_out_says_why_it_is_not_told_apart() -> None:
    pair = replace(example().pairs[0], net=Estimate(64, 12, 117), different=False)
    assert apart(pair) == "+64 (+12 to +117): cannot be told apart among so many pairs"
    assert apart(replace(pair, net=Estimate(-64, -117, -12))).endswith("among so many pairs")
    assert apart(replace(pair, net=Estimate(42, -7, 91))).endswith("cannot be told apart")
    assert apart(replace(pair, different=True)).endswith("differ")


def test_many_pairs_are_left_to_the_json() -> None:
    comparison = compared(*(sample([0.3, 0.3, 0.4], 40, i) for i in range(7)))
    assert len(comparison.pairs) == 21
    assert "cannot be told apart" not in on_terminal(comparison)
    assert len(json.loads(shown(render_comparison_json, comparison))["comparison"]["pairs"]) == 21


def test_hostile_names_stay_text() -> None:
    comparison = example((HOSTILE, "| a | b |", "=cmd()"))
    elements = Elements(shown(render_comparison_html, comparison))
    assert not {tag for tag, _ in elements.found} & {"script", "img", "iframe", "form"}
    assert "<script>document.title" in elements.text
    assert "\u202e" not in elements.text
    terminal = on_terminal(comparison)
    assert "\x1b" not in terminal
    assert "\u202e" not in terminal
    markdown = shown(render_comparison_markdown, comparison)
    assert "<script" not in markdown.replace("\\<", "")
    assert "\n'=cmd()" in shown(render_comparison_csv, comparison).replace("3,3,", "\n")


def test_the_terminal_keeps_to_its_width() -> None:
    lines = on_terminal(example(("@" + "x" * 100, "@b", "@c"))).splitlines()
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    chrome: "Browser", tmp_path: Path, scheme: Literal["light", "dark"]
) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright")
    path = tmp_path / "page.html"
    path.write_text(shown(render_comparison_html, example()), encoding="utf-8")
    tab = chrome.new_page(color_scheme=scheme, bypass_csp=True)  # axe itself is a script
    tab.goto(path.as_uri())
    violations = axe.Axe().run(tab)["violations"]
    serious = [each for each in violations if each["impact"] in ("serious", "critical")]
    assert [(each["id"], [n["html"] for n in each["nodes"]][:2]) for each in serious] == []
    tab.close()


def test_a_long_name_hides_no_column_of_the_ranks(chrome: "Browser", tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    comparison = example(("folder/" + "y" * 200, "@calm"))
    path.write_text(shown(render_comparison_html, comparison), encoding="utf-8")
    tab = chrome.new_page(viewport={"width": 1000, "height": 900})
    tab.goto(path.as_uri())
    hidden = "[...document.querySelectorAll('.scroll')].map(e => e.scrollWidth - e.clientWidth)"
    assert set(tab.evaluate(hidden)) == {0}
    tab.close()


def test_a_handle_stays_on_its_line_where_there_is_room(chrome: "Browser", tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    comparison = example(("@crooked_spoke", "@calm"))
    path.write_text(shown(render_comparison_html, comparison), encoding="utf-8")
    tab = chrome.new_page(viewport={"width": 1280, "height": 900})
    tab.goto(path.as_uri())
    heights = "[...document.querySelectorAll('th.name bdi')].map(e => e.offsetHeight)"
    assert len(set(tab.evaluate(heights))) == 1
    tab.close()


@pytest.mark.parametrize("width", [320, 820])
def test_the_page_is_whole_without_network_and_never_scrolls_sideways(
    chrome: "Browser", tmp_path: Path, width: int
) -> None:
    path = tmp_path / "page.html"
    comparison = example((HOSTILE, "@" + "y" * 200, "@calm"))
    path.write_text(shown(render_comparison_html, comparison), encoding="utf-8")
    tab = chrome.new_page(viewport={"width": width, "height": 900})
    requests: list[str] = []
    tab.on("request", lambda request: requests.append(request.url))
    tab.goto(path.as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.evaluate("document.scripts.length") == 0
    assert requests == [path.as_uri()]
    tab.close()
