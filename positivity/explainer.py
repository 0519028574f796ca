"""Explains a report: watches the tweets while they are scored, and asks the model why afterwards.

Some two thousand texts are scored for it, whatever the size of the account: the tweets it shows,
and for each term that goes with one side a few of the tweets that contain it.
"""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol
from zoneinfo import ZoneInfo

import numpy as np

from positivity.account.explanation import (
    GRADIENTS,
    LEAVE_ONE_OUT,
    SPANS,
    ExplainedTweet,
    Explanation,
    WeighedTerm,
)
from positivity.account.grounds import Grounds
from positivity.account.report import Effect, Report, StrongTweet, Term
from positivity.analysis import ScoredBatch
from positivity.explanation import (
    Unit,
    effect_of,
    encode_parts,
    explain,
    joined,
    score_normalized,
    span_of,
    units,
)
from positivity.model.registry import ModelDirectory
from positivity.model.scorer import Scorer
from positivity.spans import SpanTagger
from positivity.text.terms import TermFinder

if TYPE_CHECKING:
    from positivity.model.gradients import IntegratedGradients

_DIGITS = 4
_MEASURED = 16  # tweets that a term's effect is measured on
_LEAST_EFFECT = 0.05  # what moves its tweets by less carries nothing
_SHOWN_TERMS = 10


class Watcher(Protocol):
    """Who looks on while tweets are scored for a report."""

    def begin(self, scorer: Scorer) -> None:
        """Called once, before the first batch."""

    def add(self, scored: ScoredBatch) -> None:
        """Called with every batch."""


class Explainer:
    """A watcher that explains the report on the tweets that it saw."""

    def __init__(
        self,
        directory: ModelDirectory,
        zone: ZoneInfo,
        method: str,
        tagger: SpanTagger | None = None,
    ) -> None:
        """
        Args:
            method: one of METHODS, by which the words of the shown tweets are found.
            tagger: what marks them, by spans.
        """
        self._directory, self._zone, self._method = directory, zone, method
        self._tagger = tagger
        self._scorer: Scorer | None = None
        self._grounds: Grounds | None = None

    def begin(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self._grounds = Grounds(TermFinder(scorer.normalizer))

    def add(self, scored: ScoredBatch) -> None:
        if self._grounds is not None:
            self._grounds.add(scored.tweets, scored.probabilities, scored.left_out)

    def explain(self, report: Report) -> Explanation:
        """The report on the tweets that were seen, explained."""
        if self._scorer is None or self._grounds is None:
            raise ValueError("nothing was watched")
        sides = (
            report.strongest_positive,
            report.strongest_negative,
            self._grounds.least_sure(self._zone),
        )
        explained = iter(self._explained([tweet for side in sides for tweet in side]))
        positive, negative, unsure = (tuple(next(explained) for _ in side) for side in sides)
        weighed = weigh(self._grounds.candidates(), self._grounds, self._scorer)
        return Explanation(
            report=report,
            method=self._method,
            strongest_positive=positive,
            strongest_negative=negative,
            least_sure=unsure,
            terms_positive=tuple(each for each in weighed if each.weight > 0)[:_SHOWN_TERMS],
            terms_negative=tuple(each for each in weighed if each.weight < 0)[:_SHOWN_TERMS],
            tagger=self._tagger.name if self._tagger is not None else None,
        )

    def _explained(self, tweets: Sequence[StrongTweet]) -> Iterable[ExplainedTweet]:
        assert self._scorer is not None
        texts = [tweet.text for tweet in tweets]
        probabilities = self._scorer.score(texts).astype(float).round(_DIGITS).tolist()
        reasons = find_effects(texts, self._scorer, self._directory, self._method, self._tagger)
        for tweet, (negative, neutral, positive), (effects, baseline) in zip(
            tweets, probabilities, reasons, strict=True
        ):
            yield ExplainedTweet(
                tweet.id,
                tweet.created_at,
                tweet.author,
                tweet.text,
                negative,
                neutral,
                positive,
                round(positive - negative, _DIGITS),
                baseline,
                effects,
            )


def find_effects(
    texts: Sequence[str],
    scorer: Scorer,
    directory: ModelDirectory,
    method: str,
    tagger: SpanTagger | None = None,
) -> list[tuple[tuple[Effect, ...], float | None]]:
    """The effects of each text's parts by one of METHODS and, by gradients, their baseline."""
    if method == LEAVE_ONE_OUT:
        return [(effects, None) for effects in explain(texts, scorer)]
    if method == SPANS and tagger is not None:
        return [(effects, None) for effects in _by_tagger(texts, scorer, tagger)]
    if method != GRADIENTS:
        raise ValueError(f"no method {method!r}")
    from positivity.model.gradients import IntegratedGradients

    gradients = IntegratedGradients(directory)
    return [_by_gradients(text, scorer, gradients) for text in texts]


def _by_tagger(
    texts: Sequence[str], scorer: Scorer, tagger: SpanTagger
) -> Iterable[tuple[Effect, ...]]:
    """The stretch of each text that carries the side which the model leans to."""
    probabilities = scorer.score(texts).astype(float).round(_DIGITS)  # as they are shown
    sides = np.where(probabilities[:, 2] >= probabilities[:, 0], 1, -1).tolist()
    for side, marking in zip(sides, tagger.mark(texts, sides), strict=True):
        yield marking.effects(side)


def _by_gradients(
    text: str, scorer: Scorer, gradients: "IntegratedGradients"
) -> tuple[tuple[Effect, ...], float]:
    parts = units(text, scorer.normalizer)
    ids, ends = encode_parts(parts, scorer.encode_normalized)
    found = gradients.attribute(ids)
    shares = np.diff(np.concatenate([[0.0], found.tokens.cumsum()])[[0, *ends]])
    effects = tuple(effect_of(part, share) for part, share in zip(parts, shares, strict=True))
    return effects, round(found.baseline, _DIGITS) + 0.0


def weigh(terms: Sequence[Term], grounds: Grounds, scorer: Scorer) -> list[WeighedTerm]:
    """The terms that also move scores towards the side they go with, the heaviest first.

    A word can keep the company of a side and do nothing: what goes with "terrible" on Mondays is
    Monday. So each term is left out of a few tweets that contain it, all scored in one batch, and
    the log-odds are weighed by the mean effect.
    """
    found = _tweets_with(terms, grounds)
    pairs: list[tuple[str, str]] = []  # a text with the term and without, both normalized
    owners: list[Term] = []
    for term in terms:
        for text in found[term.kind, term.text]:
            parts = units(text, scorer.normalizer)
            rest = [part for part in parts if not _holds(part, text, term, grounds)]
            if len(rest) < len(parts):
                pairs.append((joined(parts), joined(rest)))
                owners.append(term)
    scores = score_normalized([text for pair in pairs for text in pair], scorer)
    effects: dict[Term, list[float]] = {}
    for owner, effect in zip(owners, scores[::2] - scores[1::2], strict=True):
        effects.setdefault(owner, []).append(float(effect))
    weighed = [_weighed(term, each) for term, each in effects.items()]
    return sorted(
        (each for each in weighed if each.effect * np.sign(each.weight) >= _LEAST_EFFECT),
        key=lambda each: (-abs(each.weight), each.text, each.kind),
    )


def _tweets_with(terms: Sequence[Term], grounds: Grounds) -> dict[tuple[str, str], list[str]]:
    """A few of the sampled tweets for each term."""
    found: dict[tuple[str, str], list[str]] = {(term.kind, term.text): [] for term in terms}
    for text in grounds.texts():
        for key in grounds.terms_of(text) & found.keys():
            if len(found[key]) < _MEASURED:
                found[key].append(text)
    return found


def _holds(part: Unit, text: str, term: Term, grounds: Grounds) -> bool:
    start, end = span_of(part)
    return (term.kind, term.text) in grounds.terms_of(text[start:end])


def _weighed(term: Term, effects: Sequence[float]) -> WeighedTerm:
    effect = round(sum(effects) / len(effects), _DIGITS)
    return WeighedTerm(
        text=term.text,
        kind=term.kind,
        positive=term.positive,
        negative=term.negative,
        log_odds=term.weight,
        effect=effect,
        measured=len(effects),
        weight=round(term.weight * abs(effect), _DIGITS),
    )
