"""Jobs as a scheduler runs them: whole processes that have next to nothing, and things go wrong."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from positivity.cli import app
from positivity.model.registry import ModelDirectory
from positivity.store import Store
from tests.standin import TOKEN, Standin

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="cron is of POSIX systems")

FORMATS = {"json": "json", "csv": "csv"}
ALL_FORMATS = FORMATS | {"html": "html", "markdown": "md", "terminal": "txt"}


class Machine:
    """A job and a home, and processes with nothing in their environment but what is given."""

    def __init__(self, folder: Path, standin: Standin, model: ModelDirectory) -> None:
        self.folder, self.standin = folder, standin
        self.home, self.job = folder / "home", folder / "watch.toml"
        self.home.mkdir(mode=0o700)
        (self.home / "token").write_text(TOKEN + "\n")
        (self.home / "token").chmod(0o600)
        self.model = model
        self.write()

    def write(
        self, more: str = "", formats: Sequence[str] = tuple(FORMATS), max_posts: int = 60
    ) -> None:
        outputs = "".join(
            f'[[output]]\npath = "out-{name}/"\nformat = "{name}"\n' for name in formats
        )
        self.job.write_text(
            f'model = "{self.model.path}"\naccounts = ["alice", "bob"]\nmax_posts = {max_posts}\n'
            f"{more}\n{outputs}",
            encoding="utf-8",
        )

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "POSITIVITY_HOME": str(self.home),
            "POSITIVITY_API_URL": self.standin.url,
            "PYTHONPATH": str(ROOT),
        }

    def start(
        self, *arguments: str, before: Callable[[], None] | None = None, **more: Any
    ) -> "subprocess.Popen[str]":
        options: dict[str, Any] = {
            "cwd": "/proc" if Path("/proc").exists() else "/",  # where not even root may write
            "env": self.environment,
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "start_new_session": True,  # no terminal
        }
        command = [sys.executable, "-m", "positivity", *(arguments or self.command)]
        return subprocess.Popen(command, text=True, preexec_fn=before, **(options | more))

    @property
    def command(self) -> tuple[str, ...]:
        return ("run", str(self.job), "--quiet")

    def run(self, *arguments: str, **more: Any) -> tuple[int, str, str]:
        """The exit code, and what was said on stdout and stderr."""
        with self.start(*arguments, **more) as process:
            out, err = process.communicate(timeout=120)
            assert TOKEN not in (out or "") + (err or "")
            assert "Traceback" not in (err or "")
            return process.returncode, out, err

    def newest(self) -> dict[str, bytes]:
        """The newest reports, by their names."""
        return {
            f"{handle}.{suffix}": (self.folder / f"out-{name}" / f"{handle}.{suffix}").read_bytes()
            for name, suffix in ALL_FORMATS.items()
            if (self.folder / f"out-{name}").exists()
            for handle in ("alice", "bob")
        }

    def tweets(self) -> int:
        with Store(self.home / "store.db") as store:
            return sum(each.tweets for each in store.accounts.all())

    def unfinished(self) -> list[Path]:
        return [path for path in self.folder.rglob(".*") if path.is_file()]


@pytest.fixture
def machine(tmp_path: Path, standin: Standin, tiny_model: ModelDirectory) -> Machine:
    standin.world.generate("alice", 60, seed=1)
    standin.world.generate("bob", 60, seed=2)
    return Machine(tmp_path, standin, tiny_model)


def test_it_works_with_nothing_and_says_nothing(machine: Machine) -> None:
    machine.write(formats=tuple(ALL_FORMATS))
    assert machine.run() == (0, "", "")
    first = machine.newest()
    assert machine.run() == (0, "", "")  # nothing new
    assert machine.newest().keys() == first.keys()
    assert len(first) == 10
    assert json.loads(first["alice.json"])["reports"][0]["subject"] == "@alice"
    assert machine.tweets() == machine.standin.bill().posts
    assert machine.unfinished() == []


def test_without_a_home_that_can_be_written_to(machine: Machine) -> None:
    machine.write(formats=tuple(ALL_FORMATS))
    environment = machine.environment | {"HOME": "/nonexistent", "LC_ALL": "C"}
    assert machine.run(env=environment) == (0, "", "")
    assert len(machine.newest()) == 10


def test_with_stdout_and_stderr_closed(machine: Machine) -> None:
    def close() -> None:
        os.close(1)
        os.close(2)

    code, _, _ = machine.run(before=close)
    assert code == 0
    assert len(machine.newest()) == 4


@pytest.mark.parametrize(
    ("words", "code"), [("score --sample", 0), ("explore --sample", 0), ("score none.csv", 3)]
)
def test_with_stderr_closed(machine: Machine, words: str, code: int) -> None:
    ended, out, _ = machine.run(*words.split(), before=lambda: os.close(2))
    assert (ended, bool(out)) == (code, code == 0)


def test_no_token_is_one_line_and_its_code(machine: Machine) -> None:
    (machine.home / "token").unlink()
    code, out, err = machine.run()
    assert (code, out) == (4, "")
    assert err.startswith("positivity: there is no token")
    assert len(err.splitlines()) == 1


def test_on_a_full_disk_nothing_is_bought_and_nothing_is_harmed(machine: Machine) -> None:
    resource = pytest.importorskip("resource")
    assert machine.run() == (0, "", "")
    before, tweets, bill = machine.newest(), machine.tweets(), machine.standin.bill()
    machine.standin.world.generate("alice", 200, seed=3)

    def fill() -> None:  # enough for SQLite to open the store, and for no more
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    code, out, err = machine.run(before=fill)
    assert (code, out) == (9, "")
    assert "there is no room" in err
    assert len(err.splitlines()) == 1
    assert machine.standin.bill() == bill
    assert (machine.newest(), machine.tweets()) == (before, tweets)
    assert machine.unfinished() == []
    code, out, _ = machine.run("doctor", before=fill)
    assert code == 9
    assert "there is no room" in out
    assert machine.run()[0] == 0


def test_outputs_on_a_full_disk_stay_as_they_were(machine: Machine) -> None:
    resource = pytest.importorskip("resource")
    assert machine.run() == (0, "", "")
    before = machine.newest()
    script = """
import resource, sys
from positivity.cli import main
from positivity.report import folder
write = folder.write_atomically
def full(path):
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
    return write(path)
folder.write_atomically = full
main()
"""
    ended = subprocess.run(
        [sys.executable, "-c", script, *machine.command],
        env=machine.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 1000
    assert ended.returncode == 8
    assert "Traceback" not in ended.stderr
    assert "alice.json: cannot be written" in ended.stderr
    assert machine.newest() == before
    assert machine.unfinished() == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_stdout_on_a_full_disk(machine: Machine) -> None:
    with Path("/dev/full").open("w") as full:
        code, _, err = machine.run(
            *("check", "alice", "--format", "json", "--model", str(machine.model.path)),
            stdout=full,
        )
    assert code == 3
    assert "standard output: cannot be written" in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("words", ["auth status", "schedule --cron -- check @alice"])
def test_short_answers_on_a_full_disk(machine: Machine, words: str) -> None:
    with Path("/dev/full").open("w") as full:
        code, _, err = machine.run(*words.split(), stdout=full)
    assert (code, err.count("\n")) == (3, 1), err
    assert "standard output: cannot be written" in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize(("handle", "code"), [("alice", 0), ("suspended", 5)])
def test_a_run_goes_on_where_nothing_can_be_said(machine: Machine, handle: str, code: int) -> None:
    with Path("/dev/full").open("w") as full:
        ended, out, _ = machine.run(
            *("check", handle, "--format", "json", "--model", str(machine.model.path)),
            stderr=full,
        )
    assert ended == code
    assert bool(out) == (code == 0)


@pytest.mark.parametrize("words", ["run job.toml", "report alice -o out.html", "score x.csv"])
def test_a_folder_that_is_gone_is_said(machine: Machine, words: str) -> None:
    folder = machine.folder / "gone"
    folder.mkdir()
    code, out, err = machine.run(*words.split(), cwd=folder, before=folder.rmdir)
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert "not there any more" in err
    folder.mkdir()
    assert machine.run(cwd=folder, before=folder.rmdir) == (0, "", "")


def test_killed_half_way_it_goes_on_where_it_was(machine: Machine) -> None:
    page, pages = 100, 3  # a page is what one request brings at most
    machine.standin.world.generate("alice", page * pages, seed=3)
    machine.standin.world.generate("bob", page * pages, seed=4)
    machine.write("max_cost = 5.00", max_posts=page * pages)
    fourth, go_on = threading.Event(), threading.Event()

    def hold(entry: Any) -> None:
        if len(machine.standin.requests("timeline")) >= 4:
            fourth.set()
            go_on.wait(60)

    machine.standin.before = hold
    with machine.start() as process:
        assert fourth.wait(60)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    machine.standin.before = None
    go_on.set()
    assert machine.run() == (0, "", "")  # the lock went with the process
    assert len(machine.newest()) == 4
    bought_again = machine.standin.bill().posts - machine.tweets()
    assert 0 <= bought_again <= 2 * page  # at most the page of each account that was under way


def test_an_unfinished_file_of_a_killed_run_is_cleared_away(machine: Machine) -> None:
    assert machine.run() == (0, "", "")
    abandoned = machine.folder / "out-json" / ".alice.json.k1ll3d.part"
    another_run_s = abandoned.with_name(".alice.json.wr1t1ng.part")
    for path in (abandoned, another_run_s):
        path.write_text("{")
    hours_ago = time.time() - 7200
    os.utime(abandoned, (hours_ago, hours_ago))
    assert machine.run() == (0, "", "")
    assert machine.unfinished() == [another_run_s]


def test_runs_that_overlap_do_not_pile_up(machine: Machine) -> None:
    asked, go_on = threading.Event(), threading.Event()

    def hold(entry: Any) -> None:
        asked.set()
        go_on.wait(120)

    machine.standin.before = hold
    with machine.start() as first:
        assert asked.wait(60)
        try:
            code, out, err = machine.run()
            assert first.poll() is None  # it is still at work
        finally:
            go_on.set()
        assert (code, out) == (9, "")
        assert "another run of it is at work" in err
        first.communicate(timeout=120)
    assert first.returncode == 0


def test_a_service_that_does_not_answer_ends_in_time(machine: Machine) -> None:
    asked: list[float] = []
    machine.standin.before = lambda entry: asked.append(time.monotonic())
    machine.standin.delay = 100
    machine.write("max_time = 8")  # where it begins slowly it gets to ask, too
    code, _, err = machine.run()
    assert code == 6
    assert "the time is over" in err
    assert time.monotonic() - asked[0] < 25  # killed after the grace it would be 30 and more
    machine.standin.delay = 0


CLOCK = """
import datetime, time

_behind, _real = 400 * 86400, time.time
time.time = lambda: _real() - _behind


class Behind(datetime.datetime):
    __slots__ = ()  # as large as what it stands for

    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)


datetime.datetime = Behind
"""


def test_with_a_clock_that_was_set_back(machine: Machine) -> None:
    machine.write("budget = 1.00")
    assert machine.run() == (0, "", "")
    spent, tweets = machine.standin.bill().dollars, machine.tweets()
    behind = machine.folder / "behind"
    behind.mkdir()
    (behind / "sitecustomize.py").write_text(CLOCK)
    environment = machine.environment | {"PYTHONPATH": f"{behind}:{ROOT}"}
    assert machine.run(env=environment) == (0, "", "")
    assert machine.tweets() == tweets  # none of it is bought again
    dated = sorted(path.stem for path in (machine.folder / "out-json/history/alice").iterdir())
    assert len(dated) == 2  # the day that the clock says, and that of before
    machine.write(f"budget = {spent:.2f}")
    code, _, err = machine.run(env=environment)  # the money of the month to come is spent too
    assert code == 6
    assert "is used up" in err


def test_a_term_signal_ends_it_and_nothing_is_lost(machine: Machine) -> None:
    log = machine.folder / "watch.log"
    machine.write(f'log_file = "{log}"')
    asked, go_on = threading.Event(), threading.Event()

    def hold(entry: Any) -> None:
        if entry.endpoint == "timeline":
            asked.set()
            go_on.wait(60)

    machine.standin.before = hold
    with machine.start() as process:
        assert asked.wait(60)
        process.terminate()
        time.sleep(0.2)
        go_on.set()
        _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.startswith("positivity: interrupted; what was read is kept: ")
    assert log.read_text(encoding="utf-8").splitlines()[-1].split()[1:3] == ["ended", "code=130"]
    bill = machine.standin.bill()
    assert machine.tweets() == bill.posts > 0  # the pages that were under way, too
    (month,) = json.loads(machine.run("usage", "--format", "json")[1])
    assert (month["posts"], month["users"]) == (bill.posts, bill.users)
    assert machine.run() == (0, "", "")


def test_a_command_that_is_told_has_next_to_nothing_too(machine: Machine) -> None:
    told = machine.folder / "told.json"
    machine.job.write_text(
        f'model = "{machine.model.path}"\naccounts = ["alice"]\nmax_posts = 60\n'
        f'[[notify]]\nwhen = "tweets > 1"\ncommand = ["tee", "{told}"]\n',
        encoding="utf-8",
    )
    assert machine.run() == (0, "", "")
    assert json.loads(told.read_text(encoding="utf-8"))["event"] == "starts"


def test_the_line_for_cron_works_as_cron_runs_it(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = machine.folder / "it's 100 %"
    folder.mkdir()
    machine.job.rename(folder / "my job.toml")
    monkeypatch.chdir(folder)
    for name, value in machine.environment.items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(app, ["schedule", "--cron", "--", "run", "my job.toml", "--quiet"])
    assert result.exit_code == 0
    line = result.stdout.splitlines()[-1]
    command = line.split(maxsplit=5)[5].replace("\\%", "%")  # what cron does to it
    bare = {"PATH": "/usr/bin:/bin", "SHELL": "/bin/sh"}
    ended = subprocess.run(
        ["/bin/sh", "-c", command],
        cwd="/",
        env=bare,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert (folder / "out-json" / "alice.json").exists()
