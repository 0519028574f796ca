"""Homes that cannot be used, and what is left in those that can."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# As little to be read as another user's, for root as well.
UNREADABLE = "h" * 300


def run(*arguments: str, stdout: int = subprocess.PIPE, **environment: str) -> tuple[int, str, str]:
    """A process of its own, for what is left behind at its import, too."""
    result = subprocess.run(
        [sys.executable, "-m", "positivity", *arguments],
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT)} | environment,
        stdout=stdout,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        check=False,
    )
    return result.returncode, result.stdout, result.stderr


@pytest.mark.parametrize(
    "arguments", [["score", "--sample"], ["say", "hi"], ["models", "list"], ["explain", "--sample"]]
)
def test_what_needs_no_home_does_without_one(arguments: list[str]) -> None:
    code, out, err = run(*arguments, POSITIVITY_HOME=UNREADABLE)
    assert (code, err) == (0, "")
    assert out


def test_what_needs_a_home_says_that_it_cannot_be_used() -> None:
    code, out, _ = run("doctor", POSITIVITY_HOME=UNREADABLE)
    assert code
    assert [line.split()[0] for line in out.splitlines()].count("bad") >= 2
    assert "set POSITIVITY_HOME to a folder of yours" in out
    code, _, err = run("auth", "remove", POSITIVITY_HOME=UNREADABLE)
    assert (code, err.count("\n")) == (3, 1)
    assert "cannot be deleted" in err


@pytest.mark.skipif(os.name != "posix", reason="bash's completion")
def test_completion_that_cannot_be_installed_is_one_line() -> None:
    code, _, err = run(
        *("--install-completion", "bash"),
        HOME="/dev/null",
        # Else the shell is looked for among the processes above, where the tests may have none.
        _TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION="1",
    )
    assert (code, err.count("\n")) == (3, 1)
    assert err.startswith("positivity: /dev/null")


def test_pictures_are_drawn_without_a_word_where_there_is_no_home(tmp_path: Path) -> None:
    picture = tmp_path / "months.png"
    code, _, err = run("score", "--sample", "--plot", str(picture), HOME="/dev/null")
    assert (code, err) == (0, "")
    assert picture.exists()


def test_nothing_is_left_in_a_home(tmp_path: Path) -> None:
    assert run("score", "--sample", HOME=str(tmp_path), USERPROFILE=str(tmp_path))[0] == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("arguments", [["--help"], ["score", "--help"], ["--version"]])
def test_help_on_a_full_disk_is_one_line(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        code, _, err = run(*arguments, stdout=full.fileno())
    told = "positivity: standard output: cannot be written (No space left on device)\n"
    assert (code, err) == (3, told)
