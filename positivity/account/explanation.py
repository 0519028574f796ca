"""Why an account got its verdict: its strongest and least sure tweets, and the terms that carry it.

Everything here is a frozen value, like a `Report`: every output format shows these numbers.
"""

from dataclasses import dataclass

from positivity.account.report import Effect, Report

LEAVE_ONE_OUT, GRADIENTS = "leave-one-out", "gradients"
METHODS = (LEAVE_ONE_OUT, GRADIENTS)  # of finding what a word did


@dataclass(frozen=True, slots=True)
class ExplainedTweet:
    """A tweet, what the model says of it, and what each of its parts did to the score."""

    id: str | None
    created_at: str | None  # ISO 8601 with the offset of the report's time zone
    author: str | None
    text: str
    negative: float
    neutral: float
    positive: float
    score: float  # positive minus negative, -1..1
    baseline: float | None  # by gradients: what the effects start from; they add up to the score
    effects: tuple[Effect, ...]  # of its words, hashtags and emoji, in the order of the text


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
