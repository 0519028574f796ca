"""The labels of tweets, as the data has them."""

from array import array
from collections import Counter

import numpy as np
from numpy.typing import NDArray

from positivity.errors import InputError
from positivity.exploration.findings import Count
from positivity.tweets import TweetBatch

NO_LABEL = ""
_MOST_LABELS = 20
# Names of labels in the order that people expect; others follow by name.
_NAMES = ("negative", "neg", "neutral", "neu", "positive", "pos")
_ORDER = {name: place for place, name in enumerate(_NAMES)}


class Labels:
    """Counts labels, and keeps a code for each tweet: 0 for none."""

    def __init__(self) -> None:
        self.any = False  # whether there is a column of them
        self._counts: Counter[str] = Counter()
        self._code_of = {NO_LABEL: 0}
        self._codes = array("B")

    def add(self, batch: TweetBatch) -> list[str]:
        """Takes note of the labels of a batch; the label of each tweet, or `NO_LABEL`.

        Raises:
            InputError: there are more of them than a classifier would have.
        """
        if "label" not in batch.schema.names:
            self._codes.frombytes(bytes(batch.num_rows))
            return [NO_LABEL] * batch.num_rows
        self.any = True
        labels = [label or NO_LABEL for label in batch.column("label").to_pylist()]
        self._counts.update(labels)
        if len(self._counts.keys() - {NO_LABEL}) > _MOST_LABELS:
            some = ", ".join(repr(label[:20]) for label in self.names()[:3])
            raise InputError(
                f"more than {_MOST_LABELS} different labels ({some}, …): name the column of the "
                "labels with --label-column"
            )
        code_of = self._code_of
        self._codes.extend(code_of.setdefault(label, len(code_of)) for label in labels)
        return labels

    @property
    def codes(self) -> NDArray[np.uint8]:
        """The code of each tweet's label."""
        return np.frombuffer(self._codes, np.uint8)

    @property
    def unlabelled(self) -> int:
        """Tweets of labelled data that have none."""
        return self._counts[NO_LABEL]

    def names(self) -> list[str]:
        """The labels there are, in the order that people expect."""
        known = [label for label in self._counts if label != NO_LABEL]
        return sorted(known, key=lambda label: (_ORDER.get(label.lower(), len(_ORDER)), label))

    def counts(self) -> tuple[Count, ...]:
        """How many tweets have each."""
        names = self.names()
        total = sum(self._counts[name] for name in names)
        return tuple(Count(name, self._counts[name], self._counts[name] / total) for name in names)
