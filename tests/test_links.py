"""Links to tweets at a terminal: hyperlinks where it has them, plain addresses elsewhere."""

import io

import pytest
from rich.console import Console

from positivity.report.links import has_hyperlinks
from positivity.report.terminal import render
from positivity.report.terminal_page import make_console
from tests.test_html import report, tweet

ADDRESS = "https://x.com/i/status/1890000000000000020"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, True),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, False),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "vscode"}, True),
        ({"TERM": "screen-256color", "TERM_PROGRAM": "iTerm.app"}, False),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "4900"}, False),
        ({"TERM": "xterm-256color", "VTE_VERSION": "odd"}, False),
        ({"WT_SESSION": "1"}, True),
        ({"TERM": "xterm-256color", "KONSOLE_VERSION": "230804"}, True),
        ({"TERM": "linux"}, False),
        ({"TERM": "dumb", "TERM_PROGRAM": "vscode"}, False),
        ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm", "FORCE_HYPERLINK": "1"}, True),
        ({"TERM": "xterm-kitty", "FORCE_HYPERLINK": "0"}, False),
    ],
)
def test_which_terminals_have_links(environment: dict[str, str], expected: bool) -> None:
    assert has_hyperlinks(environment) is expected


def shown(monkeypatch: pytest.MonkeyPatch, *, links: bool, width: int = 100) -> str:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("FORCE_HYPERLINK", "1" if links else "0")
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=True, color_system="standard")
    tweets = (tweet(), tweet("no id", None), tweet("odd id", "20/../../evil"))
    render(report(strongest_positive=tweets, strongest_negative=()), console)
    return out.getvalue()


def test_a_tweet_is_a_link_where_the_terminal_has_links(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch, links=True)
    assert f";{ADDRESS}\x1b\\" in text
    assert text.count("\x1b]8;") == 2  # where it begins and where it ends
    assert text.index("\x1b]8;") < text.index("what a day")


def test_elsewhere_its_address_stands_below(monkeypatch: pytest.MonkeyPatch) -> None:
    text = shown(monkeypatch, links=False)
    assert "\x1b]8" not in text
    lines = text.splitlines()
    (at,) = [number for number, line in enumerate(lines) if ADDRESS in line]
    assert "what a day" in lines[at - 1]
    assert "evil" not in text.replace("odd id", "")
    for width in (20, 40):
        assert "\x1b]8" not in shown(monkeypatch, links=False, width=width)


def test_a_pipe_gets_addresses_whatever_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_HYPERLINK", "1")
    out = io.StringIO()
    render(report(strongest_positive=(tweet(),)), make_console(out))
    assert "\x1b" not in out.getvalue()
    assert f"{' ' * 20}{ADDRESS}\n" in out.getvalue()
