"""The cells step by step against torch's own layers, and their gradients by distance."""

import pytest
import torch
from torch import nn

from positivity.model.cells import reach, unroll
from positivity.model.elman import Elman
from positivity.model.network import RecurrentLayer, SentimentNetwork

KINDS = {"elman": Elman, "rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def cell(kind: str, *, inputs: int = 5, hidden: int = 7) -> nn.Module:
    torch.manual_seed(3)
    made: nn.Module = KINDS[kind](inputs, hidden, batch_first=True)
    for parameter in made.parameters():  # larger than torch makes them: gates shut and open
        parameter.data.mul_(3)
    return made


def texts(tokens: int, inputs: int = 5) -> torch.Tensor:
    return torch.randn(tokens, inputs, generator=torch.Generator().manual_seed(tokens))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tokens", [1, 2, 40])
def test_the_states_are_those_of_torch(kind: str, tokens: int) -> None:
    layer, inputs = cell(kind), texts(tokens)
    found = unroll(layer, inputs)
    expected, _ = layer(inputs[None])
    assert found.states.shape == (tokens, 7)
    assert (found.states - expected[0]).abs().max() <= 1e-5


def test_the_states_of_the_shipped_model_are_those_of_torch() -> None:
    from positivity.model.engine_torch import load_network
    from positivity.model.registry import load

    network = load_network(load("base"))
    assert isinstance(network, SentimentNetwork)
    vectors = network.word_vectors(torch.arange(2, 60)[None])[0]
    layer = network.layers[0]
    assert isinstance(layer, RecurrentLayer)
    for each in (layer.forward_cell, layer.backward_cell):
        assert isinstance(each, nn.Module)
        expected, _ = each(vectors[None])
        assert (unroll(each, vectors).states - expected[0]).abs().max() <= 1e-5


def test_the_memory_of_an_lstm_is_torch_s_too() -> None:
    layer, inputs = cell("lstm"), texts(9)
    _, (_, memory) = layer(inputs[None])
    assert (unroll(layer, inputs).values["cell"][-1] - memory[0, 0]).abs().max() <= 1e-5


def test_gates_lie_between_shut_and_open() -> None:
    for kind, names in (("lstm", {"forget", "input", "output"}), ("gru", {"reset", "keep"})):
        gates = unroll(cell(kind), texts(30)).gates
        assert gates.keys() == names
        assert all(0 <= each.min() < 0.3 < 0.7 < each.max() <= 1 for each in gates.values())
    assert unroll(cell("elman"), texts(3)).gates == {}


def test_an_elman_with_relu_is_unrolled_too() -> None:
    torch.manual_seed(1)
    layer = nn.RNN(4, 6, nonlinearity="relu", batch_first=True)
    inputs = texts(8, 4)
    assert (unroll(layer, inputs).states - layer(inputs[None])[0][0]).abs().max() <= 1e-5


def test_what_is_no_single_layer_is_refused() -> None:
    for layer in (nn.LSTM(3, 3, num_layers=2), nn.LSTM(3, 3, bidirectional=True)):
        with pytest.raises(ValueError, match="one layer"):
            unroll(layer, texts(2, 3))


@pytest.mark.parametrize("kind", KINDS)
def test_reach_is_the_norm_of_the_jacobian(kind: str) -> None:
    layer, inputs = cell(kind), texts(6)
    jacobian = torch.autograd.functional.jacobian(  # type: ignore[no-untyped-call]
        lambda vectors: layer(vectors[None])[0][0, -1], inputs
    )  # [hidden, tokens, inputs]
    expected = jacobian.square().sum(dim=(0, 2)).sqrt().flip(0)
    assert torch.allclose(reach(layer, inputs), expected, atol=1e-6)


def test_a_gradient_through_a_linear_cell_shrinks_as_its_matrix_says() -> None:
    layer = nn.RNN(3, 3, nonlinearity="relu", bias=True, batch_first=True)
    with torch.no_grad():
        for name, value in (
            ("weight_ih_l0", torch.eye(3)),
            ("weight_hh_l0", 0.5 * torch.eye(3)),
            ("bias_ih_l0", torch.ones(3)),  # never where ReLU is flat
            ("bias_hh_l0", torch.zeros(3)),
        ):
            layer.get_parameter(name).copy_(value)
    found = reach(layer, torch.zeros(5, 3))
    assert torch.allclose(found / found[0], 0.5 ** torch.arange(5.0))
