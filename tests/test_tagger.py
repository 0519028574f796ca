"""The BiLSTM-CRF: one stretch always, whatever the company, and the side counts."""

import numpy as np
import pytest
import torch

from positivity.model.tagger import (
    AFTER,
    BEFORE,
    INSIDE,
    TaggerConfig,
    TaggerNetwork,
    tag,
    tags_of,
)

LENGTHS = [4, 1, 7, 30]


@pytest.fixture
def network() -> TaggerNetwork:
    torch.manual_seed(1)
    network = TaggerNetwork(
        TaggerConfig(vocabulary_size=30, embedding_size=8, hidden_size=6, layers=2)
    ).eval()
    torch.nn.init.normal_(network.emissions.weight)
    return network


def some_ids() -> list[list[int]]:
    rng = np.random.default_rng(1)
    return [rng.integers(2, 30, size=length).tolist() for length in LENGTHS]


def test_each_text_gets_one_stretch(network: TaggerNetwork) -> None:
    for ids, (inside, probable) in zip(
        some_ids(), tag(network, some_ids(), [1, 0, 1, 0]), strict=True
    ):
        assert len(inside) == len(probable) == len(ids)
        places = np.flatnonzero(inside)
        assert len(places)
        assert (np.diff(places) == 1).all()
        assert ((probable >= 0) & (probable <= 1 + 1e-6)).all()
    assert tag(network, [], []) == []


def test_company_changes_nothing(network: TaggerNetwork) -> None:
    together = tag(network, some_ids(), [1, 0, 1, 0])
    for ids, side, (inside, probable) in zip(some_ids(), [1, 0, 1, 0], together, strict=True):
        ((alone, by_itself),) = tag(network, [ids], [side])
        assert alone.tolist() == inside.tolist()
        assert by_itself == pytest.approx(probable, abs=1e-5)


def test_each_token_knows_the_side(network: TaggerNetwork) -> None:
    ids = torch.tensor([some_ids()[2]])
    lengths = torch.tensor([LENGTHS[2]])
    negative, positive = (network(ids, lengths, torch.tensor([side])) for side in (0, 1))
    assert (negative != positive).any(dim=2).all()


def test_every_weight_learns(network: TaggerNetwork) -> None:
    ids = torch.tensor([some_ids()[2]] * 2)
    tags = torch.tensor([[0, 0, 1, 1, 1, 2, 2]] * 2)
    lengths = torch.tensor([7, 7])
    emissions = network(ids, lengths, torch.tensor([0, 1]))
    loss = -network.crf.log_likelihood(emissions, tags, lengths).sum()
    loss.backward()  # type: ignore[no-untyped-call]
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
        assert parameter.grad.any(), name


@pytest.mark.parametrize(
    ("inside", "expected"),
    [
        ("..xx.", [BEFORE, BEFORE, INSIDE, INSIDE, AFTER]),
        ("x", [INSIDE]),
        ("x.x..", [INSIDE, INSIDE, INSIDE, AFTER, AFTER]),  # one stretch, from first to last
        ("....x", [BEFORE] * 4 + [INSIDE]),
    ],
)
def test_tags_of_a_stretch(inside: str, expected: list[int]) -> None:
    assert tags_of(np.array([each == "x" for each in inside])).tolist() == expected


def test_there_are_no_tags_without_a_stretch() -> None:
    with pytest.raises(ValueError, match="no token is marked"):
        tags_of(np.zeros(3, bool))
