"""What every reader of files shares: the options, the bytes, and what a file shows of itself."""

import io
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self, cast

from positivity.errors import InputError
from positivity.sources.compression import compression_of, decompressed, is_broken
from positivity.sources.mojibake import Mender
from positivity.sources.urls import STDIN, is_url, open_url, url_name
from positivity.tweets import TweetBatch

HEAD_BYTES = 1 << 20
MOST_REJECTED = 32_000  # characters of a row that are kept: a spreadsheet's cell holds few more
_ZIP_BYTES = 1 << 13


@dataclass(frozen=True)
class ReadOptions:
    """What a user says about a file; None leaves it to be found out.

    A column is given by its name or, where there is no header, by its number from 1.
    """

    text_column: str | None = None
    id_column: str | None = None
    date_column: str | None = None
    author_column: str | None = None
    lang_column: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    community: bool = False  # of an X archive, also the tweets in communities
    deleted: bool = False  # of an X archive, also the tweets that were deleted
    format: str | None = None  # one of exports.KEYS
    labels: bool = False  # give a column `label` too, where the file says which tweet is what
    label_column: str | None = None


@dataclass(frozen=True)
class Reject:
    """A row that could not be read."""

    file: str
    line: int | None  # its line from 1 or, in a table without lines, its row; None: the whole file
    reason: str
    text: str | None  # as it stands in the file; None where it has no text


class ByteStream(io.RawIOBase):
    """The bytes of a file or of standard input, once; the first of them may be looked at before.

    The file may be anywhere that fsspec reads. A `member` is the open file of something inside
    another, which `path` then only names.
    """

    def __init__(self, path: str, member: BinaryIO | None = None, size: int | None = None) -> None:
        super().__init__()
        self.name = "standard input" if path == STDIN else shown(path)
        elsewhere = path == STDIN or member is not None or is_url(path)
        self.path = None if elsewhere else Path(path)
        self.bytes_read = 0
        self.bytes_total = size
        self.damaged = False  # a compressed file that ends too soon
        self.compression: str | None = None
        self._unpacks = member is not None
        self._owned = path != STDIN
        try:
            self._file: Any = self._open(path) if member is None else member
            self.head = self._first(HEAD_BYTES)
            compression = compression_of(self.head)
            if compression:
                self._decompress(compression)
        except OSError as error:
            raise _unreadable(self.name, error) from error
        self._ahead = memoryview(self.head)

    def _open(self, path: str) -> BinaryIO:
        if path == STDIN:
            return _standard_input()
        if not path or "\0" in path:
            raise InputError(f"'{path}': is no name of a file")
        if is_url(path):
            file, self.bytes_total = open_url(path)
            return file
        if Path(path).is_dir():
            raise InputError(f"{path}: is a folder; name a file in it")
        if Path(path).is_file():
            self.bytes_total = Path(path).stat().st_size
        return Path(path).open("rb")

    def _first(self, size: int) -> bytes:
        parts = []
        while size > 0 and (part := self._more(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    @property
    def zipped(self) -> bool:
        """Whether the bytes on disk are compressed."""
        return self.compression is not None

    def _decompress(self, compression: str) -> None:
        self._inner = self._file
        self._file = decompressed(compression, _Again(self.head, self._inner))
        self.compression = compression
        self._unpacks = True
        self.head = self._first(HEAD_BYTES)

    def _more(self, size: int) -> bytes:
        try:
            if not self._unpacks:
                part = self._file.read(size)
            else:
                # Cut short, gzip gives in small reads what it has, and in a large one nothing.
                part = self._file.read1(min(size, _ZIP_BYTES))
        except Exception as error:
            if not (self._unpacks and is_broken(error)):
                raise
            self.damaged = True
            return b""
        if not self.zipped:
            self.bytes_read += len(part)
        elif self._owned:
            self.bytes_read = self._inner.tell()
        return cast(bytes, part)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with what comes next, the head first."""
        try:
            part = self._ahead[: len(buffer)] or self._more(len(buffer))
        except OSError as error:
            raise _unreadable(self.name, error) from error
        self._ahead = self._ahead[len(part) :]
        buffer[: len(part)] = part
        return len(part)

    def close(self) -> None:
        """Close the file; standard input stays open."""
        if not self.closed:
            if self.zipped:
                self._file.close()
            if self._owned:
                (self._inner if self.zipped else self._file).close()
        super().close()


class _Again(io.RawIOBase):
    """A file from its beginning, though its head has been read already."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        super().__init__()
        self._head = memoryview(head)
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        part = self._head[: len(buffer)] or self._rest.read(len(buffer))
        self._head = self._head[len(part) :]
        buffer[: len(part)] = part
        return len(part)


def shown(path: str) -> str:
    """A path as text: bytes that are no character, which no report could hold, are replaced."""
    if is_url(path):
        path = url_name(path)
    return os.fsencode(path).decode("utf-8", "replace")


def _standard_input() -> BinaryIO:
    if sys.stdin is None:
        raise InputError("standard input: is closed; give it the tweets, or name a file")
    # Unbuffered where that can be: a thread that waits here must hold no lock of sys.stdin, or the
    # program cannot end before more input comes.
    buffer = sys.stdin.buffer
    return cast(BinaryIO, getattr(buffer, "raw", buffer))


def _unreadable(name: str, error: OSError) -> InputError:
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return InputError(f"{name}: there is no such file; check the name and the folder")
    if isinstance(error, PermissionError):
        return InputError(f"{name}: may not be read; ask for the permission, or copy the file")
    return InputError(f"{name}: cannot be read ({error.strerror or error}); try a copy of it")


class TweetFile(ABC):
    """A file of tweets, open and understood, to be read once from start to end."""

    name: str
    read_as: str
    unreadable: int = 0  # rows that could not be read; final after the last batch
    notes: tuple[str, ...] = ()  # what a report should say of it, a sentence each; final then too
    place_notes: tuple[str, ...] = ()  # the same of the folder or archive that it is the first of
    on_reject: Callable[[Reject], object] | None = None  # is told of each row that is unreadable
    _is_clean = False  # its texts are those of this program, and as they should be
    _cut = False  # it ends too soon, and what that broke has been rejected

    def __init__(self, stream: ByteStream, read_as: str) -> None:
        self._stream = stream
        self.name = stream.name
        self.read_as = f"{stream.compression}, {read_as}" if stream.zipped else read_as

    @property
    def damaged(self) -> bool:
        """Whether the file ended too soon; final after the last batch."""
        return self._cut or self._stream.damaged

    @property
    def damage(self) -> str:
        """What to say of a file that is damaged."""
        return f"{self.name} is damaged: only its beginning was read."

    @property
    def bytes_total(self) -> int | None:
        """The size of the file on disk, if it is known."""
        return self._stream.bytes_total

    @property
    def bytes_read(self) -> int:
        """How much of the file on disk has been read."""
        return self._stream.bytes_read

    def batches(self, size: int = 8192) -> Iterator[TweetBatch]:
        """The tweets in the order of the file, at most `size` at a time."""
        began = False
        mender = Mender()
        try:
            for batch in self._batches(size):
                began = True
                yield batch if self._is_clean else mender.mend(batch)
            if self.damaged and not self._cut:
                self.reject("the file ends too soon")
        except InputError as error:
            if began:
                self.reject(str(error))
            raise
        finally:
            if mender.mended:
                texts = "text was" if mender.mended == 1 else "texts were"
                self.notes += (f"{self.name}: {mender.mended:,} {texts} mojibake, and mended.",)
            self.close()

    def reject(
        self,
        reason: str,
        line: int | None = None,
        text: str | None = None,
        *,
        file: str | None = None,
    ) -> None:
        """Count a row that cannot be read, of this file or of one in it, and tell who asked."""
        self.unreadable += 1
        if self.on_reject is not None:
            self.on_reject(Reject(file or self.name, line, reason, text and text[:MOST_REJECTED]))

    @abstractmethod
    def _batches(self, size: int) -> Iterator[TweetBatch]: ...

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
