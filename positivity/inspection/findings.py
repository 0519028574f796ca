"""What an inspection found, in plain values: reports and pictures read it, no torch in sight."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Matrix: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class GateMap:
    """The gates of one layer in one direction at each token of a text.

    All matrices are [tokens, units], their units in one order: the more a unit forgets (or, where
    there is no gate that forgets, the smaller its mean), the further to the left.
    """

    cell: str  # elman, gru or lstm
    layer: int  # from 1
    direction: str  # forward or backward
    gates: Mapping[str, Matrix]  # by name, 0 (shut) to 1 (open)
    values: Mapping[str, Matrix]  # by name: what the cell holds, with its sign
    units: tuple[int, ...]  # which unit of the layer stands where


@dataclass(frozen=True, slots=True)
class WordWeight:
    """What a word of a text gives to the vector that the classifier reads."""

    start: int  # where it stands in the text
    end: int
    attention: float | None  # share; all words' add up to 1
    maximum: float | None  # share of the numbers whose largest value stands in this word


@dataclass(frozen=True, slots=True)
class TextFindings:
    """What was found in one text."""

    text: str
    tokens: tuple[str, ...]  # as the model reads them
    left_out: int  # tokens beyond what the model reads at once, which are not looked at
    words: tuple[WordWeight, ...]  # empty when not asked for
    gates: GateMap | None


@dataclass(frozen=True, slots=True)
class ReachAt:
    """How much of a gradient is left at one distance."""

    distance: int  # tokens from the last one
    texts: int  # that are long enough
    left: float  # geometric mean over them; 1 at distance 0


@dataclass(frozen=True, slots=True)
class Reach:
    """How far back a cell's gradient reaches, over some texts."""

    name: str  # of the model, or what the cell is
    trained: bool
    cell: str
    units: int
    distances: tuple[ReachAt, ...]

    def left(self, distance: int) -> float | None:
        """What is left at a distance; None when no text is as long."""
        return self.distances[distance].left if distance < len(self.distances) else None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A piece of the vocabulary that is near a word."""

    text: str
    cosine: float  # of the angle between their vectors, -1..1


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """The pieces nearest to a word in the learnt embedding."""

    word: str
    tokens: tuple[str, ...]  # what the model reads it as; with several, their mean is compared
    nearest: tuple[Neighbour, ...]


@dataclass(frozen=True, slots=True)
class Inspection:
    """All that an inspection was asked for."""

    model: str
    version: str
    cell: str
    layers: int
    units: int  # of each direction
    texts: tuple[TextFindings, ...]
    reach: tuple[Reach, ...]
    reach_texts: int  # that the reach was measured on
    neighbourhoods: tuple[Neighbourhood, ...]
