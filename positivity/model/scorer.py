"""Texts -> probabilities of negative, neutral and positive, whatever engine runs the network."""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from positivity.errors import StateError, UsageError
from positivity.evaluation import LABELS
from positivity.messages import say
from positivity.model.gpu import has_gpu
from positivity.model.registry import (
    DEFAULT,
    LIGHT,
    LINEAR,
    ModelConfig,
    ModelDirectory,
    load,
)
from positivity.text.normalize import Normalizer
from positivity.text.tokenizer import Tokenizer

# A window is padded to a length that its own length tells: from which on every 2nd, 4th, 8th.
_LONGER_STEPS = (16, 32, 64)
ENGINES = ("auto", "torch", "onnx")


class Engine(Protocol):
    """What runs the network."""

    precision: str  # of its numbers: float32, bfloat16 or int8
    workers: int  # calls that may run at once
    batch_sizes: tuple[int, ...]  # rows that a batch had best have, the most first
    texts_together: int  # texts of all lengths that fill its batches
    same_in_any_batch: bool  # whether a row's logits are the same to the last bit, padded alike

    def logits(self, ids: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
        """Logits [batch, classes] of padded ids [batch, time] with their lengths [batch]."""


class Scorer:
    """Scores texts with one model. A score is a function of the text alone."""

    def __init__(
        self,
        config: ModelConfig,
        normalizer: Normalizer,
        tokenizer: Tokenizer,
        engine: Engine,
        *,
        workers: int | None = None,
    ) -> None:
        """`workers` is how many calls of the engine may run at once; None: as many as it likes."""
        self.config = config
        self.normalizer = normalizer
        self.precision = engine.precision
        self.same_in_any_batch = engine.same_in_any_batch
        self.texts_together = engine.texts_together
        self._tokenizer = tokenizer
        self._engine = engine
        self._workers = min(engine.workers, workers or engine.workers)
        self._threads = (os.getpid(), ThreadPoolExecutor(self._workers))

    @classmethod
    def load(
        cls,
        model: str | ModelDirectory = DEFAULT,
        *,
        device: str = "auto",
        engine: str = "auto",
        exact: bool = False,
        workers: int | None = None,
    ) -> "Scorer":
        """A scorer for a model's name or path.

        Args:
            device: where to score: auto, cpu, cuda or mps; auto takes a GPU when there is one.
            engine: what runs the network: auto, torch or onnx. auto is torch on a GPU, and on the
                CPU the light one, onnx, where the model has a file for it.
            exact: in float32, by torch.
            workers: how many threads may score at once; None: as many as there are cores.

        Raises:
            UsageError: an engine that there is not, or not for this device; or a model that does
                something else than to classify.
            StateError: the engine asked for cannot run the model.
        """
        directory = load(model) if isinstance(model, str) else model
        directory.require_classifier()
        runs = load_engine(directory, device=device, engine=engine, exact=exact)
        return cls(
            directory.config, directory.normalizer(), directory.tokenizer(), runs, workers=workers
        )

    def score(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Probabilities [texts, 3] of negative, neutral, positive.

        A text in which there is nothing to read is neutral.
        """
        return self.score_ids(self.encode(texts))

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text."""
        return self.encode_normalized(self.normalizer.normalize_many(texts))

    def encode_normalized(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of texts that are normalized already."""
        return self._tokenizer.encode_many(texts)

    def score_ids(self, ids: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """`score` of texts that are encoded already."""
        if not len(ids):
            return np.empty((0, 3), np.float32)
        window = self._tokenizer.window
        sizes = np.fromiter(map(len, ids), np.int64, len(ids))
        parts = np.maximum(-(-sizes // window), 1)  # windows of each text
        owners = np.repeat(np.arange(len(ids)), parts)
        within = np.arange(len(owners)) - (np.cumsum(parts) - parts)[owners]
        lengths = np.minimum(sizes[owners] - within * window, window)
        flat = np.fromiter(chain.from_iterable(ids), np.int64, int(sizes.sum()))
        probabilities = self._calibrated(self._logits(flat, lengths))
        if len(owners) == len(ids) and sizes.all():
            return probabilities
        # A long text is the mean of its windows, each weighing as much as it says.
        result = np.zeros((len(ids), 3), np.float64)
        np.add.at(result, owners, probabilities * lengths[:, None])
        total = np.bincount(owners, lengths, len(ids))
        result[total == 0] = (0.0, 1.0, 0.0)
        return (result / np.maximum(total, 1)[:, None]).astype(np.float32)

    def _logits(self, flat: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
        """Logits [windows, 3] of windows that lie end to end in `flat`, with their lengths."""
        logits = np.zeros((len(lengths), len(self.config.labels)), np.float32)
        starts = np.cumsum(lengths) - lengths
        batches = list(_batches(lengths, self._engine.batch_sizes))

        def run(batch: tuple[NDArray[np.int64], int]) -> None:
            rows, to = batch
            padded = _padded(flat, starts[rows], lengths[rows], to)
            logits[rows] = self._engine.logits(padded, lengths[rows])

        if self._workers == 1 or len(batches) == 1:
            for batch in batches:
                run(batch)
        else:
            # The longest first: no worker is left alone with a long one at the end.
            for _ in self._pool().map(run, reversed(batches)):
                pass
        return logits

    def _pool(self) -> ThreadPoolExecutor:
        """The threads of this process: a fork has those of its parent in name only."""
        if self._threads[0] != os.getpid():
            self._threads = (os.getpid(), ThreadPoolExecutor(self._workers))
        return self._threads[1]

    def _calibrated(self, logits: NDArray[np.float32]) -> NDArray[np.float32]:
        """softmax(logits / temperature), with a neutral probability of 0 where there is none."""
        scaled = logits.astype(np.float64) / self.config.temperature
        exponentials = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        probabilities = exponentials / exponentials.sum(axis=1, keepdims=True)
        return np.asarray(of_three(probabilities), np.float32)


def of_three(probabilities: NDArray[np.floating]) -> NDArray[np.floating]:
    """Probabilities [texts, 2] of negative and positive with neutral ones of 0 between them.

    Those of three classes stay as they are.
    """
    if probabilities.shape[1] == len(LABELS):
        return probabilities
    return np.insert(probabilities, LABELS.index("neutral"), 0.0, axis=1)


def windows_of(ids: Sequence[int], size: int) -> list[Sequence[int]]:
    """The parts of at most `size` that a text is read in, in order; an empty text has one."""
    return [ids[at : at + size] for at in range(0, max(1, len(ids)), size)]


def load_engine(
    directory: ModelDirectory, *, device: str = "auto", engine: str = "auto", exact: bool = False
) -> Engine:
    """What runs a model's network; the arguments are those of `Scorer.load`."""
    if engine not in ENGINES:
        raise UsageError(f"--engine {engine!r} is none of {', '.join(ENGINES)}")
    if directory.config.network.get("kind") == LINEAR:  # no network: there is nothing to choose
        from positivity.model.engine_linear import LinearEngine

        return LinearEngine(directory)
    if engine == "onnx":
        if device not in ("auto", "cpu") or exact:
            raise UsageError(
                "--engine onnx scores on the CPU, with 8-bit weights; --engine torch does else"
            )
        return _light_engine(directory)
    wants_light = not exact and (device == "cpu" or (device == "auto" and not has_gpu()))
    if engine == "auto" and wants_light and (directory.path / LIGHT).is_file():
        try:
            return _light_engine(directory)
        except StateError as error:
            say(f"{error}; using torch, which takes longer to start")
    from positivity.model.engine_torch import TorchEngine

    return TorchEngine(directory, device=device, exact=exact)


def _light_engine(directory: ModelDirectory) -> Engine:
    try:
        from positivity.model.engine_onnx import OnnxEngine
    except (ImportError, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else "broken"
        raise StateError(f"ONNX Runtime cannot be loaded ({reason})") from None
    return OnnxEngine(directory)


def _batches(
    lengths: NDArray[np.int64], sizes: tuple[int, ...]
) -> Iterator[tuple[NDArray[np.int64], int]]:
    """Rows that are padded to the same length, and that length; rows without tokens are in none.

    As many rows as the largest of the `sizes` that can be filled. What a row is padded to does not
    depend on the others, so that its sums are rounded alike in any company.
    """
    steps = 1 << np.searchsorted(_LONGER_STEPS, lengths)
    padded = -(-lengths // steps) * steps
    order = np.argsort(padded, kind="stable")
    start = int(np.searchsorted(padded[order], 1))
    while start < len(order):
        length = int(padded[order[start]])
        alike = int(np.searchsorted(padded[order[start : start + sizes[0]]], length, "right"))
        rows = next((size for size in sizes if size <= alike), alike)
        yield order[start : start + rows], length
        start += rows


def _padded(
    flat: NDArray[np.int64], starts: NDArray[np.int64], lengths: NDArray[np.int64], to: int
) -> NDArray[np.int64]:
    """The windows that begin at `starts` as one array [rows, to], padded with 0 at the end."""
    times = np.arange(to)
    is_token = times < lengths[:, None]
    return flat[np.where(is_token, starts[:, None] + times, 0)] * is_token
