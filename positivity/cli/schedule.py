"""`positivity schedule`: an entry for cron, systemd, launchd or GitHub Actions."""

import os
import re
import sys
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from positivity.errors import UsageError
from positivity.messages import say
from positivity.schedule import SCHEDULERS, Entry, Every, Time

if TYPE_CHECKING:
    from positivity.cli.job_file import JobFile

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_SCHEDULABLE = ("run", "check", "report", "score", "compare")
_PLACES = ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME", "PYTHONPATH")
_NETWORK = (
    *("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy"),
    *("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"),
)
_FIRST_HOUR = 4  # when people sleep, and X has time


def schedule_command(
    context: typer.Context,
    command: Annotated[
        list[str],
        typer.Argument(metavar="-- COMMAND…", help="What to run, as after 'positivity'."),
    ],
    cron: Annotated[bool, typer.Option("--cron", help="A line for a crontab.")] = False,
    systemd: Annotated[bool, typer.Option("--systemd", help="A service and a timer.")] = False,
    launchd: Annotated[bool, typer.Option("--launchd", help="A property list for macOS.")] = False,
    github_actions: Annotated[
        bool, typer.Option("--github-actions", help="A workflow for GitHub.")
    ] = False,
    every: Annotated[Every, typer.Option(help="How often.")] = Every.DAY,
    at: Annotated[
        str | None,
        typer.Option(metavar="HH:MM", help="When; a quiet time if not set, in UTC on GitHub."),
    ] = None,
) -> None:
    """Print an entry that runs a command of positivity again and again; nothing is installed.

    It has what a scheduler does not give: whole paths, the working folder, our places, UTF-8.

    Example: positivity schedule --cron -- run watch.toml --quiet
    """
    from positivity.report.output import report_output

    wanted = {
        "cron": cron,
        "systemd": systemd,
        "launchd": launchd,
        "github-actions": github_actions,
    }
    chosen = [name for name, is_chosen in wanted.items() if is_chosen]
    if len(chosen) != 1:
        raise UsageError(f"give one of {', '.join(f'--{name}' for name in SCHEDULERS)}")
    arguments = tuple(command[1:] if command[0] == "positivity" else command)
    job = _refuse_what_cannot_run(context, arguments)
    folder = str(Path.cwd())
    entry = Entry(_program(), arguments, folder, _environment(), _time(every, at, arguments))
    values = entry.environment.values()
    if any(not each.isprintable() for each in (*entry.command, folder, *values)):
        raise UsageError(
            "the command, the folder or a variable of this shell for positivity has a character "
            "that no entry can hold"
        )
    with report_output(None) as out:
        out.write(SCHEDULERS[chosen[0]](entry))
    needs_token = bool(job.accounts) if job is not None else arguments[0] == "check"
    if chosen[0] != "github-actions" and needs_token:
        _say_where_the_token_is()


def _refuse_what_cannot_run(context: typer.Context, arguments: tuple[str, ...]) -> "JobFile | None":
    """Complains now of what would fail at night: the command is parsed, and a job's file is read.

    Returns:
        The job, where it is one that is to run.
    """
    if not arguments or arguments[0] not in _SCHEDULABLE:
        raise UsageError(f"schedule one of {', '.join(_SCHEDULABLE)}, such as: -- run watch.toml")
    name, *rest = arguments
    assert context.parent is not None and isinstance(context.parent.command, TyperGroup)
    parsed = context.parent.command.commands[name].make_context(name, rest, context.parent)
    if name != "run":
        return None
    from positivity.cli.job_file import read_job

    return read_job(Path(parsed.params["file"]))


def _program() -> tuple[str, ...]:
    """The program, by whole paths; neither PATH nor a virtual environment has to be set."""
    script = Path(sys.argv[0]).absolute()
    if script.name == "positivity" and os.access(script, os.X_OK) and script.is_file():
        return (str(script),)
    return (sys.executable, "-m", "positivity")


def _environment() -> dict[str, str]:
    """What a scheduler leaves out: the places of our files, also without HOME, and UTF-8."""
    from positivity.settings import home

    found = {"PYTHONUTF8": "1"}
    if "POSITIVITY_HOME" in os.environ:
        found["POSITIVITY_HOME"] = str(home().absolute())
    for name in _PLACES:
        if os.environ.get(name):
            found[name] = os.environ[name]
    settings = sorted(name for name in os.environ if name.startswith("POSITIVITY_"))
    for name in (*_NETWORK, *settings):
        value = os.environ.get(name, "")
        # A password in an address is for no file that others may read.
        if value and "@" not in value and name not in found:
            found[name] = value
    return found


def _time(every: Every, at: str | None, arguments: tuple[str, ...]) -> Time:
    """When to run; without a wish, a minute of its own for each command, so that not all are at 0.

    Raises:
        UsageError: this is no time of the day.
    """
    if at is None:
        digest = blake2b("\0".join((str(Path.cwd()), *arguments)).encode("utf-8", "replace"))
        number = int.from_bytes(digest.digest()[:4], "big")
        return Time(every, _FIRST_HOUR, 5 + number % 50)
    found = _TIME.fullmatch(at)
    if found is None:
        raise UsageError(f"--at {at!r}: no time of the day, such as 07:15")
    return Time(every, int(found[1]), int(found[2]))


def _say_where_the_token_is() -> None:
    """A token that only this shell has, or a keyring that is locked, would be missed at night."""
    from positivity.tokens import KEYRING, VARIABLE, find_token

    token = find_token()
    if token is None or token.source == f"${VARIABLE}":
        say(
            "the entry does not hold the token of X's API, and a scheduler does not know "
            f"{VARIABLE} of this shell: store it with 'positivity auth set'"
        )
    elif token.source == KEYRING:
        say(
            "the token is in the system's keyring, which may be locked while you are not logged "
            "in; if the job finds none, remove the extra 'keyring' and store the token again"
        )
