"""DeepMoji: Felbo, Mislove, Søgaard, Rahwan and Lehmann (2017), "Using millions of emoji
occurrences to learn any-domain representations for detecting sentiment, emotion and sarcasm"."""

import torch
from torch import Tensor, nn

from positivity.model.network import (
    Classifier,
    NetworkConfig,
    Padding,
    RecurrentLayer,
    attended,
    by_channel,
    head,
)


class DeepMoji(Classifier):
    """Bounded word vectors, recurrent layers, and attention over all of these side by side.

    The attention sees the word vectors and the states of each layer (skip connections): what a low
    layer has found reaches the answer without passing through those above it.
    """

    kind = "deepmoji"
    Config = NetworkConfig
    config: NetworkConfig

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config)
        if config.pooling != ("attention",):
            raise ValueError("a network of kind deepmoji pools by attention alone")
        if config.pairs:
            raise ValueError("a network of kind deepmoji has no vectors of pairs")
        self.embedding = nn.Embedding(config.vocabulary_size, config.embedding_size, padding_idx=0)
        directions = 2 if config.bidirectional else 1
        states = config.hidden_size * directions
        sizes = [config.embedding_size] + [states] * (config.layers - 1)
        self.layers = nn.ModuleList(
            RecurrentLayer(
                size, config.hidden_size, config.cell, bidirectional=config.bidirectional
            )
            for size in sizes
        )
        self.pooled_size = config.embedding_size + states * config.layers
        self.attention = nn.Linear(self.pooled_size, 1, bias=False)
        self.mlp = head(self.pooled_size, config.mlp_size, config.classes, config.mlp_dropout)
        self.embedding_dropout = nn.Dropout1d(config.embedding_dropout)
        self.state_dropout = nn.Dropout1d(config.state_dropout)

    def pooled_vectors(
        self, vectors: Tensor, padding: Padding | None = None, ids: Tensor | None = None
    ) -> Tensor:
        # tanh keeps every number of a word vector within -1 and 1.
        found = [by_channel(self.embedding_dropout, vectors.tanh())]
        for layer in self.layers:
            found.append(by_channel(self.state_dropout, layer(found[-1], padding)))
        together = torch.cat(found, dim=2)  # [batch, time, embedding + states x layers]
        return attended(self.attention(together).squeeze(2), together, padding)
