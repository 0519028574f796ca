"""The files of tweets in a folder or zip archive, each opened only while it is read."""

from collections.abc import Callable, Iterator

from positivity.errors import InputError
from positivity.sources.archive import ArchiveFile
from positivity.sources.archive_names import archives_in
from positivity.sources.exports import X_ARCHIVE
from positivity.sources.folders import Container
from positivity.sources.reading import ByteStream, ReadOptions, TweetFile, shown
from positivity.tweets import TweetBatch

_SUFFIXES = (
    *(".csv", ".tsv", ".tab", ".txt", ".json", ".jsonl", ".ndjson", ".parquet", ".pq"),
    *(".feather", ".arrow", ".xlsx", ".xls", ".xlsb", ".xlsm", ".ods", ".zip"),
)
_COMPRESSED = (".gz", ".bz2", ".xz", ".zst", ".zstd")
# Texts that come with data, and are none.
_NOTES = frozenset(
    f"{name}{suffix}"
    for name in ("readme", "license", "licence", "copying", "changelog", "notice", "requirements")
    for suffix in ("", ".txt", ".md", ".rst")
)
_MOST_NAMED = 3

OpenStream = Callable[[ByteStream], list[TweetFile]]
OnError = Callable[[InputError], object]


def tweet_files(
    container: Container, options: ReadOptions, open_stream: OpenStream, on_error: OnError | None
) -> list[TweetFile]:
    """The X archives of a folder or zip archive, and its other files of tweets by name.

    Those that cannot be opened go to `on_error`; without it, or when nothing opens, they raise.
    """
    names = container.names
    archives = archives_in(names) if options.format in (None, X_ARCHIVE) else []
    plain = [name for name in names if may_hold_tweets(name) and options.format != X_ARCHIVE]
    plain = [name for name in plain if not any(archive.owns(name) for archive in archives)]
    files: list[TweetFile] = [ArchiveFile(container, archive, options) for archive in archives]
    if len(archives) == 1:
        files[0].name = container.name
    errors: list[InputError] = []
    for name in plain:
        try:
            files += _opened(container, name, open_stream)
        except InputError as error:
            if on_error is None or (len(plain) == 1 and not archives):
                raise
            errors.append(error)
            on_error(error)
    if not files:
        raise _nothing(container, len(errors), options.format)
    if not archives:  # whose own files are many, and no tables
        files[0].place_notes = tuple(_passed_over(container))
    return files


def _passed_over(container: Container) -> Iterator[str]:
    """A sentence about the files of which only the names were looked at, if there are such."""
    names = [name for name in container.names if not may_hold_tweets(name) and not _is_note(name)]
    if not names:
        return
    named = ", ".join(map(shown, names[:_MOST_NAMED]))
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    were, their = (
        ("files are", "their names do") if len(names) > 1 else ("file is", "its name does")
    )
    yield (
        f"{container.name}: {len(names):,} {were} passed over, as {their} not end like that of a "
        f"table or of JSON: {named}{more}."
    )


def _opened(container: Container, name: str, open_stream: OpenStream) -> list[TweetFile]:
    """The file of a name, or several if it is a zip archive itself; closed again."""
    files = open_stream(container.open(name))
    if len(files) != 1 or isinstance(files[0], ArchiveFile):
        return files
    with files[0] as file:
        return [MemberFile(file, lambda: open_stream(container.open(name))[0])]


def may_hold_tweets(name: str) -> bool:
    file = name.rpartition("/")[2].lower()
    for suffix in _COMPRESSED:
        file = file.removesuffix(suffix)
    return file.endswith(_SUFFIXES) and not _is_note(file)


def _is_note(name: str) -> bool:
    return name.rpartition("/")[2].lower() in _NOTES


def _nothing(container: Container, failed: int, key: str | None) -> InputError:
    if key == X_ARCHIVE:
        return InputError(
            f"{container.name}: is {container.what} without an X archive in it, and cannot be read "
            f"with --as {key}"
        )
    if failed:
        return InputError(f"{container.name}: none of the {failed} files in it can be read")
    return InputError(
        f"{container.name}: is {container.what} without a file of tweets in it: no tweets of an X "
        "archive, and nothing that ends in .csv, .json, .parquet or the like"
    )


class MemberFile(TweetFile):
    """A file of tweets that is opened again to be read: of a thousand only one is open."""

    def __init__(self, first: TweetFile, reopen: Callable[[], TweetFile]) -> None:
        self._file = first
        self._reopen = reopen
        self.name = first.name
        self.read_as = first.read_as

    @property
    def damaged(self) -> bool:
        """Whether the file ended too soon; final after the last batch."""
        return self._file.damaged

    @property
    def damage(self) -> str:
        """What to say of a file that is damaged."""
        return self._file.damage

    @property
    def bytes_total(self) -> int | None:
        """The size of the file, if it is known; in a zip archive, unpacked."""
        return self._file.bytes_total

    @property
    def bytes_read(self) -> int:
        """How much of it has been read."""
        return self._file.bytes_read

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def batches(self, size: int = 8192) -> Iterator[TweetBatch]:
        """The tweets in the order of the file, at most `size` at a time."""
        file = self._file = self._reopen()
        file.on_reject = self.on_reject
        try:
            yield from file.batches(size)
        finally:
            self.read_as, self.notes, self.unreadable = file.read_as, file.notes, file.unreadable

    def _batches(self, size: int) -> Iterator[TweetBatch]:
        return self.batches(size)
