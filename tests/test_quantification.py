"""Shares of labels by topic: the measures by hand, the methods on topics made up, the command."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
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
    climbed,
    evaluate_shares,
    fit_map,
    fit_topics,
    mapped_by_others,
    scale_of,
    share_errors,
    share_vector,
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


def test_caution_holds_shares_back() -> None:
    likelihoods = np.tile([0.1, 0.9], (400, 1))
    assert climbed(np.ones((5, 2)), 1.0) == pytest.approx([0.5, 0.5])
    found = [climbed(likelihoods, effect)[1] for effect in (1.0, 4.0, 100.0)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 0.98
    assert 0.5 < found[2] < 0.9


def test_the_regression_on_topics_finds_what_made_the_shares() -> None:
    logs = np.log(np.random.default_rng(3).dirichlet([1, 2, 1], 300))
    powers = np.exp(1.7 * logs + [0.5, -0.3, 0])
    parameters, misfit = fit_topics(logs, powers / powers.sum(axis=1, keepdims=True))
    assert parameters == pytest.approx([0.5, -0.3, 1.7], abs=0.02)
    assert misfit == pytest.approx(0.015 * (0.5**2 + 0.3**2 + 0.7**2), abs=1e-3)


def test_topics_tell_how_far_to_go() -> None:
    # What the tweets' likelihoods say of each topic is half of what is so, in log-ratios.
    rng = np.random.default_rng(2)
    topics, understated = [], []
    for i in range(40):
        share = rng.beta(0.8, 0.8)
        gold = np.sort((rng.random(80) < share).astype(int))
        odds = np.sqrt((gold.sum() + 0.5) / (80.5 - gold.sum()))
        topics.append(Topic(str(i), np.zeros((80, 3)), gold))
        understated.append(np.where(np.arange(80)[:, None] < 80 / (1 + odds), [1, 1e-6], [1e-6, 1]))
    errors = np.zeros(2)
    for i, topic in enumerate(topics):
        rest = [j for j in range(40) if j != i]
        found = mapped_by_others(
            understated[i], [understated[j] for j in rest], [topics[j] for j in rest]
        )
        true = share_vector(topic, 2)
        errors += [share_errors(true, each, 80)[0] for each in (found, climbed(understated[i], 1))]
    assert errors[0] < 0.2 * errors[1]


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
    by_number = ["1" if option == "subject" else option for option in options]
    assert command(topics_file, *by_number, "--format", "json")[1] == output


def test_rows_without_a_label_or_a_topic_are_left_out_and_labels_may_be_spelled(
    topics_file: Path, tiny_model: ModelDirectory
) -> None:
    options = ["--task", "quantification", "--topic-column", "subject", "--model", tiny_model.path]
    expected = command(topics_file, *options, "--format", "json")[1]
    content = topics_file.read_text(encoding="utf-8")
    content = content.replace(",positive,", ",Pos,").replace(",negative,", ",NEGATIVE,")
    topics_file.write_text(content + "s1,,love\n,positive,love\n", encoding="utf-8")
    code, output, error = command(topics_file, *options, "--format", "json")
    assert (code, output) == (0, expected)
    assert "2 rows without a label or a topic left out" in error
    frame = pd.read_csv(topics_file)  # whose missing cells are no text
    frame.to_parquet(topics_file.with_suffix(".parquet"))
    assert command(topics_file.with_suffix(".parquet"), *options, "--format", "json")[1] == expected


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
