"""How well the shares of labels are told, topic by topic, in SemEval's measures.

SemEval 2016 and 2017 task 4, subtasks D and E: tweets come in topics, and what is asked for is how
many of a topic's tweets are positive (D), or how they lie on a scale of five points (E). A model of
three classes does not know where these labels part, so a small map from its log-ratios is fitted:
a multinomial logistic regression on the tweets of all topics but the one that is measured. All
methods see the same map; nothing that is fitted has seen the topic.

Ours is the likelihood of `account/posterior.py` with a prior as months get one: a Dirichlet
distribution, as wide as the shares of the other topics are spread. Tweets of a topic are misread
alike, so the likelihood is tempered by how many of them are worth one: of a few numbers the one
with the least KLD on the other topics.

The measures are the mean over topics of Kullback-Leibler divergence (KLD), absolute error (AE) and
relative absolute error (RAE), smoothed with 1/2n for a topic of n tweets, and for an ordered scale
the earth mover's distance (EMD), as Nakov et al. (2016), "SemEval-2016 task 4", define them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from positivity.account import quantifiers
from positivity.account.quantifiers import Floats, Ints
from positivity.errors import InputError
from positivity.recalibration import log_ratios

SCALES = (
    ("negative", "positive"),
    ("negative", "neutral", "positive"),
    ("-2", "-1", "0", "1", "2"),
    ("-1", "0", "1"),
)
MEAN, OURS = "mean of the other topics", "Bayesian, prior of the other topics"
METHODS = (MEAN, "CC", "ACC", "PCC", "PACC", "EMQ", OURS)

_FEWEST_TOPICS = 3
_RIDGE = 1.0  # tweets' worth of pull of the map's weights towards 0
_STEPS = 100
_EFFECTS = (1.0, 2.0, 4.0, 8.0, 16.0)  # how many tweets of a topic may be worth one
_LOOSEST = 1.0  # tweets' worth of prior, at the least


@dataclass(frozen=True, slots=True)
class Topic:
    """The tweets of a topic: probabilities [n, 3] and labels [n] on the scale."""

    name: str
    probabilities: Floats
    gold: Ints


@dataclass(frozen=True, slots=True)
class ShareErrors:
    """The errors of a method, means over topics."""

    kld: float
    ae: float
    rae: float
    emd: float


@dataclass(frozen=True, slots=True)
class ShareMetrics:
    """How well shares are told on a set of topics."""

    topics: int
    tweets: int
    labels: tuple[str, ...]  # in their order
    methods: dict[str, ShareErrors]


def scale_of(labels: Sequence[str]) -> tuple[str, ...]:
    """The scale that labels are on; raises InputError when they are on none."""
    found = set(labels)
    for scale in SCALES:
        if found <= set(scale):
            return scale
    strange = ", ".join(sorted(found)[:6])
    raise InputError(
        f"labels {strange}: shares are measured of positive and negative (and neutral), or -2 to 2"
    )


def evaluate_shares(topics: Sequence[Topic], scale: tuple[str, ...]) -> ShareMetrics:
    """The errors of every method on topics, each quantified by what the others tell.

    Raises:
        InputError: too few topics, or a label that only one topic has.
    """
    if len(topics) < _FEWEST_TOPICS:
        raise InputError(
            f"{len(topics)} topics: shares are measured on at least {_FEWEST_TOPICS}; name their "
            "column with --topic-column"
        )
    errors: dict[str, list[tuple[float, ...]]] = {name: [] for name in METHODS}
    for number, topic in enumerate(topics):
        others = [*topics[:number], *topics[number + 1 :]]
        true = np.bincount(topic.gold, minlength=len(scale)) / len(topic.gold)
        for name, found in shares_by_method(topic, others, len(scale)).items():
            errors[name].append(share_errors(true, found, len(topic.gold)))
    return ShareMetrics(
        topics=len(topics),
        tweets=sum(len(topic.gold) for topic in topics),
        labels=scale,
        methods={
            name: ShareErrors(*(float(value) for value in np.mean(each, axis=0)))
            for name, each in errors.items()
        },
    )


def share_errors(true: Floats, found: Floats, tweets: int) -> tuple[float, float, float, float]:
    """KLD, AE, RAE and EMD of shares [classes] found for `true` ones of so many tweets."""
    epsilon = 1 / (2 * tweets)
    p, q = ((each + epsilon) / (1 + len(true) * epsilon) for each in (true, found))
    return (
        float((p * np.log(p / q)).sum()),
        float(np.abs(true - found).mean()),
        float((np.abs(p - q) / p).mean()),
        float(np.abs(np.cumsum(true - found)[:-1]).sum()),
    )


def shares_by_method(topic: Topic, others: Sequence[Topic], classes: int) -> dict[str, Floats]:
    """The shares [classes] of a topic by each method, from the labels of the others."""
    gold = np.concatenate([each.gold for each in others])
    known = np.concatenate([_inputs(each) for each in others])
    counts = np.bincount(gold, minlength=classes)
    if not counts.all():
        raise InputError("a label stands in one topic only: its share cannot be told from others")
    natural = counts / counts.sum()
    weights = fit_map(known, gold, classes)
    posteriors, fitted = (_mapped(inputs, weights) for inputs in (_inputs(topic), known))
    labels = posteriors.argmax(axis=1)
    hard = quantifiers.hard_rates(fitted.argmax(axis=1), gold, classes)
    prior = topic_prior([np.bincount(each.gold, minlength=classes) for each in others])
    borders = np.cumsum([len(each.gold) for each in others])[:-1]
    effect = best_effect(np.split(fitted / natural, borders), others, prior)
    return {
        MEAN: prior / prior.sum(),
        "CC": quantifiers.classify_and_count(labels, classes),
        "ACC": quantifiers.adjusted_count(labels, hard),
        "PCC": quantifiers.probabilistic_classify_and_count(posteriors),
        "PACC": quantifiers.probabilistic_adjusted_count(
            posteriors, quantifiers.soft_rates(fitted, gold)
        ),
        "EMQ": quantifiers.expectation_maximization(
            posteriors, natural, tolerance=1e-6, steps=5_000
        ),
        OURS: pooled(posteriors / natural, prior, effect),
    }


def best_effect(likelihoods: Sequence[Floats], topics: Sequence[Topic], prior: Floats) -> float:
    """How many of a topic's tweets are worth one: what tells the shares of `topics` best."""

    def mean_kld(effect: float) -> float:
        return float(
            np.mean(
                [
                    share_errors(
                        np.bincount(topic.gold, minlength=len(prior)) / len(topic.gold),
                        pooled(each, prior, effect),
                        len(topic.gold),
                    )[0]
                    for each, topic in zip(likelihoods, topics, strict=True)
                ]
            )
        )

    return min(_EFFECTS, key=mean_kld)


def topic_prior(counts: Sequence[Ints]) -> Floats:
    """The Dirichlet distribution [classes] that topics' shares are drawn from, by their moments."""
    shares = np.array([each / each.sum() for each in counts])
    mean = shares.mean(axis=0)
    spread = shares.var(axis=0, ddof=1).sum()
    size = (mean * (1 - mean)).sum() / spread - 1 if spread > 0 else np.inf
    return np.asarray(mean * np.clip(size, _LOOSEST, 1e6)) + 1e-6


def pooled(likelihoods: Floats, prior: Floats, effect: float = 1.0) -> Floats:
    """The likeliest shares [classes] of tweets [n, classes] under a Dirichlet prior.

    As `account/posterior.py` climbs it: the mode is taken in log-ratios, where it is well inside
    and close to the mean; without tweets it is the mean of the prior. `effect` tweets count as one.
    """
    shares = prior / prior.sum()
    total = len(likelihoods) / effect + prior.sum()
    for _ in range(_STEPS):
        joint = likelihoods * shares
        expected = (joint / joint.sum(axis=1, keepdims=True)).sum(axis=0) / effect
        new = (expected + prior) / total
        moved = np.abs(new - shares).max()
        shares = new
        if moved < 1e-7:
            break
    return np.asarray(shares)


def fit_map(inputs: Floats, gold: Ints, classes: int) -> Floats:
    """The weights [inputs, classes - 1] of a multinomial logistic regression, by Newton's method.

    The last class is the one the others are held against.
    """
    size = inputs.shape[1]
    targets = np.eye(classes)[gold][:, :-1]
    weights = np.zeros((size, classes - 1))
    ridge = _RIDGE * np.eye(size * (classes - 1))
    for _ in range(_STEPS):
        each = _mapped(inputs, weights)[:, :-1]
        gradient = (inputs.T @ (targets - each)).ravel() - _RIDGE * weights.ravel()
        step = np.linalg.solve(_information(inputs, each) + ridge, gradient)
        weights = weights + (step * min(1.0, 2.0 / np.abs(step).max())).reshape(weights.shape)
        if np.abs(step).max() < 1e-8:
            break
    return weights


def _information(inputs: Floats, each: Floats) -> Floats:
    variance = each[:, :, None] * (np.eye(each.shape[1]) - each[:, None, :])  # [n, c, c]
    found = np.einsum("ni,nab,nj->iajb", inputs, variance, inputs)
    size = inputs.shape[1] * each.shape[1]
    return np.asarray(found.reshape(size, size))


def _mapped(inputs: Floats, weights: Floats) -> Floats:
    """Posteriors [n, classes] of inputs under a map."""
    logits = np.concatenate([inputs @ weights, np.zeros((len(inputs), 1))], axis=1)
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _inputs(topic: Topic) -> Floats:
    """The log-ratios of a topic's tweets and a constant [n, 3]."""
    ratios = log_ratios(topic.probabilities)
    return np.concatenate([ratios, np.ones((len(ratios), 1))], axis=1)
