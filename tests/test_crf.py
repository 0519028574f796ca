"""The CRF against brute force over all sequences of tags, and against autograd."""

import itertools

import pytest
import torch
from torch import Tensor

from positivity.model.crf import LinearChainCRF

TAGS, TIME = 3, 5
LENGTHS = torch.tensor([5, 1, 3, 4])


@pytest.fixture
def crf() -> LinearChainCRF:
    torch.manual_seed(1)
    return filled(LinearChainCRF(TAGS))


def filled(crf: LinearChainCRF) -> LinearChainCRF:
    crf = crf.double()
    for parameter in crf.parameters():
        torch.nn.init.normal_(parameter)
    return crf


@pytest.fixture
def emissions() -> Tensor:
    torch.manual_seed(2)
    return torch.randn(len(LENGTHS), TIME, TAGS, dtype=torch.float64)


def score_by_hand(crf: LinearChainCRF, emissions: Tensor, tags: tuple[int, ...]) -> float:
    """Of one row [time, tags], term by term."""
    total = (crf.start[tags[0]] + crf.end[tags[-1]]).item()
    total += sum(emissions[t, tag].item() for t, tag in enumerate(tags))
    return total + sum(crf.transitions[a, b].item() for a, b in itertools.pairwise(tags))


def all_scores(crf: LinearChainCRF, emissions: Tensor, length: int) -> dict[tuple[int, ...], float]:
    sequences = itertools.product(range(TAGS), repeat=length)
    return {tags: score_by_hand(crf, emissions, tags) for tags in sequences}


def test_the_score_is_the_sum_of_its_terms(crf: LinearChainCRF, emissions: Tensor) -> None:
    tags = torch.randint(0, TAGS, (len(LENGTHS), TIME))
    found = crf.score(emissions, tags, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        expected = score_by_hand(crf, emissions[row], tuple(tags[row, :length].tolist()))
        assert found[row].item() == pytest.approx(expected)


def test_the_forward_algorithm_sums_over_all_sequences(
    crf: LinearChainCRF, emissions: Tensor
) -> None:
    found = crf.log_partition(emissions, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        scores = torch.tensor(list(all_scores(crf, emissions[row], length).values())).double()
        assert len(scores) == TAGS**length
        assert found[row].item() == pytest.approx(scores.logsumexp(0).item(), abs=1e-6)


def test_the_probabilities_of_all_sequences_sum_to_one(
    crf: LinearChainCRF, emissions: Tensor
) -> None:
    sequences = torch.tensor(list(itertools.product(range(TAGS), repeat=TIME)))
    rows = emissions[:1].expand(len(sequences), -1, -1)
    found = crf.log_likelihood(rows, sequences, torch.full((len(sequences),), TIME))
    assert found.exp().sum().item() == pytest.approx(1.0)


def test_viterbi_finds_the_best_sequence(crf: LinearChainCRF, emissions: Tensor) -> None:
    paths, scores = crf.viterbi(emissions, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        by_hand = all_scores(crf, emissions[row], length)
        best = max(by_hand, key=lambda tags: by_hand[tags])
        assert tuple(paths[row, :length].tolist()) == best
        assert paths[row, length:].tolist() == [0] * (TIME - length)
        assert scores[row].item() == pytest.approx(by_hand[best])


def test_viterbi_is_more_than_the_best_tag_at_each_place() -> None:
    crf = LinearChainCRF(2)
    with torch.no_grad():
        crf.transitions.copy_(torch.tensor([[0.0, -5.0], [-5.0, 0.0]]))  # tags stay as they are
    emissions = torch.tensor([[[2.0, 0.0], [0.0, 1.0], [2.0, 0.0]]])
    paths, _ = crf.viterbi(emissions, torch.tensor([3]))
    assert emissions.argmax(dim=2).tolist() == [[0, 1, 0]]
    assert paths.tolist() == [[0, 0, 0]]


def test_marginals_are_sums_over_the_sequences_with_a_tag(
    crf: LinearChainCRF, emissions: Tensor
) -> None:
    found = crf.marginals(emissions, LENGTHS)
    for row, length in enumerate(LENGTHS.tolist()):
        expected = torch.zeros(TIME, TAGS, dtype=torch.float64)
        by_hand = all_scores(crf, emissions[row], length)
        shares = torch.tensor(list(by_hand.values())).double().softmax(0)
        for tags, share in zip(by_hand, shares, strict=True):
            for t, tag in enumerate(tags):
                expected[t, tag] += share
        torch.testing.assert_close(found[row], expected, atol=1e-6, rtol=0)


def test_the_gradient_of_the_log_partition_is_the_marginals(
    crf: LinearChainCRF, emissions: Tensor
) -> None:
    emissions.requires_grad_()
    (gradient,) = torch.autograd.grad(crf.log_partition(emissions, LENGTHS).sum(), emissions)
    torch.testing.assert_close(gradient, crf.marginals(emissions, LENGTHS))


def test_gradients_against_finite_differences(crf: LinearChainCRF, emissions: Tensor) -> None:
    tags = torch.randint(0, TAGS, (len(LENGTHS), TIME))

    def loss(emissions: Tensor, start: Tensor, end: Tensor, transitions: Tensor) -> Tensor:
        weights = {"start": start, "end": end, "transitions": transitions}
        found = torch.func.functional_call(
            _LogLikelihood(crf), {f"crf.{k}": v for k, v in weights.items()}, (emissions, tags)
        )
        return torch.as_tensor(found)

    inputs = (emissions, crf.start, crf.end, crf.transitions)
    given = [each.detach().clone().requires_grad_() for each in inputs]
    assert torch.autograd.gradcheck(loss, given)


class _LogLikelihood(torch.nn.Module):
    def __init__(self, crf: LinearChainCRF) -> None:
        super().__init__()
        self.crf = crf

    def forward(self, emissions: Tensor, tags: Tensor) -> Tensor:
        return self.crf.log_likelihood(emissions, tags, LENGTHS)


def test_padding_and_company_change_nothing(crf: LinearChainCRF, emissions: Tensor) -> None:
    tags = torch.randint(0, TAGS, (len(LENGTHS), TIME))
    together = crf.log_likelihood(emissions, tags, LENGTHS)
    marginals, paths = crf.marginals(emissions, LENGTHS), crf.viterbi(emissions, LENGTHS)[0]
    for row, length in enumerate(LENGTHS.tolist()):
        alone = emissions[row : row + 1, :length]
        own = (alone, tags[row : row + 1, :length], torch.tensor([length]))
        torch.testing.assert_close(crf.log_likelihood(*own)[0], together[row])
        found = crf.marginals(alone, torch.tensor([length]))[0]
        torch.testing.assert_close(found, marginals[row, :length])
        path, _ = crf.viterbi(alone, torch.tensor([length]))
        assert path[0].tolist() == paths[row, :length].tolist()


def test_what_is_forbidden_has_no_probability(emissions: Tensor) -> None:
    torch.manual_seed(3)
    # Before, in and after one stretch: 0..0 1..1 2..2.
    crf = filled(
        LinearChainCRF(
            3, starts=(0, 1), ends=(1, 2), steps={(0, 0), (0, 1), (1, 1), (1, 2), (2, 2)}
        )
    )
    total = 0.0
    for tags in itertools.product(range(3), repeat=TIME):
        found = crf.log_likelihood(emissions[:1], torch.tensor([tags]), LENGTHS[:1])
        one_stretch = list(tags) == sorted(tags) and 1 in tags
        assert (found.exp().item() > 0) == one_stretch
        total += found.exp().item()
    assert total == pytest.approx(1.0)
    paths, _ = crf.viterbi(emissions, LENGTHS)
    for path, length in zip(paths.tolist(), LENGTHS.tolist(), strict=True):
        assert 1 in path[:length]
        assert path[:length] == sorted(path[:length])
    gradient = torch.autograd.grad(crf.log_partition(emissions, LENGTHS).sum(), crf.transitions)
    assert torch.isfinite(gradient[0]).all()


def test_long_rows_in_single_precision_stay_numbers() -> None:
    torch.manual_seed(4)
    crf = LinearChainCRF(3)
    emissions = 30 * torch.randn(2, 2000, 3)
    lengths = torch.tensor([2000, 1500])
    path, score = crf.viterbi(emissions, lengths)
    partition = crf.log_partition(emissions, lengths)
    assert torch.isfinite(partition).all()
    assert (partition >= score * (1 - 1e-5)).all()
    torch.testing.assert_close(crf.score(emissions, path, lengths), score, rtol=1e-5, atol=0)
