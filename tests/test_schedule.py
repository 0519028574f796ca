"""`positivity schedule`: entries that their schedulers understand."""

import os
import plistlib
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from positivity.cli import app
from positivity.schedule import SCHEDULERS, Entry, Every, Time
from positivity.tokens import store_token

runner = CliRunner()
HOSTILE = ("/opt/a b/positivity", "run", 'it\'s "100 %" $HOME \\ `x`.toml', "--quiet")
ENTRY = Entry(
    HOSTILE[:1],
    HOSTILE[1:],
    "/srv/my jobs",
    {"PYTHONUTF8": "1", "POSITIVITY_HOME": "/var/lib/it's 5%"},
    Time(Every.DAY, 4, 17),
)


@pytest.fixture(autouse=True)
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("X_BEARER_TOKEN", raising=False)
    monkeypatch.setattr("positivity.tokens.find_spec", lambda name: None)
    path = tmp_path / "watch.toml"
    path.write_text('accounts = ["ada"]\n')
    return path


def schedule(*arguments: str, code: int = 0) -> Result:
    result = runner.invoke(app, ["schedule", *arguments])
    assert result.exit_code == code, result.output
    return result


@pytest.mark.parametrize(
    ("every", "cron", "systemd", "launchd"),
    [
        (Every.HOUR, "17 * * * *", "*-*-* *:17:00", {"Minute": 17}),
        (Every.DAY, "17 4 * * *", "*-*-* 04:17:00", {"Minute": 17, "Hour": 4}),
        (Every.WEEK, "17 4 * * 1", "Mon *-*-* 04:17:00", {"Minute": 17, "Hour": 4, "Weekday": 1}),
        (Every.MONTH, "17 4 1 * *", "*-*-01 04:17:00", {"Minute": 17, "Hour": 4, "Day": 1}),
    ],
)
def test_times(every: Every, cron: str, systemd: str, launchd: dict[str, int]) -> None:
    time = Time(every, 4, 17)
    assert (time.cron, time.systemd, time.launchd) == (cron, systemd, launchd)


@pytest.mark.skipif(os.name != "posix", reason="a shell of POSIX")
def test_a_shell_gets_the_words_of_a_crontab_as_they_were() -> None:
    line = SCHEDULERS["cron"](ENTRY).splitlines()[-1]
    assert line.startswith("17 4 * * * cd '/srv/my jobs' && env ")
    assert line.replace("\\%", "").count("%") == 0
    command = line.partition("&& ")[2].replace("\\%", "%").replace("/opt/a b/positivity", "printf")
    command = command.replace(" run ", " '%s|' run ", 1)
    said = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)
    assert said.stdout.split("|")[:-1] == list(HOSTILE[1:])


def test_launchd_gets_them_too() -> None:
    content = plistlib.loads(SCHEDULERS["launchd"](ENTRY).encode())
    assert content["ProgramArguments"] == list(HOSTILE)
    assert content["EnvironmentVariables"] == ENTRY.environment
    assert content["WorkingDirectory"] == ENTRY.folder


def test_github_gets_them_too() -> None:
    yaml = pytest.importorskip("yaml")
    content = yaml.safe_load(SCHEDULERS["github-actions"](ENTRY))
    steps = content["jobs"]["positivity"]["steps"]
    import shlex

    assert shlex.split(steps[-1]["run"]) == ["positivity", *HOSTILE[1:]]
    assert steps[-1]["env"] == {"X_BEARER_TOKEN": "${{ secrets.X_BEARER_TOKEN }}"}
    assert content[True]["schedule"] == [{"cron": "17 4 * * *"}]  # YAML takes "on" for true


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        (("run", "watch.toml", "--quiet"), "positivity-run-watch"),
        (("run", "-q", "../jobs/all of them.toml"), "positivity-run-jobs-all-of-them"),
        (("check", "@ada", "@bob", "-o", "out/"), "positivity-check-ada-bob-out"),
    ],
)
def test_the_entries_of_two_jobs_have_two_names(arguments: tuple[str, ...], name: str) -> None:
    entry, elsewhere = (replace(ENTRY, arguments=arguments, folder=each) for each in ("/a", "/b"))
    # In one repository a file has one name; on a machine, one in each folder.
    assert entry.name == elsewhere.name == name
    assert f"/{name}.yml" in SCHEDULERS["github-actions"](entry)
    assert re.fullmatch(rf"{name}-[0-9a-f]{{8}}", entry.unit)
    assert entry.unit != elsewhere.unit
    assert f"/{entry.unit}.timer" in SCHEDULERS["systemd"](entry)
    assert plistlib.loads(SCHEDULERS["launchd"](entry).encode())["Label"] == entry.unit


def test_a_command_without_files_is_called_the_same_from_any_folder() -> None:
    arguments = ("check", "@ada", "--budget", "2", "/var/lists/all.txt")
    entries = [replace(ENTRY, arguments=arguments, folder=each) for each in ("/a", "/b")]
    assert {each.unit for each in entries} == {"positivity-check-ada-2-var-lists-all-txt"}


def test_names_that_lose_something_differ_all_the_same() -> None:
    jobs = ["é.toml", "ü.toml", f"{'x' * 99}/a.toml", f"{'x' * 99}/b.toml"]
    entries = [replace(ENTRY, arguments=("run", job)) for job in jobs]
    for names in ([each.name for each in entries], [each.unit for each in entries]):
        assert len(set(names)) == len(jobs)
        assert all(re.fullmatch(r"positivity-run-[a-z0-9-]{,45}", name) for name in names)


def test_systemd_escapes_what_it_would_replace() -> None:
    text = SCHEDULERS["systemd"](ENTRY)
    assert 'Environment="POSITIVITY_HOME=/var/lib/it\'s 5%%"\n' in text
    (line,) = (line for line in text.splitlines() if line.startswith("ExecStart="))
    assert line == (
        'ExecStart="/opt/a b/positivity" "run" "it\'s \\"100 %%\\" $$HOME \\\\ `x`.toml" "--quiet"'
    )


def test_to_stop_the_service_is_no_failure_of_it() -> None:
    assert "\nSuccessExitStatus=10 130\n" in SCHEDULERS["systemd"](ENTRY)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd")
def test_systemd_verifies_it(tmp_path: Path) -> None:
    text = schedule("--systemd", "--", "run", "watch.toml").stdout
    service, name, timer = re.split(r"# ~/.config/systemd/user/(\S+)\.timer", text)
    (tmp_path / f"{name}.service").write_text(service)
    (tmp_path / f"{name}.timer").write_text(timer)
    result = subprocess.run(
        ["systemd-analyze", "verify", "--user", str(tmp_path / f"{name}.timer")],
        capture_output=True,
        text=True,
    )
    assert "positivity-run" not in result.stderr


def test_the_entry_holds_what_the_program_needs_and_no_secret(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("X_BEARER_TOKEN", "A" * 50)
    monkeypatch.setenv("POSITIVITY_HOME", "here")
    monkeypatch.setenv("POSITIVITY_ASK_ABOVE", "3")
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@proxy")
    monkeypatch.setenv("POSITIVITY_API_URL", "https://me:secret@proxy")
    monkeypatch.setenv("SSL_CERT_FILE", "/etc/own.pem")
    for name in SCHEDULERS:
        result = schedule(f"--{name}", "--", "run", "watch.toml", "--quiet")
        assert "A" * 50 not in result.output
        assert "secret@" not in result.output
        if name != "github-actions":
            assert f"{tmp_path}/here" in result.stdout
            assert "POSITIVITY_ASK_ABOVE" in result.stdout
            assert "/etc/own.pem" in result.stdout
            assert "positivity auth set" in result.stderr
    store_token("B" * 50)
    monkeypatch.delenv("X_BEARER_TOKEN")
    assert schedule("--cron", "--", "run", "watch.toml").stderr == ""


def test_when(tmp_path: Path) -> None:
    def fields(*options: str) -> list[str]:
        return (
            schedule("--cron", *options, "--", "run", "watch.toml").stdout.splitlines()[-1].split()
        )

    assert fields("--at", "7:05")[:5] == ["5", "7", "*", "*", "*"]
    assert fields("--at", "23:59", "--every", "week")[:5] == ["59", "23", "*", "*", "1"]
    minute = int(fields()[0])
    assert 5 <= minute < 55
    assert fields() == fields()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--", "run", "watch.toml"], "give one of --cron, --systemd"),
        (["--cron", "--launchd", "--", "run", "watch.toml"], "give one of"),
        (["--cron", "--", "train", "x"], "schedule one of run, check, report, score, compare"),
        (["--cron", "--", "run"], "Missing argument"),
        (["--cron", "--", "run", "watch.toml", "another.toml"], "another.toml"),
        (["--cron", "--", "check", "@ada", "--queit"], "No such option"),
        (["--cron", "--", "check", "@ada", "--max-posts", "many"], "many"),
        (["--cron", "--", "run", "wrong.toml"], "names nothing to do"),
        (["--cron", "--at", "25:00", "--", "run", "watch.toml"], "no time of the day"),
        (["--cron", "--", "check", "a\nb"], "a character that no entry can hold"),
    ],
)
def test_what_cannot_be_scheduled_is_said_now(arguments: list[str], said: str) -> None:
    Path("wrong.toml").write_text("")
    result = schedule(*arguments, code=2)
    assert said in result.stderr
    assert result.stdout == ""
    assert schedule("--cron", "--", "run", "none.toml", code=3).stdout == ""


def test_a_variable_that_no_entry_can_hold_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSITIVITY_API_URL", "http://localhost\n* * * * * rm -r /")
    assert "a character" in schedule("--cron", "--", "run", "watch.toml", code=2).stderr


def test_other_commands_can_be_scheduled_too() -> None:
    result = schedule("--cron", "--", "positivity", "check", "@ada", "--quiet", "-o", "out/")
    assert result.stdout.rstrip().endswith("check @ada --quiet -o out/")
