"""`--fail-if` of score, check and report: exit code 10, and only when all else is fine."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from positivity.cli import app
from positivity.model.registry import ModelDirectory
from tests.standin import TOKEN, Standin

runner = CliRunner()


@pytest.fixture
def tweets(tmp_path: Path) -> Path:
    path = tmp_path / "tweets.csv"
    rows = [f"hate awful sad {i}" for i in range(60)] + ["love great happy"] * 3
    path.write_text("text\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def sandbox(standin: Standin, monkeypatch: pytest.MonkeyPatch) -> Standin:
    standin.world.generate("alice", 60, seed=1)
    monkeypatch.setenv("POSITIVITY_API_URL", standin.url)
    monkeypatch.setenv("X_BEARER_TOKEN", TOKEN)
    monkeypatch.setenv("POSITIVITY_MAX_WAIT", "0")
    return standin


def run(model: ModelDirectory, *arguments: str) -> Result:
    return runner.invoke(app, [*arguments, "--model", str(model.path)])


@pytest.mark.parametrize(
    ("condition", "code"),
    [("net < -20", 10), ("net > -20", 0), ("verdict == positive", 0), ("change < -10", 0)],
)
def test_score(tiny_model: ModelDirectory, tweets: Path, condition: str, code: int) -> None:
    result = run(tiny_model, "score", str(tweets), "--fail-if", condition)
    assert result.exit_code == code, result.output
    assert "63 tweets, 63 counted" in result.stdout
    assert (f"tweets.csv: {condition} holds (net -" in result.stderr) == (code == 10)
    assert ("no dates to tell" in result.stderr) == ("change" in condition)


def test_quiet_says_only_what_holds(tiny_model: ModelDirectory, tweets: Path) -> None:
    unknown = run(tiny_model, "score", str(tweets), "--quiet", "--fail-if", "change < 0")
    assert unknown.stderr == ""
    held = run(tiny_model, "score", str(tweets), "--quiet", "--fail-if", "negative > 50")
    assert held.exit_code == 10
    assert len(held.stderr.splitlines()) == 1


def test_what_is_no_condition_ends_before_anything_is_done(
    tiny_model: ModelDirectory, tweets: Path, sandbox: Standin
) -> None:
    for command, what in (("score", str(tweets)), ("check", "alice"), ("report", "alice")):
        result = run(tiny_model, command, what, "--fail-if", "net = 3")
        assert result.exit_code == 2
        assert "write ==" in result.stderr
    assert sandbox.log == []


def test_check_and_report(tiny_model: ModelDirectory, sandbox: Standin) -> None:
    for command in ("check", "report"):
        held = run(tiny_model, command, "alice", "--fail-if", "tweets > 1")
        assert (held.exit_code, "tweets > 1 holds" in held.stderr) == (10, True), held.output
        assert "@alice" in held.stdout
        assert run(tiny_model, command, "alice", "--fail-if", "tweets < 1").exit_code == 0


def test_a_failure_comes_before_the_condition(
    tiny_model: ModelDirectory, sandbox: Standin, tweets: Path, tmp_path: Path
) -> None:
    result = run(tiny_model, "check", "alice", "no_such", "--fail-if", "tweets > 1")
    assert result.exit_code == 8
    assert "@alice: tweets > 1 holds" in result.stderr  # said, or one lost account would hide it
    missing = tmp_path / "none.csv"
    result = run(tiny_model, "score", str(tweets), str(missing), "--fail-if", "tweets > 1")
    assert result.exit_code == 8
    assert "tweets.csv: tweets > 1 holds" in result.stderr


def test_what_failed_is_said_even_if_the_report_cannot_be_written(
    tiny_model: ModelDirectory, sandbox: Standin
) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("there is no device here that is always full")
    result = run(tiny_model, "check", "alice", "no_such", "--quiet", "-o", str(full))
    assert result.exit_code == 3
    assert "@no_such: there is no such account" in result.stderr
    assert "/dev/full: cannot be written" in result.stderr
