"""A folder or a zip archive as a list of named files, read where they lie: nothing is unpacked."""

import os
import struct
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from positivity.errors import InputError
from positivity.sources.reading import ByteStream, shown
from positivity.sources.spool import seekable

PART = "part"  # the name of the one file in a Part
WORK = "_positivity"  # in a folder of scores: what is needed to resume it
_CLUTTER = frozenset({"__macosx", "thumbs.db", "desktop.ini", WORK})
_ENCRYPTED = 0x1
# Text packs 3 to 20 times smaller. What unpacks to far more than it was packed from is made to
# fill memory and disks.
_MOST_UNPACKED = 1 << 28
_MOST_RATIO = 200


class Container(ABC):
    """Something with files in it; their names have slashes, and no order but that of `names`."""

    name: str  # as the user gave it
    what: str  # in a sentence: "a folder"

    @property
    @abstractmethod
    def names(self) -> list[str]:
        """The names of the files, sorted, without hidden ones."""

    @abstractmethod
    def size(self, name: str) -> int:
        """How many bytes a file holds."""

    @abstractmethod
    def open(self, name: str) -> ByteStream:
        """The bytes of a file. Raises InputError when it cannot be read."""

    def close(self) -> None:
        """Let go of what is open; what can be opened again stays readable."""
        return

    def shown_name(self, name: str) -> str:
        """The name of a file in messages and reports."""
        return f"{self.name.rstrip('/')}/{shown(name)}"


class Folder(Container):
    """A folder on disk, with those below it."""

    what = "a folder"

    def __init__(self, path: str) -> None:
        self.name = shown(path)
        self._root = Path(path)
        self._names = sorted(self._walk())

    @property
    def names(self) -> list[str]:
        return self._names

    def size(self, name: str) -> int:
        try:
            return (self._root / name).stat().st_size
        except OSError:
            return 0  # gone since; opening it will say so

    def open(self, name: str) -> ByteStream:
        return ByteStream(str(self._root / name))

    def _walk(self) -> Iterator[str]:
        for folder, inner, files in os.walk(self._root, onerror=_refuse):
            inner[:] = [name for name in inner if not _is_clutter(name)]
            for name in files:
                path = Path(folder, name)
                if not _is_clutter(name) and not _is_other(path):
                    yield path.relative_to(self._root).as_posix()


def _is_other(path: Path) -> bool:
    """Whether a path is no file; of what may not be looked at, opening it will tell."""
    try:
        return not path.is_file()
    except OSError:
        return False


class Zip(Container):
    """A zip archive, open as long as somebody holds it."""

    what = "a zip archive"

    def __init__(self, stream: ByteStream) -> None:
        self.name = stream.name
        self._file = seekable(stream)
        try:
            self._zip = zipfile.ZipFile(self._file)
        except (
            zipfile.BadZipFile,
            NotImplementedError,
            OSError,
            ValueError,
            struct.error,
        ) as error:
            self._file.close()
            raise InputError(
                f"{self.name}: is a zip archive that is cut short or damaged; get it again"
            ) from error
        # A name that comes twice is a file that was replaced: the last one counts.
        self._infos = {
            info.filename.replace("\\", "/"): info
            for info in self._zip.infolist()
            if info.filename and not info.is_dir()
        }

    @property
    def names(self) -> list[str]:
        return sorted(name for name in self._infos if not any(map(_is_clutter, name.split("/"))))

    def size(self, name: str) -> int:
        return self._infos[name].file_size

    def open(self, name: str) -> ByteStream:
        return ByteStream(self.shown_name(name), self._member(name), self.size(name))

    def _member(self, name: str) -> BinaryIO:
        info, called = self._infos[name], self.shown_name(name)
        if info.flag_bits & _ENCRYPTED:
            raise InputError(
                f"{called}: is encrypted; unpack the zip archive with its password first"
            )
        _refuse_bomb(called, info)
        try:
            return cast(BinaryIO, self._zip.open(info))
        except (zipfile.BadZipFile, EOFError, OSError, ValueError, struct.error) as error:
            raise InputError(
                f"{called}: is damaged in its zip archive; get the archive again"
            ) from error
        except (NotImplementedError, RuntimeError) as error:
            raise InputError(
                f"{called}: is packed in a way that is not known here; unpack the zip archive"
            ) from error

    def whole_file(self) -> BinaryIO:
        """The archive itself from its beginning, once it is known to unpack to a sane size."""
        for name, info in self._infos.items():
            _refuse_bomb(self.shown_name(name), info)
        self.__dict__.pop("_zip").close()
        file: BinaryIO = self.__dict__.pop("_file")
        file.seek(0)
        return file

    def __del__(self) -> None:
        # Several files of tweets read from one archive; the last to let go of it closes it.
        for name in ("_zip", "_file"):
            if name in self.__dict__:
                self.__dict__[name].close()


class Part(Container):
    """A single file out of an archive, open already."""

    what = "one part of it"

    def __init__(self, stream: ByteStream) -> None:
        self.name = stream.name
        self._stream = stream

    @property
    def names(self) -> list[str]:
        return [PART]

    def size(self, name: str) -> int:
        return self._stream.bytes_total or 0

    def open(self, name: str) -> ByteStream:
        return self._stream

    def close(self) -> None:
        self._stream.close()


def _refuse_bomb(called: str, info: zipfile.ZipInfo) -> None:
    if info.file_size > max(_MOST_UNPACKED, _MOST_RATIO * info.compress_size):
        raise InputError(
            f"{called}: would unpack to {info.file_size / 1e9:,.1f} GB from next to nothing; "
            "that is no file of tweets"
        )


def is_zip(head: bytes) -> bool:
    """Whether a file that begins with `head` is a zip archive."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08"))


def is_office(archive: Zip) -> bool:
    """Whether a zip archive is a spreadsheet or another document."""
    return "[Content_Types].xml" in archive.names or "mimetype" in archive.names


def _refuse(error: OSError) -> None:
    raise InputError(
        f"{shown(str(error.filename))}: cannot be looked into ({error.strerror}); name the files "
        "to be read, or ask for the permission"
    )


def _is_clutter(name: str) -> bool:
    """Whether a file or folder is hidden, or put there by an operating system or this program."""
    return (name.startswith(".") and name not in (".", "..")) or name.lower() in _CLUTTER
