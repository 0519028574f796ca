"""The past of accounts: verdicts by day and by model, and what the last check changed."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from positivity.account.report import Report
from positivity.check.scoring import StoreAnalyzer
from positivity.cli import app
from positivity.model.registry import ModelDirectory
from positivity.store import Store, store_path
from tests.conftest import NEGATIVE, POSITIVE
from tests.standin import TOKEN, Standin
from tests.test_store import account, row

runner = CliRunner()


@pytest.fixture(autouse=True)
def world(standin: Standin, monkeypatch: pytest.MonkeyPatch) -> Standin:
    monkeypatch.setenv("POSITIVITY_API_URL", standin.url)
    monkeypatch.setenv("X_BEARER_TOKEN", TOKEN)
    monkeypatch.setenv("POSITIVITY_MAX_WAIT", "0")
    standin.world.generate("alice", 60, seed=1)
    return standin


def run(model: ModelDirectory, *arguments: str, code: int = 0) -> Result:
    result = runner.invoke(app, [*arguments, "--model", str(model.path)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


def past(model: ModelDirectory, *options: str) -> dict[str, Any]:
    result = run(model, "report", "alice", *options, "--format", "json")
    found: dict[str, Any]
    (found,) = json.loads(result.stdout)["accounts"]
    assert found["subject"] == "@alice"
    return found


def move_days_back(days: int) -> None:
    """What is of today becomes older, as if the machine had slept."""
    with sqlite3.connect(store_path()) as database:
        database.execute(f"UPDATE reports SET day = date(day, '{-days:+} days')")
        database.execute(f"UPDATE checks SET at = at - {days * 86_400_000}")


def add_tweets(words: list[str], first_id: int) -> None:
    """Puts tweets into the store, as a check that goes on would."""
    with Store(store_path()) as store:
        alice = store.accounts.find("alice")
        assert alice is not None
        now = datetime.now(UTC)
        store.accounts.put_tweets(
            alice.id,
            [
                row(first_id + i, f"{word} {word} {i}", created_at=now + timedelta(seconds=i))
                for i, word in enumerate(words)
            ],
        )


def newest_id() -> int:
    with Store(store_path()) as store:
        alice = store.accounts.find("alice")
        assert alice is not None
        return store.accounts.ids(alice.id)[0]


def test_history_is_a_line_for_each_day(tiny_model: ModelDirectory) -> None:
    run(tiny_model, "check", "alice", "--max-posts", "30")
    move_days_back(1)
    run(tiny_model, "check", "alice", "--max-posts", "60")
    run(tiny_model, "check", "alice", "--max-posts", "60")
    first, second = past(tiny_model, "--history")["history"]
    assert first["day"] < second["day"]
    assert 0 < first["tweets"] < second["tweets"]
    (report,) = json.loads(run(tiny_model, "report", "alice", "--format", "json").stdout)["reports"]
    assert second["net"] == report["net"]
    shown = run(tiny_model, "report", "alice", "--history").stdout
    assert first["day"] in shown
    assert ("undecided" if second["undecided"] else second["verdict"]) in shown


def test_a_history_of_another_question_is_pointed_out(tiny_model: ModelDirectory) -> None:
    options = ["--timezone", "Europe/Lisbon", "--language", "en", "--since", "2026-07-01"]
    run(tiny_model, "check", "alice", "--max-posts", "30", *options)
    result = run(tiny_model, "report", "alice", "--history")
    assert "nothing yet" in result.stdout
    told = result.stderr.strip().partition("give ")[2]
    assert told.endswith("--timezone Europe/Lisbon --language en")
    again = run(tiny_model, "report", "alice", "--history", *told.split())
    assert again.stderr == ""
    assert "nothing yet" not in again.stdout


def test_another_model_starts_a_line_of_its_own_and_rescores(
    tiny_model: ModelDirectory, other_model: ModelDirectory
) -> None:
    run(tiny_model, "check", "alice", "--max-posts", "30")
    move_days_back(1)
    run(tiny_model, "check", "alice", "--max-posts", "60")
    own = past(tiny_model, "--history")["history"]
    nothing = past(other_model, "--history")
    assert (nothing["history"], nothing["days_of_other_models"]) == ([], 2)
    said = run(other_model, "report", "alice", "--history").stderr
    assert "2 days more" in said
    assert "--rescore" in said
    rescored = past(other_model, "--history", "--rescore")
    assert rescored["days_of_other_models"] == 0
    assert [each["day"] for each in rescored["history"]] == [each["day"] for each in own]
    # The first day is judged by what had been read then, and not by what came later.
    assert [each["tweets"] for each in rescored["history"]] == [each["tweets"] for each in own]
    assert past(tiny_model, "--history")["history"] == own
    assert past(other_model, "--history") == rescored


def test_an_account_that_is_forgotten_while_its_days_are_rescored(
    tiny_model: ModelDirectory, other_model: ModelDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(tiny_model, "check", "alice", "--max-posts", "30")
    judged = StoreAnalyzer.judged

    def then_forget(*given: Any) -> Report:
        report = judged(*given)
        assert runner.invoke(app, ["forget", "alice"]).exit_code == 0
        return report

    monkeypatch.setattr(StoreAnalyzer, "judged", then_forget)
    result = run(other_model, "report", "alice", "--history", "--rescore", code=9)
    assert "another run has forgotten this account" in result.stderr


def test_since_last_names_the_tweets_that_did_it(tiny_model: ModelDirectory) -> None:
    run(tiny_model, "check", "alice")
    only = run(tiny_model, "report", "alice", "--since-last")
    assert "once only" in only.stderr
    add_tweets([*NEGATIVE, POSITIVE[0]], newest_id() + 1)
    run(tiny_model, "check", "alice")
    last = past(tiny_model, "--since-last")
    assert last["new_tweets"]["negative"] >= 8
    assert last["new_tweets"]["positive"] >= 1
    assert last["now"]["net"]["value"] < last["before"]["net"]["value"]
    assert last["now"]["tweets"] == last["before"]["tweets"] + 11
    assert len(last["tweets"]) == 5
    assert all(each["score"] < -0.5 for each in last["tweets"])
    shown = run(tiny_model, "report", "alice", "--since-last").stdout
    assert "11 tweets that count:" in shown
    assert last["tweets"][0]["text"] in shown
    run(tiny_model, "check", "alice")
    assert "nothing new" in run(tiny_model, "report", "alice", "--since-last").stdout


def test_a_new_model_is_no_change_of_mood(
    tiny_model: ModelDirectory, other_model: ModelDirectory
) -> None:
    run(tiny_model, "check", "alice")
    run(other_model, "check", "alice")
    last = past(other_model, "--since-last")
    assert last["before"] == last["now"]
    assert last["tweets"] == []


def test_a_clock_that_was_set_back_moves_nothing(tiny_model: ModelDirectory) -> None:
    run(tiny_model, "check", "alice")
    move_days_back(-400)  # the check before was in a future that is over
    add_tweets(NEGATIVE, newest_id() + 1)
    run(tiny_model, "check", "alice")
    assert past(tiny_model, "--since-last")["new_tweets"]["negative"] >= 8
    days = [each["day"] for each in past(tiny_model, "--history")["history"]]
    assert len(days) == 2
    assert days[0] > days[1]  # in the order in which they were made


def test_hostile_tweets_are_shown_harmless(tiny_model: ModelDirectory) -> None:
    run(tiny_model, "check", "alice")
    newest = newest_id()
    add_tweets(["hate\x1b[31m\u202e awful"] * 3, newest + 1)
    run(tiny_model, "check", "alice")
    shown = run(tiny_model, "report", "alice", "--since-last").stdout
    assert "\x1b" not in shown
    assert "\u202e" not in shown


def test_forgotten_is_forgotten(tiny_model: ModelDirectory) -> None:
    run(tiny_model, "check", "alice")
    runner.invoke(app, ["forget", "alice"])
    with sqlite3.connect(store_path()) as database:
        for table in ("checks", "reports", "tweets", "conditions"):
            assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--history", "--since-last"], "give one of them"),
        (["--rescore"], "add --history"),
        (["--history", "--fail-if", "net < 0"], "leave the past away"),
        (["--history", "--format", "html"], "terminal or json"),
        (["--history", "--output", "out/"], "name a file"),
    ],
)
def test_what_does_not_go_together(
    tiny_model: ModelDirectory,
    options: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    run(tiny_model, "check", "alice")
    assert said in run(tiny_model, "report", "alice", *options, code=2).stderr


def test_a_store_of_before_checks_were_counted(
    tiny_model: ModelDirectory, other_model: ModelDirectory
) -> None:
    run(tiny_model, "check", "alice")
    with sqlite3.connect(store_path()) as database:
        database.execute("DELETE FROM checks")
        database.execute("UPDATE reports SET number = 0")
    assert "once only" in run(tiny_model, "report", "alice", "--since-last").stderr
    assert len(past(tiny_model, "--history")["history"]) == 1
    assert past(other_model, "--history", "--rescore")["days_of_other_models"] == 1


def test_accounts_are_told_apart(tiny_model: ModelDirectory) -> None:
    with Store(store_path()) as store:
        store.accounts.put(account(7, "a"))
        store.accounts.put(account(8, "b"))
        now = datetime.now(UTC)
        assert [store.checks.add(7, now=now), store.checks.add(7, now=now)] == [1, 2]
        assert store.checks.add(8, now=now) == 1
        assert (store.checks.last(7), store.checks.last(9)) == (2, 0)
        assert store.checks.time_of(8, 1) is not None
        assert store.checks.time_of(8, 2) is None


@pytest.mark.usefixtures("one_day")
def test_a_report_names_the_one_of_an_earlier_day(tiny_model: ModelDirectory) -> None:
    def reported(*options: str) -> dict[str, Any]:
        result = run(tiny_model, "report", "alice", "--format", "json", *options)
        (found,) = json.loads(result.stdout)["reports"]
        return found  # type: ignore[no-any-return]

    run(tiny_model, "check", "alice")
    first = reported()
    assert first["previous"] is None  # today's own report is none
    move_days_back(3)
    add_tweets(NEGATIVE, newest_id() + 1)
    now = reported()
    day = (datetime.now(UTC) - timedelta(days=3)).date().isoformat()
    assert now["previous"] == {
        "day": day,
        "verdict": first["verdict"]["label"],
        "net": first["net"],
        "tweets": first["counts"]["counted"],
        "undecided": first["verdict"]["undecided"],
    }
    assert now["counts"]["counted"] > first["counts"]["counted"]
    assert f"on {day}, from" in run(tiny_model, "report", "alice").stdout
    # Another question has a past of its own.
    assert reported("--include", "retweets")["previous"] is None


def test_pages_and_json_of_accounts_tell_which_words_did_it(tiny_model: ModelDirectory) -> None:
    run(tiny_model, "check", "alice", "--max-posts", "10")
    add_tweets([*POSITIVE, *NEGATIVE], newest_id() + 1)
    for command in ("check", "report"):
        found = json.loads(run(tiny_model, command, "alice", "--format", "json").stdout)
        (report,) = found["reports"]
        strongest = [*report["strongest_positive"], *report["strongest_negative"]]
        assert len(strongest) > 1
        assert all(tweet["effects"] for tweet in strongest)
    page = run(tiny_model, "report", "alice", "--format", "html").stdout
    assert "Underlined words" in page
