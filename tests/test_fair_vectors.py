"""Words of one group get one vector; all else keeps its own."""

import torch

from positivity.training.augmentation import INTERCHANGEABLE, SYNONYMS
from positivity.training.fair_vectors import equalize


def test_members_of_a_group_share_their_mean() -> None:
    pieces = ["<pad>", "<unk>", " muslim", " buddhist", " good", "muslim", " mosque", " mary"]
    vectors = torch.arange(16.0).reshape(8, 2)
    before = vectors.clone()
    assert equalize(vectors, pieces) == 2
    assert vectors[2].tolist() == vectors[3].tolist() == ((before[2] + before[3]) / 2).tolist()
    others = [0, 1, 4, 5, 6, 7]  # among them the end of a longer word, and words alone in a group
    assert torch.equal(vectors[others], before[others])


def test_so_do_british_and_american_words_for_a_thing() -> None:
    pieces = ["<pad>", "<unk>", " colour", " color", " flat", " apartment", " cinema", " theater"]
    vectors = torch.arange(16.0).reshape(8, 2)
    before = vectors.clone()
    assert equalize(vectors, pieces) == 2
    assert vectors[2].tolist() == vectors[3].tolist()
    others = [4, 5, 6, 7]  # a flat may be a tyre, and a theater shows plays as well
    assert torch.equal(vectors[others], before[others])


def test_no_word_is_of_two_groups() -> None:
    words = [word for group in (*INTERCHANGEABLE, *SYNONYMS) for word in group]
    assert len(words) == len(set(words))
