"""Vectors of pairs of neighbouring tokens, beside those of the tokens.

"Can't complain", "sick of", "so done": what two words say together is not made of what each says,
and a recurrent layer has to work it out. Where a pair has a vector it need not: networks that
remember n-grams so come near to their teachers (Ye et al. 2022, "Sparse distillation: speeding up
text classification by using bigger student models"), for the price of looking them up.
"""

import torch
from torch import Tensor, nn

NOBODY = -1  # the owner of a slot that no pair has


class PairVectors(nn.Module):
    """A vector for each of the pairs that own a slot, and zeros for all others.

    A pair's place is the remainder of its number; of the pairs with one place a single one owns it,
    so what a vector says is said of one pair alone.

    Args:
        vocabulary_size: of the tokens.
        slots: places for pairs; a prime spreads them best.
        size: numbers of a vector.
        dropout: share of the pairs that are taken for unknown in training: the network has to know
            the words without them, as for all the pairs that it never meets.
    """

    owners: Tensor  # [slots], the number of the pair in each

    def __init__(self, vocabulary_size: int, slots: int, size: int, dropout: float) -> None:
        super().__init__()
        self._vocabulary_size, self._slots, self._dropout = vocabulary_size, slots, dropout
        # The last row is that of pairs without a slot, and stays zero.
        self.embedding = nn.Embedding(slots + 1, size, padding_idx=slots)
        # Until something is learnt of it, a pair says nothing.
        nn.init.zeros_(self.embedding.weight)
        self.register_buffer("owners", torch.full((slots,), NOBODY, dtype=torch.int64))

    def own(self, numbers: Tensor) -> None:
        """Gives slots to pairs by their numbers, the most important first."""
        # Of the pairs with one place the first stays: sorted by place, it is the first there.
        places = numbers % self._slots
        order = torch.argsort(places, stable=True)
        first = torch.ones_like(order, dtype=torch.bool)
        first[1:] = places[order][1:] != places[order][:-1]
        self.owners.fill_(NOBODY)
        self.owners[places[order][first]] = numbers[order][first]

    def forward(self, ids: Tensor) -> Tensor:
        """Vectors [batch, time, size] of the pairs that end with each of the ids [batch, time]."""
        numbers = pair_numbers(ids, self._vocabulary_size)
        slots = numbers % self._slots
        known = self.owners[slots] == numbers
        if self.training and self._dropout:
            known &= torch.rand(ids.shape, device=ids.device) >= self._dropout
        vectors: Tensor = self.embedding(torch.where(known, slots, self._slots))
        return vectors


def pair_numbers(ids: Tensor, vocabulary_size: int) -> Tensor:
    """A number for each id [batch, time] and the one before it, 0 at the beginning of a text."""
    before = nn.functional.pad(ids[:, :-1], (1, 0))
    return before * vocabulary_size + ids
