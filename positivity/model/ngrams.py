"""Vectors of pairs and triples of neighbouring tokens, beside those of the tokens.

"Can't complain", "sick of", "yet to meet": what words say together is not made of what each says,
and a recurrent layer has to work it out. Where an n-gram has a vector it need not: networks that
remember n-grams so come near to their teachers (Ye et al. 2022, "Sparse distillation: speeding up
text classification by using bigger student models"), for the price of looking them up.
"""

import torch
from torch import Tensor, nn

PAIR, TRIPLE = 2, 3  # tokens of an n-gram
NOBODY = -1  # the owner of a slot that no n-gram has


class NgramVectors(nn.Module):
    """A vector for each of the n-grams that own a slot, and zeros for all others.

    An n-gram's place is the remainder of its number; of those with one place a single one owns it,
    so what a vector says is said of one n-gram alone.

    Args:
        length: tokens of an n-gram.
        vocabulary_size: of the tokens.
        slots: places for n-grams; a prime spreads them best.
        size: numbers of a vector.
        dropout: share of the n-grams that are taken for unknown in training: the network has to
            know the words without them, as for all the n-grams that it never meets.
    """

    owners: Tensor  # [slots], the number of the n-gram in each

    def __init__(
        self, length: int, vocabulary_size: int, slots: int, size: int, dropout: float
    ) -> None:
        super().__init__()
        self.length, self._vocabulary_size = length, vocabulary_size
        self._slots, self._dropout = slots, dropout
        # The last row is that of n-grams without a slot, and stays zero.
        self.embedding = nn.Embedding(slots + 1, size, padding_idx=slots)
        # Until something is learnt of it, an n-gram says nothing.
        nn.init.zeros_(self.embedding.weight)
        self.register_buffer("owners", torch.full((slots,), NOBODY, dtype=torch.int64))

    def own(self, numbers: Tensor) -> None:
        """Gives slots to n-grams by their numbers, the most important first."""
        # Of the n-grams with one place the first stays: sorted by place, it is the first there.
        places = numbers % self._slots
        order = torch.argsort(places, stable=True)
        first = torch.ones_like(order, dtype=torch.bool)
        first[1:] = places[order][1:] != places[order][:-1]
        self.owners.fill_(NOBODY)
        self.owners[places[order][first]] = numbers[order][first]

    def forward(self, ids: Tensor) -> Tensor:
        """Vectors [batch, time, size] of the n-grams that end with each of ids [batch, time]."""
        numbers = ngram_numbers(ids, self._vocabulary_size, self.length)
        slots = numbers % self._slots
        known = self.owners[slots] == numbers
        if self.training and self._dropout:
            known &= torch.rand(ids.shape, device=ids.device) >= self._dropout
        vectors: Tensor = self.embedding(torch.where(known, slots, self._slots))
        return vectors


def ngram_numbers(ids: Tensor, vocabulary_size: int, length: int) -> Tensor:
    """A number for each id [batch, time] and the `length` - 1 before it; 0 stands before a text."""
    numbers, power = ids, 1
    for back in range(1, length):
        power *= vocabulary_size
        numbers = numbers + power * nn.functional.pad(ids, (back, 0))[:, : ids.shape[1]]
    return numbers
