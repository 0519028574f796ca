"""Words of one group get one vector; all else keeps its own."""

import torch

from positivity.training.fair_vectors import equalize
from positivity.training.word_groups import INTERCHANGEABLE, READINGS


def test_members_of_a_group_share_their_mean() -> None:
    pieces = ["<pad>", "<unk>", " muslim", " buddhist", " good", "muslim", " mosque", " mary"]
    vectors = torch.arange(16.0).reshape(8, 2)
    before = vectors.clone()
    assert equalize(vectors, pieces) == 2
    assert vectors[2].tolist() == vectors[3].tolist() == ((before[2] + before[3]) / 2).tolist()
    others = [0, 1, 4, 5, 6, 7]  # among them the end of a longer word, and words alone in a group
    assert torch.equal(vectors[others], before[others])


def test_no_word_is_of_two_groups() -> None:
    words = [word for group in INTERCHANGEABLE for word in group] + [*READINGS]
    assert len(words) == len(set(words))
