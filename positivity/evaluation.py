"""Probabilities and gold labels -> how good a classifier is, in the field's measures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LABELS = ("negative", "neutral", "positive")
POLAR = ("negative", "positive")  # what a classifier of two classes tells apart
_CALIBRATION_BINS = 15
_SIMULATIONS = 100


def labels_of(classes: int) -> tuple[str, ...]:
    """The labels of a classifier of three classes, or of two."""
    return LABELS if classes == len(LABELS) else POLAR


@dataclass(frozen=True, slots=True)
class ClassMetrics:
    """How one class is recognised."""

    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class Metrics:
    """How good a classifier is on one set of labelled tweets."""

    tweets: int
    macro_recall: float  # SemEval-2017 task 4A's measure: the mean recall of the three classes
    f1_positive_negative: float  # SemEval 2013-16's: the mean F1 of positive and negative
    accuracy: float
    # How often a tweet of a class has more of its probability than one of another class: the mean
    # of the classes (Provost and Domingos 2000). It hardly depends on where labellers, or we, draw
    # the borders. None where all tweets are of one class.
    area_under_curve: float | None
    # Top label, 15 bins of equal mass (Naeini et al. 2015): how far stated certainty is from truth.
    calibration_error: float
    # The same with every class counting alike: our models' probabilities are for such a mix.
    calibration_error_balanced: float
    # What the latter would be on as many tweets if the probabilities were exactly right.
    calibration_error_by_chance: float
    # The mean recall of negative and positive, decided by which of the two is likelier; neutral
    # tweets are left out. None where no tweet is either.
    two_class_macro_recall: float | None
    classes: dict[str, ClassMetrics]  # only those that occur in the gold labels
    confusion: tuple[tuple[int, ...], ...]  # [gold][predicted], in the order of LABELS


def evaluate(probabilities: NDArray[np.floating], gold: NDArray[np.integer]) -> Metrics:
    """Measures of probabilities [tweets, 3] against gold labels [tweets] in 0..2.

    Classes that no tweet has are left out of the means, so two-class sets can be measured too.

    Raises:
        ValueError: no tweets, or shapes that do not fit.
    """
    if len(gold) == 0 or probabilities.shape != (len(gold), len(LABELS)):
        raise ValueError(f"{probabilities.shape} probabilities for {len(gold)} gold labels")
    predicted = probabilities.argmax(axis=1)
    size = len(LABELS)
    confusion = np.bincount(gold * size + predicted, minlength=size * size).reshape(size, size)
    present = [i for i in range(size) if confusion[i].sum()]
    classes = {LABELS[i]: _class_metrics(confusion, i) for i in present}
    weights = 1.0 / np.bincount(gold, minlength=size)[gold]
    polar = [classes[name].f1 for name in POLAR if name in classes]
    return Metrics(
        tweets=len(gold),
        macro_recall=float(np.mean([metrics.recall for metrics in classes.values()])),
        f1_positive_negative=float(np.mean(polar)) if polar else 0.0,
        accuracy=float((predicted == gold).mean()),
        area_under_curve=area_under_curve(probabilities, gold),
        calibration_error=calibration_error(probabilities, gold),
        calibration_error_balanced=calibration_error(probabilities, gold, weights),
        calibration_error_by_chance=_calibration_error_by_chance(probabilities, weights),
        two_class_macro_recall=two_class_macro_recall(probabilities, gold),
        classes=classes,
        confusion=tuple(tuple(int(count) for count in row) for row in confusion),
    )


def two_class_macro_recall(
    probabilities: NDArray[np.floating], gold: NDArray[np.integer]
) -> float | None:
    """The mean recall of the negative and of the positive tweets, between these two alone.

    A tweet with as much of one as of the other counts half. None where no tweet is either.
    """
    lead = probabilities[:, LABELS.index("positive")] - probabilities[:, LABELS.index("negative")]
    rises = 0.5 + 0.5 * np.sign(
        lead.astype(np.float64)
    )  # 1 where positive, 0 where negative, 0.5 where neither
    sides = (("negative", 1 - rises), ("positive", rises))
    rows = ((gold == LABELS.index(name), right) for name, right in sides)
    recalls = [float(right[of_side].mean()) for of_side, right in rows if of_side.any()]
    return float(np.mean(recalls)) if recalls else None


def area_under_curve(
    probabilities: NDArray[np.floating], gold: NDArray[np.integer]
) -> float | None:
    """The mean area under the ROC curve of each class against the others, among those that occur.

    Tweets with the same probability count half. None where all tweets are of one class.
    """
    areas = []
    for label in np.unique(gold).tolist():
        own = gold == label
        pairs = own.sum() * (~own).sum()
        below = ranks(probabilities[:, label])[own].sum() - own.sum() * (own.sum() + 1) / 2
        if pairs:
            areas.append(float(below / pairs))
    return float(np.mean(areas)) if areas else None


def ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """The rank of each value from 1, the smallest, on; ties share theirs."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    return np.asarray((last - (counts - 1) / 2)[inverse])


def _class_metrics(confusion: NDArray[np.integer], label: int) -> ClassMetrics:
    right = int(confusion[label, label])
    support = int(confusion[label].sum())
    chosen = int(confusion[:, label].sum())
    return ClassMetrics(
        precision=right / chosen if chosen else 0.0,
        recall=right / support if support else 0.0,
        f1=2 * right / (support + chosen) if right else 0.0,
        support=support,
    )


def calibration_error(
    probabilities: NDArray[np.floating],
    gold: NDArray[np.integer],
    weights: NDArray[np.floating] | None = None,
) -> float:
    """Expected calibration error of the top label, over 15 bins of equal mass.

    Args:
        weights: how much each tweet counts; all alike when None.
    """
    if weights is None:
        weights = np.ones(len(gold))
    right = probabilities.argmax(axis=1) == gold
    return _binned_error(probabilities.max(axis=1), right.astype(float)[None], weights)[0]


def _binned_error(
    confidence: NDArray[np.floating],
    right: NDArray[np.floating],
    weights: NDArray[np.floating],
) -> list[float]:
    """The calibration error of each row of `right` [rows, tweets]."""
    order = np.argsort(confidence, kind="stable")
    mass = np.cumsum(weights[order])
    bins = min(_CALIBRATION_BINS, len(order))
    # The tweet that completes a bin is the last one in it.
    edges = np.searchsorted(mass, mass[-1] * np.arange(1, bins) / bins, side="right")
    gaps = ((confidence - right) * weights)[:, order]  # [rows, tweets]
    starts = np.unique(np.concatenate([[0], edges]))
    sums = np.abs(np.add.reduceat(gaps, starts, axis=1)).sum(axis=1)
    return [float(each) for each in sums / mass[-1]]


def _calibration_error_by_chance(
    probabilities: NDArray[np.floating], weights: NDArray[np.floating]
) -> float:
    """The mean over simulated tweets that are as often right as the probabilities say."""
    confidence = probabilities.max(axis=1)
    generator = np.random.default_rng(len(confidence))
    right = generator.random((_SIMULATIONS, len(confidence))) < confidence
    return float(np.mean(_binned_error(confidence, right.astype(float), weights)))
