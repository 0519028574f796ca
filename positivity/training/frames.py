"""Files of tweets as data frames, with the columns that a source asks for."""

import csv
import re
from pathlib import Path
from typing import Literal

import pandas as pd

from positivity.errors import InputError
from positivity.training.recipe import Source
from positivity.training.reviews import read_reviews

_TEXT_COLUMNS = ("text", "tweet", "full_text", "content", "sentence", "tweet_text")
_LABEL_COLUMNS = ("label", "sentiment", "polarity", "airline_sentiment", "target", "gold", "class")
_SENTIMENT140_COLUMNS = 6
_PARQUET, _JSON_LINES = (".parquet", ".pq"), (".jsonl", ".ndjson")
# Which pandas would read as a CSV.
_OTHER_FORMS = (".json", ".xlsx", ".xls", ".ods", ".zip", ".zst", ".tar", ".feather", ".arrow")
_COMPRESSED = (".gz", ".bz2", ".xz")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")  # what such files begin with


def read_rows(path: Path, source: Source) -> tuple[pd.DataFrame, list[str]]:
    """The rows that a source keeps, with their texts."""
    frame = _read_frame(path, source)
    for column, wanted in source.keep.items():
        values = [str(v) for v in (wanted if isinstance(wanted, list | tuple) else [wanted])]
        frame = frame[column_of(path, frame, column).astype(str).isin(values)]
        if frame.empty:
            raise InputError(f"{path}: no row has {' or '.join(values)} in its column {column!r}")
    if source.balanced:
        labels = label_column(path, frame, source)
        fewest = int(labels.value_counts().min())
        frame = frame.groupby(labels, sort=True).sample(fewest, random_state=0).sort_index()
    if source.sample is not None and source.sample < len(frame):
        frame = frame.sample(source.sample, random_state=0)
    text = column_of(path, frame, source.text, _TEXT_COLUMNS, cure="Name one with --text-column")
    frame = frame[text.notna()]
    texts = text.dropna().astype(str).tolist()
    if not texts:
        raise InputError(f"{path}: no labelled tweets in it")
    return frame, texts


def _read_frame(path: Path, source: Source) -> pd.DataFrame:
    if path.is_dir():
        return read_reviews(path)
    form = _form(path)
    try:
        if form in _PARQUET:
            return pd.read_parquet(path)
        if form in _JSON_LINES:
            return pd.read_json(path, lines=True, dtype=False)
        if form in _OTHER_FORMS and path.exists():
            forms = "CSV, TSV, JSON Lines or parquet"
            raise InputError(f"{path}: labelled tweets are read from {forms}")
        delimiter = "\t" if form == ".tsv" else source.delimiter
        header = None if not source.header or _is_sentiment140(path) else 0
        encoding = "latin-1" if _is_sentiment140(path) else source.encoding
        frame = _read_csv(path, delimiter, header, encoding)
    except FileNotFoundError:  # pyarrow's has neither number nor text
        raise InputError(f"{path}: there is no such file; check the name and the folder") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError:
        often = "utf-16" if _begins_with(path, _UTF16) else "latin-1"
        raise InputError(
            f"{path}: not {source.encoding.removesuffix('-sig')}; name its encoding with "
            f"--encoding, often {often}"
        ) from None
    except pd.errors.EmptyDataError:
        raise InputError(f"{path}: is empty") from None
    except (ValueError, LookupError) as error:  # pandas' and pyarrow's errors on content are these
        raise InputError(f"{path}: cannot be read as a table: {_in_words(error)}") from None
    if header is None:
        frame.columns = pd.Index([str(i + 1) for i in range(frame.shape[1])])
        if frame.shape[1] == _SENTIMENT140_COLUMNS:
            frame = frame.rename(columns={"1": "label", "6": "text"})
    return frame


def _form(path: Path) -> str:
    """The ending that says what a file holds, whether it is compressed or not."""
    name = Path(path.name.lower())
    return (name.with_suffix("") if name.suffix in _COMPRESSED else name).suffix


def _begins_with(path: Path, marks: tuple[bytes, ...]) -> bool:
    with path.open("rb") as file:
        return file.read(4).startswith(marks)


def _read_csv(path: Path, delimiter: str, header: int | None, encoding: str) -> pd.DataFrame:
    """A delimited table; in one with tabs, quotes that would swallow rows are only characters."""

    def read(quoting: Literal[0, 3]) -> pd.DataFrame:
        return pd.read_csv(
            path,
            sep=delimiter,
            header=header,
            dtype=str,  # ids stay whole
            keep_default_na=False,  # the tweet "null" is a tweet
            encoding=encoding,
            quoting=quoting,
        )

    if delimiter != "\t":
        return read(csv.QUOTE_MINIMAL)
    try:
        frame = read(csv.QUOTE_MINIMAL)
    except pd.errors.ParserError:
        return read(csv.QUOTE_NONE)
    swallowed = (frame[name].str.contains(r"\t.*\n|\n.*\t") for name in frame)
    return read(csv.QUOTE_NONE) if any(each.any() for each in swallowed) else frame


def _in_words(error: Exception) -> str:
    """What pandas says of a table, as somebody would who does not know its parser."""
    text = str(error).strip()
    if found := re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", text):
        wanted, line, seen = found.groups()
        return (
            f"line {line} has {seen} columns, not {wanted} as before; put quotes around a text "
            "with the delimiter in it, or name another delimiter with --delimiter"
        )
    if found := re.search(r"EOF inside string starting at row (\d+)", text):
        return f"a quotation mark that opens in row {int(found[1]) + 1} is never closed"
    return text


def _is_sentiment140(path: Path) -> bool:
    """Its CSV has no header: polarity, id, date, query, user, text, all quoted."""
    if path.suffix.lower() != ".csv":
        return False
    with path.open("rb") as file:
        start = file.read(200).split(b",")
    return start[0] in (b'"0"', b'"2"', b'"4"') and len(start) > _SENTIMENT140_COLUMNS - 1


def _usual(frame: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    """The column that has the first of some usual names, however it is capitalized."""
    columns = {str(column).strip().lower(): column for column in reversed(list(frame.columns))}
    return next((columns[name] for name in names if name in columns), None)


def has_labels(frame: pd.DataFrame) -> bool:
    """Whether a column has one of the usual names for labels."""
    return _usual(frame, _LABEL_COLUMNS) is not None


def label_column(path: Path, frame: pd.DataFrame, source: Source) -> "pd.Series[str]":
    cure = "Name one with --label-column"
    return column_of(path, frame, source.label or "label", _LABEL_COLUMNS, cure=cure)


def column_of(
    path: Path, frame: pd.DataFrame, name: str, others: tuple[str, ...] = (), *, cure: str = ""
) -> "pd.Series[str]":
    """The column of this name or number, or the first of the usual names for the same thing.

    Args:
        cure: what names another one, said where there is none.
    """
    if name in frame.columns:
        return frame[name]
    if name in ("text", "label") and (usual := _usual(frame, others)) is not None:
        return frame[usual]
    if name.isdecimal() and 1 <= int(name) <= frame.shape[1]:
        return frame.iloc[:, int(name) - 1]
    columns = ", ".join(map(str, frame.columns[:12]))
    if frame.shape[1] == 1 and re.search(r"[,;\t|]", columns):
        cure = "Is another delimiter between its columns? Name it with --delimiter"
    raise InputError(f"{path}: no column {name!r}; it has {columns}. {cure}".removesuffix(". "))
