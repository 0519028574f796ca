"""The sentences of an exploration, for the terminal and the page alike."""

from positivity.exploration.findings import Exploration, Tokens
from positivity.report.words import period, tweets

# What a share, or a length, is said as.
_QUANTILES = {0.5: "half", 0.75: "three quarters", 1.0: "all"}


def share(value: float) -> str:
    """A share in percent, with a digit more where it is small."""
    percent = 100 * value
    return f"{percent:.0f}%" if percent >= 9.95 or percent == 0 else f"{percent:.1f}%"


def rows_of(found: Exploration) -> str:
    """How much there is, and of when."""
    words = tweets(found.rows)
    if found.first is not None and found.last is not None:
        words += f", {period(found.first, found.last)} (UTC)"
    if found.authors:
        by = "one author" if found.authors == 1 else f"{found.authors:,} authors"
        words += f", by {by}"
        if found.authors > 1 and found.busiest_author is not None:
            words += f" (the busiest wrote {share(found.busiest_author)})"
    if found.unreadable:
        rows = "1 row" if found.unreadable == 1 else f"{found.unreadable:,} rows"
        words += f"; {rows} could not be read"
    return words


def duplicates_of(found: Exploration) -> str:
    """How many texts come again."""
    dup = found.duplicates
    if not dup.near:
        return "none, every text stands there once"
    return (
        f"{dup.exact:,} exact, and {dup.near:,} ({share(dup.near / found.rows)}) where case, "
        "numbers, links and mentions do not count"
    )


def contradictions_of(found: Exploration) -> str:
    """What the labels of copies say of the labels; nothing without labels."""
    contradictions = found.duplicates.contradictions
    if contradictions is None or not found.duplicates.near:
        return ""
    if not contradictions:
        return "Copies have the same label everywhere."
    return f"Copies that differ in their label: {tweets(contradictions)}."


def languages_of(found: Exploration) -> str:
    """Which languages there are, as the data says and as the detector does."""
    said = ", ".join(f"{each.name} {share(each.share)}" for each in found.languages)
    parts = [f"as the data says: {said}"] if said else []
    if found.english is not None:
        parts.append(f"as it reads: English {share(found.english)}")
    return "; ".join(parts) or "nothing to tell it by"


def parts_of(found: Exploration) -> str:
    """What tweets have beside words."""
    emoji = f"emoji {share(found.emoji.share)}"
    return ", ".join([*(f"{each.name} {share(each.share)}" for each in found.with_parts), emoji])


def lengths_of(found: Exploration) -> str:
    """The quantiles of the length in words."""
    quantiles = ", ".join(
        f"{_QUANTILES.get(each.share, share(each.share))} up to {each.length:,}"
        for each in found.lengths.quantiles
    )
    return f"{found.lengths.mean:.1f} tokens on average; {quantiles}"


def cut_of(found: Exploration) -> str:
    """What a cut loses."""
    cut = found.lengths.cut
    if not cut.tweets:
        return f"A cut at {cut.length} tokens loses nothing."
    return (
        f"A cut at {cut.length} tokens loses the ends of {tweets(cut.tweets)} "
        f"({share(cut.tweets_share)}), {share(cut.tokens_share)} of all tokens."
    )


def tokens_of(tokens: Tokens) -> str:
    """How many tokens and types there are, and how uneven they are."""
    more = "more than " if tokens.pruned else ""
    kinds = "1 type" if tokens.head == 1 else f"{tokens.head:,} types"
    return (
        f"{tokens.tokens:,} tokens of {more}{tokens.types:,} types, {tokens.once:,} of them once "
        f"only. The most frequent 5% ({kinds}) are {share(tokens.head_share)} of "
        "all tokens."
    )


def zipf_of(tokens: Tokens) -> str:
    """How steeply counts fall."""
    if tokens.slope is None:
        return ""
    return (
        f"Count falls with rank to the power of {tokens.slope:.2f}".replace("-", "−")
        + " (Zipf's law: −1)."
    )


HOW_TIED = (
    "z-score of the log-odds against the other labels, with an informative Dirichlet prior (Monroe "
    "et al. 2008); from 1.96 on."
)
HOW_COUNTED = "Tokens are the words and signs of the normalized tweet."
