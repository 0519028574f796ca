"""Scores a part of a large job by itself, into the folder of scores. Done twice it does no harm."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from positivity.analysis import ScoredBatch
from positivity.cluster.folder import KEYS, REJECTS, ROWS, ScoredPart, ScoresFolder
from positivity.cluster.keys import packed
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

# Beside the scores of each row: its kind, why it would be left out if its part were all there is,
# and which file of the part it is from.
_BESIDE = pa.schema(
    [
        pa.field("kind", pa.string()),
        pa.field("left_out", pa.string()),
        pa.field("date_only", pa.bool_()),
        pa.field("file", pa.int32(), nullable=False),
    ]
)
_SCORES = "parquet"


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
                beside = self._folder.work(f"{part.key}.{name}")
                self._folder.put(path, self._folder.scores(part.key) if name == _SCORES else beside)
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
            pq.ParquetWriter(self._folder / f"p.{ROWS}", _BESIDE)
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
        self._rows.write_batch(pa.RecordBatch.from_arrays(columns, schema=_BESIDE))
        keys, known = keys_of(scored.tweets)
        self._keys.append(np.unique(keys[known]))

    def reject(self, reject: Reject) -> None:
        """Adds a row that could not be read."""
        if self._rejects is None:
            self._rejects = self._stack.enter_context(RejectsWriter(self._folder / f"p.{REJECTS}"))
        self._rejects.add(reject)

    @property
    def rejected(self) -> bool:
        """Whether a row could not be read."""
        return self._rejects is not None

    def __exit__(self, *error: Any) -> None:
        keys = np.unique(np.concatenate([*self._keys, np.zeros(0, np.uint64)]))
        self.distinct = len(keys)
        (self._folder / f"p.{KEYS}").write_bytes(packed(keys))
        self._stack.__exit__(*error)

    def files(self) -> Iterator[tuple[Path, str]]:
        """What was written, and as what; the first are those that can do without the others."""
        for name in (REJECTS, KEYS, ROWS, _SCORES):
            path = self._folder / f"p.{name}"
            if path.exists():
                yield path, name
