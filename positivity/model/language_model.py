"""A language model: from the characters so far, how likely each next one is.

After Karpathy (2015), "The unreasonable effectiveness of recurrent neural networks", and Graves
(2013), "Generating sequences with recurrent neural networks"; the cells are those of the
classifiers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from positivity.model.network import Cell, Network, RecurrentLayer, by_channel
from positivity.text.tokenizer import PAD, UNKNOWN

# What stands before a text and after it. So it is the first thing that is read, and the last that
# is told; it has no vector of its own, but that of padding, all zeros.
END = PAD

State: TypeAlias = Any  # what a cell hands on: a tensor, or a pair of them for an LSTM


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageModelConfig:
    """What a language model is made of; stored with its weights."""

    vocabulary_size: int
    embedding_size: int = 32
    cell: Cell = "lstm"
    hidden_size: int = 256
    layers: int = 1
    # Training only: shares of the channels of what a layer reads and of what the last one tells.
    state_dropout: float = 0.1

    def __post_init__(self) -> None:
        if self.cell not in ("elman", "gru", "lstm"):
            raise ValueError(f"cell is {self.cell!r}; it is one of elman, gru, lstm")
        if min(self.vocabulary_size, self.embedding_size, self.hidden_size, self.layers) < 1:
            raise ValueError("vocabulary, embedding, hidden size and layers are at least 1")


class LanguageModel(Network):
    """Token ids -> logits of the next one, at each place."""

    kind = "language_model"
    Config = LanguageModelConfig
    config: LanguageModelConfig

    def __init__(self, config: LanguageModelConfig) -> None:
        super().__init__(config)
        self.embedding = nn.Embedding(config.vocabulary_size, config.embedding_size, padding_idx=0)
        sizes = [config.embedding_size] + [config.hidden_size] * (config.layers - 1)
        self.layers = nn.ModuleList(
            RecurrentLayer(size, config.hidden_size, config.cell, bidirectional=False)
            for size in sizes
        )
        self.state_dropout = nn.Dropout1d(config.state_dropout)
        self.output = nn.Linear(config.hidden_size, config.vocabulary_size)

    def forward(self, ids: Tensor) -> Tensor:
        """Logits [batch, time, vocabulary] of what follows each token of ids [batch, time].

        The first id of a text is END. Padding may follow a text: it changes nothing before it.
        """
        return self.step(ids, [None] * len(self.layers))[0]

    def step(self, ids: Tensor, states: Sequence[State]) -> tuple[Tensor, list[State]]:
        """The same for the next ids of texts that have been read up to some states of the layers.

        Returns:
            The logits, and the states after these ids.
        """
        values = self.embedding(ids)
        after = []
        for layer, state in zip(self.layers, states, strict=True):
            assert isinstance(layer, RecurrentLayer)
            values, state = layer.forward_cell(values, state)
            values = by_channel(self.state_dropout, values)
            after.append(state)
        logits: Tensor = self.output(values)
        return logits, after


@torch.inference_mode()
def sample(
    network: LanguageModel,
    prompt: Sequence[int],
    *,
    length: int,
    temperature: float,
    generator: np.random.Generator,
) -> list[int]:
    """The ids that a model writes after some, at most `length` of them; it may end before.

    Args:
        temperature: the logits are divided by it: below 1 the likely gets likelier; at 0 the
            likeliest is always taken.
    """
    states: list[State] = [None] * len(network.layers)
    logits, states = network.step(torch.tensor([[END, *prompt]]), states)
    written: list[int] = []
    while len(written) < length:
        chosen = _drawn(logits[0, -1].double().numpy(), temperature, generator)
        if chosen == END:
            break
        written.append(chosen)
        logits, states = network.step(torch.tensor([[chosen]]), states)
    return written


def _drawn(logits: Any, temperature: float, generator: np.random.Generator) -> int:
    logits = logits.copy()
    logits[UNKNOWN] = -np.inf  # stands for characters that the model does not know, and so cannot
    if temperature == 0:
        return int(logits.argmax())
    scaled = (logits - logits.max()) / temperature
    shares = np.exp(scaled)
    return int(generator.choice(len(shares), p=shares / shares.sum()))
