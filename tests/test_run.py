"""`positivity run`: jobs from files, their outputs, budgets, locks, logs and notices."""

import json
import re
import stat
import sys
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from positivity import notify
from positivity.cli import app
from positivity.cli.job_file import read_job
from positivity.errors import StateError, UsageError
from positivity.model.registry import ModelDirectory
from positivity.report.folder import ReportFolder, file_name
from positivity.store import Spent, Store, run_lock, store_path
from tests.standin import TOKEN, Standin

runner = CliRunner()


@pytest.fixture(autouse=True)
def world(standin: Standin, monkeypatch: pytest.MonkeyPatch) -> Standin:
    standin.world.generate("alice", 60, seed=1)
    standin.world.generate("bob", 40, seed=2)
    monkeypatch.setenv("POSITIVITY_API_URL", standin.url)
    monkeypatch.setenv("X_BEARER_TOKEN", TOKEN)
    monkeypatch.setenv("POSITIVITY_MAX_WAIT", "0")
    return standin


class Job:
    """A job in a folder of its own."""

    def __init__(self, folder: Path, model: ModelDirectory) -> None:
        self.folder, self.model = folder, model
        self.path = folder / "watch.toml"

    def write(self, text: str) -> None:
        # A table's keys end where the next begins, so what is common stands first.
        self.path.write_text(f'model = "{self.model.path}"\n{text}', encoding="utf-8")

    def run(self, *options: str, code: int = 0) -> Result:
        result = runner.invoke(app, ["run", str(self.path), *options])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == code, result.output
        assert TOKEN not in result.output
        return result

    def tweets(self, name: str, positive: int, negative: int) -> None:
        rows = [f"love great {i}" for i in range(positive)]
        rows += [f"hate awful {i}" for i in range(negative)]
        (self.folder / name).write_text("text\n" + "\n".join(rows) + "\n", encoding="utf-8")

    def json(self, name: str) -> dict[str, Any]:
        document = json.loads((self.folder / name).read_text(encoding="utf-8"))
        (report,) = document["reports"]
        found: dict[str, Any] = report
        return found

    def hook(self, body: str) -> str:
        """A program that is called with what changed; its name."""
        path = self.folder / "hook"
        path.write_text(f"#!{sys.executable}\nimport os, sys\n{body}\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    def told(self) -> list[dict[str, Any]]:
        path = self.folder / "told"
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]


@pytest.fixture
def job(tmp_path: Path, tiny_model: ModelDirectory) -> Job:
    folder = tmp_path / "job"
    folder.mkdir()
    return Job(folder, tiny_model)


@pytest.mark.usefixtures("one_day")
def test_accounts_and_files_go_into_a_folder_and_nothing_is_printed(job: Job) -> None:
    job.tweets("own.csv", 30, 3)
    job.write(
        'accounts = ["@alice", "bob"]\nfiles = ["own.csv"]\nmax_posts = 20\n'
        '[[output]]\npath = "reports/"\n[[output]]\npath = "all.md"\nformat = "markdown"\n'
    )
    for _ in range(2):  # with something new, and without
        result = job.run("--quiet")
        assert (result.stdout, result.stderr) == ("", "")
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    for handle in ("alice", "bob"):
        assert job.json(f"reports/{handle}.json")["subject"] == f"@{handle}"
        dated = job.folder / "reports" / "history" / handle / f"{day}.json"
        assert dated.read_bytes() == (job.folder / "reports" / f"{handle}.json").read_bytes()
    text = (job.folder / "all.md").read_text(encoding="utf-8")
    assert all(each in text for each in ("alice", "bob", "own"))


def test_an_account_is_one_in_capitals_or_not(job: Job) -> None:
    job.write(
        'accounts = ["@Alice", "bob", "@alice", "https://x.com/ALICE"]\nmax_posts = 20\n'
        '[[output]]\npath = "reports/"\n'
    )
    assert read_job(job.path).accounts == ("@Alice", "@bob")
    job.run("--quiet")
    assert job.json("reports/alice.json")["subject"] == "@alice"


def test_a_file_that_two_patterns_are_for_is_read_once(job: Job) -> None:
    job.tweets("own.csv", 30, 3)
    job.write('files = ["*.csv", "own.csv"]\n[[output]]\npath = "reports/"\n')
    job.run("--quiet")
    assert job.json("reports/own.csv.json")["counts"]["found"] == 33


def test_without_an_output_it_reports_on_stdout(job: Job) -> None:
    job.write('accounts = ["alice"]\nmax_posts = 20\n')
    assert "@alice" in job.run().stdout
    assert job.run("--quiet").stdout == ""


@pytest.mark.usefixtures("one_day")
def test_check_writes_into_a_folder_and_keeps_so_many_days(
    tmp_path: Path, tiny_model: ModelDirectory
) -> None:
    folder = tmp_path / "reports"
    dated = folder / "history" / "alice"
    dated.mkdir(parents=True)
    for day in range(1, 10):
        (dated / f"2026-01-0{day}.json").write_text("{}")
    (dated / "mine.txt").write_text("stays")
    (dated / ".2026-01-01.json.xyz").write_text("this one is not of today")
    command = ["check", "@alice", "--max-posts", "20", "--quiet", "--format", "json"]
    result = runner.invoke(
        app, [*command, "-o", f"{folder}/", "--keep", "4", "--model", str(tiny_model.path)]
    )
    assert (result.exit_code, result.output) == (0, "")
    today = f"{datetime.now(UTC):%Y-%m-%d}.json"
    kept = sorted(path.name for path in dated.iterdir() if path.suffix == ".json")
    assert kept == ["2026-01-07.json", "2026-01-08.json", "2026-01-09.json", today]
    assert (dated / "mine.txt").exists()


def test_a_clock_set_back_does_not_prune_what_was_just_written(tmp_path: Path) -> None:
    from datetime import date
    from types import SimpleNamespace

    folder = ReportFolder(tmp_path, keep=2)
    report: Any = SimpleNamespace(subject="@ada")
    for day in ("2026-05-01", "2026-05-02", "2026-05-03", "2020-01-01"):
        folder.write(
            report,
            lambda out, day=day: out.write(day),  # type: ignore[misc]
            suffix=".txt",
            day=date.fromisoformat(day),
        )
    names = sorted(path.name for path in (tmp_path / "history" / "ada").iterdir())
    assert names == ["2020-01-01.txt", "2026-05-03.txt"]
    assert (tmp_path / "ada.txt").read_text() == "2020-01-01"


@pytest.mark.parametrize(
    "subject",
    ["../../etc/passwd", "@", "a/b", ".hidden", "CON", "history", "ü" * 300, "x" * 300, "a\nb"],
)
def test_names_of_files_lead_nowhere_else(subject: str) -> None:
    name = file_name(subject)
    assert name == Path(name).name
    assert not name.startswith((".", "-"))
    assert name.isascii()
    assert len(name) < 100
    assert name not in ("con", "history")
    assert file_name(subject + "y") != name


def test_two_subjects_never_share_a_file() -> None:
    assert file_name("@ada") == file_name("@Ada") == "ada"
    assert file_name("a b") != file_name("a/b")


# Exit codes


def test_the_condition_of_a_job(job: Job) -> None:
    job.tweets("own.csv", 0, 40)
    job.write('files = ["own.csv"]\nfail_if = "net < -50"\n')
    result = job.run("--quiet", code=10)
    assert "own.csv: net < -50 holds" in result.stderr
    job.tweets("own.csv", 40, 0)
    assert job.run("--quiet").output == ""


def test_the_condition_is_said_though_an_account_is_lost(job: Job) -> None:
    job.write('accounts = ["alice", "suspended"]\nfail_if = "tweets > 0"\nlog_file = "log"\n')
    result = job.run("--quiet", code=8)
    assert "@suspended: is suspended" in result.stderr
    assert "@alice: tweets > 0 holds" in result.stderr
    assert "condition subject=@alice" in (job.folder / "log").read_text(encoding="utf-8")


def test_what_fails_does_not_keep_the_rest_from_being_done(job: Job, world: Standin) -> None:
    job.tweets("own.csv", 20, 2)
    job.write('accounts = ["no_such"]\nfiles = ["own.csv"]\n[[output]]\npath = "out/"\n')
    result = job.run("--quiet", code=8)
    assert "no such account" in result.stderr
    assert [path.suffix for path in (job.folder / "out").glob("own*")] == [".json"]
    job.write('accounts = ["no_such"]\n')
    job.run("--quiet", code=5)
    job.write('files = ["not_yet_*.csv"]\n')
    assert "no file is there yet" in job.run("--quiet", code=3).stderr


def test_an_output_that_cannot_be_written_costs_only_itself(job: Job) -> None:
    job.tweets("own.csv", 20, 2)
    job.write(
        'files = ["*.csv"]\n[[output]]\npath = "none/such/"\n[[output]]\npath = "out.csv.txt"\n'
        'format = "csv"\n'
    )
    assert "none/such" in job.run("--quiet", code=8).stderr
    assert (job.folder / "out.csv.txt").stat().st_size > 100


def test_nothing_is_bought_for_outputs_that_cannot_be_written(job: Job, world: Standin) -> None:
    job.write('accounts = ["@alice"]\n[[output]]\npath = "none/a.json"\nformat = "json"\n')
    result = job.run("--quiet", code=3)
    assert result.stderr.count("none/a.json") == 1
    assert not world.log
    (job.folder / "none").mkdir()
    job.run("--quiet")
    assert job.json("none/a.json")["subject"] == "@alice"


# Money


def test_a_budget_is_never_overrun(job: Job, world: Standin) -> None:
    job.write('accounts = ["alice", "bob"]\nmax_posts = 60\nbudget = 0.20\n')
    job.run("--quiet")
    assert world.bill().dollars < 0.2001
    for _ in range(5):
        result = runner.invoke(app, ["run", str(job.path), "--quiet"])
        assert result.exit_code in (0, 6, 8)
    assert world.bill().dollars < 0.2001
    last = job.run("--quiet", code=6)
    assert "budget of $0.20 a month is used up" in last.stderr


def test_what_is_left_of_a_budget_is_not_burnt_on_looking_up(job: Job, world: Standin) -> None:
    with Store(store_path()) as store:
        store.ledger.add(Spent(198, 0, 0.99))
    job.write('accounts = ["alice"]\nbudget = 1.02\n')
    said = job.run("--quiet", code=6).stderr
    assert "the budget of $1.02 a month is used up: $0.99 was spent" in said
    assert "the next month begins on the 1st" in said
    assert "max_cost" not in said
    assert world.log == []
    job.write('accounts = ["alice"]\nbudget = 1.03\n')
    job.run("--quiet")
    assert 0 < world.bill().dollars <= 0.04
    job.write('accounts = ["alice"]\nbudget = 9\nmax_cost = 0.03\n')
    assert "more than max_cost 0.03; nothing was read" in job.run("--quiet", code=6).stderr


def test_the_budget_counts_what_other_runs_spent_and_a_clock_set_back(
    job: Job, world: Standin
) -> None:
    with Store(store_path()) as store:
        store.ledger.add(Spent(10, 0, 0.5), now=datetime(2020, 1, 1, tzinfo=UTC))
    job.write('accounts = ["alice"]\nmax_posts = 5\nbudget = 0.5\n')
    job.run("--quiet")
    with Store(store_path()) as store:
        store.ledger.add(Spent(90, 0, 0.48), now=datetime(2100, 1, 1, tzinfo=UTC))
    said = job.run("--quiet", code=6).stderr
    assert "is used up" in said
    assert "$0.48 of it in months that by this machine's clock are to come (2100-01)" in said
    assert "raise the budget by that" in said
    assert "on the 1st" not in said
    job.write('accounts = ["alice"]\nmax_posts = 5\nbudget = 0.98\n')
    job.run("--quiet")


def test_runs_with_a_budget_wait_for_each_other(
    job: Job, world: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("positivity.check.budget.PATIENCE", 0.3)
    job.write('accounts = ["alice"]\nmax_posts = 5\nbudget = 0.5\n')
    with run_lock("budget", "busy"):
        assert "spends from the same budget" in job.run("--quiet", code=9).stderr
    assert world.bill().dollars == 0
    job.run("--quiet")


def test_check_has_the_budget_too(tiny_model: ModelDirectory, world: Standin) -> None:
    command = ["check", "alice", "--budget", "0.06", "--model", str(tiny_model.path)]
    assert runner.invoke(app, command).exit_code == 0
    assert 0 < world.bill().dollars < 0.0601


# Locks


def test_the_second_run_of_a_job_does_nothing(job: Job, world: Standin) -> None:
    job.write('accounts = ["alice"]\n')
    with run_lock(f"job {job.path}", "busy"):
        assert "another run of it is at work" in job.run("--quiet", code=9).stderr
    assert world.log == []


def test_a_job_by_another_name_is_the_same(job: Job, tmp_path: Path, world: Standin) -> None:
    job.write('accounts = ["alice"]\n')
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "link.toml"
    try:
        link.symlink_to(job.path)
    except OSError:
        pytest.skip("no links here")
    around = tmp_path / "elsewhere" / ".." / "job" / "watch.toml"
    with run_lock(f"job {job.path}", "busy"):
        for name in (around, link):
            result = runner.invoke(app, ["run", str(name)])
            assert (result.exit_code, "another run" in result.stderr) == (9, True), result.output
    assert world.log == []


def test_a_lock_that_is_let_go_is_taken() -> None:
    held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with run_lock("x", "busy"):
            held.set()
            go_on.wait(60)

    other = threading.Thread(target=hold)
    other.start()
    assert held.wait(60)
    with pytest.raises(StateError, match="busy"), run_lock("x", "busy"):
        pass
    later = threading.Timer(0.3, go_on.set)
    later.start()
    with run_lock("x", "busy", patience=60):
        assert go_on.is_set()
    later.join()
    other.join()


def test_an_error_within_a_lock_is_no_matter_of_the_lock() -> None:
    with pytest.raises(StateError, match="mine"), run_lock("x", "busy", patience=5):
        raise StateError("mine")


# Notices

TELL = 'open(os.path.join(os.path.dirname(__file__), "told"), "a").write(sys.stdin.read() + "\\n")'


def test_a_command_is_told_when_a_condition_starts_and_stops(job: Job) -> None:
    hook = job.hook(TELL)
    job.write(f'files = ["own.csv"]\n[[notify]]\nwhen = "net < 0"\ncommand = ["{hook}"]\n')
    for positive, events in (
        (40, []),
        (0, ["starts"]),
        (0, ["starts"]),
        (40, ["starts", "stops"]),
        (40, ["starts", "stops"]),
    ):
        job.tweets("own.csv", positive, 20)
        assert job.run("--quiet").output == ""
        assert [each["event"] for each in job.told()] == events
    first = job.told()[0]
    assert first["condition"] == "net < 0"
    assert first["figures"]["net"] == first["report"]["net"]["value"] < 0


def test_what_could_not_be_told_is_told_by_the_next_run(job: Job) -> None:
    job.tweets("own.csv", 0, 40)
    hook = job.hook('sys.exit("no\\x1b[31m way")')
    job.write(f'files = ["own.csv"]\n[[notify]]\nwhen = "net < 0"\ncommand = ["{hook}"]\n')
    result = job.run("--quiet", code=8)
    assert "ended with 1 (no" in result.stderr
    assert "\x1b" not in result.stderr
    job.hook(TELL)
    job.run("--quiet")
    assert [each["event"] for each in job.told()] == ["starts"]


def test_one_way_that_fails_does_not_have_the_other_tell_at_every_run(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    sendmail, mail = job.folder / "sendmail", job.folder / "mail"
    sendmail.write_text("#!/bin/sh\nexit 1\n")
    sendmail.chmod(0o755)
    monkeypatch.setenv("PATH", f"{job.folder}:/usr/bin:/bin")
    job.tweets("own.csv", 0, 40)
    hook = job.hook(TELL)
    job.write(
        f'files = ["own.csv"]\n[[notify]]\nwhen = "net < 0"\ncommand = ["{hook}"]\n'
        'mail = "me@example.org"\n'
    )
    for _ in range(3):
        assert "sendmail" in job.run("--quiet", code=8).stderr
        assert [each["event"] for each in job.told()] == ["starts"]
    sendmail.write_text(f'#!/bin/sh\ncat >> "{mail}"\n')
    for _ in range(2):
        job.run("--quiet")
        assert mail.read_text(encoding="utf-8").count("Subject:") == 1
        assert [each["event"] for each in job.told()] == ["starts"]


@pytest.mark.parametrize(
    ("body", "said"),
    [("import time; time.sleep(60)", "did not end"), (None, "cannot be run")],
)
def test_commands_that_hang_or_are_not_there(
    job: Job, body: str | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("positivity.notify.PATIENCE", 0.5)
    job.tweets("own.csv", 0, 40)
    hook = job.hook(body) if body else "/no/such/program"
    job.write(f'files = ["own.csv"]\n[[notify]]\nwhen = "net < 0"\ncommand = "{hook}"\n')
    assert said in job.run("--quiet", code=8).stderr


def test_the_command_does_not_get_the_token(job: Job) -> None:
    job.tweets("own.csv", 0, 40)
    hook = job.hook('sys.exit("X_BEARER_TOKEN" in os.environ)')
    job.write(f'files = ["own.csv"]\n[[notify]]\nwhen = "net < 0"\ncommand = ["{hook}"]\n')
    job.run("--quiet")


def test_what_is_not_known_tells_nobody(job: Job) -> None:
    job.tweets("own.csv", 0, 40)  # without times there is no change
    hook = job.hook(TELL)
    job.write(f'files = ["own.csv"]\n[[notify]]\nwhen = "change < 90"\ncommand = ["{hook}"]\n')
    job.run("--quiet")
    assert job.told() == []


def test_mail_goes_through_sendmail(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    sendmail = job.folder / "sendmail"
    mail = job.folder / "mail"
    sendmail.write_text(f'#!/bin/sh\necho "$@" > "{mail}"\ncat >> "{mail}"\n')
    sendmail.chmod(0o755)
    monkeypatch.setenv("PATH", f"{job.folder}:/usr/bin:/bin")
    job.write(
        'accounts = ["alice"]\nmax_posts = 30\n[[notify]]\nwhen = "tweets > 1"\n'
        'mail = "me@example.org"\n'
    )
    job.run("--quiet")
    from email import message_from_string, policy

    options, _, text = mail.read_text(encoding="utf-8").partition("\n")
    assert options == "-t -oi"
    message = message_from_string(text, policy=policy.default)
    assert message["To"] == "me@example.org"
    assert message["Subject"] == "@alice: tweets > 1 holds now"
    body = message.get_content()
    assert "The tweets of @alice" in body
    mail.unlink()
    job.run("--quiet")
    assert not mail.exists()


def test_what_is_forgotten_while_it_is_told_leaves_nothing(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook = job.hook(TELL)
    job.write(
        f'accounts = ["alice"]\nmax_posts = 20\n[[notify]]\nwhen = "tweets > 1"\n'
        f'command = ["{hook}"]\n'
    )
    tell = notify.tell

    def then_forget(*given: Any, **more: Any) -> None:
        tell(*given, **more)
        assert runner.invoke(app, ["forget", "alice"]).exit_code == 0

    with monkeypatch.context() as patch:
        patch.setattr(notify, "tell", then_forget)
        job.run("--quiet")
    with Store(store_path()) as store:
        assert store.database.value("SELECT count(*) FROM conditions") == 0
    job.run("--quiet")
    assert len(job.told()) == 2


def test_forgetting_an_account_forgets_its_conditions(job: Job) -> None:
    hook = job.hook(TELL)
    job.write(
        f'accounts = ["alice"]\nmax_posts = 20\n[[notify]]\nwhen = "tweets > 1"\n'
        f'command = ["{hook}"]\n'
    )
    job.run("--quiet")
    assert runner.invoke(app, ["forget", "alice"]).exit_code == 0
    job.run("--quiet")
    assert len(job.told()) == 2


# The log


def test_the_log_has_a_line_for_each_event_and_no_secrets(job: Job, world: Standin) -> None:
    job.write('accounts = ["alice", "no_such"]\nmax_posts = 20\nlog_file = "run.log"\n')
    job.run("--quiet", code=8)
    text = (job.folder / "run.log").read_text(encoding="utf-8")
    assert TOKEN not in text
    events = [line.split()[1] for line in text.splitlines()]
    assert events == ["began", "read", "read", "spent", "verdict", "ended"]
    assert f"account=@alice posts={world.bill().posts}" in text
    assert "code=8" in text
    with Store(store_path()) as store:
        alice = store.accounts.find("alice")
        assert alice is not None
        for batch in store.accounts.batches(alice.id):
            for tweet in batch["text"].to_pylist():
                assert tweet not in text


def test_the_log_has_files_that_cannot_be_read(job: Job) -> None:
    job.tweets("good.csv", 5, 3)
    (job.folder / "empty.csv").touch()
    (job.folder / "broken.csv").write_bytes(b"text\nlove\n" + bytes(range(256)) * 9)
    job.write('files = ["*.csv", "none*.csv"]\nlog_file = "run.log"\n')
    job.run("--quiet", code=8)
    lines = (job.folder / "run.log").read_text(encoding="utf-8").splitlines()
    assert [line.split()[1] for line in lines if "verdict" not in line] == [
        *("began", "missing", "failed", "failed", "ended")
    ]
    for name in ("empty.csv", "broken.csv"):
        assert sum(name in line for line in lines) == 1


def test_the_log_as_json(job: Job, world: Standin) -> None:
    job.write('accounts = ["alice"]\nmax_posts = 20\nlog_file = "run.log"\nlog_json = true\n')
    job.run("--quiet")
    job.run("--quiet")
    lines = (job.folder / "run.log").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    assert [each["event"] for each in events].count("ended") == 2
    (first, _) = (each for each in events if each["event"] == "spent")
    assert first["posts"] == world.bill().posts > 0
    assert events[-1]["code"] == 0


def test_a_log_does_not_grow_for_ever(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("positivity.log_lines._LARGEST", 2000)
    job.tweets("own.csv", 5, 5)
    job.write('files = ["own.csv"]\nlog_file = "run.log"\n')
    for _ in range(12):
        job.run("--quiet")
    logs = sorted(job.folder.glob("run.log*"))
    assert 1 < len(logs) <= 3
    assert all(path.stat().st_size <= 2000 for path in logs)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
def test_a_log_on_a_full_disk_is_said_once_and_the_run_goes_on(job: Job) -> None:
    job.tweets("own.csv", 5, 5)
    job.write('files = ["own.csv"]\nlog_file = "/dev/full"\n[[output]]\npath = "out.json"\n')
    result = job.run("--quiet")
    assert len(result.stderr.splitlines()) == 1
    assert "the log cannot be written" in result.stderr
    assert (job.folder / "out.json").exists()


def test_the_log_of_a_job_can_be_stderr(job: Job) -> None:
    job.write('accounts = ["alice"]\nmax_posts = 20\nlog_file = "-"\n')
    assert " read account=@alice posts=" in job.run("--quiet").stderr
    assert not (job.folder / "-").exists()


def test_check_logs_on_stderr(tiny_model: ModelDirectory) -> None:
    result = runner.invoke(
        app,
        [
            *("check", "alice", "--max-posts", "20", "--quiet", "--log-file", "-", "--log-json"),
            *("--model", str(tiny_model.path)),
        ],
    )
    events = [json.loads(line) for line in result.stderr.splitlines()]
    assert [each["event"] for each in events] == ["began", "read", "spent", "verdict", "ended"]


# Time


def test_a_run_ends_when_its_time_is_over_and_loses_nothing(job: Job, world: Standin) -> None:
    world.delay = 0.6
    job.write('accounts = ["alice", "bob"]\nmax_posts = 60\nmax_time = 1\nlog_file = "run.log"\n')
    began = time.monotonic()
    result = job.run("--quiet", code=6)
    assert time.monotonic() - began < 15
    assert "max_time 1: the time is over; posts that were read are kept" in result.stderr
    world.delay = 0
    job.write('accounts = ["alice", "bob"]\nmax_posts = 60\n')
    job.run("--quiet")
    with Store(store_path()) as store:
        kept = sum(each.tweets for each in store.accounts.all())
    assert kept == world.bill().posts  # nothing was bought twice


def test_the_random_delay_is_at_most_what_was_said(
    job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr("positivity.deadline.time.sleep", waits.append)
    job.tweets("own.csv", 5, 5)
    job.write('files = ["own.csv"]\njitter = 300\n')
    for _ in range(3):
        job.run("--quiet")
    assert len(set(waits)) == 3
    assert all(0 <= wait <= 300 for wait in waits)


# The file


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "names nothing to do"),
        ("accounts = 3", "is no list of texts"),
        ('accounts = ["not a handle"]', "is no handle"),
        ('accounts = ["ada"]\nbudgett = 3', "budgett is not known; there are accounts, budget"),
        ('accounts = ["ada"]\nbudget = "3"', "budget is '3', not a number"),
        ('accounts = ["ada"]\nbudget = -1', "not a number from 0"),
        ('accounts = ["ada"]\nbudget = nan', "not a number from 0"),
        ('accounts = ["ada"]\nbudget = true', "not a number from 0"),
        ('accounts = ["ada"]\nmax_posts = 2', "no number from 5 up"),
        ('accounts = ["ada"]\nmax_posts = "some"', "no number from 5 up"),
        ('accounts = ["ada"]\nfail_if = "net = 3"', "fail_if cannot be used.*write =="),
        ('accounts = ["ada"]\ninclude = ["quotes"]', "include cannot be 'quotes'"),
        ('accounts = ["ada"]\ntimezone = "Mars"', "timezone: 'Mars': no such time zone"),
        ('accounts = ["ada"]\nlanguage = "de"', "language: 'de': the models read English"),
        ('accounts = ["ada"]\nmax_time = 0', "max_time is 0: a run takes a second at least"),
        ('accounts = ["ada"]\nlog_json = 1.5', "not true or false"),
        ('accounts = ["ada"]\n[output]\npath = "x"', r"write \[\[output\]\]"),
        ('accounts = ["ada"]\n[[output]]\nformat = "json"', "path is missing"),
        ('accounts = ["ada"]\n[[output]]\npath = "x"\nformat = "pdf"', "format cannot be 'pdf'"),
        ('accounts = ["ada"]\n[[output]]\npath = "x"\nkepp = 1', "there are format, keep, path"),
        ('accounts = ["ada"]\n[[notify]]\ncommand = "x"', "when is missing"),
        ('accounts = ["ada"]\n[[notify]]\nwhen = "changed"', "tells nobody"),
        ('accounts = ["ada"]\n[[notify]]\nwhen = "changed"\nmail = "x, y@z"', "is no address"),
        ('accounts = ["ada"]\n[[notify]]\nwhen = "changed"\nmail = "a@b\\nBcc: c@d"', "no address"),
        ('accounts = ["ada"]\n[[notify]]\nwhen = "changed"\ncommand = "a \'b"', "cannot be read"),
        ('files = ["a\\u0000b"]', "is no path"),
        ('files = ["~no_such_user_here/x"]', "is no path"),
        ('accounts = ["ada"]\n[[notify]]\nwhen = "changed"\nmail = "mé@b.org"', "no address"),
        ("accounts = [", "is no TOML"),
        ("a = " + "[" * 5000, "is no TOML"),
    ],
)
def test_what_a_job_s_file_cannot_say(tmp_path: Path, world: Standin, text: str, said: str) -> None:
    path = tmp_path / "job.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=rf"^{re.escape(str(path))}: .*{said}"):
        read_job(path)
    result = runner.invoke(app, ["run", str(path)])
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert world.log == []


def test_a_file_of_an_editor_that_marks_its_encoding(job: Job) -> None:
    job.path.write_text('\ufeffaccounts = ["ada"]\n', encoding="utf-8")
    assert read_job(job.path).accounts == ("@ada",)


@pytest.mark.parametrize("document", ["README.md", "docs/cron.md"])
def test_the_files_in_the_documents_are_jobs(tmp_path: Path, document: str) -> None:
    text = (Path(__file__).parents[1] / document).read_text(encoding="utf-8")
    (block,) = re.findall(r"^```toml\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    path = tmp_path / "job.toml"
    path.write_text(block, encoding="utf-8")
    job = read_job(path)
    assert job.accounts
    assert job.outputs
    assert job.notices


@pytest.mark.parametrize("pattern", ["**x/y", "[", "*", "*" * 5000])
def test_a_pattern_that_can_be_no_file_is_none(job: Job, pattern: str) -> None:
    job.write(f'files = ["none/{pattern}"]\n')
    assert "no file is there yet" in job.run("--quiet", code=3).stderr


@pytest.mark.parametrize("files", ['"nope.csv"', '"own.csv", "nope.csv"', '"n*.csv", "nope.csv"'])
def test_a_file_that_is_named_has_to_be_there(job: Job, files: str) -> None:
    job.tweets("own.csv", 20, 2)
    job.write(f'files = [{files}]\n[[output]]\npath = "out/"\n')
    code = 8 if "own" in files else 3
    assert "nope.csv: there is no such file" in job.run("--quiet", code=code).stderr
    assert (job.folder / "out" / "own.csv.json").exists() == (code == 8)


def test_a_name_that_no_file_can_have_is_said(job: Job) -> None:
    job.write(f'files = ["{"x" * 5000}"]\n')
    assert "cannot be read" in job.run("--quiet", code=3).stderr


def test_a_pattern_among_others_without_a_file_is_said(job: Job) -> None:
    job.tweets("own.csv", 20, 2)
    job.write('files = ["own.csv", "not_yet_*.csv"]\n[[output]]\npath = "out/"\n')
    assert job.run().stderr == f"positivity: {job.folder}/not_yet_*.csv: no file is there yet\n"
    assert job.run("--quiet").stderr == ""


def test_a_pattern_beside_accounts_without_a_file_is_said(job: Job) -> None:
    job.write('accounts = ["alice"]\nfiles = ["not_yet_*.csv"]\nmax_posts = 20\n')
    assert "not_yet_*.csv: no file is there yet" in job.run().stderr
    assert job.run("--quiet").stderr == ""


def test_a_misspelt_key_is_told_rather_than_missed(job: Job) -> None:
    job.write('acounts = ["alice"]\n')
    assert "acounts" in job.run(code=2).stderr


def test_one_account_with_retweets_never_asks(job: Job, world: Standin) -> None:
    job.write('accounts = ["alice"]\ninclude = ["retweets"]\n')
    job.run("--quiet")
    assert world.bill().dollars <= 2


def test_what_costs_much_is_allowed_in_the_file(job: Job, world: Standin) -> None:
    job.write('accounts = ["alice", "bob", "eve"]\nmax_posts = "all"\n')
    world.world.generate("eve", 900, seed=4)
    result = job.run("--quiet", code=6)
    assert "max_cost in a job's file" in result.stderr
    assert world.bill().posts == 0


def test_paths_are_meant_from_the_folder_of_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "job.toml"
    path.write_text(
        'files = ["in/*.csv"]\nlog_file = "x.log"\n[[output]]\npath = "out/"\n'
        '[[notify]]\nwhen = "changed"\ncommand = "./tell --loud"\n'
    )
    monkeypatch.chdir("/")
    job = read_job(path)
    assert job.files == (f"{tmp_path}/in/*.csv",)
    assert job.log_file == tmp_path / "x.log"
    assert job.outputs[0].path == f"{tmp_path}/out/"
    assert job.notices[0].command == (f"{tmp_path}/tell", "--loud")
    missing = runner.invoke(app, ["run", str(tmp_path / "none.toml")])
    assert missing.exit_code == 3


def test_reports_in_a_folder_have_the_mode_of_the_user(
    tmp_path: Path, tiny_model: ModelDirectory
) -> None:
    command = ["check", "alice", "--max-posts", "20", "-q", "-o", f"{tmp_path}/r/"]
    runner.invoke(app, [*command, "--format", "html", "--model", str(tiny_model.path)])
    mode = stat.S_IMODE((tmp_path / "r" / "alice.html").stat().st_mode)
    assert mode & 0o600 == 0o600
