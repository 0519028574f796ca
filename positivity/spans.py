"""The words that carry a tweet's sentiment, as a trained tagger marks them, and as people did.

Words are those of `explanation.units`: with what is written to them, emoji by themselves. The
tagger reads tokens; the tokens of a word stand or fall together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from positivity.account.report import Effect
from positivity.errors import UsageError
from positivity.explanation import Unit, effect_of, encode_parts, span_of, units
from positivity.model.registry import ModelDirectory
from positivity.model.scorer import windows_of
from positivity.text.normalize import Normalizer

if TYPE_CHECKING:
    from positivity.model.tagger import TaggerNetwork

Encode = Callable[[Sequence[str]], list[list[int]]]  # normalized texts -> ids
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Words:
    """A text in words and in tokens."""

    parts: list[Unit]
    ids: list[int]
    ends: list[int]  # after how many ids each word ends

    @classmethod
    def of(cls, text: str, normalizer: Normalizer, encode: Encode) -> "Words":
        parts = units(text, normalizer)
        return cls(parts, *encode_parts(parts, encode))

    def of_tokens(self, taken: Mask) -> Mask:
        """What a choice of words [words] is in tokens [ids]."""
        return np.repeat(taken, np.diff([0, *self.ends]))


def marked_words(text: str, selected: str, parts: Sequence[Unit]) -> Mask | None:
    """Which words a person marked who copied `selected` out of `text` [words]; None for none.

    A word is marked when any of it is. Where the text has the copied part several times, the first
    that begins where a word begins is meant: "no" is not in "now".
    """
    selected = selected.strip()
    starts = [at for at in range(len(text)) if selected and text.startswith(selected, at)]
    if not starts:
        return None
    places = [span_of(part) for part in parts]
    beginnings = {start for start, _ in places}
    start = next((each for each in starts if each in beginnings), starts[0])
    marked = np.array([s < start + len(selected) and e > start for s, e in places], bool)
    return marked if marked.any() else None


@dataclass(frozen=True, slots=True)
class MarkedTweet:
    """A tweet with the words that a person marked as what makes it positive or negative."""

    text: str
    words: Words
    marked: Mask  # [words], at least one
    side: int  # 1 positive, -1 negative


def align(
    texts: Sequence[str],
    selected: Sequence[str],
    sides: Sequence[int],
    normalizer: Normalizer,
    encode: Encode,
) -> list[MarkedTweet]:
    """The tweets in which something is marked, in words and in tokens.

    Args:
        selected: what people copied out of each text.
        sides: 1 for what makes it positive, -1 negative.
    """
    found = []
    for text, copied, side in zip(texts, selected, sides, strict=True):
        words = Words.of(text, normalizer, encode)
        marked = marked_words(text, copied, words.parts)
        if marked is not None and words.of_tokens(marked).any():  # there may be no token
            found.append(MarkedTweet(text, words, marked, side))
    return found


@dataclass(frozen=True, slots=True)
class Marking:
    """What a tagger makes of a text."""

    parts: list[Unit]
    taken: Mask  # [words], True in the stretch that carries the side
    probabilities: NDArray[np.float64]  # [words], of being in it, over all stretches

    def effects(self, side: int) -> tuple[Effect, ...]:
        """The stretches taken, each as one: its mean probability, with the sign of the side."""
        found = []
        for stretch in _stretches(self.taken):
            whole = [piece for part in self.parts[stretch] for piece in part]
            found.append(effect_of(whole, side * float(self.probabilities[stretch].mean())))
        return tuple(found)


class SpanTagger:
    """Marks words with the tagger of a model directory."""

    def __init__(self, directory: ModelDirectory) -> None:
        """
        Raises:
            UsageError: the model is no tagger.
        """
        from positivity.model.engine_torch import load_network
        from positivity.model.tagger import TaggerNetwork

        network = load_network(directory) if directory.config.kind == TaggerNetwork.kind else None
        if not isinstance(network, TaggerNetwork):
            raise UsageError(
                f"{directory.path}: this model marks no words; `positivity train bilstm-crf` "
                "makes one that does"
            )
        self.name = f"{directory.config.name} {directory.config.version}"
        self._network = network
        self._normalizer = directory.normalizer()
        self._tokenizer = directory.tokenizer()

    def mark(self, texts: Sequence[str], sides: Sequence[int]) -> list[Marking]:
        """The words of each text that carry a side: 1 what makes it positive, -1 negative.

        A text longer than a tweet is read in windows, with a stretch in each.
        """
        encode = self._tokenizer.encode_many
        words = [Words.of(text, self._normalizer, encode) for text in texts]
        return mark_words(self._network, words, sides, self._tokenizer.window)


def mark_words(
    network: "TaggerNetwork", texts: Sequence[Words], sides: Sequence[int], window: int
) -> list[Marking]:
    """`SpanTagger.mark` of texts that are in words and tokens already.

    Args:
        window: tokens that are read at once.
    """
    from positivity.model.tagger import tag

    windows = [windows_of(words.ids, window) if words.ids else [] for words in texts]
    counts = [len(each) for each in windows]
    of_windows = np.repeat([int(side > 0) for side in sides], counts).tolist()
    found = iter(tag(network, [each for some in windows for each in some], of_windows))
    markings = []
    for words, count in zip(texts, counts, strict=True):
        tagged = [next(found) for _ in range(count)]
        inside = np.concatenate([np.empty(0, bool), *(each for each, _ in tagged)])
        probable = np.concatenate([np.empty(0), *(each for _, each in tagged)])
        of_words = [slice(*pair) for pair in pairwise([0, *words.ends])]
        markings.append(
            Marking(
                words.parts,
                np.array([inside[each].any() for each in of_words], bool),
                np.array([probable[each].max(initial=0) for each in of_words], float),
            )
        )
    return markings


def _stretches(taken: Mask) -> list[slice]:
    """The runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], taken.astype(int), [0]])))
    return [slice(int(start), int(end)) for start, end in edges.reshape(-1, 2)]


def strongest(weights: NDArray[np.float64], threshold: float) -> Mask:
    """The words [words] that speak for a side by a part of what the strongest one does, if any."""
    most = weights.max(initial=0.0)
    return np.asarray((weights >= threshold * most) & (most > 0))


def jaccard(gold: Mask, taken: Mask) -> float:
    """Words that both have, of those that either has; 0..1."""
    return float((gold & taken).sum() / max(1, (gold | taken).sum()))


def f1(gold: Mask, taken: Mask) -> float:
    """Of the words taken, 0..1."""
    return float(2 * (gold & taken).sum() / max(1, gold.sum() + taken.sum()))
