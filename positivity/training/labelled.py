"""Tables of labelled tweets: our own and the public sets' CSV, TSV and parquet."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from positivity.errors import InputError
from positivity.evaluation import LABELS
from positivity.training.recipe import Source
from positivity.training.reviews import read_reviews

# What files call the three classes. Sentiment140 has 0, 2, 4; `_one_hot` knows other numbers.
_NAMES = {
    "negative": ("negative", "neg", "-1", "0", "sadness", "bad"),
    "neutral": ("neutral", "neu", "2", "objective", "objective-or-neutral"),
    "positive": ("positive", "pos", "1", "4", "good"),
}
_TEXT_COLUMNS = ("text", "tweet", "full_text", "content", "sentence", "tweet_text")
_LABEL_COLUMNS = ("label", "sentiment", "polarity", "airline_sentiment", "target", "gold", "class")
_SENTIMENT140_COLUMNS = 6
_OTHER_FORMS = (".json", ".xlsx", ".xls", ".ods", ".zip")  # which pandas would read as a CSV
# Of a teacher, in the folder of its run.
SOFT_LABELS, SOFT_STATES, ENCODER = "soft_labels.parquet", "soft_states.npy", "encoder"


@dataclass(frozen=True, slots=True)
class LabelledTweets:
    """Texts with what is known of their classes."""

    texts: list[str]
    targets: NDArray[np.float32]  # [tweets, 3]: 1 at the label, or probabilities
    cues: list[str]  # the words the file has for its labels; empty for probabilities
    states: NDArray[np.float16] | None = None  # [tweets, numbers], by the encoder of a teacher
    topics: list[str] | None = None  # what each is about
    unlabelled: int = 0  # rows of the file that are left out, as they have no label

    @property
    def gold(self) -> NDArray[np.int64]:
        """The likeliest class of each tweet, 0..2."""
        return np.asarray(self.targets.argmax(axis=1))

    def of(self, labels: Sequence[str]) -> "LabelledTweets":
        """The tweets that are likeliest of one of these labels."""
        if tuple(labels) == LABELS:
            return self
        return self.at(np.flatnonzero(np.isin(self.gold, [LABELS.index(x) for x in labels])))

    def at(self, rows: Sequence[int] | NDArray[np.int64]) -> "LabelledTweets":
        """The tweets of these rows."""
        return LabelledTweets(
            [self.texts[row] for row in rows],
            self.targets[rows],
            [self.cues[row] for row in rows] if self.cues else [],
            self.states[rows] if self.states is not None else None,
            [self.topics[row] for row in rows] if self.topics else None,
        )


@dataclass(frozen=True, slots=True)
class Data:
    """Where the sources of a recipe lie."""

    folder: Path  # of their files
    runs: Path  # of the teachers' runs

    def encoder(self, teacher: str) -> Path:
        """The folder of a teacher's encoder.

        Raises:
            InputError: there is none yet.
        """
        path = self.runs / teacher / ENCODER
        if not path.exists():
            raise InputError(f"{path}: no trained teacher; {self._first(teacher)}")
        return path

    def soft_labels(self, teacher: str) -> Path:
        """The file of what a teacher calls its texts.

        Raises:
            InputError: there is none yet.
        """
        path = self.runs / teacher / SOFT_LABELS
        if not path.exists():
            raise InputError(f"{path}: not labelled yet; {self._first(teacher)}")
        return path

    def read_marked(self, source: Source) -> tuple[list[str], list[str], list[int]]:
        """What `read_marked` finds in a source's file."""
        return read_marked(self.folder / source.file, source)

    def _first(self, teacher: str) -> str:
        return f"first: positivity train {teacher} --data {self.folder}"

    def read_column(self, source: Source, column: str) -> tuple[list[str], list[str]]:
        """The texts of a source and what stands beside them in a column.

        Raises:
            InputError: the file or a column cannot be read.
        """
        path = self.folder / source.file
        frame, texts = _rows(path, source)
        if column not in frame.columns:
            raise InputError(f"{path}: no column {column!r} in it")
        return texts, frame[column].astype(str).tolist()

    def vectors(self, name: str) -> Path:
        """The file of word vectors of this name: in the data folder, else in that of the runs.

        Raises:
            InputError: it is in neither.
        """
        places = [folder / name for folder in (self.folder, self.runs)]
        for path in places:
            if path.is_file():
                return path
        raise InputError(
            f"{name}: neither in {self.folder} nor in {self.runs}; to train such vectors: python "
            f"-m positivity.training.word_vectors {self.folder / 'timelines.parquet'} --output "
            f"{self.runs / name}"
        )

    def read(self, source: Source) -> LabelledTweets:
        """What a source asks for.

        Raises:
            InputError: it cannot be read, or its teacher has not labelled yet.
        """
        if not source.teacher:
            return read_labelled(self.folder / source.file, source)
        path = self.soft_labels(source.teacher)
        tweets, rows = _with_rows(path, replace(source, probabilities=LABELS))
        states = np.load(path.with_name(SOFT_STATES), mmap_mode="r")
        return replace(tweets, states=states[rows])


def read_labelled(path: Path, source: Source) -> LabelledTweets:
    """The rows of a table that `source` asks for; `path` is the file itself.

    Raises:
        InputError: the file, a column or a label cannot be read.
    """
    return _with_rows(path, source)[0]


def _with_rows(path: Path, source: Source) -> tuple[LabelledTweets, NDArray[np.int64]]:
    """The tweets that a source asks for, and which rows of the table they are."""
    frame, texts = _rows(path, source)
    rows = frame.index.to_numpy()
    if source.probabilities:
        columns = [_column(path, frame, name).astype(float) for name in source.probabilities]
        return LabelledTweets(texts, np.stack(columns, axis=1).astype(np.float32), []), rows
    if source.label is None and _usual(frame, _LABEL_COLUMNS) is None:
        return LabelledTweets(texts, np.full((len(texts), 3), 1 / 3, np.float32), []), rows
    labels = _label_column(path, frame, source)
    words = labels.astype(str).str.strip()
    topics = _column(path, frame, source.topic).astype(str).tolist() if source.topic else None
    labelled = np.flatnonzero(labels.notna() & ((words != "") | ("" in source.labels)))
    if not len(labelled):
        raise InputError(f"{path}: no labelled tweets in it")
    words = words.iloc[labelled]
    tweets = LabelledTweets(
        [texts[row] for row in labelled],
        _one_hot(path, words, source),
        words.tolist(),
        topics=[topics[row] for row in labelled] if topics is not None else None,
        unlabelled=len(texts) - len(labelled),
    )
    return tweets, rows[labelled]


def read_marked(path: Path, source: Source) -> tuple[list[str], list[str], list[int]]:
    """Texts, what people copied out of each as carrying its sentiment, and its side: 1, or -1.

    Neutral rows are left out, which have no side.

    Raises:
        InputError: the file, a column or a label cannot be read.
    """
    frame, texts = _rows(path, source)
    if not source.marked:
        raise InputError(f"{path}: the source names no `marked` column")
    selected = _column(path, frame, source.marked).fillna("").astype(str).tolist()
    words = _label_column(path, frame, source).astype(str).str.strip()
    sides = (_one_hot(path, words, source).argmax(axis=1) - LABELS.index("neutral")).tolist()
    rows = [row for row, side in enumerate(sides) if side]
    return [texts[i] for i in rows], [selected[i] for i in rows], [sides[i] for i in rows]


def read_graded(path: Path, source: Source) -> tuple[list[str], NDArray[np.float64]]:
    """Texts and the degrees that people gave them, from the column that `source.label` names.

    Raises:
        InputError: the file or a column cannot be read, or a degree is no number.
    """
    frame, texts = _rows(path, source)
    try:
        degrees = _column(path, frame, source.label or "score").to_numpy().astype(np.float64)
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    return texts, degrees


def read_topics(path: Path, source: Source, topic: str) -> tuple[list[str], list[str], list[str]]:
    """Texts, the labels as the file has them, and the topics, from its column `topic`.

    Raises:
        InputError: the file or a column cannot be read.
    """
    frame, texts = _rows(path, source)
    if topic not in frame.columns:
        columns = ", ".join(map(str, frame.columns[:12]))
        raise InputError(
            f"{path}: no column {topic!r}; it has {columns}. Name that of topics with "
            "--topic-column"
        )
    words = _label_column(path, frame, source).astype(str).str.strip()
    return texts, words.tolist(), frame[topic].astype(str).tolist()


def _rows(path: Path, source: Source) -> tuple[pd.DataFrame, list[str]]:
    """The rows that a source keeps, with their texts."""
    frame = _read_frame(path, source)
    for column, wanted in source.keep.items():
        values = [str(v) for v in (wanted if isinstance(wanted, list | tuple) else [wanted])]
        frame = frame[_column(path, frame, column).astype(str).isin(values)]
        if frame.empty:
            raise InputError(f"{path}: no row has {' or '.join(values)} in its column {column!r}")
    if source.balanced:
        labels = _label_column(path, frame, source)
        fewest = int(labels.value_counts().min())
        frame = frame.groupby(labels, sort=True).sample(fewest, random_state=0).sort_index()
    if source.sample is not None and source.sample < len(frame):
        frame = frame.sample(source.sample, random_state=0)
    text = _column(path, frame, source.text, _TEXT_COLUMNS, cure="Name one with --text-column")
    frame = frame[text.notna()]
    texts = text.dropna().astype(str).tolist()
    if not texts:
        raise InputError(f"{path}: no labelled tweets in it")
    return frame, texts


def _read_frame(path: Path, source: Source) -> pd.DataFrame:
    if path.is_dir():
        return read_reviews(path)
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        if path.suffix in (".jsonl", ".ndjson"):
            return pd.read_json(path, lines=True, dtype=False)
        if path.suffix in _OTHER_FORMS and path.exists():
            forms = "CSV, TSV, JSON Lines or parquet"
            raise InputError(f"{path}: labelled tweets are read from {forms}")
        delimiter = "\t" if path.suffix == ".tsv" else source.delimiter
        header = None if not source.header or _is_sentiment140(path) else 0
        encoding = "latin-1" if _is_sentiment140(path) else source.encoding
        frame = _read_csv(path, delimiter, header, encoding)
    except FileNotFoundError:  # pyarrow's has neither number nor text
        raise InputError(f"{path}: there is no such file; check the name and the folder") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError:
        raise InputError(
            f"{path}: not {source.encoding}; name its encoding with --encoding, often latin-1"
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
    if path.suffix != ".csv":
        return False
    with path.open("rb") as file:
        start = file.read(200).split(b",")
    return start[0] in (b'"0"', b'"2"', b'"4"') and len(start) > _SENTIMENT140_COLUMNS - 1


def _usual(frame: pd.DataFrame, names: tuple[str, ...]) -> str | None:
    """The column that has the first of some usual names, however it is capitalized."""
    columns = {str(column).strip().lower(): column for column in reversed(list(frame.columns))}
    return next((columns[name] for name in names if name in columns), None)


def _label_column(path: Path, frame: pd.DataFrame, source: Source) -> "pd.Series[str]":
    cure = "Name one with --label-column"
    return _column(path, frame, source.label or "label", _LABEL_COLUMNS, cure=cure)


def _column(
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


def _one_hot(path: Path, words: "pd.Series[str]", source: Source) -> NDArray[np.float32]:
    known = {word: name for name, spellings in _NAMES.items() for word in spellings}
    numbers = words.str.removesuffix(".0")  # as pandas writes whole numbers where some are missing
    found = set(numbers)
    if "-1" in found:  # then 0 is the middle, not the lower end
        known["0"] = "neutral"
        del known["2"], known["4"]
    elif {"1", "2"} <= found and "4" not in found:  # which Sentiment140 never has together
        known |= dict(zip(("0", "1", "2"), LABELS, strict=True))
    known |= {str(word): name for word, name in source.labels.items()}
    labels = words.map(known).fillna(words.str.lower().map(known)).fillna(numbers.map(known))
    if labels.isna().any():
        strange = sorted(set(words[labels.isna()]))[:3]
        raise InputError(
            f"{path}: label {', '.join(map(repr, strange))} is none of negative, neutral, positive"
        )
    indices = labels.map({name: i for i, name in enumerate(LABELS)}).to_numpy(int)
    return np.eye(len(LABELS), dtype=np.float32)[indices]
