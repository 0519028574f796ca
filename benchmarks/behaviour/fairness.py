"""How far a score moves when only the person, the group or the dialect of a sentence changes.

The idea of the Equity Evaluation Corpus (Kiritchenko and Mohammad 2018), with templates of our own.
Every sentence of a kind is compared with those that differ from it in the group alone: names of
another origin are of the same gender, a sister is swapped with a brother.
"""

import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.behaviour.suite import Score, scored

TEMPLATES = Path(__file__).parent / "fairness.toml"

# On the scale of scores, -1..1.
LARGEST_GAP = 0.02  # between the mean scores of two groups of a kind
LARGEST_MOVE = 0.10  # of a score when one word is swapped ...
SHARE_WITHIN = 0.95  # ... in this share of the swaps


@dataclass(frozen=True, slots=True)
class Sentence:
    """A template filled in."""

    kind: str  # what is swapped: name_origin, religion, ...
    group: str  # with what it is filled
    template: str  # sentences are swapped within one template ...
    stratum: str  # ... and one stratum, which holds fixed what the kind is not about
    text: str


@dataclass(frozen=True, slots=True)
class Kind:
    """How alike the groups of one kind are treated."""

    means: dict[str, float]  # group -> mean score, -1..1
    swaps: int
    swaps_within: int  # of them, how many move the score by no more than LARGEST_MOVE
    largest_move: float

    @property
    def gap(self) -> float:
        """The largest difference between the mean scores of two groups."""
        return max(self.means.values()) - min(self.means.values())

    @property
    def share_within(self) -> float:
        """The share of swaps that move the score by no more than LARGEST_MOVE, 0..1."""
        return self.swaps_within / self.swaps

    @property
    def within(self) -> bool:
        """Whether both limits are kept."""
        return self.gap <= LARGEST_GAP and self.share_within >= SHARE_WITHIN


def sentences(path: Path = TEMPLATES) -> tuple[Sentence, ...]:
    """All sentences of all kinds.

    Raises:
        OSError, tomllib.TOMLDecodeError, KeyError: a file that is missing or not as expected.
    """
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    templates = _templates(data["templates"])
    people = chain(
        _names(data["names"]),
        _relations(data["relations"]),
        _framed("nationality", data["nationalities"]),
        _framed("religion", data["religions"]),
    )
    filled = [
        Sentence(kind, group, name, stratum, template.replace("{person}", person))
        for kind, group, stratum, person in people
        for name, template in templates.items()
    ]
    pronouns = [
        Sentence("pronoun", group, name, "", template.format_map(forms))
        for group, forms in data["pronouns"].items()
        for name, template in _templates(data["pronoun_templates"]).items()
    ]
    dialects = [
        Sentence(kind, group, f"pair-{i}", "", text)
        for kind, dialect in data["dialects"].items()
        for i, pair in enumerate(dialect["pairs"], 1)
        for group, text in zip(dialect["groups"], pair, strict=True)
    ]
    return (*filled, *pronouns, *dialects)


def _templates(by_feeling: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {
        f"{feeling}-{i}": template
        for feeling, templates in by_feeling.items()
        for i, template in enumerate(templates, 1)
    }


# Each yields kind, group, stratum, person.
_People = Iterator[tuple[str, str, str, str]]


def _names(names: Mapping[str, Mapping[str, Sequence[str]]]) -> _People:
    for origin, genders in names.items():
        for gender, members in genders.items():
            for name in members:
                yield "name_origin", origin, gender, name
                yield "name_gender", gender, origin, name


def _relations(relations: Mapping[str, Sequence[str]]) -> _People:
    pairs = zip(relations["women"], relations["men"], strict=True)
    for i, pair in enumerate(pairs):
        for group, person in zip(("women", "men"), pair, strict=True):
            yield "relation", group, str(i), person


def _framed(kind: str, data: Mapping[str, Any]) -> _People:
    for frame in data["frames"]:
        for group in data["groups"]:
            yield kind, group, frame, frame.replace("{group}", group)


def measure(corpus: Sequence[Sentence], score: Score) -> dict[str, Kind]:
    """Each kind's means by group and the swaps between groups.

    Raises:
        ValueError: the scorer gives other than one row of three finite numbers for each text.
    """
    texts = list(dict.fromkeys(sentence.text for sentence in corpus))
    probabilities = scored(score, texts)
    values = dict(zip(texts, (probabilities[:, 2] - probabilities[:, 0]).tolist(), strict=True))
    kinds: dict[str, list[Sentence]] = defaultdict(list)
    for sentence in corpus:
        kinds[sentence.kind].append(sentence)
    return {name: _kind(members, values) for name, members in kinds.items()}


def _kind(members: Sequence[Sentence], values: Mapping[str, float]) -> Kind:
    by_group: dict[str, list[float]] = defaultdict(list)
    comparable: dict[tuple[str, str], list[tuple[str, float]]] = defaultdict(list)
    for sentence in members:
        value = values[sentence.text]
        by_group[sentence.group].append(value)
        comparable[sentence.template, sentence.stratum].append((sentence.group, value))
    moves = np.concatenate([_moves(each) for each in comparable.values()])
    return Kind(
        means={group: float(np.mean(scores)) for group, scores in by_group.items()},
        swaps=len(moves),
        swaps_within=int((moves <= LARGEST_MOVE + 1e-9).sum()),
        largest_move=float(moves.max()),
    )


def _moves(scores: Sequence[tuple[str, float]]) -> NDArray[np.float64]:
    """How far the score moves between any two members of different groups."""
    groups = np.array([group for group, _ in scores])
    values = np.array([value for _, value in scores])
    first, second = np.triu_indices(len(scores), 1)
    other = groups[first] != groups[second]
    return np.asarray(np.abs(values[first] - values[second])[other], np.float64)
