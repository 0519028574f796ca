"""Opens a file of tweets, or standard input, by what is in it rather than by its name."""

from collections.abc import Callable
from pathlib import Path

from positivity.errors import InputError
from positivity.sources import exports
from positivity.sources.archive import ArchiveFile
from positivity.sources.archive_names import ArchiveNames, is_part
from positivity.sources.compression import compression_of
from positivity.sources.dialect import checked_encoding, decode_head, sniff_encoding
from positivity.sources.folders import PART, Folder, Part, Zip, is_office, is_zip
from positivity.sources.json_lines import JsonFile, is_document, is_json
from positivity.sources.parquet import ParquetFile
from positivity.sources.reading import STDIN, ByteStream, ReadOptions, TweetFile
from positivity.sources.several import tweet_files
from positivity.sources.tables import DelimitedFile

__all__ = ["ReadOptions", "TweetFile", "open_all", "open_tweets"]

_EXPORT = "export the tweets as CSV, JSON or Parquet"
_BINARIES = (
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word file; save it as CSV"),
    (b"%PDF", f"a PDF; {_EXPORT}"),
    (b"\x89PNG", f"an image; {_EXPORT}"),
    (b"\xff\xd8\xff", f"an image; {_EXPORT}"),
    (b"GIF8", f"an image; {_EXPORT}"),
    (b"SQLite format 3\0", f"a SQLite database; {_EXPORT}"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"Rar!", "a rar archive; unpack it first"),
)
_TEXTS = (
    ("<!doctype html", f"a web page; {_EXPORT}"),
    ("<html", f"a web page; {_EXPORT}"),
    ("<?xml", f"XML; {_EXPORT}"),
    ("{\\rtf", f"a word processor's file; {_EXPORT}"),
    ("window.ytd.like.", "the likes of an X archive, which are other people's words"),
    ("window.ytd", "a part of an X archive that holds no tweets; name its folder or its zip file"),
    ("grailbird.data", "a part of an X archive that holds no tweets; name its folder or zip file"),
)
_PARQUET = b"PAR1"
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
            return _unzipped(Zip(stream), options, on_error)
        return [_reader(stream, options)]
    except BaseException:
        stream.close()
        raise


def _unzipped(
    archive: Zip, options: ReadOptions, on_error: Callable[[InputError], object] | None
) -> list[TweetFile]:
    if is_office(archive):
        raise InputError(f"{archive.name}: is an Excel or other office file; save its sheet as CSV")
    return tweet_files(archive, options, lambda stream: [_reader(stream, options)], on_error)


def _reader(stream: ByteStream, options: ReadOptions) -> TweetFile:
    if not stream.head and stream.damaged:
        kind = stream.compression or "zip"
        raise InputError(f"{stream.name}: is a {kind} file that is damaged; get it again")
    if not stream.head:
        raise InputError(f"{stream.name}: is empty")
    if stream.head.startswith(_PARQUET):
        return ParquetFile(stream, options)
    _refuse_binary(stream)
    encoding = _encoding(stream, options)
    text = decode_head(stream.head, encoding)
    if not text.strip("\ufeff\0 \t\r\n"):
        raise InputError(f"{stream.name}: is empty but for spaces")
    if is_part(text):
        return ArchiveFile(Part(stream), ArchiveNames(tweets=(PART,)), options)
    _refuse_other_text(stream.name, text)
    if _is_json(stream.name, text, options):
        return JsonFile(stream, encoding, options, document=is_document(text))
    return DelimitedFile(stream, encoding, options)


def _is_json(name: str, text: str, options: ReadOptions) -> bool:
    """Whether a text is to be read as JSON; complains if it is not what the user says."""
    if options.format in exports.NO_TEXT:
        raise InputError(f"{name}: is text, and nothing of the kind that --as {options.format} is")
    if options.format in exports.JSON_ONLY:
        if not is_json(text):
            raise InputError(f"{name}: is no JSON, as --as {options.format} takes it to be")
        return True
    tabular = options.format in (*exports.HEADERLESS, "table")
    return options.delimiter is None and not tabular and is_json(text)


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


def _refuse_other_text(name: str, text: str) -> None:
    begin = text.lstrip("\ufeff \t\r\n")[:40].lower()
    for opening, what in _TEXTS:
        if begin.startswith(opening):
            raise InputError(f"{name}: is {what}")
