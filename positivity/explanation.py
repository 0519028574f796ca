"""Why a text got its score: each word, hashtag and emoji left out in turn, and the rest scored.

Occlusion (Zeiler and Fergus 2014; for words Li, Monroe and Jurafsky 2016): a word's effect is the
score with it less the score without it. It needs nothing but scores, so it is the same for every
engine and model. Effects need not add up: in "not good" either word turns the score by itself.
"""

from collections.abc import Sequence
from dataclasses import replace

from positivity.account.report import Effect, Report, StrongTweet
from positivity.model.scorer import Scorer
from positivity.text.normalize import Normalizer, Piece

_DIGITS = 4
_MOST_UNITS = 120  # of one text; what a longer one goes on with is not left out by turns


def explain(texts: Sequence[str], scorer: Scorer) -> list[tuple[Effect, ...]]:
    """The effects of each text's parts, in the order of the text; all are scored in one batch."""
    parts = [_units(text, scorer.normalizer)[:_MOST_UNITS] for text in texts]
    whole = [_joined([piece for unit in units for piece in unit]) for units in parts]
    without = [
        _joined([piece for i, unit in enumerate(units) if i != left_out for piece in unit])
        for units in parts
        for left_out in range(len(units))
    ]
    probabilities = scorer.score_ids(scorer.encode_normalized([*whole, *without])).astype(float)
    scores = probabilities[:, 2] - probabilities[:, 0]
    effects = []
    at = len(whole)
    for score, units in zip(scores, parts, strict=False):
        effects.append(
            tuple(
                Effect(
                    min(piece.start for piece in unit),
                    max(piece.end for piece in unit),
                    round(float(score - rest), _DIGITS) + 0.0,
                )
                for unit, rest in zip(units, scores[at:], strict=False)
            )
        )
        at += len(units)
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


def _units(text: str, normalizer: Normalizer) -> list[list[Piece]]:
    """The pieces of a text, those of one word or hashtag together, each emoji by itself."""
    names = frozenset(normalizer.emoji.values())
    units: list[list[Piece]] = []
    for piece in normalizer.align(text):
        last = units[-1][-1] if units else None
        overlaps = last is not None and piece.start < last.end  # "<repeated>" and the like
        joins = (
            last is not None
            and not any(char.isspace() for char in text[last.end : piece.start])
            and names.isdisjoint((units[-1][0].text, piece.text))
        )
        if overlaps or joins:
            units[-1].append(piece)
        else:
            units.append([piece])
    return units


def _joined(pieces: Sequence[Piece]) -> str:
    return " ".join(piece.text for piece in pieces)
