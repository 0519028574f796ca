"""Opens a file of tweets, or standard input, by what is in it rather than by its name."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

from positivity.errors import InputError
from positivity.sources import exports
from positivity.sources.archive import ArchiveFile
from positivity.sources.archive_names import ArchiveNames, is_part
from positivity.sources.arrow_tables import ARROW_MAGICS, PARQUET_MAGIC, ArrowFile
from positivity.sources.columns import MESSAGES, is_message
from positivity.sources.compression import compression_of
from positivity.sources.dialect import DELIMITERS, checked_encoding, decode_head, sniff_encoding
from positivity.sources.folders import PART, Folder, Part, Zip, is_office, is_zip
from positivity.sources.json_lines import JsonFile, is_document, is_json
from positivity.sources.reading import ByteStream, ReadOptions, TweetFile
from positivity.sources.several import tweet_files
from positivity.sources.spool import seekable
from positivity.sources.tables import DelimitedFile
from positivity.sources.urls import STDIN

__all__ = ["ReadOptions", "TweetFile", "open_all", "open_tweets"]

_EXPORT = "export the tweets as CSV, JSON or Parquet"
_BINARIES = (
    (b"%PDF", f"a PDF; {_EXPORT}"),
    (b"\x89PNG", f"an image; {_EXPORT}"),
    (b"\xff\xd8\xff", f"an image; {_EXPORT}"),
    (b"GIF8", f"an image; {_EXPORT}"),
    (b"SQLite format 3\0", f"a SQLite database; {_EXPORT}"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"Rar!", "a rar archive; unpack it first"),
)
_TEXTS = (
    ("<!doctype html", f"is a web page; {_EXPORT}"),
    ("<html", f"is a web page; {_EXPORT}"),
    ("<?xml", f"is XML; {_EXPORT}"),
    ("{\\rtf", f"is a word processor's file; {_EXPORT}"),
)
_NO_TWEETS = "is a part of an X archive that holds no tweets; name its folder or its zip file"
# Parts of X archives that hold no tweets, whatever the user takes them for.
_OTHER_PARTS = (
    ("window.ytd.like.", "is the likes of an X archive, which are other people's words"),
    ("window.ytd.direct_message", MESSAGES),
    ("window.ytd", _NO_TWEETS),
    ("grailbird.data", _NO_TWEETS),
)
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"  # .xls, and other documents of its time
_KEY = re.compile(r'"(\w{1,50})"\s*:')
_CONTROLS = bytes(set(range(32)) - set(b"\0\t\n\v\f\r\x1b")) + b"\x7f"
_MOST_CONTROLS = 0.02
_MOST_ZEROS = 0.1


def open_tweets(path: str, options: ReadOptions | None = None) -> TweetFile:
    """The tweets of the file at `path`, or of standard input if that is "-".

    Raises InputError when the file is missing or holds nothing that reads as tweets, or when it is
    a folder, or a zip archive with several files of tweets.
    """
    files = _opened(ByteStream(path), options or ReadOptions(), None)
    if len(files) > 1:
        for file in files:
            file.close()
        raise InputError(f"{path}: holds {len(files)} files of tweets; name one of them")
    return files[0]


def open_all(
    path: str,
    options: ReadOptions | None = None,
    on_error: Callable[[InputError], object] | None = None,
) -> list[TweetFile]:
    """The files of tweets at `path`: several if it is a folder or a zip archive, else one.

    An X archive is one file, whether a folder, a zip archive, or inside of one.

    Raises InputError when nothing there reads as tweets. Of several files, those that cannot be
    opened go to `on_error` and the others are given; without `on_error` the first of them raises.
    """
    options = options or ReadOptions()
    if not _is_folder(path):
        return _opened(ByteStream(path), options, on_error)
    return tweet_files(
        Folder(path), options, lambda stream: _opened(stream, options, on_error), on_error
    )


def _is_folder(path: str) -> bool:
    try:
        return path not in ("", STDIN) and Path(path).is_dir()
    except (OSError, ValueError):
        return False  # no name that a file could have: opening it will say so


def _opened(
    stream: ByteStream, options: ReadOptions, on_error: Callable[[InputError], object] | None
) -> list[TweetFile]:
    try:
        if is_zip(stream.head):
            return _unzipped(stream, options, on_error)
        return [_reader(stream, options)]
    except BaseException:
        stream.close()
        raise


def _unzipped(
    stream: ByteStream, options: ReadOptions, on_error: Callable[[InputError], object] | None
) -> list[TweetFile]:
    archive = Zip(stream)
    if is_office(archive):
        return [_workbook(stream, archive.whole_file(), options)]
    return tweet_files(archive, options, lambda member: [_reader(member, options)], on_error)


def _workbook(stream: ByteStream, file: BinaryIO, options: ReadOptions) -> TweetFile:
    try:
        exports.refuse_other(stream.name, exports.EXCEL, options.format)
        from positivity.sources.excel import ExcelFile  # brings a library that no other file needs

        return ExcelFile(stream, file, options)
    except BaseException:
        file.close()
        raise


def _reader(stream: ByteStream, options: ReadOptions) -> TweetFile:
    if not stream.head and stream.damaged:
        kind = stream.compression or "zip"
        raise InputError(f"{stream.name}: is a {kind} file that is damaged; get it again")
    if not stream.head:
        raise InputError(f"{stream.name}: is empty")
    if is_zip(stream.head) and is_office(archive := Zip(stream)):
        return _workbook(stream, archive.whole_file(), options)
    if stream.head.startswith(_OLD_OFFICE):
        return _workbook(stream, seekable(stream), options)
    if stream.head.startswith((PARQUET_MAGIC, *ARROW_MAGICS)):
        is_parquet = stream.head.startswith(PARQUET_MAGIC)
        kind = exports.PARQUET if is_parquet else exports.FEATHER
        exports.refuse_other(stream.name, kind, options.format)
        return ArrowFile(stream, options)
    _refuse_binary(stream)
    encoding = _encoding(stream, options)
    text = decode_head(stream.head, encoding)
    if not text.strip("\ufeff\0 \t\r\n"):
        raise InputError(f"{stream.name}: is empty but for spaces")
    if is_part(text):
        if options.format in (None, exports.X_ARCHIVE):
            return ArchiveFile(Part(stream), ArchiveNames(tweets=(PART,)), options)
    else:
        _refuse_beginning(stream.name, text, _OTHER_PARTS)
    if options.format is None:
        _refuse_beginning(stream.name, text, _TEXTS)
    tabular = options.format in (*exports.HEADERLESS, exports.TABLE)
    if is_json(text, stream.name) and options.delimiter is None and not tabular:
        exports.refuse_other(stream.name, exports.JSON, options.format)
        return JsonFile(stream, encoding, options, document=is_document(text))
    exports.refuse_other(stream.name, exports.TABLE, options.format)
    _refuse_messages(stream.name, text)
    return DelimitedFile(stream, encoding, options)


def _encoding(stream: ByteStream, options: ReadOptions) -> str:
    if options.encoding is not None:
        return checked_encoding(stream.name, options.encoding, stream.head)
    encoding = sniff_encoding(stream.head)
    if not encoding.startswith(("utf-16", "utf-32")) and _is_binary(stream.head):
        raise InputError(f"{stream.name}: is not text; {_EXPORT}")
    return encoding


def _is_binary(head: bytes) -> bool:
    controls = len(head) - len(head.translate(None, _CONTROLS))
    return controls > _MOST_CONTROLS * len(head) or head.count(0) > _MOST_ZEROS * len(head)


def _refuse_binary(stream: ByteStream) -> None:
    if is_zip(stream.head):
        raise InputError(f"{stream.name}: is a zip archive inside another; unpack it first")
    if compression_of(stream.head):
        raise InputError(f"{stream.name}: is compressed twice; unpack it first")
    for magic, what in _BINARIES:
        if stream.head.startswith(magic):
            raise InputError(f"{stream.name}: is {what}")
    if stream.head[:4] == b"RIFF" and stream.head[8:12] == b"WEBP":
        raise InputError(f"{stream.name}: is an image; {_EXPORT}")


def _refuse_beginning(name: str, text: str, known: Sequence[tuple[str, str]]) -> None:
    """Refuses a text that begins in one of the ways that are `known`, each with what it is."""
    begin = text.lstrip("\ufeff \t\r\n")[:40].lower()
    for opening, what in known:
        if begin.startswith(opening):
            raise InputError(f"{name}: {what}")


def _refuse_messages(name: str, text: str) -> None:
    """Refuses direct messages that are read as text, with their columns or keys for tweets, too."""
    first, _, _ = text.lstrip("\ufeff \t\r\n").partition("\n")
    names = (
        _KEY.findall(text) if is_json(text) else re.split("[" + "".join(DELIMITERS) + "]", first)
    )
    if is_message(names):
        raise InputError(f"{name}: {MESSAGES}")
