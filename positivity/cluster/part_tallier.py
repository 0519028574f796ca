"""Tallies the scores of parts, less their duplicates. Done twice it does no harm."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from positivity.analysis import ScoredBatch, Tallies
from positivity.cluster.folder import ROWS, ScoredPart, ScoresFolder
from positivity.duplicates import Keys, keys_of
from positivity.model.registry import load
from positivity.text.terms import TermFinder
from positivity.tweets import LeftOut, TweetBatch, tweet_batch

_PROBABILITIES = ("negative", "neutral", "positive")


@dataclass(frozen=True, slots=True)
class Share:
    """Some of the parts, to be tallied together, with the duplicates of each (by its number)."""

    parts: Mapping[int, ScoredPart]
    duplicates: Mapping[int, Keys]


# A file of a part, by their numbers; None: all together.
Whose = tuple[int, int] | None


class PartTallier:
    """Tallies the scores of parts."""

    def __init__(
        self, folder: ScoresFolder, model: str, zone: str, *, by_author: bool, by_file: bool
    ) -> None:
        self._folder = folder
        self._terms = TermFinder(load(model, weights=False).normalizer())
        self._zone, self._by_author, self._by_file = ZoneInfo(zone), by_author, by_file

    def __call__(self, share: Share) -> dict[Whose, Tallies]:
        """Tallies some parts, and marks their duplicates in the files of scores."""
        tallies: dict[Whose, Tallies] = {}
        for number, part in share.parts.items():
            duplicates = share.duplicates.get(number, np.zeros(0, np.uint64))
            changed = False
            reasons: list[Any] = []
            for file, batch, before in self._batches(part, duplicates):
                whose = (number, file) if self._by_file else None
                if whose not in tallies:
                    tallies[whose] = self._empty()
                tallies[whose].add(batch)
                reasons.append(list(batch.left_out))
                changed = changed or reasons[-1] != before
            if changed:
                self._rewrite(part, reasons)
        return tallies

    def _empty(self) -> Tallies:
        return Tallies("", self._zone, self._terms, by_author=self._by_author)

    def _batches(
        self, part: ScoredPart, duplicates: Keys
    ) -> Iterator[tuple[int, ScoredBatch, list[str | None]]]:
        """The rows of a part: their file, the tweets, and what the file of scores says of them."""
        with ExitStack() as stack:
            scores = self._opened(stack, self._folder.scores(part.key))
            rows = self._opened(stack, self._folder.work(f"{part.key}.{ROWS}"))
            for group in range(scores.num_row_groups):  # one for each batch, in both files
                scored, beside = scores.read_row_group(group), rows.read_row_group(group)
                batch = _tweets(scored, beside)
                probabilities = np.stack(
                    [scored.column(name).to_numpy() for name in _PROBABILITIES], axis=1
                )
                left_out = _left_out(batch, beside.column("left_out").to_pylist(), duplicates)
                yield (
                    beside.column("file")[0].as_py(),
                    ScoredBatch(batch, probabilities.astype(np.float32), left_out),
                    scored.column("left_out").to_pylist(),
                )

    def _opened(self, stack: ExitStack, path: str) -> Any:
        return stack.enter_context(pq.ParquetFile(stack.enter_context(self._folder.open(path))))

    def _rewrite(self, part: ScoredPart, reasons: Sequence[Sequence[str | None]]) -> None:
        """Writes a part's scores again, with other reasons to leave rows out."""
        path = self._folder.scores(part.key)
        with tempfile.TemporaryDirectory() as local, ExitStack() as stack:
            scores = self._opened(stack, path)
            target = Path(local) / "scores"
            with pq.ParquetWriter(target, scores.schema_arrow) as writer:
                for group, left_out in enumerate(reasons):
                    table = scores.read_row_group(group)
                    at = table.schema.get_field_index("left_out")
                    column = pa.array(left_out, table.schema.field(at).type)
                    writer.write_table(table.set_column(at, table.schema.field(at), column))
            stack.close()
            self._folder.put(target, path)


def _tweets(scored: Any, beside: Any) -> TweetBatch:
    columns = {
        name: scored.column(name).combine_chunks()
        for name in ("id", "created_at", "author", "text")
    }
    for name in ("kind", "date_only"):
        columns[name] = beside.column(name).combine_chunks()
    return tweet_batch(columns, length=scored.num_rows)


def _left_out(
    batch: TweetBatch, reasons: list[str | None], duplicates: Keys
) -> Sequence[str | None]:
    """Why tweets do not count, now that those are known that earlier parts have, too."""
    if not len(duplicates):
        return reasons
    keys, known = keys_of(batch)
    again = known & np.isin(keys, duplicates)
    for row in np.flatnonzero(again).tolist():
        # Dates come first, as where there is one part only.
        if reasons[row] not in (LeftOut.DATES, LeftOut.UNDATED):
            reasons[row] = str(LeftOut.DUPLICATE)
    return reasons
