"""The file of `positivity run`: TOML -> a frozen job."""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from positivity.cli.job_table import JobTable
from positivity.cli.options import Device, Engine, IncludeRetweets, ReportFormat, time_zone
from positivity.cli.reports import KEEP, SUFFIXES, Place, place_of
from positivity.cli.subjects import as_file
from positivity.errors import InputError, UsageError
from positivity.sources.handles import parse_handle

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from positivity.account.condition import Condition
    from positivity.notify import Notice

MAX_TIME = 3600.0  # seconds: a run that hangs must not last until the next one
FEWEST = 5  # posts: X gives no fewer
ALL = "all"


@dataclass(frozen=True, slots=True)
class Output:
    """Reports in one format, in one place."""

    path: str  # absolute
    format: ReportFormat
    keep: int

    def paths(self, subjects: Sequence[str]) -> list[str]:
        """The file; or in a folder, the newest of each subject."""
        from positivity.report.folder import file_name

        if not (self.path.endswith("/") or Path(self.path).is_dir()):
            return [self.path]
        names = [f"{file_name(subject)}{SUFFIXES[self.format]}" for subject in subjects]
        return [str(Path(self.path) / name) for name in names]

    def place(self) -> Place:
        """Where they go; raises InputError when nothing can be written there."""
        return place_of(self.path, self.keep)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFile:
    """What a run is to do. Times are seconds, money is dollars, paths are absolute."""

    path: Path
    accounts: tuple[str, ...]
    files: tuple[str, ...]  # patterns too
    max_posts: int | None
    max_cost: float | None
    budget: float | None
    max_time: float
    jitter: float
    include_retweets: bool
    language: str | None
    zone: "ZoneInfo"
    model: str
    device: Device
    engine: Engine
    fail_if: "Condition | None"
    log_file: Path | None
    log_json: bool
    outputs: tuple[Output, ...]
    notices: "tuple[Notice, ...]"

    def subject(self, file: str) -> str:
        """What a report on a file is called: a folder that moves keeps its names."""
        return as_file(file.removeprefix(f"{self.path.parent}{os.sep}"))


def read_job(path: Path) -> JobFile:
    """Read the file of a job; relative paths in it are meant from its folder.

    Raises:
        InputError: the file cannot be read.
        UsageError: it does not say what a job has to, or would write over what it reads; the
            message names file and key.
    """
    import tomllib

    path = path.absolute()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(f"{path}: is no TOML ({error})") from None
    job = _job(path, content)
    _refuse_clashes(job)
    return job


def matching(pattern: str) -> list[str]:
    """The files that an absolute pattern is for; one of just this name comes first."""
    path = Path(pattern)
    root = Path(path.anchor)
    with suppress(OSError, ValueError):  # no file's name, for one because it is too long
        if path.exists():
            return [pattern]
        return sorted(str(each) for each in root.glob(str(path.relative_to(root))))
    return []


def _refuse_clashes(job: JobFile) -> None:
    """Complains of outputs that would take the place of what is read, now or by the next run."""
    from positivity.report.output import refuse_clashes

    # Patterns may be for the same file, which is read once.
    read = list(dict.fromkeys(name for pattern in job.files for name in matching(pattern)))
    subjects = [*job.accounts, *(job.subject(name) for name in read)]
    outputs = [path for output in job.outputs for path in output.paths(subjects)]
    try:
        refuse_clashes(
            [*(("[[output]]", path) for path in outputs), ("log_file", job.log_file)],
            [job.path, *read],
            again=True,
        )
    except UsageError as error:
        raise UsageError(f"{job.path}: {error}") from None
    for path in outputs:
        for pattern in job.files:
            if Path(path).match(pattern):
                raise UsageError(
                    f"{job.path}: [[output]] {path}: files = {pattern} is for it too, and the next "
                    "run would read it; write it elsewhere"
                )


def _job(path: Path, content: dict[str, Any]) -> JobFile:
    table = JobTable(content, str(path), path.parent)
    handles = table.understood("accounts", table.texts("accounts"), parse_handle)
    named: dict[str, str] = {}  # an account is one in capitals or not
    for handle in handles:
        named.setdefault(handle.lower(), f"@{handle}")
    accounts = tuple(named.values())
    files = tuple(table.joined(each) for each in table.texts("files"))
    model = table.text("model") or "base"
    job = JobFile(
        path=path,
        accounts=accounts,
        files=files,
        max_posts=_max_posts(table),
        max_cost=table.number("max_cost"),
        budget=table.number("budget"),
        max_time=_max_time(table),
        jitter=table.number("jitter") or 0.0,
        include_retweets=IncludeRetweets.RETWEETS
        in table.each("include", lambda text: IncludeRetweets(text)),
        language=table.language(),
        zone=table.understood("timezone", [table.text("timezone") or "UTC"], time_zone)[0],
        model=table.joined(model) if "/" in model else model,
        device=table.one("device", Device) or Device.AUTO,
        engine=table.one("engine", Engine) or Engine.AUTO,
        fail_if=table.condition("fail_if"),
        log_file=_log_file(table),
        log_json=table.truth("log_json"),
        outputs=tuple(_output(each) for each in table.tables("output")),
        notices=tuple(_notice(each) for each in table.tables("notify")),
    )
    table.refuse_the_rest()  # first: 'acounts' is misspelt, not missing
    if not accounts and not files:
        raise UsageError(f'{path}: names nothing to do; write accounts = ["@handle"], or files')
    return job


def _max_posts(table: JobTable) -> int | None:
    from positivity.check.plan import CAP

    most = table.value("max_posts")
    if most == ALL:
        return CAP
    # In TOML, true is no number.
    if most is None or (type(most) is int and most >= FEWEST):
        return most
    raise table.error("max_posts:", f'{most!r} is no number from {FEWEST} up, nor "all"')


def _max_time(table: JobTable) -> float:
    seconds = table.number("max_time")
    if seconds is not None and seconds < 1:
        raise table.error("max_time", f"is {seconds:g}: a run takes a second at least")
    return MAX_TIME if seconds is None else seconds


def _log_file(table: JobTable) -> Path | None:
    name = table.text("log_file")
    if name is None:
        return None
    if name.endswith("/"):
        raise table.error("log_file", "is a folder; name a file in it")
    return Path(name if name == "-" else table.joined(name))  # stderr, as after --log-file


def _output(table: JobTable) -> Output:
    path = table.text("path")
    if not path:
        raise table.error("path", "is missing: name a file, or a folder as DIR/")
    keep = table.number("keep")
    place = table.joined(path) + ("/" if path.endswith("/") else "")
    output = Output(
        place,
        table.one("format", ReportFormat) or _format_by_name(place, table) or ReportFormat.JSON,
        KEEP if keep is None else int(keep),
    )
    table.refuse_the_rest()
    return output


def _format_by_name(path: str, table: JobTable) -> ReportFormat | None:
    from positivity.cli.formats import format_by_name

    try:
        return format_by_name(path, ReportFormat)
    except UsageError as error:
        raise table.error("path", str(error)) from None


def _notice(table: JobTable) -> "Notice":
    from positivity.notify import Notice

    when = table.condition("when")
    if when is None:
        raise table.error("when", "is missing: write a condition, such as 'net < -20'")
    notice = Notice(when, table.command("command"), tuple(table.texts("mail")))
    if not notice.command and not notice.mail:
        raise table.error("when", "tells nobody: add a command, or mail")
    for address in notice.mail:
        plain = address.isascii() and address.isprintable()
        if "@" not in address or not plain or set(address) & set(" ,<>"):
            raise table.error("mail", f"{address!r} is no address")
    table.refuse_the_rest()
    return notice
