"""From scored tweets to reports."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from positivity.account.comparison import Sample
from positivity.account.posterior import BayesianQuantifier
from positivity.account.report import ModelInfo, Report
from positivity.account.tally import Tally
from positivity.model.registry import ModelDirectory
from positivity.sources.handles import author_key
from positivity.text.terms import TermFinder
from positivity.tweets import TweetBatch


@dataclass(frozen=True, slots=True)
class ScoredBatch:
    """Tweets with what the model says of them."""

    tweets: TweetBatch
    probabilities: NDArray[np.float32]  # [tweets, 3]; NaN where a tweet was not scored
    left_out: Sequence[str | None]  # why a tweet does not count, or None


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
        self._tallies: dict[str | None, Tally] = {}  # of authors, by what tells them apart
        self._authors: dict[str | None, str | None] = {}  # how each is spelled

    def add(self, scored: ScoredBatch) -> None:
        """Counts a batch."""
        if not len(scored.tweets):
            return
        authors = scored.tweets.column("author")
        self._note(authors.unique().to_pylist())
        if not self._by_author:
            self._tally(None).add(scored.tweets, scored.probabilities, scored.left_out)
            return
        for author, rows in _rows_by_value(authors):
            self._tally(_key(author)).add(
                scored.tweets.take(pa.array(rows)),
                scored.probabilities[rows],
                [scored.left_out[row] for row in rows],
            )

    def merge(self, other: "Tallies") -> None:
        """Counts what another one has counted, of other tweets by the same rules."""
        self._note(other._authors.values())
        for key, tally in other._tallies.items():
            self._tally(key).merge(tally)

    def __getstate__(self) -> dict[str, Any]:
        """All but the finder of terms: what was counted elsewhere is merged, and counts no more."""
        return self.__dict__ | {"_terms": None}

    def _note(self, authors: Iterable[str | None]) -> None:
        """Notes how authors are spelled: capitals come first, whatever the order of the tweets.

        A single report only has to know whether there is another one.
        """
        if not self._by_author and len(self._authors) > 1:
            return
        for author in authors:
            known = self._authors.setdefault(_key(author), author)
            if author is not None and known is not None:
                self._authors[_key(author)] = min(known, author)

    def _tally(self, key: str | None) -> Tally:
        if key not in self._tallies:
            self._tallies[key] = Tally(self._name, self._timezone, self._terms)
        return self._tallies[key]

    @property
    def handle(self) -> str | None:
        """The handle of the only author; None where there are several, or it is not known."""
        author = next(iter(self._authors.values())) if len(self._authors) == 1 else None
        return _handle(author) if author else None

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
            if self.handle and not self._keep_name:
                report = replace(report, subject=self.handle)
            return [(report, tally.sample())]
        if unreadable:
            limits = [
                *limits,
                f"{unreadable:,} {'row' if unreadable == 1 else 'rows'} could not be read; whose "
                "tweets they hold is not known.",
            ]
        reports = [
            (
                replace(
                    tally.report(
                        read_as, model, limits, quantifier=quantifier, all_weeks=all_weeks
                    ),
                    subject=_handle(self._authors[key]),
                ),
                tally.sample(),
            )
            for key, tally in self._tallies.items()
        ]
        return sorted(reports, key=lambda each: (-each[0].counts.found, each[0].subject))


def _key(author: str | None) -> str | None:
    return None if author is None else author_key(author)


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
    config = directory.config
    return ModelInfo(config.name, config.version, recalls, tuple(config.labels))


def quantifier_of(directory: ModelDirectory) -> BayesianQuantifier | None:
    """What corrects shares for the errors of a model; None where these are not known."""
    recalibration = directory.recalibration()
    return BayesianQuantifier(recalibration) if recalibration else None
