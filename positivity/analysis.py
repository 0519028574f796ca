"""From batches of tweets to scored ones and to reports: the way through the house, once."""

import queue
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from positivity.account.comparison import Sample
from positivity.account.posterior import BayesianQuantifier
from positivity.account.report import ModelInfo, Report
from positivity.account.tally import Tally
from positivity.model.registry import ModelDirectory
from positivity.model.scorer import Scorer
from positivity.selection import Selection
from positivity.text.terms import TermFinder
from positivity.tweets import TweetBatch

Item = TypeVar("Item")

_AHEAD = 1  # items that a stage may have ready before the next one takes them
_POLL = 0.1  # seconds between two looks at whether the work is called off
_SCORED_FIRST, _SCORED_TOGETHER = 6_000, 24_000  # tweets; few at first, so that none waits long
_PATIENCE = 2.0  # seconds that a reader that is called off gets to end


@dataclass(frozen=True, slots=True)
class ScoredBatch:
    """Tweets with what the model says of them."""

    tweets: TweetBatch
    probabilities: NDArray[np.float32]  # [tweets, 3]; NaN where a tweet was not scored
    left_out: Sequence[str | None]  # why a tweet does not count, or None


def score_batches(
    batches: Iterable[TweetBatch], scorer: Scorer, selection: Selection, *, everything: bool = False
) -> Iterator[ScoredBatch]:
    """Scores tweets in their order.

    Args:
        everything: score the tweets that do not count, too.
    """

    prepared = _prepared(batches, scorer, selection, everything)
    stopped = threading.Event()
    # Three stages at once: reading and encoding, scoring, and whatever is done with the scores.
    with (
        # Reading may wait for a line of standard input that never comes: then it is left behind.
        _Ahead(prepared, stopped, patience=_PATIENCE) as chunks,
        _Ahead(_scored(chunks, scorer), stopped) as scored,
    ):
        yield from scored


@dataclass(frozen=True, slots=True)
class _Prepared:
    """Tweets whose texts are encoded as far as they are to be scored."""

    tweets: TweetBatch
    left_out: list[str | None]
    rows: list[int]  # those to score
    ids: list[list[int]]  # of these


def _prepared(
    batches: Iterable[TweetBatch], scorer: Scorer, selection: Selection, everything: bool
) -> Iterator[list[_Prepared]]:
    """Encoded batches, several together: in a larger heap more tweets have the same length."""
    chunk: list[_Prepared] = []
    wanted = _SCORED_FIRST
    for batch in batches:
        normalized = scorer.normalizer.normalize_many(batch.column("text").to_pylist())
        left_out = selection.left_out(batch, normalized)
        rows = [row for row, why in enumerate(left_out) if everything or why is None]
        ids = scorer.encode_normalized([normalized[row] for row in rows])
        chunk.append(_Prepared(batch, left_out, rows, ids))
        if sum(len(each.tweets) for each in chunk) >= wanted:
            yield chunk
            chunk, wanted = [], min(2 * wanted, _SCORED_TOGETHER)
    if chunk:
        yield chunk


def _scored(chunks: Iterable[list[_Prepared]], scorer: Scorer) -> Iterator[ScoredBatch]:
    for chunk in chunks:
        scores = scorer.score_ids([ids for each in chunk for ids in each.ids])
        at = 0
        for each in chunk:
            probabilities = np.full((len(each.tweets), 3), np.nan, np.float32)
            probabilities[each.rows] = scores[at : at + len(each.rows)]
            at += len(each.rows)
            yield ScoredBatch(each.tweets, probabilities, each.left_out)


class _Ahead(Iterator[Item]):
    """An iterator that runs in a thread, a few items ahead of whoever reads it.

    Stages that feed each other share `stopped`: when one is left, all of them end.
    """

    def __init__(
        self, items: Iterator[Item], stopped: threading.Event, *, patience: float | None = None
    ) -> None:
        self._items = items
        self._queue: queue.Queue[tuple[str, Any]] = queue.Queue(_AHEAD)
        self._stopped = stopped
        self._patience = patience
        self._thread = threading.Thread(target=self._run, daemon=True)

    def _run(self) -> None:
        try:
            for item in self._items:
                if not self._put("item", item):
                    return
            self._put("end", None)
        except BaseException as error:  # raised again where the items are read
            self._put("error", error)

    def _put(self, what: str, value: Any) -> bool:
        while not self._stopped.is_set():
            with suppress(queue.Full):
                self._queue.put((what, value), timeout=_POLL)
                return True
        return False

    def __enter__(self) -> "_Ahead[Item]":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._thread.join(self._patience)

    def __next__(self) -> Item:
        what, value = self._get()
        if what == "error":
            raise value
        if what == "end":
            raise StopIteration
        item: Item = value
        return item

    def _get(self) -> tuple[str, Any]:
        while not self._stopped.is_set():
            with suppress(queue.Empty):
                return self._queue.get(timeout=_POLL)
        return "end", None


class Tallies:
    """Counts scored tweets: all in one report, or in one report for each author.

    A single report bears the name of its only author, where there is one; with `keep_name` its own.
    """

    def __init__(
        self,
        name: str,
        timezone: ZoneInfo,
        terms: TermFinder,
        *,
        by_author: bool,
        keep_name: bool = False,
    ) -> None:
        self._name, self._timezone, self._terms, self._by_author = name, timezone, terms, by_author
        self._keep_name = keep_name
        self._tallies: dict[str | None, Tally] = {}
        self._authors: set[str | None] = set()

    def add(self, scored: ScoredBatch) -> None:
        """Counts a batch."""
        if not len(scored.tweets):
            return
        authors = scored.tweets.column("author")
        if len(self._authors) < 2:
            self._authors.update(authors.unique().to_pylist())
        if not self._by_author:
            self._tally(None).add(scored.tweets, scored.probabilities, scored.left_out)
            return
        for author, rows in _rows_by_value(authors):
            self._tally(author).add(
                scored.tweets.take(pa.array(rows)),
                scored.probabilities[rows],
                [scored.left_out[row] for row in rows],
            )

    def merge(self, other: "Tallies") -> None:
        """Counts what another one has counted, of other tweets by the same rules."""
        if len(self._authors) < 2:
            self._authors.update(other._authors)
        for author, tally in other._tallies.items():
            self._tally(author).merge(tally)

    def __getstate__(self) -> dict[str, Any]:
        """All but the finder of terms: what was counted elsewhere is merged, and counts no more."""
        return self.__dict__ | {"_terms": None}

    def _tally(self, author: str | None) -> Tally:
        if author not in self._tallies:
            name = self._name if not self._by_author else _handle(author)
            self._tallies[author] = Tally(name, self._timezone, self._terms)
        return self._tallies[author]

    def reports(
        self,
        read_as: Sequence[str],
        model: ModelInfo,
        limits: Sequence[str] = (),
        *,
        quantifier: BayesianQuantifier | None = None,
        unreadable: int = 0,
        all_weeks: bool = True,
    ) -> list[tuple[Report, Sample]]:
        """The reports and what accounts are compared by, the one with the most tweets first.

        Without a `quantifier` the shares are not corrected for the model's errors.

        Unreadable rows have no author: they stand in the report only where there is one for all.
        Without `all_weeks` a report has weeks only where they are shown, which is quicker.
        """
        if not self._by_author:
            tally = self._tally(None)
            report = tally.report(
                read_as,
                model,
                limits,
                quantifier=quantifier,
                unreadable=unreadable,
                all_weeks=all_weeks,
            )
            author = next(iter(self._authors)) if len(self._authors) == 1 else None
            if author and not self._keep_name:
                report = replace(report, subject=_handle(author))
            return [(report, tally.sample())]
        if unreadable:
            limits = [
                *limits,
                f"{unreadable:,} {'row' if unreadable == 1 else 'rows'} could not be read; whose "
                "tweets they hold is not known.",
            ]
        reports = [
            (
                tally.report(read_as, model, limits, quantifier=quantifier, all_weeks=all_weeks),
                tally.sample(),
            )
            for tally in self._tallies.values()
        ]
        return sorted(reports, key=lambda each: (-each[0].counts.found, each[0].subject))


def _handle(author: str | None) -> str:
    return f"@{author.lstrip('@')}" if author else "(no author)"


def _rows_by_value(column: pa.Array) -> Iterator[tuple[str | None, NDArray[np.int64]]]:
    """Each value of a column with the rows that hold it."""
    encoded = column.dictionary_encode(null_encoding="encode")
    codes = encoded.indices.to_numpy(zero_copy_only=False)
    order = np.argsort(codes, kind="stable")
    values, starts = np.unique(codes[order], return_index=True)
    for value, rows in zip(values, np.split(order, starts[1:]), strict=True):
        yield encoded.dictionary[int(value)].as_py(), rows


def model_info(directory: ModelDirectory) -> ModelInfo:
    """What a report says of the model: name, version, macro recall on each evaluation set."""
    figures = directory.metrics().get("eval", {})
    recalls = {
        name: round(each["macro_recall"], 3)
        for name, each in figures.items()
        if "macro_recall" in each  # a model of two classes has none
    }
    return ModelInfo(directory.config.name, directory.config.version, recalls)


def quantifier_of(directory: ModelDirectory) -> BayesianQuantifier | None:
    """What corrects shares for the errors of a model; None where these are not known."""
    recalibration = directory.recalibration()
    return BayesianQuantifier(recalibration) if recalibration else None
