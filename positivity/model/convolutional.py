"""A convolutional classifier: Kim (2014), "Convolutional neural networks for sentence
classification"."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from positivity.model.network import Classifier, Padding, by_channel, head


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvolutionalConfig:
    """What a convolutional network is made of; stored with its weights."""

    vocabulary_size: int
    embedding_size: int = 128
    widths: tuple[int, ...] = (3, 4, 5)  # words that a filter reads at a time
    filters: int = 100  # of each width
    mlp_size: int = 0  # 0 for a linear layer alone
    classes: int = 3  # or 2, negative and positive
    # Training only: shares of word vectors' channels and of the pooled numbers that are left out.
    embedding_dropout: float = 0.2
    mlp_dropout: float = 0.5

    def __post_init__(self) -> None:
        if not self.widths or min(self.widths) < 1:
            raise ValueError(f"widths {list(self.widths)} are not all at least 1")
        if min(self.vocabulary_size, self.embedding_size, self.filters) < 1:
            raise ValueError("vocabulary, embedding size and filters are at least 1")


class ConvolutionalNetwork(Classifier):
    """Word vectors, filters of several widths over them, and the most that each filter finds."""

    kind = "convolutional"
    Config = ConvolutionalConfig
    config: ConvolutionalConfig

    def __init__(self, config: ConvolutionalConfig) -> None:
        super().__init__(config)
        self.embedding = nn.Embedding(config.vocabulary_size, config.embedding_size, padding_idx=0)
        self.filters = nn.ModuleList(
            nn.Conv1d(config.embedding_size, config.filters, width) for width in config.widths
        )
        self.pooled_size = config.filters * len(config.widths)
        self.mlp = head(self.pooled_size, config.mlp_size, config.classes, config.mlp_dropout)
        self.embedding_dropout = nn.Dropout1d(config.embedding_dropout)

    def pooled_vectors(
        self, vectors: Tensor, padding: Padding | None = None, ids: Tensor | None = None
    ) -> Tensor:
        vectors = by_channel(self.embedding_dropout, vectors).transpose(1, 2)  # [b, embedding, t]
        pooled = []
        for width, filters in zip(self.config.widths, self.filters, strict=True):
            # As many places as words: what lies before and after a tweet is nothing, like padding.
            before, after = (width - 1) // 2, width // 2
            found = filters(nn.functional.pad(vectors, (before, after))).relu()  # [b, filters, t]
            if padding is not None:
                found = found.masked_fill(~padding.mask.unsqueeze(1), 0.0)
            pooled.append(found.amax(dim=2))
        return torch.cat(pooled, dim=1)
