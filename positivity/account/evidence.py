"""Which tweets, words, hashtags and emoji made a verdict so.

Both collectors run over a stream in flat memory. What they find depends on the tweets and not on
their order, nor on how they were dealt out to collectors that were merged afterwards.
"""

import heapq
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

from positivity.account.quantifiers import Floats, Ints
from positivity.account.report import StrongTweet, Term
from positivity.account.runs import Run, TermKey, summed
from positivity.account.timeline import EPOCH, NO_DATE, is_date, local_time
from positivity.tweets import TweetBatch

Terms: TypeAlias = Callable[[Sequence[str]], Mapping[TermKey, int]]  # texts that hold each term

SHOWN_TWEETS = 5
SHOWN_TERMS = 10
POOL = 64  # different texts kept a side, to choose the shown ones from
SIMILAR = 0.6  # texts that share this part of their words (Jaccard) are near-identical

CLEAR = 0.6  # the probability from which a tweet's opinion is clear enough to count its terms
RARE = 3  # a term in fewer tweets says nothing
PRIOR_TWEETS = 20.0  # weight of the informative prior, in tweets a side
LEAST_WEIGHT = 1.0  # z-score from which a term goes with a side
MOST_RUNS = 16  # files of terms; when there are more, they become one
_TERMS_TOGETHER = 1_000
_WEIGHTS_REMEMBERED = 50_000  # many terms are in the same few tweets

# English function words. Negations stay in: "not" and "never" do weigh.
_FUNCTION_WORDS = """
    a about after again all also am an and another any are around as at away back be because been
    before being both but by came can come could day days did do does doing done down each either
    even ever every for from get gets getting go goes going gonna got had has have having he her
    here hers herself him himself his how i i'd i'll i'm i've if im in into is it it'd it'll it's
    its itself just let let's lot make me might more most much must my myself now of off oh ok
    okay on once one only or other our ours out over own put really said same say see she should
    so some someone something still such take than that that's the their them then there there's
    these they they're thing things think this those through time to today too two u up ur us
    very via was way we we'll we're we've well went were what what's when where which while who
    whom whose why will with would yeah yes yet you you'd you'll you're you've your yours yourself
"""
STOP_WORDS = frozenset(_FUNCTION_WORDS.split())

_NOT_WORDS = re.compile(r"https?://\S+|@\w+")
_WORD = re.compile(r"\w+")


class _Found(NamedTuple):
    """A tweet, in an order that puts the strongest first and breaks ties by id."""

    minus_score: float
    id_length: int  # ids are numbers in text: the shorter is the smaller
    id: str
    created_ms: int
    author: str
    text: str
    date_only: bool  # what `created_ms` stands for


class Strongest:
    """The tweets with the highest probability of one side, no two of them near-identical."""

    def __init__(self) -> None:
        self._best: dict[tuple[str, ...], _Found] = {}  # words of the text -> its strongest tweet
        self._floor = -1.0  # scores below cannot enter any more

    def add(self, batch: TweetBatch, rows: Ints, scores: Floats) -> None:
        """Offer the tweets at `rows` [n] of the batch, with their `scores` [n] of this side."""
        chosen = scores >= self._floor
        for row, score in zip(rows[chosen].tolist(), scores[chosen].tolist(), strict=True):
            if score >= self._floor:
                self._offer(_found(batch, row, score))

    def merge(self, other: "Strongest") -> None:
        """Offer what another one has found, too."""
        for found in other._best.values():
            if -found.minus_score >= self._floor:
                self._offer(found)

    def _offer(self, found: _Found) -> None:
        words = _words(found.text)
        known = self._best.get(words)
        if known is None or found < known:
            self._best[words] = found
        if len(self._best) > 2 * POOL:
            self._best = dict(heapq.nsmallest(POOL, self._best.items(), key=lambda item: item[1]))
            self._floor = -max(self._best.values()).minus_score

    def top(self, zone: ZoneInfo, size: int = SHOWN_TWEETS) -> tuple[StrongTweet, ...]:
        """The strongest tweets, strongest first."""
        chosen: list[_Found] = []
        seen: list[set[str]] = []
        pool = heapq.nsmallest(POOL, self._best.items(), key=lambda item: item[1])
        for words, found in pool:
            if len(chosen) < size and not any(_similar(set(words), other) for other in seen):
                chosen.append(found)
                seen.append(set(words))
        return tuple(_strong_tweet(found, zone) for found in chosen)


class TermCounts:
    """In how many positive and negative tweets each term occurs.

    At most `cap` terms are held in memory. When there are more, the rarest go to a file, and are
    added up with the others at the end: no count is ever lost.
    """

    def __init__(self, terms: Terms, *, cap: int = 60_000) -> None:
        self._terms = terms
        self._cap = cap
        self._counts: dict[TermKey, list[int]] = {}  # term -> [positive, negative] tweets
        self._tweets = [0, 0]
        self._runs: list[Run] = []

    def add(self, texts: Sequence[str], *, positive: bool) -> None:
        """Count the terms of tweets with a clear opinion."""
        side = 0 if positive else 1
        self._tweets[side] += len(texts)
        for term, tweets in self._terms(texts).items():
            kind, name = term
            if kind == "word" and name in STOP_WORDS:
                continue
            self._counts.setdefault(term, [0, 0])[side] += tweets
        if len(self._counts) > self._cap:
            self._spill()

    def merge(self, other: "TermCounts") -> None:
        """Count what another one has counted, too."""
        self._tweets = [mine + its for mine, its in zip(self._tweets, other._tweets, strict=True)]
        for term, (positive, negative) in other._counts.items():
            counts = self._counts.setdefault(term, [0, 0])
            counts[0] += positive
            counts[1] += negative
        if len(self._counts) > self._cap:
            self._spill()
        self._add_runs(other._runs)

    def __getstate__(self) -> dict[str, Any]:
        """All but the finder of terms: what was counted elsewhere is merged, and counts no more."""
        return self.__dict__ | {"_terms": None}

    def _spill(self) -> None:
        """Moves the rarest terms to a file, at least half of them."""
        totals = sorted(map(sum, self._counts.values()))
        rarest = totals[-(self._cap // 2)]
        spilled, kept = [], {}
        for term, counts in self._counts.items():
            if sum(counts) > rarest:
                kept[term] = counts
            else:
                spilled.append((term, counts[0], counts[1]))
        self._counts = kept
        spilled.sort()
        self._add_runs([Run(spilled)])

    def _add_runs(self, runs: Iterable[Run]) -> None:
        self._runs = [*self._runs, *runs]
        if len(self._runs) > MOST_RUNS:
            self._runs = [Run(summed(self._runs))]

    def top(self, size: int = SHOWN_TERMS) -> tuple[tuple[Term, ...], tuple[Term, ...]]:
        """The terms that go with positive and with negative tweets, heaviest first."""
        in_memory = (
            (term, positive, negative) for term, (positive, negative) in self._counts.items()
        )
        counted = summed([*self._runs, sorted(in_memory)]) if self._runs else in_memory
        of_positive, of_negative = _Heaviest(size), _Heaviest(size)
        weight_of = lru_cache(_WEIGHTS_REMEMBERED)(self._weight)
        for (kind, text), with_positive, with_negative in counted:
            if with_positive + with_negative < RARE:
                continue
            weight = weight_of(with_positive, with_negative)
            if abs(weight) >= LEAST_WEIGHT:
                side = of_positive if weight > 0 else of_negative
                side.offer(Term(text, kind, with_positive, with_negative, weight))
        return of_positive.terms(), of_negative.terms()

    def _weight(self, positive: int, negative: int) -> float:
        weight = log_odds((positive, negative), (self._tweets[0], self._tweets[1]))
        return round(weight, 2)


def log_odds(counts: tuple[int, int], tweets: tuple[int, int]) -> float:
    """How much a term goes with the first side rather than the second, as a z-score.

    `counts` are the tweets of each side that contain it, of `tweets`. This is the log-odds ratio
    with an informative Dirichlet prior of Monroe, Colaresi and Quinn (2008), "Fightin' Words",
    on tweets instead of word tokens: the prior takes the term to be as frequent on both sides as
    it is over all, with the weight of `PRIOR_TWEETS` tweets. The half tweet without the term keeps
    the odds finite for a term that every tweet contains.
    """
    prior = PRIOR_TWEETS * sum(counts) / sum(tweets)
    logits, variance = [], 0.0
    for count, total in zip(counts, tweets, strict=True):
        with_it = count + prior
        without = total - count + PRIOR_TWEETS - prior + 0.5
        logits.append(math.log(with_it / without))
        variance += 1 / with_it + 1 / without
    return (logits[0] - logits[1]) / math.sqrt(variance)


class _Heaviest:
    """The heaviest of any number of terms."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._terms: list[Term] = []

    def offer(self, term: Term) -> None:
        self._terms.append(term)
        if len(self._terms) >= max(_TERMS_TOGETHER, 2 * self._size):
            self._terms = list(self.terms())

    def terms(self) -> tuple[Term, ...]:
        """The heaviest first; ties by text."""
        order = heapq.nsmallest(
            self._size, self._terms, key=lambda term: (-abs(term.weight), term.text, term.kind)
        )
        return tuple(order)


def _found(batch: TweetBatch, row: int, score: float) -> _Found:
    tweet_id = batch.column("id")[row].as_py() or ""
    created_ms = batch.column("created_at")[row].value
    return _Found(
        minus_score=-score,
        id_length=len(tweet_id),
        id=tweet_id,
        created_ms=NO_DATE if created_ms is None else created_ms,
        author=batch.column("author")[row].as_py() or "",
        text=batch.column("text")[row].as_py(),
        date_only=bool(batch.column("date_only")[row].as_py()),
    )


def _strong_tweet(found: _Found, zone: ZoneInfo) -> StrongTweet:
    created_at = None
    if is_date(found.created_ms):
        created_at = (
            (EPOCH + timedelta(milliseconds=found.created_ms)).date().isoformat()
            if found.date_only
            else local_time(found.created_ms, zone).isoformat(timespec="seconds")
        )
    return StrongTweet(
        id=found.id or None,
        created_at=created_at,
        author=found.author or None,
        text=found.text,
        score=-found.minus_score,
    )


def _words(text: str) -> tuple[str, ...]:
    """The words of a text without links and mentions; the text itself when it has none."""
    return tuple(_WORD.findall(_NOT_WORDS.sub(" ", text.casefold()))) or (text.strip(),)


def _similar(words: set[str], others: set[str]) -> bool:
    return len(words & others) >= SIMILAR * len(words | others)
