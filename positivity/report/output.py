"""Where a report goes: to standard output, or to a file that appears when it is complete."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from positivity.errors import InputError
from positivity.files import write_atomically


@contextmanager
def report_output(path: Path | None) -> Iterator[TextIO]:
    """Standard output, or the file at `path`; all of it is written when the block ends.

    Raises:
        InputError: it cannot be written, for one because the disk is full.
    """
    if path is None:
        with _standard_output() as out:
            yield out
        return
    refuse_folder(path)
    text = io.StringIO()
    yield text
    data = text.getvalue().encode("utf-8", "replace")  # half of a pair is in no encoding
    try:
        with write_atomically(path) as file:
            file.write(data)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror or error})") from error


def refuse_folder(path: Path) -> None:
    """Complains of a file to write whose name is that of a folder, or whose folder is missing."""
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file in it")
    if not path.parent.is_dir():
        raise InputError(f"{path}: cannot be written, there is no such folder; create it first")


@contextmanager
def _standard_output() -> Iterator[TextIO]:
    if sys.stdout is None:
        raise InputError("standard output: is closed; name a file with --output")
    try:
        yield sys.stdout
        sys.stdout.flush()  # here, not when Python ends and nobody catches the error
    except BrokenPipeError:
        raise  # whoever read has seen enough; no error
    except OSError as error:
        _discard_the_rest()
        reason = error.strerror or error
        raise InputError(f"standard output: cannot be written ({reason})") from error


def _discard_the_rest() -> None:
    """Lets Python end in peace, which tries again to write what is still in the buffer."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
