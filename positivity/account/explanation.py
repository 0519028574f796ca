"""Why an account got its verdict: its strongest and least sure tweets, and the terms that carry it.

Everything here is a frozen value, like a `Report`: every output format shows these numbers.
"""

from dataclasses import dataclass

from positivity.account.report import Effect, Report

LEAVE_ONE_OUT, GRADIENTS = "leave-one-out", "gradients"  # find what each word did to the score
SPANS = "spans"  # marks the words that a person would mark
METHODS = (LEAVE_ONE_OUT, GRADIENTS, SPANS)


@dataclass(frozen=True, slots=True)
class ExplainedTweet:
    """A tweet, what the model says of it, and which of its parts make it so."""

    id: str | None
    created_at: str | None  # ISO 8601: a date, or a time in the report's time zone with its offset
    author: str | None
    text: str
    negative: float
    neutral: float
    positive: float
    score: float  # positive minus negative, -1..1
    baseline: float | None  # by gradients: what the effects start from; they add up to the score
    # Of its words, hashtags and emoji, in the order of the text; by spans, of the marked stretch.
    effects: tuple[Effect, ...]


@dataclass(frozen=True, slots=True)
class WeighedTerm:
    """A word, hashtag or emoji that goes with one side, and moves the scores of its tweets."""

    text: str
    kind: str  # "word", "hashtag" or "emoji"
    positive: int  # clearly positive tweets that contain it
    negative: int  # clearly negative tweets that contain it
    log_odds: float  # z-score of the log-odds ratio: above 0 goes with positive tweets
    effect: float  # mean effect on the scores of tweets with it, -2..2
    measured: int  # tweets that the effect is the mean of
    weight: float  # log_odds times the size of the effect


@dataclass(frozen=True, slots=True)
class Explanation:
    """A report, and why it says what it says."""

    report: Report
    method: str  # of the tweets' effects: one of METHODS
    strongest_positive: tuple[ExplainedTweet, ...]  # strongest first
    strongest_negative: tuple[ExplainedTweet, ...]
    least_sure: tuple[ExplainedTweet, ...]  # the least sure first
    terms_positive: tuple[WeighedTerm, ...]  # heaviest first
    terms_negative: tuple[WeighedTerm, ...]
    tagger: str | None = None  # by spans: the name and version of what marked them
