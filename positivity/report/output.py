"""Where a report goes: to standard output, or to a file that appears when it is complete."""

import io
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from positivity.errors import InputError, UsageError
from positivity.files import write_atomically

_KEPT = frozenset({"html", "markdown", "csv"})


@contextmanager
def report_output(path: Path | None, format: str = "terminal") -> Iterator[TextIO]:
    """Standard output, or the file at `path`; all of it is written when the block ends.

    A file is in UTF-8, and standard output in that of the terminal, with question marks for what
    that has not got, or in UTF-8 for a format that people keep.

    Raises:
        InputError: it cannot be written, for one because the disk is full.
    """
    if path is None:
        with _standard_output(utf8=format in _KEPT) as out:
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


def refuse_clashes(
    outputs: Iterable[tuple[str, str | Path | None]],
    inputs: Iterable[str | Path] = (),
    *,
    again: bool = False,
) -> None:
    """Complains of outputs that would take the place of a file to read, of each other, or of one
    of the program's own files.

    Args:
        outputs: options and what they name; None where one is not given.
        inputs: the files, folders and addresses that will be read.
        again: whether they are read by every run to come, which must not find an output there.

    Raises:
        UsageError: two are the same, or an output lies in a folder where it would be read.
    """
    named = [(option, str(place)) for option, place in outputs if place is not None]
    named = [(option, path) for option, path in named if _identity(path) is not None]
    own = _own_files() if named else {}
    taken: dict[object, str] = {}
    read = {_identity(str(path)): str(path) for path in inputs}
    folders = [name for name in read.values() if _is_folder(name)]
    for option, path in named:
        identity = _identity(path)
        if identity in own:
            raise UsageError(
                f"{option} {path}: is {own[identity]} of positivity; give the output another name"
            )
        if identity in read:
            raise UsageError(f"{option} {path}: is what is read; give the output another name")
        for folder in folders:
            if _is_read_in(path, folder, again=again):
                raise UsageError(
                    f"{option} {path}: is in {folder}, whose files are read; name one elsewhere"
                )
        if identity in taken:
            raise UsageError(
                f"{taken[identity]} and {option} name the same file, {path}: give each its own"
            )
        taken[identity] = option


def _own_files() -> dict[object, str]:
    """What each file is that this program keeps for its user, there or not."""
    from positivity.settings import config_path
    from positivity.store import store_path
    from positivity.tokens import token_path

    store = store_path()
    # SQLite keeps beside the store what is not in it yet.
    own = {store.with_name(f"{store.name}{end}"): "the store" for end in ("", "-wal", "-shm")}
    own |= {token_path(): "the file of the token", config_path(): "the config file"}
    return {_identity(str(path)): what for path, what in own.items()}


def _identity(name: str) -> object:
    """What names of one file or folder share, be it by a link, or where none is yet.

    None for what cannot be lost: standard input, a terminal or another device, no name at all.
    """
    from positivity.sources.urls import STDIN, is_url

    if name in ("", STDIN):
        return None
    if is_url(name):
        return name
    try:
        found = Path(name).stat()
    except FileNotFoundError:
        return Path(name).resolve()
    except (OSError, ValueError):
        return None  # no name that a file could have: opening it will say so
    is_kept = stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)
    return (found.st_dev, found.st_ino) if is_kept else None


def _is_folder(name: str) -> bool:
    from positivity.sources.urls import is_url

    return not is_url(name) and _identity(name) is not None and Path(name).is_dir()


def _is_read_in(path: str, folder: str, *, again: bool) -> bool:
    """Whether an output is one of the files of a folder that is read, or a folder in it."""
    from positivity.sources.several import may_hold_tweets
    from positivity.sources.urls import is_url

    output = Path(path)
    if is_url(path) or not output.resolve().is_relative_to(Path(folder).resolve()):
        return False
    if output.is_dir() or path.endswith(("/", os.sep)):
        return True  # what is written there now would be read as tweets next time
    is_tweets = may_hold_tweets(output.name) or output.suffix.lower() == ".js"  # X archives'
    return is_tweets and (again or output.exists())


@contextmanager
def _standard_output(*, utf8: bool) -> Iterator[TextIO]:
    if sys.stdout is None:
        raise InputError("standard output: is closed; name a file with --output")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8" if utf8 else None, errors="replace")
    try:
        yield sys.stdout
        sys.stdout.flush()  # here, not when Python ends and nobody catches the error
    except BrokenPipeError:
        raise  # whoever read has seen enough; no error
    except OSError as error:
        discard_the_rest()
        reason = error.strerror or error
        raise InputError(f"standard output: cannot be written ({reason})") from error


def discard_the_rest() -> None:
    """Lets Python end in peace, which tries again to write what is still in the buffer."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
