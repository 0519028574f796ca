"""Examples to train a classifier on: ids with soft targets, and the batches they come in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from positivity.text.tokenizer import UNKNOWN, Tokenizer
from positivity.training.recipe import TrainingRecipe

_BUCKET_BATCHES = 64  # batches that are sorted by length together


@dataclass(frozen=True, slots=True)
class Examples:
    """Tweets as ids, with soft targets."""

    tokens: NDArray[np.int32]  # all tweets' ids, one after the other
    offsets: NDArray[np.int64]  # [tweets + 1], where each begins
    targets: NDArray[np.float32]  # [tweets, classes]
    weights: NDArray[np.float32]  # [tweets]
    log_priors: NDArray[
        np.float32
    ]  # [tweets, classes], log of the shares of the classes in its source
    states: NDArray[np.float16]  # [read by a teacher, numbers], what its encoder made of each
    state_rows: NDArray[np.int64]  # [tweets], where each tweet's state is, -1 where there is none

    def __len__(self) -> int:
        return len(self.weights)

    @property
    def lengths(self) -> NDArray[np.int64]:
        return np.diff(self.offsets)


def encode(texts: Sequence[str], tokenizer: Tokenizer, recipe: TrainingRecipe) -> list[list[int]]:
    """The ids of normalized texts that training reads, at least one of each."""
    length = recipe.max_length
    part = slice(-length, None) if recipe.keep == "end" else slice(length)
    return [each[part] or [UNKNOWN] for each in tokenizer.encode_many(texts)]


def make_examples(
    ids: Sequence[Sequence[int]],
    targets: NDArray[np.float32],
    weights: NDArray[np.float32],
    log_priors: NDArray[np.float32],
    states: NDArray[np.float16] | None = None,
    state_rows: NDArray[np.int64] | None = None,
) -> Examples:
    """Examples of tweets' ids; no teacher has read them where there are no states."""
    lengths = np.fromiter(map(len, ids), np.int64, len(ids))
    tokens = np.fromiter((i for each in ids for i in each), np.int32, int(lengths.sum()))
    return Examples(
        tokens,
        np.concatenate([[0], np.cumsum(lengths)]),
        targets,
        weights,
        log_priors,
        np.empty((0, 0), np.float16) if states is None else states,
        np.full(len(ids), -1) if state_rows is None else state_rows,
    )


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded examples."""

    ids: NDArray[np.int64]  # [batch, time]
    lengths: NDArray[np.int64]  # [batch]
    targets: NDArray[np.float32]  # [batch, classes]
    weights: NDArray[np.float32]  # [batch]
    log_priors: NDArray[np.float32]  # [batch, classes]
    states: NDArray[np.float32]  # [those with a state, numbers]
    with_state: NDArray[np.int64]  # their rows


def batches(examples: Examples, size: int, seed: Sequence[int]) -> Iterator[Batch]:
    """All examples once, in an order that the seed alone decides; alike lengths together."""
    for rows in in_batches(examples.lengths, size, seed):
        yield _batch(examples, rows)


def in_batches(
    lengths: NDArray[np.int64], size: int, seed: Sequence[int]
) -> Iterator[NDArray[np.int64]]:
    """The rows of each batch, in an order that the seed alone decides; alike lengths together."""
    generator = np.random.default_rng(list(seed))
    order = generator.permutation(len(lengths))
    rows: list[NDArray[np.int64]] = []
    for start in range(0, len(order), size * _BUCKET_BATCHES):
        part = order[start : start + size * _BUCKET_BATCHES]
        part = part[np.argsort(lengths[part], kind="stable")]
        rows += [part[i : i + size] for i in range(0, len(part), size)]
    for index in generator.permutation(len(rows)):
        yield rows[index]


def _batch(examples: Examples, rows: NDArray[np.int64]) -> Batch:
    lengths = examples.lengths[rows]
    time = np.arange(lengths.max())
    places = examples.offsets[rows][:, None] + time
    mask = time < lengths[:, None]
    ids = np.where(mask, examples.tokens[np.minimum(places, len(examples.tokens) - 1)], 0)
    with_state = np.flatnonzero(examples.state_rows[rows] >= 0)
    return Batch(
        ids.astype(np.int64),
        lengths,
        examples.targets[rows],
        examples.weights[rows],
        examples.log_priors[rows],
        examples.states[examples.state_rows[rows[with_state]]].astype(np.float32),
        with_state,
    )
