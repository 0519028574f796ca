"""What the look at some data found, in plain values for reports, pictures and programs."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Count:
    """Something and how many tweets, or tokens, it is."""

    name: str
    count: int
    share: float  # 0..1


def most_frequent(counts: Mapping[str, int], total: int, most: int) -> tuple[Count, ...]:
    """The most frequent, of like counts the first by name."""
    often = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most]
    return tuple(Count(name, count, count / total) for name, count in often)


@dataclass(frozen=True, slots=True)
class Repeated:
    """A text that stands in the data more than once."""

    text: str  # of one of them
    count: int


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Texts that come again. A group is all tweets of one text; all but one of them are extra.

    Nearly the same is what is the same once it is normalized, without its links and mentions.
    """

    exact: int  # extra tweets
    near: int  # extra tweets, the exact ones among them
    groups: int  # of nearly the same texts
    contradictions: int | None  # tweets of groups with different labels; None without labels
    most: tuple[Repeated, ...]  # most often first, by nearly the same text


@dataclass(frozen=True, slots=True)
class Quantile:
    """A share of the tweets, and the length that so many do not exceed."""

    share: float
    length: int


@dataclass(frozen=True, slots=True)
class Cut:
    """What would be lost by reading so many tokens of each tweet only."""

    length: int
    tweets: int  # that are longer
    tweets_share: float
    tokens: int  # that would not be read
    tokens_share: float


@dataclass(frozen=True, slots=True)
class Lengths:
    """How long the tweets are."""

    mean: float
    quantiles: tuple[Quantile, ...]
    histogram: tuple[int, ...]  # tweets of 0, 1, 2, … tokens; the last: of so many and more
    cut: Cut


@dataclass(frozen=True, slots=True)
class Rank:
    """A place in the order of the most frequent types."""

    rank: int  # from 1
    count: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """How many tokens there are, and of how many types."""

    tokens: int
    types: int
    once: int  # types that occur once
    head: int  # the most frequent 5 % of the types, so many
    head_share: float  # of all tokens that are of one of these
    slope: float | None  # of log count by log rank, least squares on the ranks shown; Zipf's is -1
    ranks: tuple[Rank, ...]  # some of them, evenly spaced in the logarithm
    most: tuple[Count, ...]
    pruned: bool  # there were more types than are kept: the rarest are counted short


@dataclass(frozen=True, slots=True)
class TiedWord:
    """A word that goes with a label."""

    word: str
    z: float  # log-odds against the other labels over its standard deviation
    inside: int  # tokens in tweets of this label
    outside: int  # in those of the others


@dataclass(frozen=True, slots=True)
class LabelWords:
    """The words most tied to a label."""

    label: str
    words: tuple[TiedWord, ...]


@dataclass(frozen=True, slots=True)
class Emoji:
    """The emoji in the data."""

    tweets: int  # with one or more
    share: float
    types: int
    most: tuple[Count, ...]  # by tweets that have it; shares are of the tweets with emoji


@dataclass(frozen=True, slots=True)
class Exploration:
    """All that was found. Tokens are the words and signs of the normalized tweet."""

    subject: str
    read_as: tuple[str, ...]
    rows: int
    unreadable: int
    empty: int  # nothing to read in them but links and mentions
    first: str | None  # days, in UTC
    last: str | None
    authors: int | None  # None where the data names none
    busiest_author: float | None  # share of the tweets that the busiest one wrote
    labels: tuple[Count, ...]  # in the order of the names; empty for data without labels
    unlabelled: int  # rows of labelled data whose label is empty
    duplicates: Duplicates
    languages: tuple[Count, ...]  # as the data says; empty where it does not
    english: float | None  # share of the tweets with words, by the detector
    lengths: Lengths
    tokens: Tokens
    with_parts: tuple[Count, ...]  # tweets with links, mentions, hashtags, …
    words: tuple[LabelWords, ...]
    emoji: Emoji
    notes: tuple[str, ...]
