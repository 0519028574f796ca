"""How a text file is written: its encoding, its delimiter, its quotes."""

import codecs
import io
from collections import Counter
from collections.abc import Sequence
from itertools import islice

from positivity.errors import InputError, UsageError
from positivity.sources.columns import known_names
from positivity.sources.records import Dialect, Records

DELIMITERS = {",": "comma", "\t": "tab", ";": "semicolon", "|": "pipe"}
ONE_COLUMN = "\x1f"  # the unit separator stands in no tweet: quoted cells, one to a row

_SAMPLE_ROWS = 200
_SAMPLE_BYTES = 1 << 15
_AGREEING = 0.9
_WIDTH_NEEDED = 2
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PLAIN = frozenset(map(chr, range(32, 127))) | set("\t\n\r")
_SINGLE_BYTE = ["cp1252", "latin_1", "mac_roman"]
_SHOWN = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "latin_1": "Latin-1",
    "cp1252": "Windows-1252",
    "mac_roman": "Mac Roman",
}


def _as_windows(error: UnicodeError) -> tuple[str, int]:
    """Reads bytes that are no UTF-8 as Windows writes them."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


# For texts whose head is ASCII, and tells nothing of the encoding of what comes after.
AS_WINDOWS = "positivity-as-windows"
codecs.register_error(AS_WINDOWS, _as_windows)


def shown_encoding(encoding: str) -> str:
    """An encoding's name as people write it."""
    return _SHOWN.get(encoding, encoding)


def checked_encoding(source: str, encoding: str, head: bytes) -> str:
    """An encoding that the user has named, once it is known to read the head of the file."""
    cure = "leave --encoding out to have it found"
    try:
        io.TextIOWrapper(io.BytesIO(), encoding=encoding)  # refuses base64 and its like
        decode_head(head, encoding, errors="strict")
    except LookupError as error:
        raise InputError(f"{source}: '{encoding}' is no encoding of text; {cure}") from error
    except (UnicodeError, ValueError) as error:
        raise InputError(f"{source}: is not written in {encoding}; {cure}") from error
    return encoding


def sniff_encoding(head: bytes) -> str:
    """The encoding of a text, from its first bytes."""
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return encoding
    wide = _wide_encoding(head)
    if wide:
        return wide
    text = decode_head(head, "utf-8")
    strays = text.count("\ufffd") - head.count("\ufffd".encode())
    # Text in another encoding hardly ever holds two bytes that are a character in UTF-8.
    if strays == 0 or sum(char > "\x7f" for char in text) > 3 * strays:
        return "utf-8"
    return _single_byte_encoding(head)


def decode_head(head: bytes, encoding: str, errors: str = "replace") -> str:
    """The text of a head, whose last character may be cut."""
    return codecs.getincrementaldecoder(encoding)(errors).decode(head)


def _wide_encoding(head: bytes) -> str | None:
    """UTF-16 without a byte order mark has zeros, which one order of the bytes explains.

    That is told by the first characters, names of columns as a rule, or else by all that are
    plain: a letter like "\u3c00" has its zero, and a plain byte, where others have them not.
    """
    if 0 not in head:
        return None
    for first, least in ((head[:16], 0.9), (head[:_SAMPLE_BYTES], 0.3)):
        plain = {
            encoding: sum(char in _PLAIN for char in decode_head(first, encoding))
            for encoding in ("utf-16-le", "utf-16-be")
        }
        found, other = sorted(plain, key=plain.__getitem__, reverse=True)
        if plain[found] > 10 * plain[other] and plain[found] >= least * len(first) / 2:
            return found
    return None


def _single_byte_encoding(head: bytes) -> str:
    import charset_normalizer  # takes a while, and few files need it

    lines = (line for line in head.split(b"\n") if not line.isascii())
    sample = b"\n".join(islice(lines, 500))[:_SAMPLE_BYTES]
    best = charset_normalizer.from_bytes(sample, cp_isolation=_SINGLE_BYTE).best()
    found = best.encoding if best is not None else "latin_1"
    if found == "latin_1":  # its control characters are the curly quotes of Windows
        try:
            sample.decode("cp1252")
            return "cp1252"
        except UnicodeDecodeError:
            return "latin_1"
    return found


def checked_delimiter(delimiter: str) -> str:
    """A delimiter that the user has named."""
    named = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}
    mark = named.get(delimiter, delimiter)
    if len(mark) != 1 or mark in '"\r\n\0':
        raise UsageError(f"--delimiter: '{delimiter}' is not one character, such as , or ; or tab")
    return mark


def sniff_dialect(lines: Sequence[str], delimiter: str | None = None) -> Dialect:
    """The dialect in which most of these lines have the same number of cells."""
    if delimiter is not None:
        return _quoting(lines, checked_delimiter(delimiter))[1]
    scores = {mark: _quoting(lines, mark) for mark in DELIMITERS}
    score, dialect = max(scores.values(), key=lambda pair: pair[0])
    return dialect if score > _NO_SCORE else _one_column(lines)


_Score = tuple[int, float, int]  # names known in the header, share of rows of one width, width
_NO_SCORE: _Score = (0, 0.0, 0)


def _quoting(lines: Sequence[str], mark: str) -> tuple[_Score, Dialect]:
    """The score of a delimiter, with quotes unless they only do harm."""
    quoted, bare, escaped = Dialect(mark), Dialect(mark, quoted=False), Dialect(mark, escaped=True)
    rows, harm = _sample(lines, quoted)
    score = _score(rows, mark)
    if harm and any('\\"' in line for line in lines):
        escaped_rows, escaped_harm = _sample(lines, escaped)
        escaped_score = _score(escaped_rows, mark)
        if escaped_harm < harm and escaped_score[1] >= score[1]:
            return escaped_score, escaped
    if harm:
        bare_rows, _ = _sample(lines, bare)
        bare_score = _score(bare_rows, mark)
        opening = sum(cell.startswith('"') for row in bare_rows for cell in row)
        # One bad quote is an accident, but in a TSV quotes rarely mean anything.
        systematic = 3 * harm > opening and (harm > 1 or mark == "\t")
        if systematic and bare_score[1] >= score[1]:
            return bare_score, bare
    return score, quoted


def _sample(lines: Sequence[str], dialect: Dialect) -> tuple[list[list[str]], int]:
    """The first rows in a dialect, and how many of its quotes do not close as they should."""
    records = Records(lines, dialect)
    rows = list(islice(records, _SAMPLE_ROWS))
    return rows, records.broken - records.unfinished + records.odd


def _score(rows: Sequence[Sequence[str]], mark: str) -> _Score:
    if not rows:
        return _NO_SCORE
    width, agreeing = Counter(map(len, rows)).most_common(1)[0]
    share = agreeing / len(rows)
    known = known_names(rows[0]) if len(rows[0]) >= _WIDTH_NEEDED else 0
    if known > 1:
        return (known, share, width)
    if width < _WIDTH_NEEDED or _is_prose(rows, mark):
        return _NO_SCORE
    if known and 2 * share >= 1:
        return (known, share, width)
    return (0, share, width) if agreeing > 1 and share >= _AGREEING else _NO_SCORE


def _is_prose(rows: Sequence[Sequence[str]], mark: str) -> bool:
    """Whether a mark is punctuation: in sentences a space follows it."""
    after = [cell for row in rows for cell in row[1:]]
    return mark != "\t" and 2 * sum(cell.startswith(" ") for cell in after) > len(after)


def _one_column(lines: Sequence[str]) -> Dialect:
    """One cell to a line; in quotes, if all quotes that there are go around a whole cell."""
    quoted = Dialect(ONE_COLUMN)
    if any(line.startswith('"') for line in lines) and not _sample(lines, quoted)[1]:
        return quoted
    return Dialect(None, quoted=False)
