"""What is done with the parts of a large job, by whoever runs it: score, find duplicates, tally.

Score: each part by itself, into the folder of scores. Duplicates: which tweets of a part an earlier
part has, too, by their keys. Tally: from the scores less these duplicates, and tallies add up.
Everything can be done twice without harm.
"""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from positivity.analysis import ScoredBatch, Tallies
from positivity.cluster.folder import ScoredPart, ScoresFolder
from positivity.cluster.keys import BUCKETS, packed, unpacked
from positivity.cluster.parts import Part, ScoringRules
from positivity.duplicates import Keys, keys_of
from positivity.errors import InputError, StateError
from positivity.model.registry import load
from positivity.model.scorer import Scorer
from positivity.report.rejects import RejectsWriter
from positivity.report.scores import ScoresWriter
from positivity.selection import Selection
from positivity.sources.files import open_all
from positivity.sources.outcome import Reading
from positivity.sources.reading import Reject
from positivity.stream.stages import score_batches
from positivity.text.language import EnglishDetector
from positivity.text.terms import TermFinder
from positivity.tweets import LeftOut, TweetBatch, tweet_batch

# Beside the scores of each row: its kind, why it would be left out if its part were all there is,
# and which file of the part it is from.
_ROWS = pa.schema(
    [
        pa.field("kind", pa.string()),
        pa.field("left_out", pa.string()),
        pa.field("date_only", pa.bool_()),
        pa.field("file", pa.int32(), nullable=False),
    ]
)
_PROBABILITIES = ("negative", "neutral", "positive")


class PartScorer:
    """Scores parts into a folder, with a model that is loaded once."""

    def __init__(
        self, folder: ScoresFolder, rules: ScoringRules, *, cwd: str, workers: int | None = None
    ) -> None:
        """Loads the model.

        Args:
            cwd: the folder that the paths of parts start from; left alone where it is not.
            workers: threads that may score at once; None: as many as there are cores.

        Raises:
            StateError: the model here is not the one that the job was begun with.
        """
        with suppress(OSError):
            os.chdir(cwd)
        directory = load(rules.model)
        if directory.digest != rules.model_digest:
            raise StateError(
                f"the model '{rules.model}' on one of the machines is another one than where the "
                "command was given; install the same on all"
            )
        self._folder, self._rules = folder, rules
        self._scorer = Scorer.load(
            directory, device=rules.device, engine=rules.engine, workers=workers
        )
        self._is_english = EnglishDetector.load().is_english

    def __call__(self, part: Part) -> ScoredPart:
        """Scores a part, unless that has been done."""
        done = self._folder.done(part)
        if done is not None:
            return done
        errors: list[InputError] = []
        try:
            files = open_all(part.path, self._rules.options, errors.append)
        except InputError as error:
            return self._scored(part, [], [*errors, error])
        with tempfile.TemporaryDirectory() as local:
            outputs = _Outputs(Path(local))
            readings = [Reading(file) for file in files]
            with outputs:
                selection = self._selection()
                for number, reading in enumerate(readings):
                    if self._rules.by_file:
                        selection = self._selection()
                    reading.file.on_reject = outputs.reject
                    for batch in score_batches(
                        reading.batches(), self._scorer, selection, everything=True
                    ):
                        outputs.write(batch, number)
            for path, name in outputs.files():
                here = name != _SCORES
                target = f"{part.key}.{name}"
                self._folder.put(
                    path, self._folder.work(target) if here else self._folder.scores(part.key)
                )
            scored = self._scored(part, readings, errors, outputs)
        self._folder.finish(part, scored)
        return scored

    def _selection(self) -> Selection:
        rules = self._rules
        return Selection(
            self._is_english, rules.include_retweets, rules.language, rules.since, rules.until
        )

    def _scored(
        self,
        part: Part,
        readings: Sequence[Reading],
        errors: Sequence[InputError],
        outputs: "_Outputs | None" = None,
    ) -> ScoredPart:
        return ScoredPart(
            key=part.key,
            files=tuple(reading.outcome() for reading in readings),
            errors=tuple(map(str, errors)),
            keys=0 if outputs is None else outputs.distinct,
            precision=self._scorer.precision,
            rejects=outputs is not None and outputs.rejected,
        )


_SCORES, _ROWS_FILE, _KEYS, _REJECTS = "parquet", "rows.parquet", "keys", "rejects.parquet"


class _Outputs:
    """The files of a part while it is scored, on the disk of the machine that does it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._stack = ExitStack()
        self._keys: list[Keys] = []
        self._rejects: RejectsWriter | None = None
        self.distinct = 0  # keys

    def __enter__(self) -> "_Outputs":
        self._scores = self._stack.enter_context(ScoresWriter(self._folder / f"p.{_SCORES}"))
        self._rows = self._stack.enter_context(
            pq.ParquetWriter(self._folder / f"p.{_ROWS_FILE}", _ROWS)
        )
        return self

    def write(self, scored: ScoredBatch, file: int) -> None:
        """Adds tweets of a file of the part."""
        if not len(scored.tweets):
            return
        self._scores.write(scored.tweets, scored.probabilities, scored.left_out)
        columns = [
            scored.tweets.column("kind"),
            pa.array(list(scored.left_out), pa.string()),
            scored.tweets.column("date_only"),
            pa.array(np.full(len(scored.tweets), file, np.int32)),
        ]
        self._rows.write_batch(pa.RecordBatch.from_arrays(columns, schema=_ROWS))
        keys, known = keys_of(scored.tweets)
        self._keys.append(np.unique(keys[known]))

    def reject(self, reject: Reject) -> None:
        """Adds a row that could not be read."""
        if self._rejects is None:
            self._rejects = self._stack.enter_context(RejectsWriter(self._folder / f"p.{_REJECTS}"))
        self._rejects.add(reject)

    @property
    def rejected(self) -> bool:
        """Whether a row could not be read."""
        return self._rejects is not None

    def __exit__(self, *error: Any) -> None:
        keys = np.unique(np.concatenate([*self._keys, np.zeros(0, np.uint64)]))
        self.distinct = len(keys)
        (self._folder / f"p.{_KEYS}").write_bytes(packed(keys))
        self._stack.__exit__(*error)

    def files(self) -> Iterator[tuple[Path, str]]:
        """What was written, and as what; the first are those that can do without the others."""
        for name in (_REJECTS, _KEYS, _ROWS_FILE, _SCORES):
            path = self._folder / f"p.{name}"
            if path.exists():
                yield path, name


@dataclass(frozen=True, slots=True)
class KeyRange:
    """A span of the buckets of keys, from `start` to before `end`."""

    start: int
    end: int


class DuplicateFinder:
    """Finds the tweets of parts that earlier parts have, too."""

    def __init__(self, folder: ScoresFolder, parts: Sequence[ScoredPart]) -> None:
        """`parts` are in their order: a tweet counts in the first that has it."""
        self._folder = folder
        self._parts = [(number, part.key) for number, part in enumerate(parts) if part.keys]

    def __call__(self, span: KeyRange) -> dict[int, Keys]:
        """For parts by their numbers: the keys in the span that an earlier part has, too."""
        keys = [self._keys(key, span) for _, key in self._parts]
        if not keys:
            return {}
        owners = np.repeat([number for number, _ in self._parts], [len(each) for each in keys])
        together = np.concatenate(keys)
        order = np.argsort(together, kind="stable")  # of one key, the first part comes first
        together, owners = together[order], owners[order]
        again = np.flatnonzero(together[1:] == together[:-1]) + 1
        found = {}
        for number in np.unique(owners[again]).tolist():
            found[number] = together[again[owners[again] == number]]
        return found

    def _keys(self, key: str, span: KeyRange) -> Keys:
        path = self._folder.work(f"{key}.{_KEYS}")
        return unpacked(
            lambda start, end: self._folder.bytes_at(path, start, end), span.start, span.end
        )


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
            rows = self._opened(stack, self._folder.work(f"{part.key}.{_ROWS_FILE}"))
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


def key_ranges(parts: Sequence[ScoredPart], together: int) -> list[KeyRange]:
    """Spans of buckets with about `together` keys each, of all these parts."""
    pieces = min(BUCKETS, max(1, -(-sum(part.keys for part in parts) // together)))
    edges = [BUCKETS * piece // pieces for piece in range(pieces + 1)]
    return [KeyRange(*span) for span in pairwise(edges)]
