"""Labelled tweets, from tables of our own and of the public sets."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from positivity.errors import InputError
from positivity.evaluation import LABELS
from positivity.training.frames import column_of, has_labels, label_column, read_rows
from positivity.training.label_words import classes_of, has_label, spelled_out, words_of
from positivity.training.labelled_files import OnUnreadable
from positivity.training.recipe import Source

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
        return self._of_teacher(teacher, ENCODER, "no trained teacher")

    def soft_labels(self, teacher: str) -> Path:
        """The file of what a teacher calls its texts.

        Raises:
            InputError: there is none yet.
        """
        return self._of_teacher(teacher, SOFT_LABELS, "not labelled yet")

    def _of_teacher(self, teacher: str, name: str, lacking: str) -> Path:
        path = self.runs / teacher / name
        if not path.exists():
            cure = f"first: positivity train {teacher} --data {self.folder}"
            raise InputError(f"{path}: {lacking}; {cure}")
        return path

    def read_marked(self, source: Source) -> tuple[list[str], list[str], list[int]]:
        """What `read_marked` finds in a source's file."""
        return read_marked(self.folder / source.file, source)

    def read_column(self, source: Source, column: str) -> tuple[list[str], list[str]]:
        """The texts of a source and what stands beside them in a column.

        Raises:
            InputError: the file or a column cannot be read.
        """
        path = self.folder / source.file
        frame, texts = read_rows(path, source)
        return texts, column_of(path, frame, column).astype(str).tolist()

    def vectors(self, name: str) -> Path:
        """The file of word vectors of this name: in the data folder, else in that of the runs.

        Raises:
            InputError: it is in neither.
        """
        path = self.place_of_vectors(name)
        if path.is_file():
            return path
        raise InputError(
            f"{name}: neither in {self.folder} nor in {self.runs}; to train such vectors: python "
            f"-m positivity.training.word_vectors {self.folder / 'timelines.parquet'} --output "
            f"{self.runs / name}"
        )

    def place_of_vectors(self, name: str) -> Path:
        """Where the file of word vectors of this name is, if it is anywhere."""
        path = self.folder / name
        return path if path.is_file() else self.runs / name

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


def read_labelled(
    path: Path, source: Source, on_unreadable: OnUnreadable | None = None
) -> LabelledTweets:
    """The rows of a table that `source` asks for; `path` is the file itself.

    Args:
        on_unreadable: is told of each row that cannot be read; without it the first one raises.

    Raises:
        InputError: the file, a column or a label cannot be read.
    """
    return _with_rows(path, source, on_unreadable)[0]


def _with_rows(
    path: Path, source: Source, on_unreadable: OnUnreadable | None = None
) -> tuple[LabelledTweets, NDArray[np.int64]]:
    """The tweets that a source asks for, and which rows of the table they are."""
    frame, texts = read_rows(path, source, on_unreadable)
    rows = frame.index.to_numpy()
    if source.probabilities:
        columns = [_numbers(path, frame, name) for name in source.probabilities]
        return LabelledTweets(texts, np.stack(columns, axis=1).astype(np.float32), []), rows
    if source.label is None and not has_labels(frame):
        return LabelledTweets(texts, np.full((len(texts), 3), 1 / 3, np.float32), []), rows
    labels = label_column(path, frame, source)
    words = words_of(labels)
    topics = column_of(path, frame, source.topic).astype(str).tolist() if source.topic else None
    labelled = np.flatnonzero(has_label(labels, source))
    if not len(labelled):
        raise InputError(f"{path}: no labelled tweets in it")
    words = words.iloc[labelled]
    tweets = LabelledTweets(
        [texts[row] for row in labelled],
        np.eye(len(LABELS), dtype=np.float32)[classes_of(path, words, source)],
        words.tolist(),
        topics=[topics[row] for row in labelled] if topics is not None else None,
        unlabelled=len(texts) - len(labelled),
    )
    return tweets, rows[labelled]


def read_marked(path: Path, source: Source) -> tuple[list[str], list[str], list[int]]:
    """Texts, what people copied out of each as carrying its sentiment, and its side: 1, or -1.

    Rows that are neutral, or have no label, are left out: they have no side.

    Raises:
        InputError: the file, a column or a label cannot be read.
    """
    frame, texts = read_rows(path, source)
    if not source.marked:
        raise InputError(f"{path}: the source names no `marked` column")
    selected = column_of(path, frame, source.marked).fillna("").astype(str).tolist()
    labels = label_column(path, frame, source)
    labelled = np.flatnonzero(has_label(labels, source))
    classes = classes_of(path, words_of(labels.iloc[labelled]), source)
    sides = (classes - LABELS.index("neutral")).tolist()
    rows = [(row, side) for row, side in zip(labelled.tolist(), sides, strict=True) if side]
    return [texts[i] for i, _ in rows], [selected[i] for i, _ in rows], [side for _, side in rows]


def read_graded(path: Path, source: Source) -> tuple[list[str], NDArray[np.float64]]:
    """Texts and the degrees that people gave them, from the column that `source.label` names.

    Raises:
        InputError: the file or a column cannot be read, or a degree is no number.
    """
    frame, texts = read_rows(path, source)
    return texts, _numbers(path, frame, source.label or "score")


def read_topics(
    path: Path, source: Source, topic: str, on_unreadable: OnUnreadable | None = None
) -> tuple[list[str], list[str], list[str], int]:
    """Texts, their labels, their topics from the column `topic`, and how many rows lack either.

    Raises:
        InputError: the file or a column cannot be read.
    """
    frame, texts = read_rows(path, source, on_unreadable)
    topics = column_of(path, frame, topic, cure="Name that of topics with --topic-column")
    names = words_of(topics)
    labels = label_column(path, frame, source)
    whole = np.flatnonzero(has_label(labels, source) & topics.notna() & (names != ""))
    words = spelled_out(words_of(labels.iloc[whole]))
    return (
        [texts[row] for row in whole],
        words.tolist(),
        names.iloc[whole].tolist(),
        len(texts) - len(whole),
    )


def _numbers(path: Path, frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    try:
        return column_of(path, frame, name).to_numpy().astype(np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: column {name!r} is not of numbers: {error}") from None
