"""The BiLSTM-CRF (Huang, Xu and Yu 2015) that marks the words which carry a tweet's sentiment.

A person who marks what makes a tweet positive draws one stretch. So there are three tags, before,
inside and after the stretch, and the CRF allows the sequences with exactly one stretch, and no
others. What it learns besides is where stretches begin and end.

The side to look for is given: "I hated it, then it was great" has an answer for each. It enters
as a vector of its own, added to that of every token. As a token at the front it would be the last
thing that the backward LSTM reads.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from positivity.model.crf import LinearChainCRF
from positivity.model.network import Network, Padding, RecurrentLayer, by_channel

SIDES = ("negative", "positive")
BEFORE, INSIDE, AFTER = range(3)
_TAGS = 3
_STEPS = {
    (BEFORE, BEFORE),
    (BEFORE, INSIDE),
    (INSIDE, INSIDE),
    (INSIDE, AFTER),
    (AFTER, AFTER),
}
_BATCH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggerConfig:
    """What a tagger is made of; stored with its weights."""

    vocabulary_size: int
    embedding_size: int = 128
    hidden_size: int = 64  # of each direction
    layers: int = 1
    # Training only: shares of word vectors' channels and of states that are left out.
    embedding_dropout: float = 0.2
    state_dropout: float = 0.2

    def __post_init__(self) -> None:
        if min(self.vocabulary_size, self.embedding_size, self.hidden_size, self.layers) < 1:
            raise ValueError("vocabulary, embedding, hidden size and layers are at least 1")


class TaggerNetwork(Network):
    """Token ids and a side -> how well each tag fits each token; the CRF makes sequences of it."""

    kind = "tagger"
    Config = TaggerConfig
    config: TaggerConfig

    def __init__(self, config: TaggerConfig) -> None:
        super().__init__(config)
        self.embedding = nn.Embedding(config.vocabulary_size, config.embedding_size, padding_idx=0)
        self.sides = nn.Embedding(len(SIDES), config.embedding_size)
        sizes = [config.embedding_size] + [2 * config.hidden_size] * (config.layers - 1)
        self.layers = nn.ModuleList(
            RecurrentLayer(size, config.hidden_size, "lstm", bidirectional=True) for size in sizes
        )
        self.emissions = nn.Linear(2 * config.hidden_size, _TAGS)
        self.crf = LinearChainCRF(
            _TAGS, starts=(BEFORE, INSIDE), ends=(INSIDE, AFTER), steps=_STEPS
        )
        self.embedding_dropout = nn.Dropout1d(config.embedding_dropout)
        self.state_dropout = nn.Dropout1d(config.state_dropout)

    def forward(self, ids: Tensor, lengths: Tensor, sides: Tensor) -> Tensor:
        """Emissions [batch, time, tags].

        Args:
            ids: token ids [batch, time], padded with 0 at the end; at least one token a row.
            lengths: tokens of each row [batch].
            sides: 0 for what makes a row negative, 1 for what makes it positive [batch].
        """
        padding = Padding.of(lengths, ids.shape[1])
        vectors = self.embedding(ids) + self.sides(sides)[:, None]  # [batch, time, embedding]
        states = by_channel(self.embedding_dropout, vectors)
        for layer in self.layers:
            states = layer(states, padding)  # [batch, time, 2 hidden]
            states = by_channel(self.state_dropout, states)
        emissions: Tensor = self.emissions(states)
        return emissions.float()


@torch.inference_mode()
def tag(
    network: TaggerNetwork, ids: Sequence[Sequence[int]], sides: Sequence[int]
) -> list[tuple[NDArray[np.bool_], NDArray[np.float32]]]:
    """For each text: which tokens the best sequence has inside, and how probable that is of each.

    Both are arrays [tokens]; a text has at least one token. The first is of the likeliest
    stretch as a whole (Viterbi), the second sums over all stretches (marginals).
    """
    device = next(network.parameters()).device
    found: list[tuple[NDArray[np.bool_], NDArray[np.float32]] | None] = [None] * len(ids)
    order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    for start in range(0, len(order), _BATCH):
        rows = order[start : start + _BATCH]
        lengths = torch.tensor([len(ids[row]) for row in rows])
        padded = torch.zeros(len(rows), int(lengths[-1]), dtype=torch.long)
        for i, row in enumerate(rows):
            padded[i, : len(ids[row])] = torch.tensor(ids[row])
        on_device = lengths.to(device)
        wanted = torch.tensor([sides[row] for row in rows], device=device)
        emissions = network(padded.to(device), on_device, wanted)
        paths, _ = network.crf.viterbi(emissions, on_device)
        inside = (paths == INSIDE).cpu().numpy()
        probabilities = network.crf.marginals(emissions, on_device)[:, :, INSIDE].cpu().numpy()
        for i, row in enumerate(rows):
            size = len(ids[row])
            found[row] = inside[i, :size], probabilities[i, :size]
    return [each for each in found if each is not None]


def tags_of(inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """The tags [tokens] of one stretch, from its first marked token to its last.

    Raises:
        ValueError: no token is marked.
    """
    places = np.flatnonzero(inside)
    if not len(places):
        raise ValueError("no token is marked")
    tags = np.full(len(inside), AFTER)
    tags[: places[-1] + 1] = INSIDE
    tags[: places[0]] = BEFORE
    return tags
