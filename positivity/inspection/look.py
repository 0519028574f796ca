"""Looks into a model while it reads some texts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from positivity.errors import UsageError
from positivity.explanation import Unit, encode_parts, span_of, units
from positivity.inspection.findings import (
    GateMap,
    Inspection,
    Neighbour,
    Neighbourhood,
    Reach,
    ReachAt,
    TextFindings,
    WordWeight,
)
from positivity.model.inside import Activations, Inside, Pooled
from positivity.model.network import Cell
from positivity.model.registry import ModelDirectory
from positivity.model.scorer import windows_of

ATTENTION, GATES, GRADIENTS, NEIGHBOURS = "attention", "gates", "gradients", "neighbours"
VIEWS = (ATTENTION, GATES, GRADIENTS, NEIGHBOURS)

MOST_MEASURED = 64  # texts for gradients: a second or two for each cell
_SHORTEST = 3  # tokens; a shorter text has no distances to speak of
_UNTRAINED: tuple[Cell, ...] = ("elman", "lstm")  # what the vanishing gradient is shown by
_SEED = 1
_NEAREST = 12
_SMALLEST = 1e-30  # what is less has vanished for a float32 too


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What to look at."""

    views: tuple[str, ...]  # of VIEWS
    layer: int = 1  # whose gates, from 1
    direction: str = "forward"


class _Measurable(Protocol):
    def reach(self, ids: Sequence[int]) -> NDArray[np.float64]:
        """What is left of a gradient, by distance [tokens]."""


def inspect(
    texts: Sequence[str],
    directory: ModelDirectory,
    question: Question,
    beside: Sequence[ModelDirectory] = (),
) -> Inspection:
    """What a model does inside with texts.

    Args:
        beside: further models whose gradients are measured on the same texts, each on its own
            tokens.

    Raises:
        UsageError: a model without recurrent layers, a layer or direction that there is not, or
            texts in which there is nothing to look at.
    """
    reader = _Reader(directory)
    inside, views = reader.inside, question.views
    read = [reader.read(text) for text in texts]
    if not any(each.ids for each in read):
        raise UsageError("there is no word in it that a model could read")
    wants_texts = ATTENTION in views or GATES in views
    found = [_look(each, reader, question) for each in read if each.ids] if wants_texts else []
    reach: tuple[Reach, ...] = ()
    measured = 0
    if GRADIENTS in views:
        reach, measured = _reaches(texts, reader, [_Reader(each) for each in beside])
    return Inspection(
        model=directory.config.name,
        version=directory.config.version,
        cell=inside.cell,
        layers=inside.layers,
        units=inside.hidden_size,
        texts=tuple(found),
        reach=reach,
        reach_texts=measured,
        neighbourhoods=_neighbourhoods(read, reader) if NEIGHBOURS in views else (),
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """A text as a model reads it."""

    text: str
    parts: list[Unit]
    ids: list[int]
    ends: list[int]  # after how many ids each part ends


class _Reader:
    """A model, and how it reads."""

    def __init__(self, directory: ModelDirectory) -> None:
        self.name = f"{directory.config.name} {directory.config.version}"
        self.inside = Inside(directory)
        self.kind = directory.config.tokenizer
        self._normalizer, self._tokenizer = directory.normalizer(), directory.tokenizer()
        self.pieces = self._tokenizer.pieces()

    def read(self, text: str) -> _Read:
        parts = units(text, self._normalizer)
        ids, ends = encode_parts(parts, self._tokenizer.encode_many)
        return _Read(text, parts, ids, ends)

    def window(self, ids: Sequence[int]) -> list[int]:
        """What the model reads at once, from the beginning of a text."""
        return list(windows_of(ids, self._tokenizer.window)[0])

    def shown(self, ids: Sequence[int]) -> tuple[str, ...]:
        """Pieces for people: one that goes on with a word begins with a dot in the middle."""
        return tuple(map(self._shown, ids))

    def _shown(self, token: int) -> str:
        piece = self.pieces[token]
        if piece == " ":
            return "␣"
        if self.kind == "character":
            return piece
        return piece[1:] if piece.startswith(" ") else f"·{piece}"


def _look(read: _Read, reader: _Reader, question: Question) -> TextFindings:
    """The attention and the gates of a text; of a very long one, of its first window."""
    ids = reader.window(read.ids)
    words: tuple[WordWeight, ...] = ()
    gates = None
    if ATTENTION in question.views:
        words = _weights(read, len(ids), reader.inside.pooled(ids))
    if GATES in question.views:
        gates = _gate_map(reader.inside.activations(ids, question.layer, question.direction))
    return TextFindings(read.text, reader.shown(ids), len(read.ids) - len(ids), words, gates)


def _weights(read: _Read, tokens: int, pooled: Pooled) -> tuple[WordWeight, ...]:
    found = []
    start = 0
    for part, end in zip(read.parts, read.ends, strict=True):
        if start >= tokens:
            break
        attention, maximum = (
            None if each is None else float(each[start:end].sum())
            for each in (pooled.attention, pooled.maximum)
        )
        found.append(WordWeight(*span_of(part), attention, maximum))
        start = end
    return tuple(found)


def _gate_map(found: Activations) -> GateMap:
    first = found.gates.get("forget", found.gates.get("keep"))
    if first is None:
        first = next(iter(found.values.values()))
    order = np.argsort(first.mean(axis=0), kind="stable")
    return GateMap(
        found.cell,
        found.layer,
        found.direction,
        {name: each[:, order] for name, each in found.gates.items()},
        {name: each[:, order] for name, each in found.values.items()},
        tuple(order.tolist()),
    )


def _reaches(
    texts: Sequence[str], reader: _Reader, beside: Sequence[_Reader]
) -> tuple[tuple[Reach, ...], int]:
    """How far gradients reach in the trained cells, and in untrained ones on the same tokens."""
    long_enough = [ids for ids in _first_windows(texts, reader) if len(ids) >= _SHORTEST]
    if not long_enough:
        raise UsageError(f"gradients need a text of {_SHORTEST} words or more; or try --sample")
    ids = long_enough[:MOST_MEASURED]
    inside = reader.inside
    found = [_reach(inside, ids, reader.name, inside.cell, inside.hidden_size, trained=True)]
    for other in beside:
        theirs = [each for each in _first_windows(texts, other) if len(each) >= _SHORTEST]
        cell, size = other.inside.cell, other.inside.hidden_size
        found.append(_reach(other.inside, theirs[: len(ids)], other.name, cell, size, trained=True))
    for cell in _UNTRAINED:
        untrained = inside.untrained(cell, _SEED)
        name = f"{cell}, untrained"
        found.append(_reach(untrained, ids, name, cell, inside.hidden_size, trained=False))
    return tuple(found), len(ids)


def _first_windows(texts: Sequence[str], reader: _Reader) -> list[list[int]]:
    return [reader.window(reader.read(text).ids) for text in texts]


def _reach(
    cell: _Measurable,
    ids: Sequence[Sequence[int]],
    name: str,
    kind: str,
    units: int,
    *,
    trained: bool,
) -> Reach:
    logs = []
    for each in ids:
        norms = np.maximum(cell.reach(each), _SMALLEST)
        logs.append(np.log(norms / norms[0]))
    distances = []
    for distance in range(max(map(len, logs), default=0)):
        left = [each[distance] for each in logs if distance < len(each)]
        distances.append(ReachAt(distance, len(left), float(np.exp(np.mean(left)))))
    return Reach(name, trained, kind, units, tuple(distances))


def _neighbourhoods(read: Sequence[_Read], reader: _Reader) -> tuple[Neighbourhood, ...]:
    """The nearest pieces of each different word."""
    found: dict[tuple[int, ...], Neighbourhood] = {}
    for each in read:
        start = 0
        for part, end in zip(each.parts, each.ends, strict=True):
            ids, start = tuple(each.ids[start:end]), end
            if ids and ids not in found:
                first, last = span_of(part)
                found[ids] = _neighbourhood(each.text[first:last], ids, reader)
    return tuple(found.values())


def _neighbourhood(word: str, ids: tuple[int, ...], reader: _Reader) -> Neighbourhood:
    # More than are shown: pieces that only go on with words are passed over.
    near = reader.inside.neighbours(ids, 4 * _NEAREST)
    if reader.kind != "character":
        near = [(i, cosine) for i, cosine in near if reader.pieces[i].startswith(" ")]
    nearest = zip(reader.shown([i for i, _ in near]), (c for _, c in near), strict=True)
    return Neighbourhood(
        word,
        reader.shown(ids),
        tuple(Neighbour(text, round(cosine, 4)) for text, cosine in list(nearest)[:_NEAREST]),
    )
