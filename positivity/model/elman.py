"""The simple recurrent network of Elman (1990), "Finding structure in time", in our own hand."""

import torch
from torch import Tensor, nn


class Elman(nn.Module):
    """s[t] = tanh(s[t-1] W + x[t] U + b), beginning with s = 0.

    Its weights are named as torch names those of its cells, and lie as they do there; torch's RNN
    has two biases where the equation has one.
    """

    def __init__(self, input_size: int, hidden_size: int, *, batch_first: bool = True) -> None:
        super().__init__()
        if not batch_first:
            raise ValueError("the batch comes first here")
        self.weight_ih_l0 = nn.Parameter(torch.empty(hidden_size, input_size))  # U, transposed
        self.weight_hh_l0 = nn.Parameter(torch.empty(hidden_size, hidden_size))  # W, transposed
        self.bias_ih_l0 = nn.Parameter(torch.empty(hidden_size))  # b
        bound = hidden_size**-0.5
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, inputs: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """All states [batch, time, hidden] and the last one [batch, hidden].

        Args:
            inputs: x [batch, time, input].
            state: s before the first step [batch, hidden]; zeros when None.
        """
        x_U_b = nn.functional.linear(inputs, self.weight_ih_l0, self.bias_ih_l0)  # of all steps
        W = self.weight_hh_l0.t()
        s = x_U_b.new_zeros(len(inputs), W.shape[0]) if state is None else state
        states = []
        for step in x_U_b.unbind(1):
            s = torch.tanh(torch.addmm(step, s, W))
            states.append(s)
        return torch.stack(states, dim=1), s
