"""The files that a command is given: opened, read under a bar, and what is wrong with them said."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from positivity.errors import InputError
from positivity.log import event
from positivity.messages import say

if TYPE_CHECKING:
    from positivity.sources.files import ReadOptions, TweetFile
    from positivity.sources.outcome import Outcome
    from positivity.tweets import TweetBatch

SAMPLE = Path(__file__).parents[1] / "data" / "sample.csv"  # of an account invented for it


def open_files(
    paths: Sequence[str], options: "ReadOptions", *, or_accounts: bool = False
) -> tuple[list["TweetFile"], int]:
    """The files that open, in folders and archives too, and how many do not; these get a line each.

    Args:
        or_accounts: whether accounts of the store can be named, too, and one may have been meant.

    Raises:
        InputError: there is one file only and it does not open, or none of several does.
    """
    from positivity.sources.files import open_all
    from positivity.sources.urls import expand

    opened: list[TweetFile] = []
    errors: list[InputError] = []
    for path in paths:
        try:
            for each in expand(path):
                opened += open_all(each, options, errors.append)
        except InputError as error:
            errors.append(_meaning_account(path, error) if or_accounts else error)
    say_unopened(errors, bool(opened))
    return opened, len(errors)


def _meaning_account(path: str, error: InputError) -> InputError:
    """The error, with the account of the store that was meant, if there is one."""
    from positivity.cli.stored import account_meant

    meant = account_meant(path)
    return error if meant is None else InputError(f"{error}; {meant}")


def say_unopened(errors: Sequence[InputError], some_opened: bool) -> None:
    """Says which files did not open.

    Raises:
        InputError: none did.
    """
    if not some_opened and len(errors) == 1:
        raise errors[0]
    for each in errors:
        _say_failed(each)
    if not some_opened:
        raise none_readable(len(errors))


def with_progress(file: "TweetFile", batches: Iterable["TweetBatch"]) -> Iterator["TweetBatch"]:
    """The same batches, with a bar on stderr of the bytes read."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
    from rich.text import Text

    from positivity.report.sanitize import sanitize

    name = Text(sanitize(file.name)).plain
    columns = (
        TextColumn("{task.fields[name]}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=file.bytes_total, name=name)
        for batch in batches:
            progress.update(task, completed=file.bytes_read)
            yield batch


def say_what_broke(outcomes: Sequence["Outcome"], unopened: int) -> None:
    """Says which files were not read to their end.

    Raises:
        InputError: nothing could be read.
    """
    errors = [InputError(each.error) for each in outcomes if each.error is not None]
    if all(each.is_lost for each in outcomes):
        if len(outcomes) == 1 and not unopened:
            raise errors[0]
        for error in errors:
            _say_failed(error)
        raise none_readable(len(outcomes) + unopened)
    for each in outcomes:
        if each.error is not None:
            _say_failed(each.error)
        if each.broke and not each.is_lost:
            _say_failed(each.notes[0])


def none_readable(files: int) -> InputError:
    """What to say when there is nothing to report on."""
    return InputError(f"none of the {files} files can be read")


def _say_failed(what: InputError | str) -> None:
    """Says what failed, to the log of a run too."""
    say(what)
    event("failed", error=what)
