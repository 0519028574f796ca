"""Writing files so that nobody ever sees half of one."""

import glob
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from positivity.errors import InputError

UNFINISHED = ".part"  # what the names of unfinished files end with, behind a dot and a file's name
_ABANDONED = 3600.0  # seconds; what nobody has added to for so long is of a run that was killed


@contextmanager
def write_atomically(path: Path) -> Iterator[IO[bytes]]:
    """A binary file that takes its name only when all of it is written.

    A link stays a link to the file written; a device or a pipe is written to as it is, for a file
    must not take its place.

    Raises:
        InputError: the folder does not exist or cannot be written to.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as file:
            yield file
        return
    path = path.resolve()
    clear_abandoned(path)
    try:
        handle, name = tempfile.mkstemp(UNFINISHED, f".{path.name}.", path.parent)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
        umask = os.umask(0)
        os.umask(umask)
        Path(name).chmod(0o666 & ~umask)  # mkstemp's files are for their owner only
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def clear_abandoned(path: Path) -> None:
    """Delete what runs that were killed left of a file; not what another run is writing now."""
    with suppress(OSError):
        for part in path.parent.glob(f".{glob.escape(path.name)}.*{UNFINISHED}"):
            if time.time() - part.stat().st_mtime > _ABANDONED:
                part.unlink()
