"""One vector for words that only say which group somebody is of.

Training shows the members of a group in each other's places (see `augmentation`), yet each word
keeps some of the company that it was met in, most of all the rare ones. Here all of a group get
their mean ("equalize", Bolukbasi et al. 2016, "Man is to computer programmer as woman is to
homemaker?"): what is said of one member is then scored like what is said of another, to the last
digit, wherever the word is a piece of the vocabulary by itself. So are British and American words
for the same thing. No pair or triple with a word of a group has a vector (see `initial`); those
with a word that is British or American get one together, or none.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor

from positivity.model.ngrams import NOBODY, NgramVectors
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
def equalize_ngrams(ngrams: NgramVectors, pieces: Sequence[str]) -> int:
    """Gives n-grams that differ by British and American words alone ("the rubbish", "the trash")
    their mean vector, or takes it from them where one of them has none; returns how many these are.
    """
    rows = _rows_of_words(pieces)
    others = {  # of each such word all that it may stand for, itself among them
        rows[word]: [rows[each] for each in group]
        for group in SYNONYMS
        if all(word in rows for word in group)
        for word in group
    }
    alike: dict[tuple[int, ...], list[int]] = defaultdict(list)  # all forms of one -> its slots
    for slot, number in enumerate(ngrams.owners.tolist()):
        if number == NOBODY:
            continue
        ids = [number // len(pieces) ** back % len(pieces) for back in range(ngrams.length)]
        if not others.keys().isdisjoint(ids):
            forms = product(*(others.get(each, [each]) for each in ids))
            alike[tuple(sorted(_number(form, len(pieces)) for form in forms))].append(slot)
    weight = ngrams.embedding.weight
    for every, found in alike.items():
        weight[found] = weight[found].mean(dim=0) if len(found) == len(every) else 0.0
    return sum(map(len, alike.values()))


def _number(ids: Sequence[int], vocabulary_size: int) -> int:
    """As `ngram_numbers` has it, of the ids of an n-gram, the last one first."""
    return sum(each * vocabulary_size**back for back, each in enumerate(ids))


def _rows_of_words(pieces: Sequence[str]) -> dict[str, int]:
    return {piece.strip(): row for row, piece in enumerate(pieces) if piece.startswith(" ")}
