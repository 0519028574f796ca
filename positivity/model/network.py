"""What all networks share, and the recurrent one: embedding, layers, pooling, a small MLP."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn

from positivity.model.elman import Elman
from positivity.model.pairs import PairVectors

Cell = Literal["elman", "gru", "lstm"]
Pooling = Literal["attention", "last", "mean", "max"]

_CELLS: dict[str, Callable[..., nn.Module]] = {"elman": Elman, "gru": nn.GRU, "lstm": nn.LSTM}


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """What a network is made of; stored with its weights."""

    vocabulary_size: int
    embedding_size: int = 128
    # Pairs of neighbouring tokens with a vector of their own (model/pairs.py): places for them, 0
    # for none, and the numbers of a vector, which stand beside the second token's.
    pairs: int = 0
    pair_size: int = 32
    cell: Cell = "lstm"
    hidden_size: int = 128  # of each direction
    layers: int = 1
    bidirectional: bool = True
    pooling: tuple[Pooling, ...] = ("attention", "max")  # side by side when several
    mlp_size: int = 64  # 0 for none: a linear layer alone
    classes: int = 3  # or 2, negative and positive
    # Training only: shares of pairs, of word vectors' channels, of states and of the MLP that are
    # left out.
    pair_dropout: float = 0.2
    embedding_dropout: float = 0.2
    state_dropout: float = 0.2
    mlp_dropout: float = 0.3

    def __post_init__(self) -> None:
        if self.cell not in _CELLS:
            raise ValueError(f"cell is {self.cell!r}; it is one of {', '.join(_CELLS)}")
        unknown = set(self.pooling) - {"attention", "last", "mean", "max"}
        if unknown or not self.pooling:
            raise ValueError(f"pooling {list(self.pooling)} is not of attention, last, mean, max")
        if min(self.vocabulary_size, self.embedding_size, self.hidden_size, self.layers) < 1:
            raise ValueError("vocabulary, embedding, hidden size and layers are at least 1")
        if self.pairs < 0 or self.pair_size < 1:
            raise ValueError("pairs are 0 or more, and pair_size is at least 1")

    @property
    def input_size(self) -> int:
        """Numbers of what the first layer reads of a token."""
        return self.embedding_size + (self.pair_size if self.pairs else 0)


@dataclass(frozen=True, slots=True)
class Padding:
    """Which places of a padded batch hold a token."""

    lengths: Tensor  # [batch]
    mask: Tensor = field(repr=False)  # [batch, time], True at tokens

    @classmethod
    def of(cls, lengths: Tensor, time: int) -> "Padding":
        return cls(lengths, torch.arange(time, device=lengths.device) < lengths[:, None])


class Network(nn.Module):
    """A network of some kind, made from a config that is stored with its weights."""

    kind: ClassVar[str]
    Config: ClassVar[type[Any]]  # a dataclass
    config: Any
    embedding: nn.Embedding  # what it reads ids with

    def __init__(self, config: Any) -> None:
        super().__init__()
        self.config = config

    def word_vectors(self, ids: Tensor) -> Tensor:
        """What the first layer reads [batch, time, numbers] of token ids [batch, time]."""
        vectors: Tensor = self.embedding(ids)
        return vectors

    @classmethod
    def settings_of_vocabulary(cls, pieces: Sequence[str]) -> dict[str, Any]:
        """What the config says of the vocabulary, from what each id stands for."""
        return {"vocabulary_size": len(pieces)}


class Classifier(Network):
    """Token ids -> logits of the classes: negative, neutral, positive; or of any number of them.

    A tweet's logits do not depend on the others of its batch, nor on the padding. A classifier of
    two classes has two logits: their softmax is the sigmoid of their difference, and its
    cross-entropy the binary one, so there is no other head for it.
    """

    pooled_size: int
    mlp: nn.Sequential  # from pooled vectors to logits

    def forward(self, ids: Tensor, lengths: Tensor | None = None) -> Tensor:
        """Logits [batch, classes].

        Args:
            ids: token ids [batch, time], padded with 0 at the end; at least one token a row.
            lengths: tokens of each row [batch]; None when no row is padded, which is faster.
        """
        logits: Tensor = self.mlp(self.pooled(ids, lengths))
        return logits

    def pooled(self, ids: Tensor, lengths: Tensor | None = None) -> Tensor:
        """What the MLP reads of each row: the states, pooled in each way [batch, numbers]."""
        padding = None if lengths is None else Padding.of(lengths, ids.shape[1])
        return self.pooled_vectors(self.word_vectors(ids), padding, ids)

    @abstractmethod
    def pooled_vectors(
        self, vectors: Tensor, padding: Padding | None = None, ids: Tensor | None = None
    ) -> Tensor:
        """`pooled` of `word_vectors` [batch, time, numbers], whatever words they are of, if any.

        Args:
            ids: the tokens [batch, time] in whose places the vectors stand, where the network
                reads more of a token than its vector.
        """


def head(inputs: int, mlp_size: int, classes: int, dropout: float) -> nn.Sequential:
    """The MLP from pooled vectors to logits; a linear layer alone where its size is 0."""
    if not mlp_size:
        return nn.Sequential(nn.Dropout(dropout), nn.Linear(inputs, classes))
    return nn.Sequential(
        nn.Dropout(dropout),
        nn.Linear(inputs, mlp_size),
        nn.ReLU(),
        nn.Dropout(dropout),
        nn.Linear(mlp_size, classes),
    )


class SentimentNetwork(Classifier):
    """Word vectors, recurrent layers, and their states pooled."""

    kind = "recurrent"
    Config = NetworkConfig
    config: NetworkConfig

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        self.embedding = nn.Embedding(config.vocabulary_size, config.embedding_size, padding_idx=0)
        self.pairs = (
            PairVectors(config.vocabulary_size, config.pairs, config.pair_size, config.pair_dropout)
            if config.pairs
            else None
        )
        directions = 2 if config.bidirectional else 1
        sizes = [config.input_size] + [config.hidden_size * directions] * (config.layers - 1)
        self.layers = nn.ModuleList(
            RecurrentLayer(
                size, config.hidden_size, config.cell, bidirectional=config.bidirectional
            )
            for size in sizes
        )
        states = config.hidden_size * directions
        self.pooled_size = states * len(config.pooling)
        self.attention = nn.Linear(states, 1) if "attention" in config.pooling else None
        self.mlp = head(self.pooled_size, config.mlp_size, config.classes, config.mlp_dropout)
        # Whole channels of a vector, the same at every word: words keep their differences.
        self.embedding_dropout = nn.Dropout1d(config.embedding_dropout)
        self.state_dropout = nn.Dropout1d(config.state_dropout)

    def word_vectors(self, ids: Tensor) -> Tensor:
        vectors = super().word_vectors(ids)
        return vectors if self.pairs is None else torch.cat([vectors, self.pairs(ids)], dim=2)

    def pooled_vectors(
        self, vectors: Tensor, padding: Padding | None = None, ids: Tensor | None = None
    ) -> Tensor:
        states = by_channel(self.embedding_dropout, vectors)
        for layer in self.layers:
            states = layer(states, padding)  # [batch, time, hidden x directions]
            states = by_channel(self.state_dropout, states)
        return torch.cat([self._pool(how, states, padding) for how in self.config.pooling], dim=1)

    def _pool(self, how: Pooling, states: Tensor, padding: Padding | None) -> Tensor:
        """One vector for each tweet: [batch, time, states] -> [batch, states]."""
        if how == "attention":
            assert self.attention is not None
            return attended(self.attention(states).squeeze(2), states, padding)
        if how == "last":
            # The last state of each direction has read the whole tweet.
            hidden = self.config.hidden_size
            if padding is None:
                last = states[:, -1]
            else:
                last = states[torch.arange(len(states), device=states.device), padding.lengths - 1]
            return torch.cat([last[:, :hidden], states[:, 0, hidden:]], dim=1)
        if how == "mean":
            if padding is None:
                return states.mean(dim=1)
            total = (states * padding.mask.unsqueeze(2)).sum(dim=1)
            return total / padding.lengths.unsqueeze(1)
        if padding is not None:
            states = states.masked_fill(~padding.mask.unsqueeze(2), float("-inf"))
        return states.amax(dim=1)


def attended(scores: Tensor, states: Tensor, padding: Padding | None) -> Tensor:
    """The mean of states [batch, time, states] by the softmax of their scores [batch, time]."""
    if padding is not None:
        scores = scores.masked_fill(~padding.mask, float("-inf"))
    # As a product of matrices: [batch, 1, time] x [batch, time, states].
    return torch.bmm(scores.softmax(dim=1).unsqueeze(1), states).squeeze(1)


class RecurrentLayer(nn.Module):
    """One recurrent layer, in one or both directions.

    The backward direction reads each row reversed within its own length. So padding follows the
    tokens in both directions and changes no state, without packing, which costs twice the time.
    """

    def __init__(
        self, input_size: int, hidden_size: int, cell: Cell, *, bidirectional: bool
    ) -> None:
        super().__init__()
        make = _CELLS[cell]
        self.forward_cell = make(input_size, hidden_size, batch_first=True)
        self.backward_cell = (
            make(input_size, hidden_size, batch_first=True) if bidirectional else None
        )
        for name, parameter in self.named_parameters():
            if "weight_hh" in name:
                # Each gate's matrix starts as a rotation: gradients keep their size.
                for gate in parameter.data.chunk(parameter.shape[0] // hidden_size):
                    nn.init.orthogonal_(gate)
            elif "weight_ih" in name:
                nn.init.xavier_uniform_(parameter)
            else:
                nn.init.zeros_(parameter)
                if cell == "lstm" and "bias_ih" in name:  # begin by remembering
                    nn.init.ones_(parameter.data[hidden_size : 2 * hidden_size])

    def forward(self, inputs: Tensor, padding: Padding | None) -> Tensor:
        """[batch, time, input] -> [batch, time, hidden x directions]."""
        onward, _ = self.forward_cell(inputs)
        if self.backward_cell is None:
            return torch.as_tensor(onward)
        back, _ = self.backward_cell(reversed_rows(inputs, padding))
        return torch.cat([onward, reversed_rows(back, padding)], dim=2)


def reversed_rows(rows: Tensor, padding: Padding | None) -> Tensor:
    """Each row [time, size] in reverse order, its padding left at the end."""
    if padding is None:
        return rows.flip(1)
    batch, steps, size = rows.shape
    time = torch.arange(steps, device=rows.device)
    order = torch.where(padding.mask, padding.lengths[:, None] - 1 - time, time)  # [batch, time]
    # Whole vectors are copied, as many times faster than `gather` takes single numbers.
    places = order + torch.arange(batch, device=rows.device)[:, None] * steps
    return rows.reshape(batch * steps, size)[places.flatten()].view(batch, steps, size)


def by_channel(dropout: nn.Dropout1d, states: Tensor) -> Tensor:
    """Drops whole channels of [batch, time, channels]."""
    if not dropout.training or dropout.p == 0:
        return states
    dropped: Tensor = dropout(states.transpose(1, 2)).transpose(1, 2)
    return dropped
