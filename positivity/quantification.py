"""How well the shares of labels are told, topic by topic, in SemEval's measures.

SemEval 2016 and 2017 task 4, subtasks D and E: tweets come in topics, and what is asked for is how
many of a topic's tweets are positive (D), or how they lie on a scale of five points (E). A model of
three classes does not know where these labels part, so a small map from its log-ratios is fitted:
a multinomial logistic regression on the tweets of all topics but the one that is measured. All
methods see the same map; nothing that is fitted has seen the topic.

Ours learns from the other topics, too, how far such a correction can be trusted. Tweets of a topic
are misread alike, so correcting by the likelihood alone goes too far on some topics and not far
enough on others; and topics are one-sided more often than not. So a topic is first corrected as EMQ
does it, but cautiously: several tweets count as one. Then the logarithms of its shares are mapped
by a softmax regression, one slope and a constant for each label, to what has the least KLD on the
other topics, of which each counts the same. Of a few degrees of caution the mean is taken, weighed
by how likely each makes the other topics (model averaging, Hoeting et al. 1999): which of them fits
best by a little is chance.

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
MEAN, OURS = "mean of the other topics", "EMQ, mapped by the other topics"
METHODS = (MEAN, "CC", "ACC", "PCC", "PACC", "EMQ", OURS)

_FEWEST_TOPICS = 3
_RIDGE = 1.0  # tweets' worth of pull of the map's weights towards 0
_STEPS = 100
_EFFECTS = (1.0, 4.0, 16.0)  # how many tweets of a topic may be worth one
_TOPIC_RIDGE = 0.03  # topics' worth of pull towards leaving the shares as they are
_TWEETS_TOLD = 10.0  # how many independent tweets a topic is worth when degrees are weighed


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
        true = share_vector(topic, len(scale))
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
    return {
        MEAN: np.mean([share_vector(each, classes) for each in others], axis=0),
        "CC": quantifiers.classify_and_count(labels, classes),
        "ACC": quantifiers.adjusted_count(labels, hard),
        "PCC": quantifiers.probabilistic_classify_and_count(posteriors),
        "PACC": quantifiers.probabilistic_adjusted_count(
            posteriors, quantifiers.soft_rates(fitted, gold)
        ),
        "EMQ": quantifiers.expectation_maximization(
            posteriors, natural, tolerance=1e-6, steps=5_000
        ),
        OURS: mapped_by_others(
            posteriors / natural,
            np.split(fitted / natural, np.cumsum([len(each.gold) for each in others])[:-1]),
            others,
        ),
    }


def share_vector(topic: Topic, classes: int) -> Floats:
    """The true shares [classes] of a topic's labels."""
    return np.asarray(np.bincount(topic.gold, minlength=classes) / len(topic.gold))


def mapped_by_others(
    likelihoods: Floats, of_others: Sequence[Floats], others: Sequence[Topic]
) -> Floats:
    """The shares [classes] of a topic, from its tweets' likelihoods [n, classes].

    Args:
        of_others: likelihoods of the tweets of the topics that tell how to map.
    """
    classes = likelihoods.shape[1]
    sizes = np.array([[len(each.gold)] for each in others])
    true = np.array([share_vector(each, classes) for each in others])
    smoothed = (true + 1 / (2 * sizes)) / (1 + classes / (2 * sizes))
    found, misfits = [], []
    for estimates in zip(
        *(cautious_shares(each) for each in [likelihoods, *of_others]), strict=True
    ):
        own, known = estimates[0], np.array(estimates[1:])
        parameters, misfit = fit_topics(np.log(known), smoothed)
        found.append(_softmax(_inputs_of_shares(np.log(own[None])) @ parameters)[0])
        misfits.append(misfit)
    weights = np.exp(_TWEETS_TOLD * (min(misfits) - np.array(misfits)))
    return np.asarray(weights @ np.array(found) / weights.sum())


def cautious_shares(likelihoods: Floats) -> list[Floats]:
    """The shares [classes] of tweets [n, classes], by every degree of caution.

    The most cautious is the mean of posteriors under equal shares, the first step of EMQ.
    """
    first = (likelihoods / likelihoods.sum(axis=1, keepdims=True)).mean(axis=0)
    return [first, *(climbed(likelihoods, effect) for effect in _EFFECTS)]


def climbed(likelihoods: Floats, effect: float) -> Floats:
    """The likeliest shares [classes] of tweets [n, classes], of which `effect` count as one.

    As `account/posterior.py` climbs it: a uniform prior, and the mode in log-ratios, where it is
    well inside and close to the mean.
    """
    classes = likelihoods.shape[1]
    shares = np.full(classes, 1 / classes)
    total = len(likelihoods) / effect + classes
    for _ in range(_STEPS):
        joint = likelihoods * shares
        expected = (joint / joint.sum(axis=1, keepdims=True)).sum(axis=0) / effect
        new = (expected + 1) / total
        moved = np.abs(new - shares).max()
        shares = new
        if moved < 1e-7:
            break
    return np.asarray(shares)


def fit_topics(logs: Floats, true: Floats) -> tuple[Floats, float]:
    """A softmax regression of shares [topics, classes] on logarithms of estimated ones.

    By Newton's method. Returns constants of all labels but the last and the slope [classes], and
    the misfit: the sum of KLD and what pulls the parameters towards leaving the shares as they are.
    """
    inputs = _inputs_of_shares(logs)
    classes = logs.shape[1]
    start = np.append(np.zeros(classes - 1), 1.0)
    parameters = start
    for _ in range(_STEPS):
        found = _softmax(inputs @ parameters)
        pull = _TOPIC_RIDGE * (parameters - start)
        gradient = np.einsum("tc,tcp->p", true - found, inputs) - pull
        variance = found[:, :, None] * (np.eye(classes) - found[:, None, :])
        hessian = np.einsum("tab,tai,tbj->ij", variance, inputs, inputs)
        step = np.linalg.solve(hessian + _TOPIC_RIDGE * np.eye(classes), gradient)
        parameters = parameters + step * min(1.0, 1.0 / np.abs(step).max())
        if np.abs(step).max() < 1e-8:
            break
    found = _softmax(inputs @ parameters)
    pulled = 0.5 * _TOPIC_RIDGE * ((parameters - start) ** 2).sum()
    return parameters, float((true * np.log(true / found)).sum() + pulled)


def _inputs_of_shares(logs: Floats) -> Floats:
    """What the parameters of `fit_topics` are multiplied with [topics, classes, classes]."""
    topics, classes = logs.shape
    constants = np.broadcast_to(np.eye(classes)[:, :-1], (topics, classes, classes - 1))
    return np.concatenate([constants, logs[:, :, None]], axis=2)


def _softmax(logits: Floats) -> Floats:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


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
    return _softmax(np.concatenate([inputs @ weights, np.zeros((len(inputs), 1))], axis=1))


def _inputs(topic: Topic) -> Floats:
    """The log-ratios of a topic's tweets and a constant [n, 3]."""
    ratios = log_ratios(topic.probabilities)
    return np.concatenate([ratios, np.ones((len(ratios), 1))], axis=1)
