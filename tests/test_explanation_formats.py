"""An explanation in every format: its numbers, harmless, fit for all who read it."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import jsonschema
import pytest
from rich.cells import cell_len
from rich.console import Console

from positivity.account.explanation import (
    GRADIENTS,
    LEAVE_ONE_OUT,
    METHODS,
    SPANS,
    ExplainedTweet,
    Explanation,
    WeighedTerm,
)
from positivity.account.report import Effect
from positivity.report.html import CERTAINTIES, render_explanation_html, weighed
from positivity.report.machine import explanation_schema, render_explanation_json
from positivity.report.markdown_why import render_explanation_markdown
from positivity.report.reasons import marked_effects, render_explanation
from positivity.report.words import effect
from tests.screenshots import browser, chromium
from tests.test_html import HOSTILE, Elements, report

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def tweet(text: str = "not a great day", baseline: float | None = None) -> ExplainedTweet:
    effects = (
        (Effect(0, 3, -0.7), Effect(4, 5, 0.01), Effect(6, 11, 0.42), Effect(12, 15, 0.05))
        if text == "not a great day"
        else tuple(Effect(i, i + 5, 0.5 - i / 20) for i in range(0, len(text) - 5, 6))
    )
    shares = (0.55, 0.25, 0.2)
    return ExplainedTweet(
        "1890000000000000020",
        "2026-03-01T10:00:00+00:00",
        "someone",
        text,
        *shares,
        -0.35,
        baseline,
        effects,
    )


def explanation(text: str = "not a great day", method: str = LEAVE_ONE_OUT) -> Explanation:
    one = tweet(text, 0.1 if method == GRADIENTS else None)
    word = text if text == HOSTILE else "great"
    return Explanation(
        report=report(),
        method=method,
        strongest_positive=(one,),
        strongest_negative=(one, one),
        least_sure=(one,),
        terms_positive=(WeighedTerm(word, "word", 1234, 5, 3.1, 0.42, 16, 1.302),),
        terms_negative=(WeighedTerm("#delayed", "hashtag", 1, 9, -2.0, -0.25, 10, -0.5),),
        tagger="marker 7" if method == SPANS else None,
    )


def rendered(found: Explanation, format: str, width: int = 80) -> str:
    out = io.StringIO()
    if format == "terminal":
        render_explanation(found, Console(file=out, width=width))
    elif format == "html":
        render_explanation_html(found, out)
    elif format == "json":
        render_explanation_json(found, out)
    else:
        render_explanation_markdown(found, out)
    return out.getvalue().replace("\N{NO-BREAK SPACE}", " ")


def test_effects_in_words() -> None:
    assert [effect(each) for each in (0.423, -0.08, 0.001, -0.0, 1)] == [
        *("+0.42", "−0.08", "0.00", "0.00", "+1.00")
    ]


def test_faint_effects_are_marked_where_there_are_no_others() -> None:
    strong, half, faint = Effect(0, 1, 0.5), Effect(2, 3, -0.12), Effect(4, 5, 0.05)
    assert marked_effects((strong, half, faint)) == [strong, half]
    assert marked_effects((faint, Effect(6, 7, 0.024))) == [faint]
    assert marked_effects((Effect(6, 7, 0.01),)) == []
    assert marked_effects(()) == []


def test_words_on_the_page_have_the_steps_of_the_scale() -> None:
    steps = [(text, step) for text, _, step in weighed(tweet())]
    assert steps == [("", 0), ("not", 3), (" a ", 0), ("great", 3), (" ", 0), ("day", 1), ("", 0)]


@pytest.mark.parametrize("format", ["terminal", "html", "markdown"])
def test_every_number_is_there(format: str) -> None:
    text = rendered(explanation(), format)
    for expected in (
        "−0.70",
        "+0.42",
        "−0.35",
        "55 % negative",
        "1,234",
        "1.30",
        "−0.25",
        "#delay",
        "+12",  # the net, with its interval
        "+3 to +21",
    ):
        assert expected in text.replace("\\", ""), expected
    assert "x.com/i/status/1890000000000000020" in text
    assert "left out" in text


@pytest.mark.parametrize("format", ["terminal", "html", "markdown"])
def test_gradients_say_where_they_start(format: str) -> None:
    text = rendered(explanation(method=GRADIENTS), format)
    assert "from +0.10" in text
    assert "integrated" in text
    assert "from +0.10" not in rendered(explanation(), format)


@pytest.mark.parametrize("format", ["terminal", "html", "markdown"])
def test_spans_say_that_they_are_what_people_would_mark(format: str) -> None:
    text = " ".join(rendered(explanation(method=SPANS), format).split())
    assert "words that a person would mark" in text
    assert "when the word is left out" not in text
    assert "more positive" not in text
    assert "words that a person would mark" not in rendered(explanation(), format)


def test_at_a_terminal_a_stretch_shows_both_its_ends() -> None:
    one = replace(tweet(), effects=(Effect(0, 11, -0.7), Effect(12, 15, -0.6)))
    text = rendered(replace(explanation(method=SPANS), least_sure=(one,)), "terminal")
    assert "[not a great −0.70] day[−0.60]" in text


def test_the_page_and_the_json_name_the_tagger() -> None:
    assert "spans, tagger marker 7" in rendered(explanation(method=SPANS), "html")
    assert ", tagger" not in rendered(explanation(), "html")
    document = json.loads(rendered(explanation(method=SPANS), "json"))
    assert document["explanation"]["tagger"] == "marker 7"


def test_stretches_on_the_page_have_the_steps_of_certainty() -> None:
    steps = [step for _, does, step in weighed(tweet(), CERTAINTIES) if does]
    assert steps == [2, 1, 1]  # -0.7, 0.42, 0.05
    assert '<mark class="down-2">not' in rendered(explanation(method=SPANS), "html")
    assert '<mark class="down-3">not' in rendered(explanation(), "html")


def test_json_follows_its_schema() -> None:
    schema = explanation_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for method in METHODS:
        document = json.loads(rendered(explanation(HOSTILE, method), "json"))
        jsonschema.Draft202012Validator(schema).validate(document)
    document["explanation"]["least_sure"][0]["score"] = 3
    assert not jsonschema.Draft202012Validator(schema).is_valid(document)


@pytest.mark.parametrize("width", [20, 60, 80, 120])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
def test_hostile_texts_do_nothing_to_a_terminal(width: int, encoding: str) -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding)
    render_explanation(explanation(HOSTILE), Console(file=out, width=width))
    out.flush()
    text = raw.getvalue().decode(encoding)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert max(map(cell_len, text.splitlines())) <= width


def test_of_an_endless_word_people_read_the_beginning() -> None:
    scream = WeighedTerm("a" * 5_000, "word", 9, 1, 3.2, 0.42, 16, 1.3)
    for format in ("html", "markdown"):
        text = rendered(replace(explanation(), terms_positive=(scream,)), format)
        assert "a" * 39 + "…" in text
        assert "a" * 40 not in text


def test_hostile_texts_do_nothing_to_a_page_or_to_markdown() -> None:
    page = rendered(explanation(HOSTILE), "html")
    elements = Elements(page)
    assert {tag for tag, _ in elements.found} & {"script", "img", "svg"} == set()
    assert not any(name.startswith("on") for _, each in elements.found for name in each)
    text = rendered(explanation(HOSTILE), "markdown").replace("\\<", "")
    assert "<" not in text
    assert "\u202e" not in text


@pytest.fixture(scope="module")
def chrome() -> "Iterator[Browser]":
    pytest.importorskip("playwright")
    if chromium() is None:
        pytest.skip("no Chromium")
    with browser() as started:
        yield started


@pytest.mark.parametrize("method", [LEAVE_ONE_OUT, SPANS])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    chrome: "Browser", tmp_path: Path, scheme: Literal["light", "dark"], method: str
) -> None:
    axe = pytest.importorskip("axe_core_python.sync_playwright")
    path = tmp_path / "page.html"
    path.write_text(rendered(explanation(method=method), "html"), encoding="utf-8")
    tab = chrome.new_page(color_scheme=scheme, bypass_csp=True)  # axe itself is a script
    tab.goto(path.as_uri())
    violations = axe.Axe().run(tab)["violations"]
    serious = [each for each in violations if each["impact"] in ("serious", "critical")]
    assert [(each["id"], [n["html"] for n in each["nodes"]][:2]) for each in serious] == []
    tab.close()


@pytest.mark.parametrize("width", [320, 820, 1440])
def test_the_page_never_scrolls_sideways(chrome: "Browser", tmp_path: Path, width: int) -> None:
    path = tmp_path / "page.html"
    path.write_text(rendered(explanation("x" * 280), "html"), encoding="utf-8")
    tab = chrome.new_page(viewport={"width": width, "height": 900})
    tab.goto(path.as_uri())
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    hidden = "[...document.querySelectorAll('.scroll')].map(e => e.scrollWidth - e.clientWidth)"
    assert width < 400 or set(tab.evaluate(hidden)) == {0}
    tab.close()


def test_the_least_sure_tweets_of_few_are_not_called_doubtful() -> None:
    page = Elements(rendered(explanation("what a day"), "html")).text
    assert "most probable label is less probable than that of any other tweet" in page
    assert "hardly more probable" not in page
