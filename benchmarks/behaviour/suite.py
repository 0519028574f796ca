"""Cases of behaviour, and how many of them a scorer fails, by capability.

In the manner of CheckList (Ribeiro et al. 2020): a label for a text (minimum functionality), texts
that must score alike (invariance), texts of which each must score higher or lower than the one
before (direction).
"""

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from positivity.evaluation import LABELS

CASES = Path(__file__).parent / "cases"

# Relations between the texts of a case; all else that may be expected is a label.
HIGHER, LOWER, SAME, SAME_LABEL = "higher", "lower", "same", "same label"
RELATIONS = (HIGHER, LOWER, SAME, SAME_LABEL)

# On the scale of scores, -1..1.
MOST_MOVED = 0.02  # how far an invariant score may move
NEAR_THE_END = 0.95  # from here on there is no room to move further

Score = Callable[[list[str]], NDArray[np.floating]]
"""Texts -> probabilities [texts, 3] of negative, neutral and positive."""

_SLACK = 1e-9  # rounding of differences


class SuiteError(ValueError):
    """A file of cases that cannot be used."""


@dataclass(frozen=True, slots=True)
class Case:
    """Texts and what is expected of their scores."""

    id: str
    capability: str
    texts: tuple[str, ...]  # one where labels are expected, two or more where a relation is
    expect: tuple[str, ...]  # labels, any of which is right; or one relation
    why: str


@dataclass(frozen=True, slots=True)
class Failure:
    """A case that a scorer fails, with what it said of each text."""

    case: Case
    labels: tuple[str, ...]
    scores: tuple[float, ...]  # positive minus negative, -1..1


@dataclass(frozen=True, slots=True)
class Result:
    """What a scorer made of a suite."""

    cases: dict[str, int]  # capability -> how many cases it has
    failures: tuple[Failure, ...]

    @property
    def failed(self) -> dict[str, int]:
        """Capability -> how many of its cases fail."""
        counts = dict.fromkeys(self.cases, 0)
        for failure in self.failures:
            counts[failure.case.capability] += 1
        return counts

    @property
    def rates(self) -> dict[str, float]:
        """Capability -> share of its cases that fail, 0..1."""
        return {name: count / self.cases[name] for name, count in self.failed.items()}

    @property
    def rate(self) -> float:
        """The share of all cases that fail, 0..1."""
        return len(self.failures) / sum(self.cases.values())


def load(directory: Path = CASES) -> tuple[Case, ...]:
    """All cases of a directory: a TOML file for each capability, named after it.

    Raises:
        SuiteError: a file that is not as docs/behaviour.md says.
    """
    return tuple(case for path in sorted(directory.glob("*.toml")) for case in _read(path))


def about(directory: Path = CASES) -> dict[str, str]:
    """Capability -> what it tests, in a sentence."""
    return {
        path.stem: str(tomllib.loads(path.read_text(encoding="utf-8"))["about"])
        for path in sorted(directory.glob("*.toml"))
    }


def _read(path: Path) -> list[Case]:
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SuiteError(f"{path.name}: {error}") from error
    if data.keys() != {"about", "group"}:
        raise SuiteError(f"{path.name}: has {sorted(data)}, wants about and group")
    cases: list[Case] = []
    for group in data["group"]:
        if group.keys() != {"expect", "why", "cases"}:
            raise SuiteError(f"{path.name}: a group has {sorted(group)}, wants expect, why, cases")
        for key, texts in group["cases"].items():
            case = Case(
                id=f"{path.stem}-{key}",
                capability=path.stem,
                texts=(texts,) if isinstance(texts, str) else tuple(texts),
                expect=_listed(group["expect"]),
                why=group["why"],
            )
            _check(case)
            cases.append(case)
    ids = [case.id for case in cases]
    if len(set(ids)) < len(ids):
        raise SuiteError(
            f"{path.name}: ids occur twice: {sorted({i for i in ids if ids.count(i) > 1})}"
        )
    return cases


def _listed(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _check(case: Case) -> None:
    if not all(isinstance(text, str) and text.strip() for text in case.texts):
        raise SuiteError(f"{case.id}: a text is empty or no text")
    if len(set(case.texts)) < len(case.texts):
        raise SuiteError(f"{case.id}: a text occurs twice")
    if len(case.expect) == 1 and case.expect[0] in RELATIONS:
        if len(case.texts) < 2:
            raise SuiteError(f"{case.id}: a relation wants two texts or more")
    elif not case.expect or not set(case.expect) < set(LABELS):
        raise SuiteError(f"{case.id}: expects {case.expect}, which is no relation and no labels")
    elif len(case.texts) > 1:
        raise SuiteError(f"{case.id}: a label is for one text")


def run(suite: Sequence[Case], score: Score) -> Result:
    """What a scorer makes of the cases. Each text is scored once, all in one call.

    Raises:
        ValueError: the scorer gives other than one row of three finite numbers for each text.
    """
    texts = list(dict.fromkeys(text for case in suite for text in case.texts))
    probabilities = scored(score, texts)
    position = {text: i for i, text in enumerate(texts)}
    labels = probabilities.argmax(axis=1)
    scores = probabilities[:, 2] - probabilities[:, 0]
    counts: dict[str, int] = {}
    failures = []
    for case in suite:
        counts[case.capability] = counts.get(case.capability, 0) + 1
        rows = [position[text] for text in case.texts]
        names = tuple(LABELS[labels[row]] for row in rows)
        values = tuple(float(scores[row]) for row in rows)
        if not holds(case.expect, names, values):
            failures.append(Failure(case, names, values))
    return Result(counts, tuple(failures))


def scored(score: Score, texts: list[str]) -> NDArray[np.floating]:
    """The scorer's probabilities [texts, 3], checked."""
    probabilities = np.asarray(score(texts))
    if probabilities.shape != (len(texts), len(LABELS)) or not np.isfinite(probabilities).all():
        raise ValueError(f"{len(texts)} texts, but {probabilities.shape} probabilities or NaN")
    return probabilities


def holds(expect: Sequence[str], labels: Sequence[str], scores: Sequence[float]) -> bool:
    """Whether the labels and scores [texts] of a case are as expected."""
    match expect:
        case ["higher"]:
            return all(_rises(a, b) for a, b in pairwise(scores))
        case ["lower"]:
            return all(_rises(-a, -b) for a, b in pairwise(scores))
        case ["same"]:
            alike = max(scores) - min(scores) <= MOST_MOVED + _SLACK
            return alike and len(set(labels)) == 1
        case ["same label"]:
            return len(set(labels)) == 1
        case _:
            return labels[0] in expect


def _rises(before: float, after: float) -> bool:
    """Upwards; at the end of the scale, where there is no room, at least not back."""
    if before >= NEAR_THE_END:
        return after >= before - MOST_MOVED - _SLACK
    return after > before + _SLACK
