"""Numbers in words, alike in every format that people read."""

from positivity.account.report import Estimate, StrongTweet
from positivity.report.glyphs import UNICODE

_LONGEST_ID = 20


def percent(share: float) -> str:
    return f"{round(100 * share)}\N{NO-BREAK SPACE}%"


def percents(share: Estimate) -> str:
    """The interval of a share: "41 to 53 %"."""
    return f"{round(100 * share.low)} to {percent(share.high)}"


def signed(value: float) -> str:
    """A net positivity: +31, 0 or −8."""
    rounded = round(value)
    return f"{'+' if rounded > 0 else UNICODE.minus if rounded < 0 else ''}{abs(rounded)}"


def link(tweet: StrongTweet) -> str | None:
    """Where a tweet stands on X; None when its id is no id of X's."""
    known = tweet.id is not None and tweet.id.isascii() and tweet.id.isdecimal()
    if not known or tweet.id is None or len(tweet.id) > _LONGEST_ID:
        return None
    return f"https://x.com/i/status/{tweet.id}"
