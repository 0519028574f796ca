"""Entries for the schedulers of the systems: cron, systemd, launchd, GitHub Actions.

Each holds all that a command needs and a scheduler does not give: the program's whole path, the
working folder, the places of our files, and UTF-8. The token of X's API is in none of them.
"""

import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b

NAME = "positivity"
_LONGEST_NAME = 60


class Every(StrEnum):
    """How often."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Time:
    """When a command runs: once an hour, a day, a week (on Mondays) or a month (on the 1st)."""

    every: Every
    hour: int
    minute: int

    @property
    def cron(self) -> str:
        """The five fields of a crontab."""
        hour = "*" if self.every is Every.HOUR else str(self.hour)
        day = "1" if self.every is Every.MONTH else "*"
        weekday = "1" if self.every is Every.WEEK else "*"
        return f"{self.minute} {hour} {day} * {weekday}"

    @property
    def systemd(self) -> str:
        """An OnCalendar of systemd."""
        hour = "*" if self.every is Every.HOUR else f"{self.hour:02}"
        weekday = "Mon " if self.every is Every.WEEK else ""
        day = "01" if self.every is Every.MONTH else "*"
        return f"{weekday}*-*-{day} {hour}:{self.minute:02}:00"

    @property
    def launchd(self) -> dict[str, int]:
        """A StartCalendarInterval of launchd; what is left out is any."""
        found = {"Minute": self.minute}
        if self.every is not Every.HOUR:
            found["Hour"] = self.hour
        if self.every is Every.WEEK:
            found["Weekday"] = 1
        if self.every is Every.MONTH:
            found["Day"] = 1
        return found


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be run: the program and its arguments, where, and with which variables."""

    program: tuple[str, ...]
    arguments: tuple[str, ...]
    folder: str
    environment: dict[str, str]
    time: Time

    @property
    def command(self) -> tuple[str, ...]:
        return (*self.program, *self.arguments)

    @property
    def name(self) -> str:
        """What a scheduler calls it: the entry of one job must not take the place of another's."""
        words = (word.removesuffix(".toml") for word in self.arguments if not word.startswith("-"))
        what = " ".join((NAME, *words))
        name = re.sub(r"[^A-Za-z0-9]+", "-", what).strip("-")
        if what.isascii() and len(name) <= _LONGEST_NAME:
            return name
        return _marked(name, what)

    @property
    def unit(self) -> str:
        """Its name among all of a machine: a file named from here is another one elsewhere."""
        if not any(map(_is_here, self.arguments)):
            return self.name
        return _marked(self.name, f"{self.name}\0{self.folder}")


def _marked(name: str, what: str) -> str:
    """A name with a mark of what it does not tell."""
    mark = blake2b(what.encode("utf-8", "replace"), digest_size=4).hexdigest()
    return f"{name[: _LONGEST_NAME - len(mark) - 1].strip('-')}-{mark}"


def _is_here(word: str) -> bool:
    """Whether an argument names a file by its way from the working folder."""
    return not word.startswith(("-", "@", "/", "~")) and ("." in word or "/" in word)


def cron(entry: Entry) -> str:
    """A line for `crontab -e`."""
    pairs = [f"{name}={shlex.quote(value)}" for name, value in entry.environment.items()]
    line = f"cd {shlex.quote(entry.folder)} && env {' '.join(pairs)} {shlex.join(entry.command)}"
    # cron takes a bare % for the end of the line.
    return (
        "# positivity: add this line with 'crontab -e'; what it prints, cron mails to you\n"
        f"{entry.time.cron} {line.replace('%', chr(92) + '%')}\n"
    )


def systemd(entry: Entry) -> str:
    """A service and its timer, for a user of their own."""
    variables = "".join(
        f"Environment={_unit(f'{name}={value}')}\n" for name, value in entry.environment.items()
    )
    words = " ".join(_unit(word, dollar="$$") for word in entry.command)
    folder = entry.folder.replace("%", "%%")
    return f"""\
# ~/.config/systemd/user/{entry.unit}.service
[Unit]
Description={entry.unit}

[Service]
Type=oneshot
WorkingDirectory={folder}
{variables}ExecStart={words}
# A condition of --fail-if that holds is no failure of the service, nor is it one to stop it.
SuccessExitStatus=10 130

# ~/.config/systemd/user/{entry.unit}.timer
[Unit]
Description={entry.unit}

[Timer]
OnCalendar={entry.time.systemd}
Persistent=true

[Install]
WantedBy=timers.target

# then: systemctl --user daemon-reload && systemctl --user enable --now {entry.unit}.timer
# and, to have it run while you are not logged in: loginctl enable-linger
"""


def launchd(entry: Entry) -> str:
    """A property list for macOS."""
    import plistlib

    content = {
        "Label": entry.unit,
        "ProgramArguments": list(entry.command),
        "WorkingDirectory": entry.folder,
        "EnvironmentVariables": entry.environment,
        "StartCalendarInterval": entry.time.launchd,
        "ProcessType": "Background",
    }
    text = plistlib.dumps(content, sort_keys=False).decode()
    head, _, rest = text.partition("\n")
    path = f"~/Library/LaunchAgents/{entry.unit}.plist"
    return f"{head}\n<!-- {path}; then: launchctl bootstrap gui/$UID {path} -->\n{rest}"


def github_actions(entry: Entry) -> str:
    """A workflow; GitHub's cache keeps the store between runs, of several workflows too."""
    import json

    run = shlex.join((NAME, *entry.arguments))
    home = "${{ github.workspace }}/.positivity"
    return f"""\
# .github/workflows/{entry.name}.yml, in a private copy of positivity's repository that also
# holds the files which the command names. Add the secret X_BEARER_TOKEN in the repository's
# settings.
name: {entry.name}
on:
  schedule:
    - cron: {json.dumps(entry.time.cron)} # in UTC
  workflow_dispatch:
permissions:
  contents: read
concurrency:
  group: {NAME}
jobs:
  {NAME}:
    runs-on: ubuntu-latest
    timeout-minutes: 90
    env:
      POSITIVITY_HOME: {json.dumps(home)}
      PYTHONUTF8: "1"
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
          cache: pip
      - uses: actions/cache@v4
        with:
          path: .positivity
          key: {NAME}-${{{{ github.run_id }}}}
          restore-keys: {NAME}-
      - run: pip install .
      - run: {json.dumps(run)}
        env:
          X_BEARER_TOKEN: ${{{{ secrets.X_BEARER_TOKEN }}}}
"""


SCHEDULERS: dict[str, Callable[[Entry], str]] = {
    "cron": cron,
    "systemd": systemd,
    "launchd": launchd,
    "github-actions": github_actions,
}


def _unit(text: str, dollar: str = "$") -> str:
    """A word of a unit file: quoted, with what systemd would replace left alone."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped.replace("$", dollar)}"'
