"""The kinds of network: padding changes nothing, they learn, and cells are what they say."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from positivity.model.elman import Elman
from positivity.model.kinds import KINDS, make_network, settings_of
from positivity.model.network import Classifier
from tests.test_network import ROWS, padded

PIECES = ["<pad>", "<unk>", " .", " !!", " ?", " love", " ,", *(f" w{i}" for i in range(43))]
CASES: list[dict[str, Any]] = [
    {"kind": "recurrent", "cell": "elman", "pooling": ["last"], "hidden_size": 6},
    {"kind": "recurrent", "mlp_size": 0, "hidden_size": 6, "classes": 2},
    {"kind": "convolutional", "filters": 4},
    {"kind": "convolutional", "filters": 4, "widths": [1, 2, 6], "mlp_size": 5},
    {"kind": "hierarchical", "hidden_size": 6, "sentence_size": 5},
    {"kind": "hierarchical", "hidden_size": 6, "cell": "elman"},
    {"kind": "deepmoji", "hidden_size": 6, "layers": 2, "pooling": ["attention"], "mlp_size": 0},
]


def classifier(settings: dict[str, Any]) -> Classifier:
    torch.manual_seed(0)
    network = make_network({"embedding_size": 8, **settings}, PIECES)
    assert isinstance(network, Classifier)
    return network.eval()


# With and without punctuation (ids 2, 3, 4 and 6), at the beginning, at the end, and several.
PUNCTUATED = [*ROWS, [2, 10, 11, 6, 12, 3, 2, 13, 14], [7, 2], [4], [20, 21, 22, 23, 24, 25, 26, 3]]


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_padding_and_neighbours_change_nothing(settings: dict[str, Any]) -> None:
    network = classifier(settings)
    with torch.inference_mode():
        together = network(*padded(PUNCTUATED, extra=5))
        alone = torch.cat([network(torch.tensor([row])) for row in PUNCTUATED])
    assert together.shape == (len(PUNCTUATED), settings.get("classes", 3))
    torch.testing.assert_close(together, alone, atol=1e-6, rtol=0)


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_a_network_is_made_again_from_its_settings(settings: dict[str, Any]) -> None:
    network = classifier(settings)
    again = make_network(settings_of(network))
    again.load_state_dict(network.state_dict())
    ids = torch.tensor([[7, 8, 2, 9]])
    torch.testing.assert_close(again.eval()(ids), network(ids))


@pytest.mark.parametrize("settings", CASES, ids=str)
def test_every_weight_has_a_gradient(settings: dict[str, Any]) -> None:
    network = classifier(settings)
    loss = network.forward(*padded(PUNCTUATED)).square().sum()
    loss.backward()  # type: ignore[no-untyped-call]
    silent = [name for name, weight in network.named_parameters() if weight.grad is None]
    assert silent == []
    unmoved = [n for n, weight in network.named_parameters() if not weight.grad.abs().sum() > 0]  # type: ignore[union-attr]
    assert unmoved == []


def test_the_kinds_are_known_by_name() -> None:
    assert {case["kind"] for case in CASES} <= set(KINDS)
    with pytest.raises(ValueError, match="kind is 'transformer'; it is one of recurrent"):
        make_network({"kind": "transformer"}, PIECES)
    with pytest.raises(ValueError, match="cell: not known here"):
        make_network({"kind": "convolutional", "cell": "lstm"}, PIECES)
    assert "kind" not in settings_of(classifier({"kind": "recurrent"}))


def _elman_pair(hidden: int = 5) -> tuple[Elman, nn.RNN]:
    """Our cell, and torch's with the same weights."""
    torch.manual_seed(1)
    ours, theirs = Elman(4, hidden).double(), nn.RNN(4, hidden, batch_first=True).double()
    with torch.no_grad():
        for name, weight in ours.named_parameters():
            getattr(theirs, name).copy_(weight)
        dict(theirs.named_parameters())["bias_hh_l0"].zero_()
    return ours, theirs


def test_the_elman_cell_is_torchs() -> None:
    ours, theirs = _elman_pair()
    inputs = torch.randn(3, 7, 4, dtype=torch.double, requires_grad=True)
    results: list[Tensor] = []
    for cell in (ours, theirs):
        states, last = cell(inputs)
        torch.testing.assert_close(states[:, -1], last.view(3, 5))
        results.append(states)
        (states.square().sum() + last.sum()).backward()
    torch.testing.assert_close(results[0], results[1])
    for name, weight in ours.named_parameters():
        torch.testing.assert_close(weight.grad, getattr(theirs, name).grad)


def test_the_elman_equation_and_its_gradients() -> None:
    cell, _ = _elman_pair(3)
    x = torch.randn(2, 4, 4, dtype=torch.double, requires_grad=True)
    s0 = torch.randn(2, 3, dtype=torch.double, requires_grad=True)
    U, W, b = cell.weight_ih_l0.t(), cell.weight_hh_l0.t(), cell.bias_ih_l0
    first = cell(x, s0)[0][:, 0]
    torch.testing.assert_close(first, torch.tanh(s0 @ W + x[:, 0] @ U + b))

    def states(x: Tensor, s0: Tensor, *weights: Tensor) -> Tensor:
        names = [name for name, _ in cell.named_parameters()]
        called = torch.func.functional_call(cell, dict(zip(names, weights, strict=True)), (x, s0))
        result: Tensor = called[0]
        return result

    assert torch.autograd.gradcheck(states, (x, s0, *cell.parameters()))


def test_hierarchical_spans_end_at_punctuation() -> None:
    network: Any = classifier({"kind": "hierarchical"})
    assert network.config.boundaries == (2, 3, 4, 6)
    ids, _ = padded([[7, 8, 3, 2, 9, 6, 10], [2, 7], [7]])
    rows, places = (ids != 0).nonzero(as_tuple=True)
    span, place, row_of_span, number = network._spans(ids, rows, places)
    #                         7  8  !! .  9  ,  10 | .  7 | 7
    assert span.tolist() == [0, 0, 0, 0, 1, 1, 2, 3, 4, 5]
    assert place.tolist() == [0, 1, 2, 3, 0, 1, 0, 0, 0, 0]
    assert row_of_span.tolist() == [0, 0, 0, 1, 1, 2]
    assert number.tolist() == [0, 1, 2, 0, 1, 0]


def test_what_a_span_says_does_not_depend_on_the_others() -> None:
    """The same words, cut elsewhere, are read otherwise; a plain layer would not care so."""
    network = classifier({"kind": "hierarchical"})
    one, other = network(torch.tensor([[7, 8, 2, 9]])), network(torch.tensor([[7, 2, 8, 9]]))
    assert not torch.allclose(one, other, atol=1e-4)


def test_filters_wider_than_the_tweet_are_no_error() -> None:
    network = classifier({"kind": "convolutional", "widths": [9], "filters": 3})
    assert network(torch.tensor([[5]])).isfinite().all()
