"""Words of one group get one vector; all else keeps its own."""

import torch

from positivity.model.pairs import PairVectors, pair_numbers
from positivity.training.fair_vectors import equalize, equalize_pairs
from positivity.training.word_groups import INTERCHANGEABLE, SYNONYMS


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


def test_pairs_with_british_and_american_words_get_one_vector_or_none() -> None:
    pieces = ["<pad>", "<unk>", " the", " rubbish", " trash", " bin", " can", " lift"]
    texts = torch.tensor([[2, 3], [2, 4], [3, 5], [4, 6], [2, 7], [3, 6]])
    pairs = PairVectors(len(pieces), slots=61, size=2, dropout=0.0)
    pairs.own(pair_numbers(texts, len(pieces))[:, 1])
    with torch.no_grad():
        pairs.embedding.weight[:-1] = torch.arange(122.0).reshape(61, 2)
    before = pairs(texts)[:, 1].clone()
    assert equalize_pairs(pairs, pieces) == 5
    after = pairs(texts)[:, 1]
    mean = (before[0] + before[1]) / 2
    assert after[0].tolist() == after[1].tolist() == mean.tolist()
    assert not after[2].any()  # "trash bin" has no vector, so "rubbish bin" has none
    assert after[3].tolist() == after[5].tolist()
    assert after[4].tolist() == before[4].tolist()
