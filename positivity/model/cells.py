"""The three recurrent cells written out step by step, so that their gates can be looked at.

torch runs a layer as a whole and gives its states only. Here the same weights go through the
equations one token at a time; the states agree with torch's to rounding (tests/test_cells.py).

- Elman (1990), "Finding structure in time".
- LSTM: Hochreiter and Schmidhuber (1997), with the forget gate of Gers et al. (2000).
- GRU: Cho et al. (2014), in the form of cuDNN: the reset gate works on the product W_hn h.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from positivity.model.elman import Elman


@dataclass(frozen=True, slots=True)
class Unrolled:
    """What a cell computed at each token of one text."""

    gates: Mapping[str, Tensor]  # name -> [tokens, hidden]; between 0 and 1
    values: Mapping[str, Tensor]  # name -> [tokens, hidden]; what is kept and told, with a sign
    states: Tensor  # [tokens, hidden], what the layer above reads


def unroll(cell: nn.Module, inputs: Tensor) -> Unrolled:
    """Runs a cell of one layer and one direction over inputs [tokens, input], from a zero state.

    Raises:
        ValueError: it has several layers or directions, or is no cell that we know.
    """
    if getattr(cell, "num_layers", 1) != 1 or getattr(cell, "bidirectional", False):
        raise ValueError("one layer and one direction at a time")
    for kind, run in _KINDS:
        if isinstance(cell, kind):
            with torch.no_grad():
                return run(cell, inputs)
    raise ValueError(f"no equations for {type(cell).__name__}")


def _lstm(cell: nn.Module, inputs: Tensor) -> Unrolled:
    """i, f, o = sigmoid(...); c = f c + i tanh(...); h = o tanh(c)."""
    state = memory = inputs.new_zeros(hidden_size(cell))
    seen: dict[str, list[Tensor]] = {name: [] for name in ("forget", "input", "output", "cell")}
    states = []
    for from_input in _from_inputs(cell, inputs):
        sums = (from_input + _from_state(cell, state)).chunk(4)  # torch's order: i, f, g, o
        enter, forget, leave = sums[0].sigmoid(), sums[1].sigmoid(), sums[3].sigmoid()
        memory = forget * memory + enter * sums[2].tanh()
        state = leave * memory.tanh()
        for name, value in zip(seen, (forget, enter, leave, memory), strict=True):
            seen[name].append(value)
        states.append(state)
    stacked = {name: torch.stack(each) for name, each in seen.items()}
    memories = stacked.pop("cell")
    return Unrolled(stacked, {"cell": memories}, torch.stack(states))


def _gru(cell: nn.Module, inputs: Tensor) -> Unrolled:
    """r, z = sigmoid(...); n = tanh(W x + r (U h)); h = (1 - z) n + z h."""
    state = inputs.new_zeros(hidden_size(cell))
    resets, keeps, states = [], [], []
    for from_input in _from_inputs(cell, inputs):
        of_input, of_state = from_input.chunk(3), _from_state(cell, state).chunk(3)
        reset = (of_input[0] + of_state[0]).sigmoid()
        keep = (of_input[1] + of_state[1]).sigmoid()
        new = (of_input[2] + reset * of_state[2]).tanh()
        state = (1 - keep) * new + keep * state
        resets.append(reset)
        keeps.append(keep)
        states.append(state)
    gates = {"reset": torch.stack(resets), "keep": torch.stack(keeps)}
    return Unrolled(gates, {"state": torch.stack(states)}, torch.stack(states))


def _elman(cell: nn.Module, inputs: Tensor) -> Unrolled:
    """h = g(W x + U h), g being tanh or ReLU. It has no gates."""
    squash = torch.relu if getattr(cell, "nonlinearity", "tanh") == "relu" else torch.tanh
    state = inputs.new_zeros(hidden_size(cell))
    states = []
    for from_input in _from_inputs(cell, inputs):
        state = squash(from_input + _from_state(cell, state))
        states.append(state)
    return Unrolled({}, {"state": torch.stack(states)}, torch.stack(states))


_KINDS: tuple[tuple[type[nn.Module], Callable[[nn.Module, Tensor], Unrolled]], ...] = (
    (nn.LSTM, _lstm),
    (nn.GRU, _gru),
    (nn.RNN, _elman),
    (Elman, _elman),
)


def hidden_size(cell: nn.Module) -> int:
    """How many units a cell has."""
    return cell.get_parameter("weight_hh_l0").shape[1]


def _from_inputs(cell: nn.Module, inputs: Tensor) -> Tensor:
    """W x + b of all tokens [tokens, gates x hidden]."""
    return inputs @ cell.get_parameter("weight_ih_l0").T + cell.get_parameter("bias_ih_l0")


def _from_state(cell: nn.Module, state: Tensor) -> Tensor:
    """U h of one state [gates x hidden]; torch's cells have a second bias here."""
    product = cell.get_parameter("weight_hh_l0") @ state
    bias = dict(cell.named_parameters(recurse=False)).get("bias_hh_l0")
    return product if bias is None else product + bias


def reach(cell: nn.Module, inputs: Tensor) -> Tensor:
    """How much each input still moves the last state, by distance [tokens]; 0 is the last token.

    The Frobenius norm of the Jacobian of the last state by that input: what a gradient that arrives
    at the end of the text is worth when it has come back so many steps (Hochreiter 1991; Bengio et
    al. 1994). It needs no label and no loss, so trained cells and untrained ones compare.

    Args:
        inputs: [tokens, input].
    """
    # A copy of the text for each number of the state gives all rows of the Jacobian at once.
    copies = inputs.detach().expand(hidden_size(cell), *inputs.shape).clone().requires_grad_()
    states, _ = cell(copies)
    (slopes,) = torch.autograd.grad(states[:, -1].diagonal().sum(), copies)
    return torch.as_tensor(slopes.square().sum(dim=(0, 2)).sqrt().flip(0))
