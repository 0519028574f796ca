"""What to read of a timeline, and what that costs at most. Nothing here touches the network."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from positivity.store.accounts import Coverage
from positivity.store.intervals import NEWEST, Interval, Intervals, gaps, intersection
from positivity.tweets import FIRST_SNOWFLAKE, SNOWFLAKE_EPOCH, SNOWFLAKE_SHIFT

CAP = 3200  # posts, retweets included: X gives no older ones
FEWEST = 5  # posts in a request

_CLOCKS_DIFFER = timedelta(hours=1)  # at most: what is said to be past must be so for X
_UNSURE = 20  # posts more than the count of an account says, since it also lost some


@dataclass(frozen=True, slots=True)
class Window:
    """The ids that are wanted, and how many of the newest posts among them."""

    ids: Interval
    depth: int

    @property
    def open(self) -> bool:
        """Whether posts that are still to be written would lie in it."""
        return self.ids.newest == NEWEST


def window(
    depth: int, *, since: datetime | None = None, until: datetime | None = None, now: datetime
) -> Window:
    """The newest `depth` posts from `since`, inclusive, to `until`, exclusive."""
    oldest = _first_id(since) if since else 0
    is_past = until is not None and until <= now - _CLOCKS_DIFFER
    newest = _last_id(until) if until and is_past else NEWEST
    return Window(Interval(oldest, max(newest, oldest)), depth)


def _first_id(moment: datetime) -> int:
    """No post of this moment or later has a smaller id."""
    since_epoch = round(moment.timestamp() * 1000) - SNOWFLAKE_EPOCH
    return min(since_epoch << SNOWFLAKE_SHIFT, NEWEST) if since_epoch > 0 else 0


def _last_id(moment: datetime) -> int:
    """No post from before this moment has a greater id."""
    # Until November 2010 they were just numbered: the dates of the posts decide among them.
    return max(_first_id(moment), FIRST_SNOWFLAKE) - 1


@dataclass(frozen=True, slots=True)
class Step:
    """A gap to read, from its newest end, as far as some number of posts."""

    gap: Interval
    posts: int


def next_step(
    coverage: Coverage, window: Window, count: Callable[[Interval], int], *, top_is_read: bool
) -> Step | None:
    """The newest gap within the depth, or None when there is nothing to be read.

    Args:
        count: how many posts are kept of an interval.
        top_is_read: whether what is newer than all that is known has just been asked for.
    """
    known = intersection(coverage.known, window.ids)
    for gap in gaps(known, window.ids):
        if gap.newest == NEWEST and top_is_read:
            continue
        above = Interval(gap.newest + 1, window.ids.newest)
        missing = window.depth - (count(above) if above.oldest <= above.newest else 0)
        if missing < FEWEST:
            return None
        return Step(gap, missing)
    return None


@dataclass(frozen=True, slots=True)
class Estimate:
    """How many posts a run may read: at most, and when all is new."""

    posts: int
    limit: int  # what the run holds itself to


def estimate(
    coverage: Coverage,
    window: Window,
    count: Callable[[Interval], int],
    *,
    tweet_count: int | None,
    count_at: Callable[[int], int | None],
    first_count: Callable[[int], tuple[int, int] | None],
) -> Estimate:
    """How many posts can come, from how many there are and from what is known.

    Args:
        tweet_count: how many posts the account has now.
        count_at: how many it had when a post was its newest.
        first_count: the first post from an id on that was its newest at a check, and how many it
            had then.
    """
    depth = window.depth
    there = CAP if tweet_count is None else min(CAP, tweet_count)
    known = intersection(coverage.known, window.ids)
    open_gaps = gaps(known, window.ids)
    if not known:
        posts = min(depth, there)
        # What X counts may be too low: then little more is read than was told.
        return Estimate(posts, min(depth, posts + FEWEST))
    between = [gap for gap in open_gaps if known[-1].newest < gap.newest < known[0].newest]
    top = open_gaps[0] if open_gaps and open_gaps[0].newest == window.ids.newest else None
    before = count_at(known[0].newest) if top and window.open else None
    if between or (top and (before is None or tweet_count is None)):
        posts = depth
        left = (tweet_count or 0) - sum(map(count, known))
        if between and left >= FEWEST:  # fewer cannot be: there are some that are not known
            posts = min(depth, left + _UNSURE)
    else:
        posts = 0
        if top and before is not None and tweet_count is not None:
            posts += max(0, tweet_count - before) + _UNSURE
        if open_gaps and open_gaps[-1].oldest == window.ids.oldest and open_gaps[-1] is not top:
            bottom = known[-1].oldest
            # Those that are kept further down were read without retweets, and are read again.
            older = max(0, depth - count(Interval(bottom, window.ids.newest)))
            first = first_count(bottom)
            left = first[1] - count(Interval(bottom, first[0])) if first else 0
            # No older ones come to those that there were then. If all seem to be known, X has
            # counted too few, for there are more.
            older = min(older, left) if left >= FEWEST else older
            posts += older if older >= FEWEST else 0
    # Not fewer by those that are kept: some of these may have been deleted since.
    posts = min(posts, depth, there)
    return Estimate(posts, max(posts, FEWEST))


def is_capped(
    gap: Interval, *, tweet_count: int | None, slots: int | None, before: int | None = None
) -> bool:
    """Whether a timeline may have ended before the end of a gap, as X gives the newest 3,200 only.

    Args:
        tweet_count: how many posts the account has, if that is known.
        slots: how many there are at most from the newest to the end of the gap, if that is known.
        before: how many it had when one that is older than the gap was its newest, if known.
    """
    if tweet_count is not None and tweet_count <= CAP:
        return False
    if gap.oldest == 0 and tweet_count is not None:
        return True
    # Pages are not always full: what was asked for may be far more than was written.
    if tweet_count is not None and before is not None and tweet_count - before + _UNSURE < CAP:
        return False
    return slots is None or slots >= CAP


def unread(coverage: Coverage, within: Interval) -> Intervals:
    """The gaps between what has been read: the hidden ones too, but nothing above and below."""
    read = intersection(coverage.read, within)
    if not read:
        return ()
    return gaps(read, Interval(read[-1].oldest, read[0].newest))
