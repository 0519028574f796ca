"""Vectors of pairs: whose they are, what the network makes of them, and which pairs get one."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from positivity.model.deepmoji import DeepMoji
from positivity.model.engine_torch import load_network
from positivity.model.network import NetworkConfig, SentimentNetwork
from positivity.model.pairs import NOBODY, PairVectors, pair_numbers
from positivity.model.registry import ModelDirectory
from positivity.training.examples import make_examples
from positivity.training.initial import frequent_pairs
from positivity.training.labelled import Data
from positivity.training.recipe import Recipe, read_recipe
from positivity.training.run import Run

WORDS = 10  # of the vocabularies here


def pairs(slots: int = 7, dropout: float = 0.0) -> PairVectors:
    torch.manual_seed(3)
    made = PairVectors(WORDS, slots, 2, dropout)
    with torch.no_grad():
        made.embedding.weight[:-1].normal_()
    return made.eval()


def number(before: int, word: int) -> int:
    return before * WORDS + word


def test_a_pair_is_a_word_and_the_one_before_it() -> None:
    ids = torch.tensor([[3, 4, 5], [4, 3, 0]])
    assert pair_numbers(ids, WORDS).tolist() == [[3, 34, 45], [4, 43, 30]]


def test_those_with_a_slot_have_its_vector_and_others_nothing() -> None:
    made = pairs()
    made.own(torch.tensor([number(3, 4), number(0, 5)]))
    vectors = made(torch.tensor([[3, 4], [5, 4], [4, 3]]))
    rows = made.embedding.weight
    assert torch.equal(vectors[0, 1], rows[34 % 7])
    assert torch.equal(vectors[1, 0], rows[5])
    assert (made.owners != NOBODY).sum() == 2
    assert not vectors[[0, 1, 2, 2], [0, 1, 0, 1]].any()


def test_of_pairs_with_one_place_the_first_owns_it() -> None:
    made = pairs()
    made.own(torch.tensor([9, 2, 16, 3]))  # 2 is the place of the first three
    assert made.owners.tolist() == [NOBODY, NOBODY, 9, 3, NOBODY, NOBODY, NOBODY]
    made.own(torch.tensor([16]))
    assert made.owners.tolist()[2:4] == [16, NOBODY]


def test_some_are_taken_for_unknown_in_training_only() -> None:
    made = pairs(slots=101, dropout=0.5)
    made.own(torch.arange(101))
    ids = torch.full((200, 1), 3)
    assert made(ids).any(dim=2).all()
    known = made.train()(ids).any(dim=2).float().mean()
    assert 0.3 < known < 0.7


def test_a_network_that_has_none_of_a_text_reads_its_words_alone() -> None:
    torch.manual_seed(0)
    config = NetworkConfig(vocabulary_size=WORDS, embedding_size=4, hidden_size=3, pairs=7)
    network = SentimentNetwork(config).eval()
    assert network.word_vectors(torch.tensor([[3, 4]])).shape == (1, 2, config.input_size)
    ids = torch.tensor([[3, 4, 5]])
    before = network(ids)
    assert network.pairs is not None
    network.pairs.own(torch.tensor([number(4, 5)]))
    torch.testing.assert_close(network(ids), before)  # nothing is learnt of it yet
    with torch.no_grad():
        network.pairs.embedding.weight[:-1] = 1.0
    assert not torch.allclose(network(ids), before)
    torch.testing.assert_close(network(ids[:, :2]), network(ids[:, :2]))


def test_deepmoji_has_none() -> None:
    config = NetworkConfig(vocabulary_size=WORDS, pooling=("attention",), pairs=7)
    with pytest.raises(ValueError, match="pairs"):
        DeepMoji(config)


def test_the_most_frequent_come_first_and_those_with_words_apart_never() -> None:
    pieces = ["", "?", " a", " b", " anna", " c"]
    texts = [[2, 3], [2, 3, 5], [3, 5, 4], [4, 5], [1, 3]]
    examples = make_examples(
        texts,
        np.full((5, 3), 1 / 3, np.float32),
        np.ones(5, np.float32),
        np.zeros((5, 3), np.float32),
    )
    found = frequent_pairs(examples, pieces, ["anna"]).tolist()
    # "a" at the beginning and "a b" twice, "b c" twice, "b" at the beginning once.
    assert sorted(found[:3]) == [2, 2 * 6 + 3, 3 * 6 + 5]
    assert found[3:] == [3]


def test_a_run_gives_them_and_the_model_keeps_them(tiny_data: Path, tmp_path: Path) -> None:
    recipe = read_recipe(tiny_data / "tiny.toml")
    assert isinstance(recipe, Recipe)
    settings = {**recipe.network, "pairs": 61, "pair_size": 4}
    with_pairs = dataclasses.replace(recipe, network=settings)

    def run() -> Run:
        data = Data(tiny_data, tmp_path)
        return Run(with_pairs, data, tmp_path, device="cpu", say=lambda line: None)

    first = run()
    for _ in zip(first.train(), range(30), strict=False):
        pass  # then it is killed
    resumed = run()
    for _ in resumed.train():
        pass
    model = resumed.finish()
    assert isinstance(model, ModelDirectory)
    network, trained = load_network(model), resumed.trainer.kept
    assert isinstance(network, SentimentNetwork) and network.pairs is not None
    assert torch.equal(network.pairs.owners, trained.pairs.owners)
    assert torch.equal(network.pairs.owners, first.trainer.network.pairs.owners)
    owned = network.pairs.owners != NOBODY
    assert owned.float().mean() > 0.8
    rows = network.pairs.embedding.weight
    assert rows[:-1][owned].any(dim=1).float().mean() > 0.8
    assert not rows[-1].any()
    assert model.metrics()["eval"]["eval"]["macro_recall"] > 0.9
    assert model.metrics()["light_engine"]["same_label"] > 0.95
