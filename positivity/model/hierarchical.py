"""Clauses, then the sentence: Li, Luong, Jurafsky and Hovy (2015), "When are tree structures
necessary for deep learning of representations?", whose hierarchical model needs no parser.

The tweet is cut into spans at its punctuation. A recurrent layer in both directions reads each span
on its own; another one, onward, reads what the first made of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from positivity.model.network import Cell, Classifier, Padding, RecurrentLayer, by_channel, head

_PUNCTUATION = frozenset('.,;:!?…-–—()[]"/|')
# Spans are padded to one of these lengths, those of each together; longer ones to a multiple of the
# last.
_LENGTHS = (4, 8, 16, 32)


@dataclass(frozen=True, slots=True, kw_only=True)
class HierarchicalConfig:
    """What a hierarchical network is made of; stored with its weights."""

    vocabulary_size: int
    boundaries: tuple[int, ...]  # ids of the tokens that end a span
    embedding_size: int = 128
    cell: Cell = "lstm"
    hidden_size: int = 64  # of each direction in a span
    sentence_size: int = 64  # of the layer over spans
    mlp_size: int = 64  # 0 for a linear layer alone
    classes: int = 3  # or 2, negative and positive
    embedding_dropout: float = 0.2
    mlp_dropout: float = 0.3

    def __post_init__(self) -> None:
        if self.cell not in ("elman", "gru", "lstm"):
            raise ValueError(f"cell is {self.cell!r}; it is one of elman, gru, lstm")
        sizes = (self.vocabulary_size, self.embedding_size, self.hidden_size, self.sentence_size)
        if min(sizes) < 1:
            raise ValueError("vocabulary, embedding, hidden and sentence size are at least 1")


class HierarchicalNetwork(Classifier):
    """Word vectors, a layer over the words of each span, a layer over the spans."""

    kind = "hierarchical"
    Config = HierarchicalConfig
    config: HierarchicalConfig

    def __init__(self, config: HierarchicalConfig) -> None:
        super().__init__(config)
        self.embedding = nn.Embedding(config.vocabulary_size, config.embedding_size, padding_idx=0)
        self.words = RecurrentLayer(
            config.embedding_size, config.hidden_size, config.cell, bidirectional=True
        )
        self.spans = RecurrentLayer(
            2 * config.hidden_size, config.sentence_size, config.cell, bidirectional=False
        )
        self.pooled_size = config.sentence_size
        self.mlp = head(self.pooled_size, config.mlp_size, config.classes, config.mlp_dropout)
        self.embedding_dropout = nn.Dropout1d(config.embedding_dropout)
        ends = torch.zeros(config.vocabulary_size, dtype=torch.bool)
        ends[list(config.boundaries)] = True
        self.register_buffer("ends_span", ends, persistent=False)  # [vocabulary]
        self.ends_span: Tensor

    @classmethod
    def settings_of_vocabulary(cls, pieces: Sequence[str]) -> dict[str, Any]:
        boundaries = tuple(
            i
            for i, piece in enumerate(pieces)
            if piece.strip() and {*piece.strip()} <= _PUNCTUATION
        )
        return {"vocabulary_size": len(pieces), "boundaries": boundaries}

    def pooled_vectors(
        self, vectors: Tensor, padding: Padding | None = None, ids: Tensor | None = None
    ) -> Tensor:
        if ids is None:
            raise ValueError("where spans end is told by the ids")
        batch, time = ids.shape
        if padding is None:
            padding = Padding.of(torch.full((batch,), time, device=ids.device), time)
        vectors = by_channel(self.embedding_dropout, vectors)
        rows, places = padding.mask.nonzero(as_tuple=True)  # of every token, row by row
        span, place, row_of_span, number_in_row = self._spans(ids, rows, places)
        of_spans = self._read_spans(vectors[rows, places], span, place)
        spans = _filled(of_spans, row_of_span, number_in_row, batch, 1)
        return _ends(self.spans(*spans), spans[1].lengths, self.config.sentence_size)[:batch]

    def _read_spans(self, vectors: Tensor, span: Tensor, place: Tensor) -> Tensor:
        """What the words of each span make [spans, hidden x 2], from the vectors of all tokens, the
        span of each and its place in it."""
        sizes = torch.bincount(span)
        parts, numbers = [], []
        shorter = 0
        for longest in (*_LENGTHS, None):
            wanted = (sizes > shorter) & (sizes <= (longest or sizes.max()))
            number = wanted.nonzero().squeeze(1)
            if len(number):
                of_wanted = wanted[span]
                rows = (wanted.cumsum(0) - 1)[span[of_wanted]]
                step = longest or _LENGTHS[-1]
                words = _filled(vectors[of_wanted], rows, place[of_wanted], len(number), step)
                states = self.words(*words)  # [spans, time in span, hidden x 2]
                ends = _ends(states, words[1].lengths, self.config.hidden_size)
                parts.append(ends[: len(number)])
                numbers.append(number)
            shorter = longest or 0
        return torch.cat(parts)[torch.cat(numbers).argsort()]

    def _spans(
        self, ids: Tensor, rows: Tensor, places: Tensor
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """The span of each token and its place in it; the row of each span and its place there."""
        ends = self.ends_span[ids[rows, places]]
        first = places == 0
        # A span begins with the row, and after punctuation that no more punctuation follows.
        begins = first | (ends.roll(1) & ~ends)
        span = begins.cumsum(0) - 1
        starts = begins.nonzero().squeeze(1)
        place = torch.arange(len(rows), device=ids.device) - starts[span]
        row_of_span = rows[starts]
        first_span = first[starts].nonzero().squeeze(1)  # of each row
        number = torch.arange(len(starts), device=ids.device) - first_span[row_of_span]
        return span, place, row_of_span, number


def _filled(
    vectors: Tensor, rows: Tensor, places: Tensor, size: int, step: int
) -> tuple[Tensor, Padding]:
    """Vectors [n, numbers] put at their places [n] in rows [n] of a padded batch.

    Rows are filled up to a power of two, and places to a multiple of `step`: for each shape of
    batch that it meets the CPU's LSTM keeps memory for good, so that they must be few.
    """
    time = -(-(int(places.max()) + 1) // step) * step
    total = 1 << (size - 1).bit_length()
    lengths = torch.bincount(rows, minlength=total).clamp(min=1)
    batch = vectors.new_zeros(total, time, vectors.shape[1])
    return batch.index_put((rows, places), vectors), Padding.of(lengths, time)


def _ends(states: Tensor, lengths: Tensor, hidden: int) -> Tensor:
    """The last state of each direction [rows, hidden x directions], which has read all."""
    last = states[torch.arange(len(states), device=states.device), lengths - 1]
    return torch.cat([last[:, :hidden], states[:, 0, hidden:]], dim=1)
