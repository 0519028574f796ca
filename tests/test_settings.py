"""Settings: what wins over what, what is refused, and `positivity config`."""

import json
import sys
from typing import Any

import pytest
from typer.testing import CliRunner

from positivity.cli import app
from positivity.errors import UsageError
from positivity.settings import MEANINGS, Settings, config_path, home, load_settings, origins

runner = CliRunner()


def write_config(text: str) -> None:
    config_path().parent.mkdir(parents=True, exist_ok=True)
    config_path().write_text(text, encoding="utf-8")


def test_defaults_hold_when_nothing_is_set() -> None:
    assert load_settings() == Settings()
    assert {origin.source for origin in origins().values()} == {"default"}
    assert list(origins()) == list(MEANINGS)


def test_options_win_over_the_environment_that_over_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_config("max_posts = 300\nmax_wait = 5\npost_price = 0.01\n")
    assert load_settings().max_posts == 300
    assert load_settings().max_wait == 5.0
    monkeypatch.setenv("POSITIVITY_MAX_POSTS", "400")
    monkeypatch.setenv("POSITIVITY_API_URL", "")  # as good as not set
    found = origins({"max_posts": None})
    assert (found["max_posts"].value, found["max_posts"].source) == (400, "$POSITIVITY_MAX_POSTS")
    assert found["post_price"].source == str(config_path())
    assert found["api_url"].value == "https://api.x.com"
    assert origins({"max_posts": 500})["max_posts"].source == "option"
    assert load_settings(max_posts=500).max_posts == 500


@pytest.mark.parametrize("format", ["terminal", "json"])
def test_a_password_in_an_address_is_not_shown(
    format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSITIVITY_API_URL", "https://me:hushhush@proxy.example/x")
    shown = runner.invoke(app, ["config", "--format", format]).output
    assert "hushhush" not in shown
    assert "https://proxy.example" in shown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max_posts = ", "is no TOML"),
        ("max_post = 3", "no setting 'max_post'"),
        ("max_posts = '3'", "no whole number"),
        ("max_posts = 3.5", "no whole number"),
        ("max_posts = true", "no whole number"),
        ("max_posts = 4", "no number from 5 up"),
        ("max_wait = -1", "no number from 0 up"),
        ("max_wait = nan", "no number from 0 up"),
        ("max_wait = inf", "no number from 0 up"),
        ("timeout = 1e300", "more than 86400"),
        ("api_url = 7", "no text"),
        ("[check]\nmax_posts = 9", "no setting 'check'"),
    ],
)
def test_a_config_file_that_cannot_be_used_says_why(text: str, said: str) -> None:
    write_config(text)
    with pytest.raises(UsageError, match=said) as caught:
        load_settings()
    assert str(config_path()) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_config_file_of_an_editor_that_marks_its_encoding() -> None:
    write_config("\ufeffmax_posts = 30")
    assert load_settings().max_posts == 30


def test_a_config_file_that_is_no_text() -> None:
    write_config("")
    config_path().write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="is no TOML"):
        load_settings()
    config_path().unlink()
    config_path().mkdir()
    with pytest.raises(UsageError, match="cannot be read"):
        load_settings()


@pytest.mark.parametrize("value", ["many", "1e3", "-5", "0", "", " 12 "])
def test_values_of_the_environment(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("POSITIVITY_MAX_POSTS", value)
    if value.strip() in ("", "12"):
        assert load_settings().max_posts == (12 if value.strip() else 200)
    else:
        with pytest.raises(UsageError, match="POSITIVITY_MAX_POSTS"):
            load_settings()


def test_config_shows_every_setting_and_where_it_comes_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("POSITIVITY_ASK_ABOVE", "7.5")
    shown = runner.invoke(app, ["config"]).stdout
    for name in MEANINGS:
        assert name in shown
    document: dict[str, Any] = json.loads(runner.invoke(app, ["config", "--format", "json"]).stdout)
    assert document["settings"]["ask_above"] == {"value": 7.5, "source": "$POSITIVITY_ASK_ABOVE"}
    assert document["settings"]["max_posts"] == {"value": 200, "source": "default"}
    assert document["paths"]["store"] == str(home() / "store.db")
    write_config("nonsense = 1")
    result = runner.invoke(app, ["config"])
    assert result.exit_code == 2
    assert "nonsense" in result.stderr


def test_config_tells_a_variable_that_is_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSITIVITY_MAX_POST", "50")
    monkeypatch.setenv("POSITIVITY_TIMEOUT", "20")
    result = runner.invoke(app, ["config"])
    assert result.exit_code == 0
    assert "$POSITIVITY_MAX_POST is no setting" in result.stderr
    assert result.stderr.count("is no setting") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="~name is a folder like any other there")
def test_a_home_of_nobody_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSITIVITY_HOME", "~no_such_user_here/x")
    result = runner.invoke(app, ["usage"])
    assert (result.exit_code, result.stderr.count("\n")) == (2, 1), result.output
    assert "POSITIVITY_HOME=~no_such_user_here/x: there is no such user" in result.stderr


def test_without_a_home_of_our_own_the_system_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("POSITIVITY_HOME")
    assert home().name == "positivity"
    assert config_path().name == "config.toml"


@pytest.mark.parametrize(
    "option", ["--max-cost", "--budget", "--max-time", "--jitter", "--max-wait", "--temperature"]
)
def test_a_bound_is_a_number(option: str) -> None:
    command = ["generate"] if option == "--temperature" else ["check", "@alice"]
    for value in ("nan", "inf"):
        result = runner.invoke(app, [*command, option, value])
        assert result.exit_code == 2, result.output
        assert "no number that can be used" in result.stderr
