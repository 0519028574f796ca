"""One vector for words that only say which group somebody is of.

Training shows the members of a group in each other's places (see `augmentation`), yet each word
keeps some of the company that it was met in, most of all the rare ones. Here all of a group get
their mean ("equalize", Bolukbasi et al. 2016, "Man is to computer programmer as woman is to
homemaker?"): what is said of one member is then scored like what is said of another, to the last
digit, wherever the word is a piece of the vocabulary by itself. No pair with a word of a group has
a vector (see `initial`).
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from positivity.training.word_groups import INTERCHANGEABLE


@torch.no_grad()
def equalize(vectors: Tensor, pieces: Sequence[str]) -> int:
    """Gives every interchangeable word its group's mean vector; returns how many words these are.

    Args:
        vectors: of all pieces [pieces, size]; changed in place.
        pieces: the vocabulary; a piece that begins a word begins with a space.
    """
    rows = _rows_of_words(pieces)
    count = 0
    for group in INTERCHANGEABLE:
        members = [rows[word] for word in group if word in rows]
        if len(members) > 1:
            vectors[members] = vectors[members].mean(dim=0)
            count += len(members)
    return count


def _rows_of_words(pieces: Sequence[str]) -> dict[str, int]:
    return {piece.strip(): row for row, piece in enumerate(pieces) if piece.startswith(" ")}
