"""Files of labelled tweets as tables: CSV, TSV, JSON Lines, parquet, or a folder of reviews."""

import bz2
import gzip
import json
import lzma
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, count, islice
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

import pandas as pd

from positivity.errors import InputError
from positivity.sources.compression import BROKEN
from positivity.sources.dialect import sniff_dialect
from positivity.sources.records import Dialect, Records
from positivity.training.recipe import Source
from positivity.training.reviews import read_reviews

# Is told what is wrong with a row that is left out, such as "line 4 has 3 columns, not 2".
OnUnreadable = Callable[[str], object]

_PARQUET, _JSON_LINES = (".parquet", ".pq"), (".jsonl", ".ndjson")
# Which would be read as a CSV.
_OTHER_FORMS = (".json", ".xlsx", ".xls", ".ods", ".zip", ".zst", ".tar", ".feather", ".arrow")
_COMPRESSED: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")  # what such files begin with
_SENTIMENT140_COLUMNS = 6
_OF_FIRST_ROW = 0  # columns of `Records`; without a number it would look closer at each quote
_LINES_OF_HEAD = 500
_ROWS_TOGETHER = 20_000


def read_frame(path: Path, source: Source, on_unreadable: OnUnreadable | None) -> pd.DataFrame:
    """The table at `path`, its cells as they are written.

    Args:
        on_unreadable: is told of each row that cannot be read; without it the first one raises.

    Raises:
        InputError: it cannot be read.
    """
    if path.is_dir():
        return read_reviews(path)
    form = _form(path)
    try:
        if form in _PARQUET:
            # Rows go by number, whatever index pandas has kept in the file.
            return pd.read_parquet(path).reset_index(drop=True)
        if form in _OTHER_FORMS and path.exists():
            forms = "CSV, TSV, JSON Lines or parquet"
            raise InputError(f"{path}: labelled tweets are read from {forms}")
        unreadable = _Unreadable(path, on_unreadable)
        if form in _JSON_LINES:
            frame = pd.DataFrame(list(_objects(path, source.encoding, unreadable)))
        else:
            frame = _delimited(path, source, unreadable)
    except FileNotFoundError:  # pyarrow's has neither number nor text
        raise InputError(f"{path}: there is no such file; check the name and the folder") from None
    except BROKEN as error:
        raise InputError(f"{path}: damaged, or cut off ({error})") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    except UnicodeError:
        often = "utf-16" if _begins_with(path, _UTF16) else "latin-1"
        raise InputError(
            f"{path}: not {source.encoding.removesuffix('-sig')}; name its encoding with "
            f"--encoding, often {often}"
        ) from None
    except (ValueError, LookupError) as error:  # pyarrow's on content, Python's on encodings
        raise InputError(f"{path}: cannot be read as a table: {str(error).strip()}") from None
    if frame.empty:
        unreadable.refuse_file()
    return frame


def _form(path: Path) -> str:
    """The ending that says what a file holds, whether it is compressed or not."""
    name = Path(path.name.lower())
    return (name.with_suffix("") if name.suffix in _COMPRESSED else name).suffix


def _open(path: Path, mode: str, **how: Any) -> Any:
    """Opens a file, compressed or not."""
    return _COMPRESSED.get(path.suffix.lower(), open)(path, mode, **how)


def _begins_with(path: Path, marks: tuple[bytes, ...]) -> bool:
    with _open(path, "rb") as file:
        return bool(file.read(4).startswith(marks))


class _Unreadable:
    """What becomes of the rows of a file that cannot be read."""

    def __init__(self, path: Path, tell: OnUnreadable | None) -> None:
        self._path = path
        self._tell = tell
        self._first = ""

    def row(self, why: str, line: int, cure: str = "") -> None:
        """Leaves a row out, or refuses the file where it has to be whole."""
        told = f"line {line} {why}"
        self._first = self._first or told + cure
        if self._tell is None:
            self.refuse_file()
        self._tell(told)

    def refuse_file(self) -> NoReturn:
        """Refuses a file with nothing in it, or for its first row that cannot be read."""
        if self._first:
            raise InputError(f"{self._path}: cannot be read as a table: {self._first}")
        raise InputError(f"{self._path}: no labelled tweets in it")


def _objects(path: Path, encoding: str, unreadable: _Unreadable) -> Iterator[dict[str, Any]]:
    """The objects of a file that has one on each line."""
    with _open(path, "rt", encoding=encoding) as lines:
        for number, line in enumerate(lines, start=1):
            try:
                value = json.loads(line) if line.strip() else {}
            except (ValueError, RecursionError):
                value = None
            if not isinstance(value, dict):
                unreadable.row("is no object of JSON that is whole", number)
            elif value:
                yield value


def _delimited(path: Path, source: Source, unreadable: _Unreadable) -> pd.DataFrame:
    """A delimited table of texts; a cell that is missing at the end of a row is None."""
    of_sentiment140 = _is_sentiment140(path)
    delimiter = "\t" if _form(path) == ".tsv" else source.delimiter
    encoding = "latin-1" if of_sentiment140 else source.encoding
    with _open(path, "rt", encoding=encoding, newline="") as lines:
        head = list(islice(_without_zeros(lines), _LINES_OF_HEAD))
    dialect = sniff_dialect(head, delimiter)  # what quotes mean, as `score` sees it
    # In a TSV quotes rarely mean anything: where they would cost rows they are only characters.
    if delimiter == "\t" and dialect.quoted:
        dialect = replace(dialect, quoted=not _costs_rows(path, encoding, dialect))
    rows = _rows(path, encoding, dialect, unreadable)
    first = next(rows, None)
    if first is None:
        raise InputError(f"{path}: is empty")
    if source.header and not of_sentiment140:
        return _frame(rows, _names(first))
    names = [str(number) for number in range(1, len(first) + 1)]
    frame = _frame(chain([first], rows), names)
    if len(first) == _SENTIMENT140_COLUMNS:
        frame = frame.rename(columns={"1": "label", "6": "text"})
    return frame


def _frame(rows: Iterator[Sequence[str | None]], names: list[str]) -> pd.DataFrame:
    """A frame of rows, few of which are held at once as Python's strings: those take more room."""
    parts = [pd.DataFrame(columns=names, dtype=str)]
    while some := list(islice(rows, _ROWS_TOGETHER)):
        parts.append(pd.DataFrame(some, columns=names, dtype=str))
    return pd.concat(parts, ignore_index=True)


def _rows(
    path: Path, encoding: str, dialect: Dialect, unreadable: _Unreadable
) -> Iterator[Sequence[str | None]]:
    """The rows of a delimited text, all as wide as the first."""
    width = 0
    with _open(path, "rt", encoding=encoding, newline="") as lines:
        records = Records(
            _without_zeros(lines),
            dialect,
            columns=_OF_FIRST_ROW,
            on_broken=lambda why, line, _: unreadable.row(f"cannot be read: {why}", line),
        )
        for row in records:
            width = width or len(row)
            if len(row) == width:
                yield row
            elif any(row[width:]):
                cure = (
                    "; put quotes around a text with the delimiter in it, or name another "
                    "delimiter with --delimiter"
                )
                unreadable.row(f"has {len(row)} columns, not {width}", records.line, cure)
            else:
                yield [*row[:width], *[None] * (width - len(row))]


def _costs_rows(path: Path, encoding: str, dialect: Dialect) -> bool:
    """Whether a quote of a file with tabs is never closed, or closes in another row."""
    with _open(path, "rt", encoding=encoding, newline="") as lines:
        records = Records(_without_zeros(lines), dialect, columns=_OF_FIRST_ROW)
        swallow = any("\t" in cell and "\n" in cell for row in records for cell in row)
        return swallow or records.broken > 0


def _without_zeros(lines: Iterator[str]) -> Iterator[str]:
    return (line.replace("\0", "") for line in lines)


def _names(header: Sequence[str | None]) -> list[str]:
    """The names of columns, each of them another one."""
    names: list[str] = []
    for cell in header:
        name = (cell or "").removeprefix("\ufeff")
        numbered = chain([name], (f"{name}.{number}" for number in count(1)))
        names.append(next(each for each in numbered if each not in names))
    return names


def _is_sentiment140(path: Path) -> bool:
    """Its CSV has no header: polarity, id, date, query, user, text, all quoted."""
    if _form(path) != ".csv":
        return False
    with _open(path, "rb") as file:
        start = file.read(200).split(b",")
    return start[0] in (b'"0"', b'"2"', b'"4"') and len(start) > _SENTIMENT140_COLUMNS - 1
