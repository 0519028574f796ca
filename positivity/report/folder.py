"""A folder of reports: the newest of each subject by its name, and a dated history beside it."""

import io
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import TextIO

from positivity.account.report import Report
from positivity.errors import InputError
from positivity.files import write_atomically

HISTORY = "history"
_LONGEST = 80
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)|history$")  # Windows', and ours


@dataclass(frozen=True, slots=True)
class ReportFolder:
    """A folder and how many dated reports of each subject stay in it."""

    path: Path
    keep: int

    def make(self) -> None:
        """Make the folder, though not those around it: they may be on a disk that is not there.

        Raises:
            InputError: it cannot be made.
        """
        try:
            self.path.mkdir(exist_ok=True)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be made ({error.strerror or error})") from None

    def write(
        self, report: Report, render: Callable[[TextIO], None], *, suffix: str, day: date
    ) -> Path:
        """Write a report as the newest of its subject and as that of a day; the newest's path.

        Files appear when they are complete; older ones than are to be kept go.

        Raises:
            InputError: it cannot be written; the file that was there before is still whole.
        """
        text = io.StringIO()
        render(text)
        data = text.getvalue().encode("utf-8", "replace")  # half of a pair is in no encoding
        name = file_name(report.subject)
        newest = self.path / f"{name}{suffix}"
        self._write(newest, data)
        if self.keep:
            dated = self.path / HISTORY / name
            try:
                dated.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise _unwritable(dated, error) from error
            self._write(dated / f"{day.isoformat()}{suffix}", data)
            self._prune(dated, suffix, day)
        return newest

    def _write(self, path: Path, data: bytes) -> None:
        try:
            with write_atomically(path) as file:
                file.write(data)
        except OSError as error:
            raise _unwritable(path, error) from error

    def _prune(self, folder: Path, suffix: str, day: date) -> None:
        """Delete the oldest; never that of the day, which is the oldest if a clock was set back."""
        pattern = re.compile(rf"\d{{4}}-\d\d-\d\d{re.escape(suffix)}")
        with suppress(OSError):  # a history that is too long is no reason to fail
            others = sorted(
                path
                for path in folder.iterdir()
                if pattern.fullmatch(path.name) and path.name != f"{day.isoformat()}{suffix}"
            )
            for path in others[: max(0, len(others) - (self.keep - 1))]:
                path.unlink()


def file_name(subject: str) -> str:
    """The name of a subject's files, on all systems: the handle, or what can be kept of a name."""
    plain = subject.removeprefix("@").lower()
    name = re.sub(r"[^a-z0-9_.-]+", "_", plain).lstrip(".-")[:_LONGEST].rstrip(".")
    if name == plain and name and not _RESERVED.match(name):
        return name
    # Names that differ in what was left away must not share a file.
    digest = blake2b(subject.encode("utf-8", "replace"), digest_size=4).hexdigest()
    return f"{name or 'report'}-{digest}"


def _unwritable(path: Path, error: OSError) -> InputError:
    return InputError(f"{path}: cannot be written ({error.strerror or error})")
