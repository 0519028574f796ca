"""The file of `positivity run`: TOML -> a frozen job."""

import math
import os
import shlex
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from positivity.cli.options import Device, Engine, IncludeRetweets, ReportFormat, time_zone
from positivity.cli.reports import KEEP, SUFFIXES, Place, place_of
from positivity.errors import InputError, UsageError
from positivity.sources.handles import parse_handle

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from positivity.account.condition import Condition
    from positivity.notify import Notice

_T = TypeVar("_T")

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
        return file.removeprefix(f"{self.path.parent}{os.sep}")


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
    from positivity.check.plan import CAP

    table = _Table(content, str(path), path.parent)
    handles = table.understood("accounts", table.texts("accounts"), parse_handle)
    named: dict[str, str] = {}  # an account is one in capitals or not
    for handle in handles:
        named.setdefault(handle.lower(), f"@{handle}")
    accounts = tuple(named.values())
    files = tuple(table.joined(each) for each in table.texts("files"))
    if not accounts and not files:
        raise UsageError(f'{path}: names nothing to do; write accounts = ["@handle"], or files')
    depth = content.pop("max_posts", None)
    if depth == ALL:
        depth = CAP
    elif depth is not None and not (_is(depth, int) and depth >= FEWEST):
        raise UsageError(f'{path}: max_posts: {depth!r} is no number from {FEWEST} up, nor "all"')
    log_file = table.text("log_file")
    model = table.text("model") or "base"
    job = JobFile(
        path=path,
        accounts=accounts,
        files=files,
        max_posts=depth,
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
        # "-" is stderr, as after --log-file.
        log_file=None
        if log_file is None
        else Path(log_file if log_file == "-" else table.joined(log_file)),
        log_json=table.truth("log_json"),
        outputs=tuple(_output(each) for each in table.tables("output")),
        notices=tuple(_notice(each) for each in table.tables("notify")),
    )
    table.refuse_the_rest()
    return job


def _max_time(table: "_Table") -> float:
    seconds = table.number("max_time")
    if seconds is not None and seconds < 1:
        raise table.error("max_time", f"is {seconds:g}: a run takes a second at least")
    return MAX_TIME if seconds is None else seconds


def _output(table: "_Table") -> Output:
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


def _format_by_name(path: str, table: "_Table") -> ReportFormat | None:
    from positivity.cli.formats import format_by_name

    try:
        return format_by_name(path, ReportFormat)
    except UsageError as error:
        raise table.error("path", str(error)) from None


def _notice(table: "_Table") -> "Notice":
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


def _is(value: Any, *kinds: type) -> bool:
    """Whether a value is of one of the kinds; in TOML, true is no number."""
    return type(value) in kinds


class _Table:
    """A table of the file, whose values are taken out as they are understood."""

    def __init__(self, content: dict[str, Any], where: str, folder: Path) -> None:
        self._content, self._where, self._folder = content, where, folder
        self._known: list[str] = []

    def error(self, key: str, what: str) -> UsageError:
        return UsageError(f"{self._where}: {key} {what}")

    def _take(self, key: str) -> Any:
        self._known.append(key)
        return self._content.pop(key, None)

    def refuse_the_rest(self) -> None:
        """Complains of keys that nobody asked for: a misspelt bound would not hold."""
        for key in self._content:
            known = ", ".join(sorted({*self._known, "max_posts"} - {""}))
            raise self.error(key, f"is not known; there are {known}")

    def text(self, key: str) -> str | None:
        value = self._take(key)
        if value is not None and not isinstance(value, str):
            raise self.error(key, f"is {value!r}, not a text in quotes")
        return value

    def texts(self, key: str) -> list[str]:
        """A text, or a list of them."""
        value = self._take(key)
        texts = [] if value is None else [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(each, str) for each in texts):
            raise self.error(key, 'is no list of texts, such as ["one", "two"]')
        return texts

    def number(self, key: str) -> float | None:
        value = self._take(key)
        if value is None:
            return None
        if not _is(value, int, float) or not math.isfinite(value) or value < 0:
            raise self.error(key, f"is {value!r}, not a number from 0 up")
        return float(value)

    def understood(self, key: str, texts: Sequence[str], read: Callable[[str], _T]) -> list[_T]:
        """What some texts mean; what is wrong with one is told with the file and the key."""
        try:
            return [read(text) for text in texts]
        except UsageError as error:
            # Said of the key, where it is said of the option of this name elsewhere.
            raise self.error(f"{key}:", str(error).removeprefix(f"--{key} ")) from None

    def language(self) -> str | None:
        from positivity.selection import refuse_language

        text = self.text("language")
        if text is not None:
            self.understood("language", [text], refuse_language)
        return text

    def truth(self, key: str) -> bool:
        value = self._take(key)
        if value not in (None, True, False):
            raise self.error(key, f"is {value!r}, not true or false")
        return bool(value)

    def one(self, key: str, kind: Callable[[str], Any]) -> Any:
        """One of some words; None if it is not given."""
        text = self.text(key)
        return None if text is None else self._word(key, text, kind)

    def each(self, key: str, kind: Callable[[str], Any]) -> list[Any]:
        return [self._word(key, text, kind) for text in self.texts(key)]

    def _word(self, key: str, text: str, kind: Callable[[str], Any]) -> Any:
        try:
            return kind(text)
        except ValueError:
            raise self.error(key, f"cannot be {text!r}") from None

    def condition(self, key: str) -> "Condition | None":
        from positivity.account.condition import parse_condition

        text = self.text(key)
        try:
            return None if text is None else parse_condition(text)
        except UsageError as error:
            raise self.error(key, f"cannot be used: {error}") from None

    def command(self, key: str) -> tuple[str, ...]:
        """A program with its arguments, as a list or as one text; no shell comes near it."""
        value = self._content.get(key)
        if isinstance(value, str):
            try:
                self._content[key] = shlex.split(value)
            except ValueError as error:
                raise self.error(key, f"cannot be read: {error}") from None
        words = self.texts(key)
        if words and "/" in words[0]:
            words[0] = self.joined(words[0])
        return tuple(words)

    def joined(self, path: str) -> str:
        """A path as it is meant: from the folder of the file."""
        try:
            if path.isprintable():
                return str(self._folder / Path(path).expanduser())
        except RuntimeError:  # the home of nobody
            pass
        raise UsageError(f"{self._where}: {path!r} is no path")

    def tables(self, key: str) -> "list[_Table]":
        """The tables of a [[list]]."""
        value = self._take(key)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
            raise self.error(key, f"is no list of tables: write [[{key}]]")
        return [_Table(each, f"{self._where}: [[{key}]]", self._folder) for each in value]
