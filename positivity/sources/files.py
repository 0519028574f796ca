"""Opens a file of tweets, or standard input, by what is in it rather than by its name."""

from positivity.errors import InputError
from positivity.sources.compression import compression_of
from positivity.sources.dialect import checked_encoding, decode_head, sniff_encoding
from positivity.sources.json_lines import JsonFile, is_document, is_json
from positivity.sources.parquet import ParquetFile
from positivity.sources.reading import ByteStream, ReadOptions, TweetFile
from positivity.sources.tables import DelimitedFile

__all__ = ["ReadOptions", "TweetFile", "open_tweets"]

_EXPORT = "export the tweets as CSV, JSON or Parquet"
_BINARIES = (
    (b"PK\x03\x04", "a zip archive or an Excel file; unpack it, or save the sheet as CSV"),
    (b"PK\x05\x06", "an empty zip archive"),
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
    ("window.ytd", f"a part of an X archive, which cannot be read yet; {_EXPORT}"),
    ("grailbird.data", f"a part of a Twitter archive, which cannot be read yet; {_EXPORT}"),
)
_PARQUET = b"PAR1"
_CONTROLS = bytes(set(range(32)) - set(b"\0\t\n\v\f\r\x1b")) + b"\x7f"
_MOST_CONTROLS = 0.02
_MOST_ZEROS = 0.1


def open_tweets(path: str, options: ReadOptions | None = None) -> TweetFile:
    """The tweets of the file at `path`, or of standard input if that is "-".

    Raises InputError when the file is missing or holds nothing that reads as tweets.
    """
    stream = ByteStream(path)
    try:
        return _reader(stream, options or ReadOptions())
    except BaseException:
        stream.close()
        raise


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
    _refuse_other_text(stream.name, text)
    if options.delimiter is None and is_json(text):
        return JsonFile(stream, encoding, options, document=is_document(text))
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
