"""The answer: what is known about the tweets of one account or file, ready to be shown.

Everything here is a frozen value. Every output format shows these numbers and computes none.
"""

from dataclasses import dataclass
from datetime import date

FEW_DAYS = 120  # between the first and the last week: then weeks are shown, not months
UNDECIDED = "undecided"  # what people read where "not enough tweets" would be taken for advice
ONE_SIDED_LIMIT = (  # beside a verdict whose border an interval crosses; see verdict.limits
    '"Mainly" is a claim about one side: more than 55 in 100 of the tweets with an opinion are on '
    "it, which is wrong in at most 5 of 100 such cases. The intervals leave out 2.5 of 100 at each "
    "end, so they can reach across that border beside the verdict."
)
LEAST_IN_SLOT = 5  # tweets of an hour or weekday; the net of fewer says nothing and is not drawn


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value and its 95 % interval; `low <= value <= high`."""

    value: float
    low: float
    high: float

    def in_hundred(self) -> tuple[int, int]:
        """The interval of a share in hundredths, as people read it.

        An end of the scale is one only where it is reached: 0.9998 to 1 is 99 to 100.
        """
        low, high = round(100 * self.low), round(100 * self.high)
        return min(low, 99) if self.low < 1 else low, max(high, 1) if self.high > 0 else high


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tweets there were: `found == counted + sum(left_out.values())`."""

    found: int
    counted: int
    left_out: dict[str, int]  # reason -> tweets, the most frequent reason first


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the shares amount to, in a word and in a sentence."""

    label: str  # one of verdict.LABELS, for programs
    sentence: str
    tweets_needed: int | None  # about how many more would settle it; None: settled or unknown
    undecided: bool = False  # whether it is not settled, and more tweets would hardly settle it

    @property
    def word(self) -> str:
        """The verdict in a word, for people."""
        return UNDECIDED if self.undecided else self.label


@dataclass(frozen=True, slots=True)
class Month:
    """The tweets of one calendar month; months without tweets are not listed."""

    month: str  # "2026-03"
    tweets: int
    negative: int
    neutral: int
    positive: int
    net: Estimate  # -100..100

    @property
    def name(self) -> str:
        return self.month

    @property
    def first_day(self) -> date:
        return date.fromisoformat(f"{self.month}-01")

    @property
    def number(self) -> int:
        """Months that follow one another have numbers that do."""
        return 12 * self.first_day.year + self.first_day.month


@dataclass(frozen=True, slots=True)
class Week:
    """The tweets of one week, Monday to Sunday; weeks without tweets are not listed."""

    week: str  # ISO date of its Monday
    tweets: int
    negative: int
    neutral: int
    positive: int
    net: Estimate  # -100..100

    @property
    def name(self) -> str:
        return self.week

    @property
    def first_day(self) -> date:
        return date.fromisoformat(self.week)

    @property
    def number(self) -> int:
        """Weeks that follow one another have numbers that do."""
        return self.first_day.toordinal() // 7


@dataclass(frozen=True, slots=True)
class Change:
    """The last 30 days (up to the last tweet) against the 365 days before."""

    before: Estimate  # net, -100..100
    before_tweets: int
    recent: Estimate
    recent_tweets: int
    difference: Estimate  # recent minus before, -200..200
    changed: bool  # whether the 95 % interval of the difference leaves out 0


@dataclass(frozen=True, slots=True)
class Slot:
    """The tweets of one hour of the day or one day of the week."""

    tweets: int
    net: float | None  # -100..100; None without tweets

    @property
    def drawn(self) -> float | None:
        """The net where it is drawn: None where there are too few tweets for that."""
        return self.net if self.tweets >= LEAST_IN_SLOT else None


@dataclass(frozen=True, slots=True)
class KindShare:
    """The tweets of one kind: original, reply, quote, retweet or unknown."""

    kind: str
    tweets: int
    negative: int
    neutral: int
    positive: int
    net: Estimate  # -100..100


@dataclass(frozen=True, slots=True)
class Effect:
    """How much a part of a text moved its score: the score with it less the score without it."""

    start: int  # where it stands in the text, in characters
    end: int
    effect: float  # -2..2; above 0 it made the text more positive


@dataclass(frozen=True, slots=True)
class StrongTweet:
    """A tweet that the classifier is surest of on one side."""

    id: str | None
    created_at: str | None  # ISO 8601: a date, or a time in the report's time zone with its offset
    author: str | None
    text: str
    score: float  # the probability of its side, 0..1
    effects: tuple[Effect, ...] = ()  # of its words and emoji, in the order of the text


@dataclass(frozen=True, slots=True)
class Term:
    """A word, hashtag or emoji that goes with one side."""

    text: str
    kind: str  # "word", "hashtag" or "emoji"
    positive: int  # positive tweets that contain it
    negative: int  # negative tweets that contain it
    weight: float  # z-score of the log-odds ratio: above 0 goes with positive tweets


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """The model behind the scores."""

    name: str
    version: str
    accuracy: dict[str, float]  # evaluation set -> macro recall, 0..1
    labels: tuple[str, ...] = ("negative", "neutral", "positive")  # what it tells apart


@dataclass(frozen=True, slots=True)
class Gap:
    """Posts of a timeline that were not read, between two that were."""

    after: str | None  # ISO 8601 time of the newest post below, in the report's time zone
    before: str | None  # and of the oldest above
    hidden: bool  # whether the service does not give them any more


@dataclass(frozen=True, slots=True)
class ReadTimeline:
    """How much of an account's timeline was read, and what this run spent on it."""

    handle: str
    tweet_count: int | None  # posts that the account has, retweets included
    kept: int  # posts in the store
    oldest: str | None  # ISO 8601 times of the posts in the store, in the report's time zone
    newest: str | None
    complete: bool  # whether nothing of it is missing
    capped: bool  # whether the service hides the older posts
    gaps: tuple[Gap, ...]  # newest first
    posts_bought: int
    dollars: float


@dataclass(frozen=True, slots=True)
class Method:
    """How the shares and their intervals came about."""

    name: str  # one of summary.METHODS
    fitted_on: tuple[str, ...]  # sets of labelled tweets that the correction was fitted on
    design_effect: float  # how many of the tweets are worth one drawn independently, at least 1


@dataclass(frozen=True, slots=True)
class Past:
    """What an account's report of an earlier day said."""

    day: str  # UTC
    verdict: str  # its label
    net: Estimate | None
    tweets: int  # counted
    undecided: bool = False  # see `Verdict`

    @property
    def word(self) -> str:
        """Its verdict in a word, for people."""
        return UNDECIDED if self.undecided else self.verdict


@dataclass(frozen=True, slots=True)
class Report:
    """What the tweets of one subject (a handle, a file, an author) say.

    The shares and the net are None when no tweet was counted; `opinion`, the positive part of the
    tweets with an opinion, is None when there is no such tweet. Shares, net and opinion are
    corrected for the model's errors as `method` says; counts of labels are not.
    """

    subject: str
    read_as: tuple[str, ...]  # how each input was read, a line each
    counts: Counts
    first: str | None  # ISO date of the first counted tweet in `timezone`
    last: str | None
    negative: Estimate | None  # shares of the counted tweets, 0..1
    neutral: Estimate | None
    positive: Estimate | None
    net: Estimate | None  # positive minus negative, -100..100
    opinion: Estimate | None  # positive / (positive + negative), 0..1
    verdict: Verdict
    months: tuple[Month, ...]  # oldest first
    weeks: tuple[Week, ...]
    change: Change | None  # None with too few tweets to tell
    hours: tuple[Slot, ...]  # 24, midnight first
    weekdays: tuple[Slot, ...]  # 7, Monday first
    timezone: str
    kinds: tuple[KindShare, ...]
    strongest_positive: tuple[StrongTweet, ...]
    strongest_negative: tuple[StrongTweet, ...]
    terms_positive: tuple[Term, ...]
    terms_negative: tuple[Term, ...]
    model: ModelInfo
    method: Method
    limits: tuple[str, ...]  # what was not read and what the intervals leave out, a sentence each
    timeline: ReadTimeline | None = None  # of an account that was read from X
    previous: Past | None = None  # of an account that was checked on an earlier day


@dataclass(frozen=True, slots=True)
class Rank:
    """The places among the accounts compared that one may have; the same twice if it is certain."""

    best: int
    worst: int


@dataclass(frozen=True, slots=True)
class Difference:
    """Two of the accounts compared."""

    first: int  # their places in the list of reports, from 0
    second: int
    first_subject: str
    second_subject: str
    net: Estimate  # net of the first minus that of the second, -200..200; of this pair alone
    p_value: float  # 0..1, allowed for the number of pairs
    different: bool  # whether that is below 5 %


@dataclass(frozen=True, slots=True)
class Comparison:
    """Several accounts, the one with the highest net first, and which of them differ."""

    sentence: str  # what came out of it
    alike: bool  # whether the classifier is taken to err alike on all of them
    reports: tuple[Report, ...]
    ranks: tuple[Rank | None, ...]  # of each report; None for one without tweets
    pairs: tuple[Difference, ...]  # of all accounts with tweets
    limits: tuple[str, ...]  # what a reader must know of the pairs and ranks, a sentence each
