"""A linear-chain conditional random field: which sequence of tags is the likeliest as a whole.

Lafferty, McCallum and Pereira 2001; over the states of a BiLSTM: Huang, Xu and Yu 2015,
"Bidirectional LSTM-CRF models for sequence tagging". A sequence of tags scores

    start[y_1] + sum_t emissions[t, y_t] + sum_t transitions[y_(t-1), y_t] + end[y_T]

and has the probability exp(score) / Z, where Z sums over all sequences. Z is not summed up one by
one: the forward algorithm carries, for each tag, the sum over all ways to come to it.
"""

from collections.abc import Collection, Sequence

import torch
from torch import Tensor, nn

# What a forbidden step costs. Not infinite: the sums, and their gradients, stay numbers.
_FORBIDDEN = -1e4


class LinearChainCRF(nn.Module):
    """The scores of tags beside each other, and all that follows from them.

    Rows of a batch may be padded at their end: what stands there changes nothing.
    """

    forbidden_start: Tensor
    forbidden_end: Tensor
    forbidden_steps: Tensor

    def __init__(
        self,
        tags: int,
        *,
        starts: Collection[int] | None = None,
        ends: Collection[int] | None = None,
        steps: Collection[tuple[int, int]] | None = None,
    ) -> None:
        """
        Args:
            starts: the tags that a sequence may begin with; any when None.
            ends: the tags that it may end with; any when None.
            steps: the pairs (tag, next tag) that there may be; all when None.
        """
        super().__init__()
        self.start = nn.Parameter(torch.zeros(tags))
        self.end = nn.Parameter(torch.zeros(tags))
        self.transitions = nn.Parameter(torch.zeros(tags, tags))
        every = range(tags)
        pairs = [(one, other) for one in every for other in every]
        fixed = {
            "forbidden_start": _costs(every, starts),
            "forbidden_end": _costs(every, ends),
            "forbidden_steps": _costs(pairs, steps).view(tags, tags),
        }
        for name, costs in fixed.items():  # they follow from the kind of tags: not stored
            self.register_buffer(name, costs, persistent=False)

    def score(self, emissions: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """The score [batch] of one sequence of tags [batch, time] for each row.

        Args:
            emissions: how well each tag fits each place [batch, time, tags].
            lengths: places of each row [batch], at least 1.
        """
        start, steps, end = self._weights()
        mask = _mask(emissions, lengths)
        tags = tags.masked_fill(~mask, 0)
        fits = emissions.gather(2, tags[:, :, None]).squeeze(2)  # [batch, time]
        moves = steps[tags[:, :-1], tags[:, 1:]]  # [batch, time - 1]
        last = tags.gather(1, lengths[:, None] - 1).squeeze(1)  # [batch]
        inner = (fits * mask).sum(dim=1) + (moves * mask[:, 1:]).sum(dim=1)
        return torch.as_tensor(start[tags[:, 0]] + inner + end[last])

    def log_partition(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """log Z [batch], by the forward algorithm; the arguments are those of `score`."""
        _, _, end = self._weights()
        return torch.logsumexp(self._forward(emissions, lengths)[-1] + end, dim=1)

    def log_likelihood(self, emissions: Tensor, tags: Tensor, lengths: Tensor) -> Tensor:
        """The log-probability [batch] of tags [batch, time]."""
        return self.score(emissions, tags, lengths) - self.log_partition(emissions, lengths)

    def marginals(self, emissions: Tensor, lengths: Tensor) -> Tensor:
        """The probability of each tag at each place [batch, time, tags]; 0 in the padding.

        By the forward and the backward algorithm: all ways to come to a tag, and all ways on.
        """
        forward = torch.stack(self._forward(emissions, lengths), dim=1)  # [batch, time, tags]
        backward = torch.stack(self._backward(emissions, lengths), dim=1)
        mask = _mask(emissions, lengths)
        return (forward + backward).softmax(dim=2) * mask[:, :, None]

    def viterbi(self, emissions: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """The best sequence of each row [batch, time], 0 in the padding, and its score [batch]."""
        start, steps, end = self._weights()
        mask = _mask(emissions, lengths)
        best = start + emissions[:, 0]  # [batch, tags]: of the best way to come to each tag
        came_from = []
        stay = torch.arange(best.shape[1], device=best.device).expand_as(best)
        for t in range(1, emissions.shape[1]):
            ways, before = (best[:, :, None] + steps).max(dim=1)  # over the tag before
            here = mask[:, t, None]
            best = torch.where(here, ways + emissions[:, t], best)
            came_from.append(torch.where(here, before, stay))
        scores, tag = (best + end).max(dim=1)
        path = [tag]
        for before in reversed(came_from):
            tag = before.gather(1, tag[:, None]).squeeze(1)
            path.append(tag)
        return torch.stack(path[::-1], dim=1) * mask, scores

    def _weights(self) -> tuple[Tensor, Tensor, Tensor]:
        """Scores of beginning with a tag [tags], of a step [tags, tags], of ending [tags]."""
        return (
            self.start + self.forbidden_start,
            self.transitions + self.forbidden_steps,
            self.end + self.forbidden_end,
        )

    def _forward(self, emissions: Tensor, lengths: Tensor) -> list[Tensor]:
        """Place by place, the log of the sum over all ways up to each tag [batch, tags].

        After its last place a row keeps its sums.
        """
        start, steps, _ = self._weights()
        mask = _mask(emissions, lengths)
        sums = [start + emissions[:, 0]]
        for t in range(1, emissions.shape[1]):
            ways = torch.logsumexp(sums[-1][:, :, None] + steps, dim=1) + emissions[:, t]
            sums.append(torch.where(mask[:, t, None], ways, sums[-1]))
        return sums

    def _backward(self, emissions: Tensor, lengths: Tensor) -> list[Tensor]:
        """Place by place, the log of the sum over all ways on from each tag [batch, tags]."""
        _, steps, end = self._weights()
        mask = _mask(emissions, lengths)
        sums = [end.expand(len(emissions), -1)]
        for t in range(emissions.shape[1] - 1, 0, -1):
            onward = (sums[-1] + emissions[:, t])[:, None, :] + steps  # [batch, tag, next tag]
            ways = torch.logsumexp(onward, dim=2)
            sums.append(torch.where(mask[:, t, None], ways, sums[-1]))
        return sums[::-1]


def _costs(all_there_are: Sequence[object], allowed: Collection[object] | None) -> Tensor:
    """0 for what is allowed, much for the rest."""
    free = (allowed is None or each in allowed for each in all_there_are)
    return torch.tensor([0.0 if each else _FORBIDDEN for each in free])


def _mask(emissions: Tensor, lengths: Tensor) -> Tensor:
    """True [batch, time] where a row has a place."""
    return torch.arange(emissions.shape[1], device=emissions.device) < lengths[:, None]
