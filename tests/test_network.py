"""The network: shapes, and that neither padding nor neighbours change a tweet's logits."""

from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from positivity.model.network import NetworkConfig, SentimentNetwork

POOLINGS: list[tuple[str, ...]] = [
    ("attention",),
    ("last",),
    ("mean",),
    ("max",),
    ("attention", "max"),
]


def network(**settings: Any) -> SentimentNetwork:
    torch.manual_seed(0)
    sizes = {"vocabulary_size": 50, "embedding_size": 8, "hidden_size": 6, "mlp_size": 5}
    return SentimentNetwork(NetworkConfig(**sizes | settings)).eval()


def padded(rows: list[list[int]], extra: int = 0) -> tuple[Tensor, Tensor]:
    lengths = torch.tensor([len(row) for row in rows])
    ids = torch.zeros(len(rows), int(lengths.max()) + extra, dtype=torch.long)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = torch.tensor(row)
    return ids, lengths


ROWS = [[3, 4, 5, 6, 7, 8], [9], [10, 11, 12], [13, 14, 15, 16]]


@pytest.mark.parametrize(
    ("cell", "bidirectional", "layers", "pooling"),
    [*product(["elman", "gru", "lstm"], [True, False], [1, 2], POOLINGS)],
)
def test_padding_and_neighbours_change_nothing(
    cell: str, bidirectional: bool, layers: int, pooling: tuple[str, ...]
) -> None:
    model = network(cell=cell, bidirectional=bidirectional, layers=layers, pooling=pooling)
    with torch.inference_mode():
        together = model(*padded(ROWS, extra=5))
        alone = torch.cat([model(torch.tensor([row])) for row in ROWS])
    assert together.shape == (4, 3)
    torch.testing.assert_close(together, alone, atol=1e-6, rtol=0)


def test_the_order_of_the_words_matters() -> None:
    model = network()
    assert not torch.allclose(model(torch.tensor([[3, 4, 5]])), model(torch.tensor([[5, 4, 3]])))


def test_the_backward_direction_reads_the_last_word_first() -> None:
    model = network(pooling=("last",))
    layer: Any = model.layers[0]
    embedded = model.embedding(torch.tensor([[3, 4, 5]]))
    expected, _ = layer.backward_cell(embedded.flip(1))
    torch.testing.assert_close(layer(embedded, None)[:, 0, 6:], expected[:, -1])


def test_dropout_is_for_training_only() -> None:
    model = network()
    ids = torch.tensor([[3, 4, 5]])
    torch.testing.assert_close(model(ids), model(ids))
    model.train()
    torch.manual_seed(1)
    assert not torch.allclose(model(ids), model(ids))


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"cell": "transformer"}, "cell"),
        ({"pooling": ("average",)}, "pooling"),
        ({"pooling": ()}, "pooling"),
        ({"pairs": -1}, "pairs"),
        ({"pairs": 7, "pair_size": 0}, "pair_size"),
        ({"hidden_size": 0}, "at least 1"),
    ],
)
def test_a_wrong_setting_is_named(settings: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        network(**settings)


def test_gradients_reach_every_weight() -> None:
    model = network(layers=2).train()
    ids, lengths = padded(ROWS)
    model(ids, lengths).sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in model.parameters())
