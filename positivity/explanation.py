"""Why a text got its score: each word, hashtag and emoji left out in turn, and the rest scored.

Occlusion (Zeiler and Fergus 2014; for words Li, Monroe and Jurafsky 2016): a word's effect is the
score with it less the score without it. It needs nothing but scores, so it is the same for every
engine and model. Effects need not add up: in "not good" either word turns the score by itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from positivity.account.report import Effect, Report, StrongTweet
from positivity.model.scorer import Scorer
from positivity.text.normalize import Normalizer, Piece

Unit: TypeAlias = list[Piece]  # what is left out together: the pieces of a word, or an emoji

_DIGITS = 4
_MOST_UNITS = 120  # of one text; what a longer one goes on with is not left out by turns


def explain(texts: Sequence[str], scorer: Scorer) -> list[tuple[Effect, ...]]:
    """The effects of each text's parts, in the order of the text; all are scored in one batch."""
    parts = [units(text, scorer.normalizer)[:_MOST_UNITS] for text in texts]
    whole = [joined(each) for each in parts]
    without = [
        joined([unit for i, unit in enumerate(each) if i != left_out])
        for each in parts
        for left_out in range(len(each))
    ]
    scores = score_normalized([*whole, *without], scorer)
    effects = []
    at = len(whole)
    for score, each in zip(scores, parts, strict=False):
        rests = scores[at : at + len(each)]
        effects.append(
            tuple(effect_of(unit, score - rest) for unit, rest in zip(each, rests, strict=True))
        )
        at += len(each)
    return effects


def explained(reports: Sequence[Report], scorer: Scorer) -> list[Report]:
    """The reports with the effects in their strongest tweets."""
    tweets = [
        tweet
        for report in reports
        for tweet in (*report.strongest_positive, *report.strongest_negative)
    ]
    effects = iter(explain([tweet.text for tweet in tweets], scorer))

    def filled(side: Sequence[StrongTweet]) -> tuple[StrongTweet, ...]:
        return tuple(replace(tweet, effects=next(effects)) for tweet in side)

    return [
        replace(
            report,
            strongest_positive=filled(report.strongest_positive),
            strongest_negative=filled(report.strongest_negative),
        )
        for report in reports
    ]


def score_normalized(texts: Sequence[str], scorer: Scorer) -> NDArray[np.float64]:
    """Positive minus negative [texts] of texts that are normalized already, or left of such."""
    read = [scorer.normalizer.ended(text) for text in texts]
    probabilities = scorer.score_ids(scorer.encode_normalized(read)).astype(np.float64)
    return np.asarray(probabilities[:, 2] - probabilities[:, 0])


def effect_of(unit: Unit, effect: float) -> Effect:
    """The effect of a unit, with its place in the text."""
    start, end = span_of(unit)
    return Effect(start, end, round(float(effect), _DIGITS) + 0.0)


def span_of(unit: Unit) -> tuple[int, int]:
    """Where a unit stands in the text."""
    return min(piece.start for piece in unit), max(piece.end for piece in unit)


def units(text: str, normalizer: Normalizer) -> list[Unit]:
    """The pieces of a text, those of one word or hashtag together, each emoji by itself."""
    names = frozenset(normalizer.emoji.values())
    found: list[list[Piece]] = []
    for piece in normalizer.align(text):
        last = found[-1][-1] if found else None
        overlaps = last is not None and piece.start < last.end  # "<repeated>" and the like
        joins = (
            last is not None
            and not any(char.isspace() for char in text[last.end : piece.start])
            and names.isdisjoint((found[-1][0].text, piece.text))
        )
        if overlaps or joins:
            found[-1].append(piece)
        else:
            found.append([piece])
    return found


def joined(parts: Sequence[Unit]) -> str:
    """The normalized text of some units."""
    return " ".join(piece.text for unit in parts for piece in unit)


def encode_parts(
    parts: Sequence[Unit], encode: Callable[[Sequence[str]], list[list[int]]]
) -> tuple[list[int], list[int]]:
    """The ids of a text, and after how many of them each of its parts ends."""
    (ids,) = encode([joined(parts)])
    alone = encode([joined([part]) for part in parts])
    if [each for part in alone for each in part] == ids:
        return ids, np.cumsum([len(part) for part in alone], dtype=int).tolist()
    # A tokenizer that also reads the spaces between: those before a part are the part's.
    beginnings = [joined(parts[: number + 1]) for number in range(len(parts))]
    return ids, [len(each) for each in encode(beginnings)]
