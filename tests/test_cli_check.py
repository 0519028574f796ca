"""`positivity check` and `report` against the stand-in: verdicts, money, failures, stops."""

import errno
import json
import os
import queue
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from typer.testing import CliRunner

from positivity.account.tally import Tally
from positivity.check.run import Checks
from positivity.check.scoring import StoreAnalyzer
from positivity.cli import app
from positivity.model.registry import ModelDirectory
from positivity.report.machine import json_schema
from positivity.settings import home
from positivity.store import Store, store_path
from tests.standin import TOKEN, Budget, Standin
from tests.terminal import converse, on_a_terminal

runner = CliRunner()
schema = jsonschema.Draft202012Validator(json_schema())
ROOT = Path(__file__).parents[1]
# Stopped, it waits for what is under way until that is there: a busy machine may take long.
PATIENT = """
import positivity.check.pool, positivity.cli
positivity.check.pool._PATIENCE = 300.0
positivity.cli.main()
"""


@pytest.fixture(autouse=True)
def world(standin: Standin, monkeypatch: pytest.MonkeyPatch) -> Standin:
    """A stand-in with two accounts, to which all commands of a test go."""
    standin.world.generate("alice", 300, seed=1)
    standin.world.generate("bob", 40, seed=2)
    monkeypatch.setenv("POSITIVITY_API_URL", standin.url)
    monkeypatch.setenv("X_BEARER_TOKEN", TOKEN)
    monkeypatch.setenv("POSITIVITY_MAX_WAIT", "0")
    return standin


class Command:
    """Runs the program with a small model."""

    def __init__(self, model: ModelDirectory) -> None:
        self.model = str(model.path)

    def __call__(self, name: str, *options: str, code: int = 0, stdin: str = "") -> Any:
        more = ["--model", self.model] if name in ("check", "report") else []
        result = runner.invoke(app, [name, *more, *options], input=stdin)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        assert TOKEN not in result.output
        return result

    def json(self, name: str, *options: str, code: int = 0) -> list[dict[str, Any]]:
        document = json.loads(self(name, *options, "--format", "json", code=code).stdout)
        schema.validate(document)
        reports: list[dict[str, Any]] = document["reports"]
        return reports


@pytest.fixture
def run(tiny_model: ModelDirectory) -> Command:
    return Command(tiny_model)


def test_a_handle_becomes_a_verdict(run: Command, world: Standin) -> None:
    result = run("check", "@alice")
    assert "@alice" in result.stdout
    assert re.search(r"mainly|mixed|mostly|not enough", result.stdout)
    assert "at most 200 posts, for at most $1.01" in result.stderr
    bill = world.bill()
    assert f"{bill.posts} posts and 1 account read for ${bill.dollars:.2f}" in result.stderr


@pytest.mark.parametrize("given", ["alice", "@ALICE", "https://x.com/alice", "twitter.com/alice/"])
def test_ways_to_name_an_account(run: Command, given: str) -> None:
    (report,) = run.json("check", given, "--max-posts", "20")
    assert report["subject"] == "@alice"


def test_the_report_says_how_much_was_read(run: Command, world: Standin) -> None:
    (report,) = run.json("check", "alice")
    timeline = report["timeline"]
    assert timeline["kept"] == report["counts"]["found"] == world.bill().posts
    assert timeline["posts_bought"] == timeline["kept"]
    assert timeline["dollars"] == pytest.approx(timeline["kept"] * 0.005)
    assert timeline["tweet_count"] == 300
    assert not timeline["complete"]
    assert timeline["gaps"] == []
    assert {kind["kind"] for kind in report["kinds"]} == {"original", "reply", "quote"}
    assert report["counts"]["left_out"]["other language"] > 0
    (sure,) = [limit for limit in report["limits"] if "known to about ±" in limit]
    assert sure.startswith(f"From {report['counts']['counted']} counted tweets")


def test_days_that_were_not_read_are_told(run: Command) -> None:
    def told(*options: str) -> list[str]:
        (report,) = run.json(*options)
        return [limit for limit in report["limits"] if "read" in limit.split("; ")[0]]

    (deeper,) = told("check", "alice", "--since", "2026-05-15", "--max-posts", "30")
    assert deeper.startswith("Not all posts from 2026-05-15 to 2026-07-")
    assert "the next check of these days that goes deep enough (--max-posts " in deeper
    assert not told("report", "alice", "--since", "2026-07-30")
    assert not told("report", "alice", "--since", "2026-07-30", "--until", "2026-08-30")
    days = ("--since", "2026-05-15", "--until", "2026-05-17")
    (none,) = told("report", "alice", *days)
    assert (
        none
        == "No posts from 2026-05-15 to 2026-05-17 were read; a check of these days reads them."
    )
    (none,) = told("report", "alice", *days[2:])
    assert none.startswith("No posts up to 2026-05-17 were read")
    gaps = told("check", "alice", *days)
    assert [limit for limit in gaps if "of these days" in limit] == []


def test_newer_posts_that_were_never_asked_for_are_told(run: Command, world: Standin) -> None:
    posts = world.world.user("alice").posts
    until = posts[100].created_at.isoformat()
    (of_days,) = run.json("check", "alice", "--until", until, "--all")
    assert not of_days["timeline"]["complete"]
    assert not any("after" in limit for limit in of_days["limits"])
    for options in ((), ("--since", "2026-05-15")):
        (report,) = run.json("report", "alice", *options)
        assert not report["timeline"]["complete"]
        (told,) = [limit for limit in report["limits"] if limit.startswith("No posts after")]
        assert told.endswith("were asked for; a check without --until reads them.")
    (report,) = run.json("check", "alice", "--all")
    assert report["timeline"]["complete"]
    assert not any("after" in limit for limit in report["limits"])


def test_what_is_no_handle_is_told_without_a_token(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("X_BEARER_TOKEN")
    assert "is no handle" in run("check", "not a handle", code=2).stderr


def test_more_posts_that_would_hardly_help_are_not_offered(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tally, "lasting", lambda *_: 0.95)
    (report,) = run.json("check", "alice")
    (sure,) = [limit for limit in report["limits"] if "known to about ±" in limit]
    assert sure.endswith("older posts more would hardly narrow that.")


@pytest.mark.parametrize("depth", ["50", "100"])
def test_what_more_would_cost_is_what_it_costs(
    run: Command, world: Standin, monkeypatch: pytest.MonkeyPatch, depth: str
) -> None:
    monkeypatch.setattr(Tally, "lasting", lambda *_: 0.0)  # as of a model that errs in one way
    (first,) = run.json("check", "alice", "--max-posts", depth)
    note = next(limit for limit in first["limits"] if "known to about" in limit)
    found = re.search(r"\((--max-posts (\d+)|--all), at most \$([\d.]+)", note)
    assert found is not None, note
    before = world.bill()
    asked = ("check", "alice", *found[1].split())
    told = json.loads(run(*asked, "--dry-run", "--format", "json").stdout)
    assert told["at_most"]["dollars"] <= float(found[3]) + 0.1  # for posts written meanwhile
    run(*asked)
    assert 0 < (world.bill().posts - before.posts) * 0.005 <= float(found[3])


def test_a_second_check_reads_and_scores_nothing(run: Command, world: Standin) -> None:
    (first,) = run.json("check", "alice")
    posts = world.bill().posts
    (second,) = run.json("check", "alice")
    assert world.bill().posts == posts
    bought = ("posts_bought", "dollars")
    assert [second["timeline"].pop(name) for name in bought] == [0, 0]
    assert [first["timeline"].pop(name) for name in bought] == [posts, posts * 0.005]
    assert first == second


def test_report_says_the_same_without_network(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checked,) = run.json("check", "alice")
    monkeypatch.setenv("POSITIVITY_API_URL", "http://127.0.0.1:1")
    monkeypatch.delenv("X_BEARER_TOKEN")
    (reported,) = run.json("report", "@Alice")
    checked["timeline"] |= {"posts_bought": 0, "dollars": 0}
    assert reported == checked
    for options in (["--since", "2026-07-15"], ["--until", "2026-07-15"], ["--language", "en"]):
        (other,) = run.json("report", "alice", *options)
        assert other["counts"] != checked["counts"]


def test_report_of_all_and_of_none(run: Command) -> None:
    assert "no posts" in run("report", code=2).stderr
    run("check", "alice", "bob", "empty", "--max-posts", "30")
    assert [each["subject"] for each in run.json("report")] == ["@alice", "@bob"]
    table = run("report").stdout.splitlines()
    assert table[0].startswith("account")
    assert "positivity check @eve" in run("report", "eve", code=2).stderr
    assert [each["subject"] for each in run.json("report", "alice", "@Alice")] == ["@alice"]


def test_who_had_a_handle_before_is_told_apart(
    run: Command, world: Standin, tmp_path: Path
) -> None:
    run("check", "alice", "--max-posts", "30")
    world.world.users["alice"] = replace(world.world.user("bob"), handle="Alice")
    run("check", "alice", "--max-posts", "20")
    found = {each["subject"]: each["timeline"]["kept"] for each in run.json("report")}
    assert list(found) == ["@Alice", "@alice (2)"]
    assert found["@Alice"] < found["@alice (2)"]
    run("report", "--format", "json", "-o", f"{tmp_path}/reports/")
    assert len(list((tmp_path / "reports").glob("*.json"))) == 2


def test_several_handles_make_a_table_and_a_handle_twice_is_one(run: Command) -> None:
    result = run("check", "alice", "@bob", "Alice", "--max-posts", "30")
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["account", "@alice", "@bob"]
    assert "2 accounts: reads at most 60 posts, for at most $0.32" in result.stderr


@pytest.mark.parametrize(
    ("handle", "code", "said"),
    [
        ("suspended", 5, "suspended"),
        ("protected", 5, "only its followers"),
        ("no_such", 5, "no such account"),
        ("f_unauthorized", 4, "does not accept the token"),
        ("f_not_enrolled", 4, "not enrolled"),
        ("f_forbidden", 4, "does not permit"),
        ("f_no_credits", 6, "no credits"),
        ("f_spend_cap", 6, "spending limit"),
        ("f_monthly_cap", 6, "monthly cap"),
        ("f_rate_limit", 6, "--max-wait"),
        ("f_rate_no_reset", 6, "does not say until when"),
        ("f_firewall", 7, "--api-url"),
        ("not a handle", 2, "is no handle"),
        ("", 2, "is no handle"),
        ("https://example.org/ada", 2, "is no handle"),
    ],
)
def test_every_failure_has_its_code_and_one_line(
    run: Command, handle: str, code: int, said: str
) -> None:
    result = run("check", "--quiet", "--", handle, code=code)
    assert said in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


def test_nothing_new_is_said_where_that_is_known(run: Command) -> None:
    run("check", "bob")
    assert "nothing new; 0 posts and 1 account read" in run("check", "bob").stderr
    result = run("check", "f_forbidden", code=4)
    assert "nothing new" not in result.stderr
    assert "0 posts and 1 account read for $0.01" in result.stderr
    # Enough for five posts, with those that they refer to: they are stored, of others who knows.
    result = run("check", "bob", "--include", "retweets", "--max-cost", "0.085")
    assert "nothing new" not in result.stderr
    assert "bound on costs" in result.stdout


@pytest.mark.parametrize("options", [[], ["--max-cost", "1.02"]])
def test_a_protected_account_takes_no_money_from_others(
    run: Command, world: Standin, options: list[str]
) -> None:
    world.world.generate("hidden", 300).state = "protected"
    result = run("check", "alice", "hidden", *options, code=8)
    assert "@alice: reads at most 200 posts, for at most $1.02 in all" in result.stderr
    assert "@hidden: is protected; only its followers may read its tweets" in result.stderr
    assert len({entry.path for entry in world.requests("timeline")}) == 1
    assert world.bill().posts > 190


def test_a_protected_account_has_no_price(run: Command, world: Standin) -> None:
    user = world.world.generate("hidden", 300)
    run("check", "hidden", "--max-posts", "30")
    user.state = "protected"
    asked = len(world.log)
    for options in ([], ["--dry-run"]):
        result = run("check", "hidden", *options, code=5)
        assert result.stdout == ""
        assert "at most" not in result.stderr
        assert "nothing new" not in result.stderr
        assert "'positivity forget @hidden' deletes them" in result.stderr
    assert len(world.log) == asked + 2, "only looked up"


def test_an_empty_timeline_is_no_failure_and_is_said(run: Command) -> None:
    (report,) = run.json("check", "empty")
    assert report["counts"]["found"] == 0
    assert report["read_as"] == ["X API: no posts of @empty"]


def test_partial_answers_are_told(run: Command) -> None:
    run("check", "partial")  # then nothing is new, and a page without posts has the same remark
    (report,) = run.json("check", "partial")
    assert report["counts"]["found"] > 0
    assert any("suspended: [gone]" in limit for limit in report["limits"])


@pytest.mark.parametrize("name", ["check", "report"])
def test_bad_options_cost_nothing(run: Command, world: Standin, name: str, tmp_path: Path) -> None:
    for options in (
        ["--timezone", "Mars/Base"],
        ["--since", "yesterday"],
        ["--since", "2026-02-02", "--until", "2026-01-01"],
        ["--language", "de"],
    ):
        run(name, "alice", *options, code=2)
    if name == "check":
        run(name, "alice", "--all", "--max-posts", "10", code=2)
        run(name, "alice", "--refresh", "--no-store", code=2)
        run(name, "alice", "--api-url", "http://api.x.com", code=2)
        run(name, "alice", "--output", str(tmp_path / "none" / "x.json"), code=3)
        run(name, "alice", "--max-posts", "4", code=2)
        for bound in ("--max-cost", "--budget", "--max-time", "--jitter", "--max-wait"):
            assert "nan" in run(name, "alice", bound, "nan", code=2).stderr
    assert world.log == []


def test_nobody_listening(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from positivity.sources import x_transport

    monkeypatch.setattr(x_transport, "_FIRST_PAUSE", 0.0)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    result = run("check", "alice", "-q", "--api-url", url, code=7)
    assert len(result.stderr.splitlines()) == 1


def test_without_a_token_both_ways_on_are_named(
    run: Command, world: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("X_BEARER_TOKEN")
    said = run("check", "alice", code=4).stderr
    assert "positivity auth set" in said
    assert "positivity score archive.zip" in said
    assert world.log == []


def test_one_failing_handle_does_not_lose_the_others(run: Command) -> None:
    handles = ["alice", "suspended", "no such", "bob", "no_such", "f_forbidden"]
    reports = run.json("check", *handles[:5], "--max-posts", "30", code=8)
    assert [report["subject"] for report in reports] == ["@alice", "@bob"]
    result = run("check", "suspended", "no_such", code=5)
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 2, "no price where there is nothing to buy"


def test_what_fails_for_the_token_is_not_tried_for_every_account(
    run: Command, world: Standin
) -> None:
    handles = [f"user{number}" for number in range(40)]
    for handle in handles:
        world.world.generate(handle, 8)
    world.plan("no_credits", 1, 99, on="timeline")
    said = run("check", *handles, "-q", "--max-cost", "50", code=6).stderr
    assert re.search(r"@user\d+, .* and 35 more: .*no credits", said)
    assert len(said.splitlines()) == 1
    assert len(world.requests("timeline")) <= 16


def test_many_accounts_at_once_are_each_read_right(run: Command, world: Standin) -> None:
    handles = [f"user{number}" for number in range(30)]
    users = [world.world.generate(each, 25, seed=3, retweets=0.0) for each in handles]
    busy, most, lock = 0, 0, threading.Lock()

    def count(entry: object) -> None:
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.01)
        with lock:
            busy -= 1

    world.before = count
    reports = run.json("check", *handles, "--max-cost", "10")
    assert 2 <= most <= 8
    assert [report["timeline"]["kept"] for report in reports] == [25] * 30
    assert len(world.requests("users")) == 1
    with Store(store_path()) as store:
        for user in users:
            assert store.accounts.ids(int(user.id)) == [int(post.id) for post in user.posts]


# Money


def test_posts_that_come_again_with_the_retweets_are_not_called_new(run: Command) -> None:
    run("check", "alice", "--max-posts", "50")
    (before,) = run.json("report", "alice")
    again = ("check", "alice", "--max-posts", "50", "--include", "retweets", "--max-cost", "9")
    said = run(*again).stderr
    (after,) = run.json("report", "alice", "--include", "retweets")
    new = after["timeline"]["kept"] - before["timeline"]["kept"]
    assert 0 < new < 10
    assert f"{new} new post" in said


def test_a_dry_run_reads_no_post(run: Command, world: Standin) -> None:
    result = run("check", "alice", "bob", "--dry-run")
    assert "@alice: at most 200 posts" in result.stdout
    assert "@bob: at most 40 posts" in result.stdout
    assert "at most $1.22" in result.stdout
    assert world.requests("timeline") == []
    document = json.loads(run("check", "bob", "--dry-run", "--format", "json").stdout)
    assert document == {
        "at_most": {"posts": 40, "dollars": 0.21},
        "spent": {"users": 1, "dollars": 0.01},
        "accounts": [{"handle": "bob", "posts": 40}],
    }
    run("check", "suspended", "--dry-run", code=5)


def test_a_dry_run_knows_what_is_stored(run: Command) -> None:
    run("check", "alice", "--all")
    assert "@alice: at most 20 posts" in run("check", "alice", "--dry-run").stdout


def test_much_money_needs_a_word(run: Command, world: Standin) -> None:
    world.world.generate("carol", 900, seed=3)
    said = run("check", "carol", "--all", code=6).stderr
    assert world.requests("timeline") == []
    flag = re.search(r"--max-cost [\d.]+", said)
    assert flag is not None
    assert flag[0] == "--max-cost 4.51"
    run("check", "carol", "--all", *flag[0].split())
    assert 2 < world.bill().dollars <= 4.52


def test_the_default_depth_never_asks(run: Command, world: Standin) -> None:
    world.world.generate("carol", 4000, seed=3)
    run("check", "carol")


@pytest.mark.parametrize("allowed", [True, False])
def test_a_terminal_asks(
    run: Command, world: Standin, monkeypatch: pytest.MonkeyPatch, allowed: bool
) -> None:
    world.world.generate("carol", 900, seed=3)
    asked: list[str] = []

    def confirm(text: str) -> bool:
        asked.append(text)
        return allowed

    monkeypatch.setattr("positivity.cli.progress.confirmer", lambda: confirm)
    run("check", "carol", "--all", code=0 if allowed else 6)
    assert asked == ["this costs up to $4.51"]
    assert bool(world.requests("timeline")) is allowed


def test_looking_up_many_accounts_is_asked_for_too(run: Command, world: Standin) -> None:
    handles = [f"user{number}" for number in range(250)]
    said = run("check", *handles, code=6).stderr
    assert "looking up the accounts costs up to $2.50, above $2.00" in said
    assert "allow it, and 5 posts of each, with --max-cost 8.75 " in said
    assert "up to $8.75, more than" in run("check", *handles, "--max-cost", "8.74", code=6).stderr
    assert world.log == []
    run("check", *handles, "--max-cost", "8.75", code=5)


@pytest.mark.parametrize("dollars", ["0.5", "0.117", "0.035"])
def test_no_more_than_max_cost_is_spent(run: Command, world: Standin, dollars: str) -> None:
    (report,) = run.json("check", "alice", "--max-cost", dollars)
    assert world.bill().dollars <= float(dollars)
    assert report["timeline"]["kept"] > 0
    assert any("--max-cost" in limit for limit in report["limits"])


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
@pytest.mark.parametrize(
    ("handles", "dollars", "said"),
    [
        ("alice", "0.005", "1 account and reading 5 posts of it costs up to $0.035"),
        ("alice", "0.01", "1 account and reading 5 posts of it costs up to $0.035"),
        ("alice", "0.034", "1 account and reading 5 posts of it costs up to $0.035"),
        ("alice bob", "0.06", "2 accounts and reading 5 posts of each costs up to $0.07"),
        ("alice --include retweets", "0.08", "5 posts of it costs up to $0.085"),
    ],
)
def test_a_bound_that_is_too_low_for_anything_buys_nothing(
    run: Command, world: Standin, options: list[str], handles: str, dollars: str, said: str
) -> None:
    result = run("check", *handles.split(), "--max-cost", dollars, *options, code=6)
    assert f"{said}, more than --max-cost {dollars}; nothing was read" in result.stderr
    assert world.log == []


@pytest.mark.parametrize(
    ("handles", "dollars"),
    [("alice", "0.035"), ("alice bob", "0.07"), ("alice --include retweets", "0.085")],
)
def test_a_bound_that_is_just_enough_reads_each_account(
    run: Command, world: Standin, handles: str, dollars: str
) -> None:
    for report in run.json("check", *handles.split(), "--max-cost", dollars):
        assert report["timeline"]["kept"] > 0
    assert world.bill().dollars <= float(dollars)


@pytest.mark.parametrize(
    ("handles", "dollars", "posts", "most"),
    [
        (["alice"], "0.5", [98], "$0.50"),
        (["alice", "bob", "carol"], "0.5", [31, 31, 32], "$0.50"),
        (["alice", "bob", "carol"], "0.9", [67, 40, 67], "$0.90"),
        (["alice"], "9", [200], "$1.01"),
    ],
)
def test_no_more_posts_are_named_than_the_money_buys(
    run: Command, world: Standin, handles: list[str], dollars: str, posts: list[int], most: str
) -> None:
    world.world.generate("carol", 300, seed=3)
    asked = (*handles, "--max-cost", dollars)
    rows = [f"@{handle}: at most {n} posts" for handle, n in zip(handles, posts, strict=True)]
    told = run("check", *asked, "--dry-run").stdout.splitlines()
    assert sorted(told[:-1]) == sorted(rows)
    assert f"in all: at most {most}" in told[-1]
    document = json.loads(run("check", *asked, "--dry-run", "--format", "json").stdout)
    assert sorted(each["posts"] for each in document["accounts"]) == sorted(posts)
    assert document["at_most"] == {"posts": sum(posts), "dollars": float(most[1:])}
    line = f"reads at most {sum(posts)} posts, for at most {most} in all"
    assert line in run("check", *asked).stderr


def test_several_accounts_share_the_bound(run: Command, world: Standin) -> None:
    world.world.generate("carol", 300, seed=3)
    alice, bob, carol = run.json("check", "alice", "bob", "carol", "--max-cost", "0.9")
    assert world.bill().dollars <= 0.9
    # 174 posts are to be had: the 40 of bob, and half of the rest for each of the others.
    assert bob["timeline"]["complete"]
    for report in (alice, carol):
        assert 63 <= report["timeline"]["kept"] <= 67
        assert any("--max-cost" in limit for limit in report["limits"])
    assert not any("--max-cost" in limit for limit in bob["limits"])


def test_the_price_is_a_setting(run: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSITIVITY_POST_PRICE", "0.02")
    assert "for at most $4.01" in run("check", "alice", "--max-cost", "9").stderr
    monkeypatch.setenv("POSITIVITY_POST_PRICE", "0")
    monkeypatch.setenv("POSITIVITY_USER_PRICE", "0")
    assert "for at most $0.00" in run("check", "bob", "--max-cost", "0").stderr


def test_usage_is_the_bill(run: Command, world: Standin) -> None:
    assert "nothing" in run("usage").stdout
    run("check", "alice", "bob", "suspended", code=8)
    run("check", "alice", "--refresh", "--max-posts", "210")
    (month,) = json.loads(run("usage", "--format", "json").stdout)
    bill = world.bill()
    assert month["posts"] == bill.posts
    assert month["users"] == bill.users
    assert month["dollars"] == pytest.approx(bill.dollars)
    assert f"{bill.posts:,}" in run("usage").stdout


def test_retweets_are_asked_for_with_their_price(run: Command, world: Standin) -> None:
    assert (
        "at most 90 posts"
        in run("check", "alice", "--max-posts", "30", "--dry-run", "--include", "retweets").stdout
    )
    (report,) = run.json("check", "alice", "--max-posts", "30", "--include", "retweets")
    assert "retweet" in {kind["kind"] for kind in report["kinds"]}
    (without,) = run.json("report", "alice")
    assert without["counts"]["left_out"]["retweet"] > 0
    assert world.bill().posts <= 90


def test_retweets_at_the_usual_depth_never_ask_and_stay_below_two_dollars(
    run: Command, world: Standin
) -> None:
    world.world.generate("dave", 400, seed=3, retweets=0.9)
    (report,) = run.json("check", "dave", "--include", "retweets")
    assert 1.9 < world.bill().dollars <= 2
    assert any("bound on costs" in limit for limit in report["limits"])
    run("check", "alice", "bob", "dave", "--include", "retweets", code=6)


# What is kept


def contents() -> bytes:
    return b"".join(path.read_bytes() for path in home().rglob("*") if path.is_file())


def test_no_store_keeps_nothing_of_the_account(run: Command, world: Standin) -> None:
    (report,) = run.json("check", "alice", "--no-store")
    kept = contents()
    assert report["counts"]["found"] > 100
    for word in ("alice", "lovely", "hate"):
        assert word.encode() not in kept
    (month,) = json.loads(run("usage", "--format", "json").stdout)
    assert month["posts"] == world.bill().posts
    assert "no posts" in run("report", code=2).stderr


def test_no_store_does_not_say_that_anything_is_kept(run: Command, world: Standin) -> None:
    for number in range(2, 7):
        world.plan_text(f"timeline:{number}=forbidden")
    assert "are kept" not in run("check", "alice", "--no-store", code=4).stderr
    assert world.bill().posts > 0


def test_an_interrupted_check_says_whether_anything_is_kept(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(checks: Checks) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Checks, "read", interrupted)
    assert "interrupted; nothing is kept" in run("check", "bob", "--no-store", code=130).stderr
    assert "interrupted; what was read is kept" in run("check", "bob", code=130).stderr


def test_an_emptied_store_does_not_forget_what_was_paid(
    run: Command, world: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("positivity.store.database._BEGINNING", 0.1)
    run("check", "bob")
    asked = len(world.log)
    store_path().write_bytes(b"")
    said = run("check", "bob", "--budget", "1", code=9).stderr
    assert "move the file away" in said
    assert "no budget knows any more what was spent" in said
    assert len(world.log) == asked
    run("usage", code=9)


def test_no_store_works_beside_a_store_that_cannot_be_used(run: Command) -> None:
    store_path().parent.mkdir(parents=True, exist_ok=True)
    store_path().write_bytes(b"nonsense" * 999)
    assert "damaged" in run("check", "bob", code=9).stderr
    result = run("check", "bob", "--no-store")
    assert "@bob" in result.stdout
    assert "usage" in result.stderr
    run("check", "bob", "--no-store", "--budget", "1", code=9)  # which nothing would count for


def test_what_only_reads_needs_no_home_that_can_be_written_to(
    run: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("check", "alice", "bob")
    before = contents()
    expected = [run("report", "alice").stdout, run("usage").stdout]

    def refuse(path: object, *options: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    # As on a disk that is read-only, which root can write to whatever the modes are.
    monkeypatch.setattr("positivity.store.database.os.access", lambda _, mode: mode == os.R_OK)
    monkeypatch.setattr("positivity.store.database.os.open", refuse)
    assert [run("report", "alice").stdout, run("usage").stdout] == expected
    assert "@alice" in run("explain", "@alice", "--model", run.model).stdout
    assert "@bob" in run("compare", "@alice", "@bob", "--model", run.model).stdout
    told = {name: run(name, "alice", code=9).stderr for name in ("check", "forget")}
    assert ["--no-store" in each for each in told.values()] == [True, False]
    assert all("set POSITIVITY_HOME to a folder" in each for each in told.values())
    assert contents() == before


def test_an_account_that_was_renamed_goes_on_by_its_new_name(run: Command, world: Standin) -> None:
    run("check", "bob")
    bought = world.bill().posts
    world.world.users["rob"] = world.world.users.pop("bob")
    world.world.users["rob"].handle = "rob"
    assert "if it has a new name" in run("check", "bob", code=5).stderr
    assert "nothing new" in run("check", "rob").stderr
    assert world.bill().posts == bought


def test_nothing_is_bought_while_another_program_holds_the_store(
    run: Command, world: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("check", "bob")
    monkeypatch.setattr("positivity.store.database._PATIENCE", 0.1)
    asked, usage = len(world.log), run("usage").stdout
    holder = sqlite3.connect(store_path(), isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    assert "in use by another program" in run("check", "bob", code=9).stderr
    holder.close()
    assert len(world.log) == asked
    assert run("usage").stdout == usage


def test_forget_deletes_all(run: Command) -> None:
    run("check", "alice", "bob", "--max-posts", "50")
    assert b"alice" in contents()
    assert run("forget", "@ALICE", "alice").stderr.count("forgotten, with 4") == 1
    kept = contents()
    assert b"alice" not in kept
    assert b"bob" in kept
    assert len(list((home() / "locks").iterdir())) == 1
    run("forget", "alice", code=2)
    run("report", "alice", code=2)
    partly = run("forget", "alice", "bob", code=8)
    assert "nothing of @alice is in the store" in partly.stderr
    assert b"bob" not in contents()
    assert json.loads(run("usage", "--format", "json").stdout)


@pytest.mark.parametrize("step", ["lookup", "read", "report"])
def test_an_account_that_is_forgotten_meanwhile_costs_only_itself(
    run: Command, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    of: Any = StoreAnalyzer if step == "report" else Checks
    do = getattr(of, step)
    done: list[object] = []

    def then_forget(*given: Any, **more: Any) -> Any:
        found = do(*given, **more)
        if not done:
            done.append(run("forget", "alice"))
        return found

    monkeypatch.setattr(of, step, then_forget)
    result = run("check", "alice", "bob", "--max-posts", "20", "--format", "csv", code=8)
    assert "@alice: another run has forgotten this account" in result.stderr
    assert "are kept" not in result.stderr
    assert "'@alice" not in result.stdout
    assert "'@bob" in result.stdout
    assert b"alice" not in contents()


def test_refresh_drops_deleted_posts(run: Command, world: Standin) -> None:
    run("check", "bob")
    with Store(store_path()) as store:
        ids = store.accounts.ids(int(world.world.user("bob").id))
    world.world.delete(str(ids[0]), str(ids[7]))
    (report,) = run.json("check", "bob")
    assert report["counts"]["found"] == len(ids), "a timeline never tells"
    result = run("check", "bob", "--refresh")
    assert "2 posts dropped here, deleted or edited since" in result.stderr
    (report,) = run.json("report", "bob")
    assert report["counts"]["found"] == len(ids) - 2


def test_much_refreshing_needs_a_word_too(run: Command, world: Standin) -> None:
    world.world.generate("carol", 520, seed=3)
    run("check", "carol", "--all", "--max-cost", "5")
    before = len(world.log)
    said = run("check", "carol", "--refresh", code=6).stderr
    assert len(world.log) == before + 1
    flag = re.search(r"--max-cost [\d.]+", said)
    assert flag is not None
    run("check", "carol", "--refresh", *flag[0].split())
    assert len(world.requests("posts")) == 5


def test_a_suspended_account_that_is_stored_is_not_called_empty(
    run: Command, world: Standin
) -> None:
    run("check", "bob")
    world.world.user("bob").state = "suspended"
    said = run("check", "bob", code=5).stderr
    assert "suspended" in said
    assert "positivity forget @bob" in said


def test_a_gap_is_told(run: Command, world: Standin) -> None:
    run("check", "bob", "--max-posts", "10")
    user = world.world.user("bob")
    more = world.world.generate("bob", 60, seed=8, end=user.posts[0].created_at.replace(month=12))
    assert len(more.posts) == 100
    (report,) = run.json("check", "bob", "--max-posts", "10")
    (gap,) = report["timeline"]["gaps"]
    assert gap["after"] < gap["before"]
    assert not gap["hidden"]
    (note,) = [limit for limit in report["limits"] if "Not all posts from" in limit]
    assert gap["after"][:10] in note
    assert "Not all posts from" in run("check", "bob", "alice", "--max-posts", "10").stdout
    (report,) = run.json("check", "bob", "--max-posts", "100")
    assert report["timeline"]["gaps"] == []


def test_the_cap_is_told(run: Command, world: Standin) -> None:
    world.world.generate("carol", 3300, seed=3)
    (report,) = run.json("check", "carol", "--all", "--max-cost", "20")
    assert report["timeline"]["capped"]
    (note,) = [limit for limit in report["limits"] if "3,200" in limit]
    assert "3,300" in note
    (report,) = run.json("check", "alice", "--all")
    assert report["timeline"]["complete"]
    assert not any("3,200" in limit for limit in report["limits"])


def test_the_words_that_the_server_takes_are_remembered(run: Command, world: Standin) -> None:
    world.vocabularies = {"tweet"}
    run("check", "alice", "--max-posts", "10")
    assert [entry.status for entry in world.requests("timeline")] == [400, 400, 200]
    world.log.clear()
    run("check", "alice", "--max-posts", "10")
    assert [entry.status for entry in world.requests("timeline")] == [200]
    world.vocabularies = {"post"}
    run("check", "bob")


def test_a_wait_is_said_where_no_line_can_move(run: Command, world: Standin) -> None:
    world.limits["timeline"] = Budget(1, window=7)
    said = run("check", "alice", "--max-wait", "60").stderr
    assert len(re.findall(r"rate limit: waiting [5-9] s", said)) >= 1


def test_the_table_says_what_limits_each_account(run: Command) -> None:
    table = run("check", "alice", "bob", "partial", "--max-posts", "30").stdout
    assert "@partial: X could not give all" in " ".join(table.split())
    assert "known to about" not in table


def test_quiet_says_nothing(run: Command) -> None:
    assert run("check", "alice", "--quiet").stderr == ""


def test_a_report_into_a_file(run: Command, tmp_path: Path) -> None:
    result = run("check", "bob", "-o", str(tmp_path / "bob.txt"))
    assert result.stdout == ""
    assert "@bob" in (tmp_path / "bob.txt").read_text(encoding="utf-8")


def test_hostile_words_of_the_server_are_made_harmless(run: Command, world: Standin) -> None:
    world.plan("hostile", 1)
    said = run("check", "alice", "-q", code=4).stderr
    assert "\x1b" not in said
    assert "\u202e" not in said


# Processes


def start(*options: str, model: ModelDirectory, **environment: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", PATIENT, "check", *options, "--model", str(model.path)]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "POSITIVITY_TIMEOUT": "300", **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def rows() -> list[Any]:
    with Store(store_path()) as store:
        tweets = store.database.rows("SELECT id, text FROM tweets ORDER BY id")
        return [tweets, store.database.rows("SELECT * FROM coverage")]


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize("request_number", [1, 2, 3, 4])
def test_killed_by_the_system_nothing_is_lost_and_nothing_bought_twice(
    run: Command, world: Standin, tiny_model: ModelDirectory, request_number: int
) -> None:
    run("check", "alice")
    undisturbed, bill = rows(), world.bill()
    run("forget", "alice")
    world.log.clear()
    victim: queue.Queue[subprocess.Popen[str]] = queue.Queue()

    def kill(entry: Any) -> None:
        if entry.number == request_number:
            process = victim.get(timeout=60)
            process.kill()
            process.wait()

    world.before = kill
    checking = start("alice", model=tiny_model)
    victim.put(checking)
    checking.communicate(timeout=120)
    assert checking.returncode == -signal.SIGKILL
    world.before = None
    unheard = world.log[-1]
    run("check", "alice")
    assert rows() == undisturbed
    assert world.bill().posts - len(unheard.posts) == bill.posts  # those were answered to nobody
    (month,) = json.loads(run("usage", "--format", "json").stdout)
    assert month["posts"] == 2 * bill.posts


def test_two_runs_at_once_read_an_account_once(
    run: Command, world: Standin, tiny_model: ModelDirectory
) -> None:
    run("check", "bob")
    world.log.clear()
    inside, go_on = threading.Event(), threading.Event()

    def hold(entry: Any) -> None:
        if entry.endpoint == "timeline" and not inside.is_set():
            inside.set()
            go_on.wait(240)

    world.before = hold
    first = start("alice", "-q", model=tiny_model)
    assert inside.wait(60)
    second = start("alice", "-q", model=tiny_model)
    stdout, stderr = second.communicate(timeout=120)
    assert second.returncode == 9
    assert stdout == ""
    assert "@alice: another run" in stderr
    third = start("alice", "bob", "-q", model=tiny_model)
    stdout, stderr = third.communicate(timeout=120)
    assert third.returncode == 8
    assert "@bob" in stdout
    go_on.set()
    stdout, stderr = first.communicate(timeout=120)
    assert first.returncode == 0, stderr
    posts = [post for entry in world.requests("timeline") for post in entry.posts]
    assert len(posts) == len(set(posts)) > 150


STOPS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if os.name == "posix" else [])]


def usage_is_the_bill(run: Command, world: Standin) -> bool:
    (month,) = json.loads(run("usage", "--format", "json").stdout)
    bill = world.bill()
    return bool((month["posts"], month["users"]) == (bill.posts, bill.users))


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize("sent", STOPS)
def test_interrupted_what_was_read_is_kept(
    run: Command, world: Standin, tiny_model: ModelDirectory, sent: signal.Signals, tmp_path: Path
) -> None:
    third, started = threading.Event(), threading.Event()

    def hold(entry: Any) -> None:
        if len(world.requests("timeline")) == 2:
            third.set()
            started.wait(20)

    world.before = hold
    log = tmp_path / "check.log"
    process = start("alice", "--log-file", str(log), model=tiny_model)
    assert third.wait(60)
    process.send_signal(sent)
    time.sleep(0.2)
    started.set()
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert stdout == ""
    assert "interrupted" in stderr
    assert "Traceback" not in stderr
    assert "ended code=130" in log.read_text(encoding="utf-8")
    with Store(store_path()) as store:
        kept = store.accounts.ids(int(world.world.user("alice").id))
    assert len(kept) == world.bill().posts > 100, "the page that was under way too"
    assert f"kept: {len(kept)} posts" in stderr
    assert usage_is_the_bill(run, world)
    world.before = None
    run("check", "alice")
    posts = [post for entry in world.requests("timeline") for post in entry.posts]
    assert len(posts) == len(set(posts))


class Held:
    """Holds the answers of some endpoint back until they may go on."""

    def __init__(self, world: Standin, endpoint: str) -> None:
        self._endpoint = endpoint
        self.asked, self.go_on = threading.Event(), threading.Event()
        world.before = self._hold

    def _hold(self, entry: Any) -> None:
        if entry.endpoint == self._endpoint:
            self.asked.set()
            self.go_on.wait(240)


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
@pytest.mark.parametrize("endpoint", ["users", "timeline"])
def test_a_signal_that_comes_twice_is_one(
    run: Command, world: Standin, tiny_model: ModelDirectory, endpoint: str
) -> None:
    held = Held(world, endpoint)
    process = start("bob", model=tiny_model)
    assert held.asked.wait(60)
    for _ in range(2):  # within a second, at which a later one would begin
        process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
    held.go_on.set()
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert usage_is_the_bill(run, world)


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_a_later_signal_ends_at_once(world: Standin, tiny_model: ModelDirectory) -> None:
    held = Held(world, "timeline")
    process = start("bob", model=tiny_model)
    assert held.asked.wait(60)
    process.send_signal(signal.SIGTERM)
    time.sleep(3)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)  # one alone would wait for what is held
    held.go_on.set()
    assert process.returncode == 130


@pytest.mark.skipif(os.name != "posix", reason="terminals are POSIX's here")
def test_a_terminal_that_is_closed_loses_nothing(
    run: Command, world: Standin, tiny_model: ModelDirectory, tmp_path: Path
) -> None:
    held, log = Held(world, "timeline"), tmp_path / "check.log"
    options = ("bob", "--log-file", str(log))
    terminal, process = on_a_terminal("check", *options, "--model", str(tiny_model.path))
    assert held.asked.wait(60)
    os.close(terminal)
    time.sleep(0.2)
    held.go_on.set()
    assert process.wait(60) == 130
    assert "ended code=130" in log.read_text(encoding="utf-8")
    assert usage_is_the_bill(run, world)


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX's")
def test_what_is_to_outlive_its_terminal_does(world: Standin, tiny_model: ModelDirectory) -> None:
    held = Held(world, "timeline")
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup has a program begin
    try:
        process = start("bob", "-q", model=tiny_model)
    finally:
        signal.signal(signal.SIGHUP, before)
    assert held.asked.wait(60)
    process.send_signal(signal.SIGHUP)
    held.go_on.set()
    _, stderr = process.communicate(timeout=60)
    assert (process.returncode, stderr) == (0, "")


LOADED = """
import sys
from positivity.cli import app
code = app(sys.argv[1:], standalone_mode=False)
print(code or 0, *sorted({name.split(".")[0] for name in sys.modules}), file=sys.stderr)
heavy = [name for name in sys.modules if name.startswith("positivity.model.")]
print(*heavy, file=sys.stderr)
"""


@pytest.mark.parametrize("name", ["check", "report"])
def test_with_nothing_new_neither_torch_nor_pandas_are_loaded(
    run: Command, tiny_model: ModelDirectory, name: str
) -> None:
    run("check", "alice")
    result = subprocess.run(
        [sys.executable, "-c", LOADED, name, "alice", "--model", str(tiny_model.path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    *_, loaded, rooms = result.stderr.splitlines()
    code, *modules = loaded.split()
    assert code == "0"
    assert "numpy" in modules
    assert set(modules) & {"torch", "pandas", "sentencepiece", "safetensors", "matplotlib"} == set()
    assert (
        set(rooms.split())
        & {
            "positivity.model.engine_torch",
            "positivity.model.network",
        }
        == set()
    )
    assert "@alice" in result.stdout


@pytest.mark.skipif(os.name != "posix", reason="terminals are POSIX's here")
def test_on_a_terminal_it_asks_and_shows_progress(
    world: Standin, tiny_model: ModelDirectory
) -> None:
    world.world.generate("carol", 900, seed=3)
    options = ["check", "carol", "--all", "--model", str(tiny_model.path)]
    code, stdout, screen = converse(options, "Go on?", "y")
    assert code == 0, screen
    assert "@carol" in stdout
    assert "costs up to $4.51" in screen
    assert re.search(r"@carol.*\d+ posts", screen), "a line that moves"
    code, stdout, screen = converse([*options, "--refresh"], "Go on?", "n")
    assert code == 6, screen
    assert "not allowed" in screen


@pytest.mark.skipif(os.name != "posix", reason="terminals are POSIX's here")
def test_on_a_terminal_a_wait_is_counted_down(world: Standin, tiny_model: ModelDirectory) -> None:
    world.limits["timeline"] = Budget(1, window=8)
    options = ["check", "bob", "alice", "--max-wait", "60", "--max-posts", "30"]
    code, stdout, screen = converse([*options, "--model", str(tiny_model.path)], "", "")
    assert code == 0, screen
    counts = [int(seconds) for seconds in re.findall(r"rate limit: (\d+) s", screen)]
    assert len(set(counts)) >= 2
    assert "@bob" in stdout
