"""One vector for words that only say which group somebody is of.

Training shows the members of a group in each other's places (see `augmentation`), yet each word
keeps some of the company that it was met in, most of all the rare ones. Here all of a group get
their mean ("equalize", Bolukbasi et al. 2016, "Man is to computer programmer as woman is to
homemaker?"): what is said of one member is then scored like what is said of another, to the last
digit, wherever the word is a piece of the vocabulary by itself. So are British and American words
for the same thing. No pair with a word of a group has a vector (see `initial`); those with a word
that is British or American get one together, or none.
"""

from collections import defaultdict
from collections.abc import Sequence

import torch
from torch import Tensor

from positivity.model.pairs import NOBODY, PairVectors
from positivity.training.word_groups import INTERCHANGEABLE, SYNONYMS


@torch.no_grad()
def equalize(vectors: Tensor, pieces: Sequence[str]) -> int:
    """Gives every interchangeable word its group's mean vector; returns how many words these are.

    Args:
        vectors: of all pieces [pieces, size]; changed in place.
        pieces: the vocabulary; a piece that begins a word begins with a space.
    """
    rows = _rows_of_words(pieces)
    count = 0
    for group in (*INTERCHANGEABLE, *SYNONYMS):
        members = [rows[word] for word in group if word in rows]
        if len(members) > 1:
            vectors[members] = vectors[members].mean(dim=0)
            count += len(members)
    return count


@torch.no_grad()
def equalize_pairs(pairs: PairVectors, pieces: Sequence[str]) -> int:
    """Gives pairs that differ by a British and an American word alone ("the rubbish", "the trash")
    their mean vector, or takes it from them where one of them has none; returns how many these are.
    """
    rows = _rows_of_words(pieces)
    others = {  # of each such word all that it may stand for, itself among them
        rows[word]: [rows[each] for each in group]
        for group in SYNONYMS
        if all(word in rows for word in group)
        for word in group
    }
    owners = pairs.owners.tolist()
    slots = {number: slot for slot, number in enumerate(owners) if number != NOBODY}
    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)  # all forms of a pair -> its slots
    for number, slot in slots.items():
        before, after = divmod(number, len(pieces))
        if before in others or after in others:
            firsts, seconds = others.get(before, [before]), others.get(after, [after])
            forms = (first * len(pieces) + second for first in firsts for second in seconds)
            alike[tuple(sorted(forms))].append(slot)
    weight = pairs.embedding.weight
    for every, found in alike.items():
        weight[found] = weight[found].mean(dim=0) if len(found) == len(every) else 0.0
    return sum(map(len, alike.values()))


def _rows_of_words(pieces: Sequence[str]) -> dict[str, int]:
    return {piece.strip(): row for row, piece in enumerate(pieces) if piece.startswith(" ")}
