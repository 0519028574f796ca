"""Shares of labels by topic: the measures by hand, the methods on topics made up, the command."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from positivity.cli import app
from positivity.errors import InputError
from positivity.model.registry import ModelDirectory
from positivity.quantification import (
    MEAN,
    METHODS,
    OURS,
    Topic,
    best_effect,
    evaluate_shares,
    fit_map,
    pooled,
    scale_of,
    share_errors,
    topic_prior,
)
from tests.conftest import NEGATIVE, NEUTRAL, POSITIVE

runner = CliRunner()


def test_measures_by_hand() -> None:
    true, found = np.array([0.25, 0.75]), np.array([0.5, 0.5])
    kld, ae, rae, emd = share_errors(true, found, 50)  # smoothed with 1/100
    p, q = np.array([0.26, 0.76]) / 1.02, np.array([0.5, 0.5])
    assert kld == pytest.approx(p[0] * np.log(p[0] / q[0]) + p[1] * np.log(p[1] / q[1]))
    assert ae == pytest.approx(0.25)
    assert rae == pytest.approx((abs(p[0] - 0.5) / p[0] + abs(p[1] - 0.5) / p[1]) / 2)
    assert emd == pytest.approx(0.25)
    five, other = np.array([1.0, 0, 0, 0, 0]), np.array([0, 0, 0, 0, 1.0])
    assert share_errors(five, other, 10)[3] == pytest.approx(4)
    assert share_errors(five, five, 10) == (0, 0, 0, 0)


@pytest.mark.parametrize(
    ("labels", "scale"),
    [
        (["positive", "negative"], 2),
        (["positive", "neutral"], 3),
        (["1", "-2", "0"], 5),
        (["-1", "1"], 5),
    ],
)
def test_scales(labels: list[str], scale: int) -> None:
    assert len(scale_of(labels)) == scale


def test_other_labels_are_refused() -> None:
    with pytest.raises(InputError, match=r"labels happy, sad"):
        scale_of(["happy", "sad"])


def made_up(number: int, size: int, classes: int, seed: int = 0) -> list[Topic]:
    """Topics whose shares are drawn anew, with probabilities that tell classes apart so-so."""
    rng = np.random.default_rng(seed)
    middle = np.linspace(-1.5, 1.5, classes)
    topics = []
    for i in range(number):
        gold = np.sort(rng.choice(classes, size, p=rng.dirichlet(np.ones(classes))))
        side = middle[gold] + rng.normal(size=size)
        logits = np.stack([-side, np.zeros(size), side], axis=1)
        powers = np.exp(logits)
        topics.append(Topic(f"t{i}", powers / powers.sum(axis=1, keepdims=True), gold))
    return topics


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_correction_beats_counting_and_ours_the_mean(classes: int) -> None:
    labels = {2: ("negative", "positive"), 3: ("-1", "0", "1"), 5: ("-2", "-1", "0", "1", "2")}
    metrics = evaluate_shares(made_up(24, 120, classes), labels[classes])
    assert tuple(metrics.methods) == METHODS
    assert (metrics.topics, metrics.tweets) == (24, 24 * 120)
    ours = metrics.methods[OURS]
    assert ours.kld < 0.7 * metrics.methods[MEAN].kld
    assert ours.ae < metrics.methods["CC"].ae
    assert ours.ae < metrics.methods["PCC"].ae
    assert all(each.kld >= 0 and each.emd >= 0 for each in metrics.methods.values())


def test_nothing_of_the_topic_s_own_labels_is_used() -> None:
    topics = made_up(6, 50, 2)
    from positivity.quantification import shares_by_method

    relabelled = Topic("x", topics[0].probabilities, 1 - topics[0].gold)
    for name, found in shares_by_method(topics[0], topics[1:], 2).items():
        assert found.tolist() == shares_by_method(relabelled, topics[1:], 2)[name].tolist()
        assert found.sum() == pytest.approx(1)


def test_the_map_is_that_of_maximum_likelihood() -> None:
    (topic,) = made_up(1, 4_000, 2)
    side = np.log(topic.probabilities[:, 2] / topic.probabilities[:, 1])
    weights = fit_map(np.stack([side, np.ones(4_000)], axis=1), topic.gold, 2)
    # Normal classes at -1.5 and 1.5 with unit variance: a slope of 3 between them.
    assert weights[0, 0] == pytest.approx(-3, abs=0.3)


def test_a_prior_holds_few_tweets_and_not_many() -> None:
    prior = np.array([9.0, 1.0])
    assert pooled(np.ones((0, 2)), prior) == pytest.approx([0.9, 0.1])
    likelihoods = np.tile([0.1, 0.9], (400, 1))
    assert pooled(likelihoods[:2], prior)[1] < 0.5
    assert pooled(likelihoods, prior)[1] > 0.95
    assert pooled(likelihoods, prior, 100.0)[1] < pooled(likelihoods, prior)[1]


def test_the_prior_has_the_spread_of_the_topics() -> None:
    rng = np.random.default_rng(1)
    shares = rng.dirichlet([6.0, 14.0], 4_000)
    counts = [np.round(10_000 * each).astype(int) for each in shares]
    assert topic_prior(counts) == pytest.approx([6, 14], rel=0.1)
    equal = topic_prior([np.array([10, 30])] * 5)
    assert equal / equal.sum() == pytest.approx([0.25, 0.75])
    assert equal.sum() > 1e5


def test_topics_that_are_misread_alike_are_worth_less() -> None:
    rng = np.random.default_rng(2)
    topics, shifted = [], []
    for i in range(40):
        gold = np.repeat([0, 1], rng.multinomial(80, rng.dirichlet([2, 2])))
        true = np.where(gold[:, None] == [0, 1], 0.8, 0.2)
        topics.append(Topic(str(i), np.zeros((80, 3)), gold))
        shifted.append(true * np.exp(rng.normal(0, 1.5, 2)))
    right = [np.where(each.gold[:, None] == [0, 1], 0.8, 0.2) for each in topics]
    assert best_effect(shifted, topics, np.array([2.0, 2.0])) > best_effect(
        right, topics, np.array([2.0, 2.0])
    )


def test_too_few_topics_and_lonely_labels_are_said() -> None:
    topics = made_up(2, 30, 2)
    with pytest.raises(InputError, match="2 topics"):
        evaluate_shares(topics, ("negative", "positive"))
    one_sided = [Topic(str(i), each.probabilities, 0 * each.gold) for i, each in enumerate(topics)]
    with pytest.raises(InputError, match="one topic only"):
        evaluate_shares([*one_sided, topics[0]], ("negative", "positive"))


@pytest.fixture
def topics_file(tmp_path: Path) -> Path:
    rows = ["subject,label,text"]
    for i in range(12):
        for j in range(20):
            positive = j < 2 * (i % 9) + 2
            words = POSITIVE if positive else NEGATIVE
            mood = "positive" if positive else "negative"
            rows.append(f"s{i},{mood},{words[j % 10]} {NEUTRAL[i % 10]} {words[(j + i) % 10]}")
    path = tmp_path / "topics.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def command(*arguments: object) -> tuple[int, str, str]:
    result = runner.invoke(app, ["evaluate", *map(str, arguments)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def test_the_command(topics_file: Path, tiny_model: ModelDirectory) -> None:
    options = ["--task", "quantification", "--topic-column", "subject", "--model", tiny_model.path]
    code, output, _ = command(topics_file, *options)
    assert code == 0
    assert "12 topics, 240 tweets; labels negative, positive" in output
    code, output, _ = command(topics_file, *options, "--format", "json")
    found = json.loads(output)
    assert found["task"] == "quantification"
    assert list(found["methods"]) == list(METHODS)
    assert found["methods"][OURS]["ae"] < 0.1 < found["methods"][MEAN]["ae"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([], "--topic-column"),
        (["--topic-column", "subject", "--where", "subject=s1"], "1 topics"),
        (["--topic-column", "subject", "--label-column", "subject"], "labels s0"),
    ],
)
def test_what_goes_wrong(
    topics_file: Path, tiny_model: ModelDirectory, options: list[str], says: str
) -> None:
    code, output, error = command(
        topics_file, "--task", "quantification", "--model", tiny_model.path, *options
    )
    assert code == 3
    assert output == ""
    assert says in error
    assert error.count("\n") == 1
