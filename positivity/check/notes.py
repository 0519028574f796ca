"""What a report says of how much was read, how sure that makes it, and what more would cost."""

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from positivity.account.report import Gap, ReadTimeline, Report
from positivity.check.fetch import Reading
from positivity.check.money import Prices, billed_for, many_posts, shown
from positivity.check.plan import CAP, unread, window
from positivity.store import Coverage, Store, StoredAccount
from positivity.store.intervals import NEWEST, Interval, Intervals

SURE = "From"  # begins the sentence on how sure the tweets make it
_LITTLE = 0.2  # of what has been read: fewer more posts change little
_NARROWER = 0.9  # times as wide: an interval that would not become that is left alone
_DEPTHS = 10  # what a suggested --max-posts is rounded up to


def timeline_of(
    store: Store,
    account: StoredAccount,
    zone: ZoneInfo,
    *,
    retweets: bool,
) -> ReadTimeline:
    """How much of an account's timeline is in the store; nothing was bought."""
    coverage = store.accounts.coverage(account.id, retweets=retweets)
    bottom = coverage.known[-1].oldest if coverage.known else None
    hides = any(each.oldest == 0 for each in coverage.hidden)
    missing = unread(coverage, Interval(0, NEWEST))
    return ReadTimeline(
        handle=account.handle,
        tweet_count=account.tweet_count,
        kept=account.tweets,
        oldest=_local(store.accounts.time_of(account.id, after=-1), zone),
        newest=_local(store.accounts.time_of(account.id), zone),
        complete=bottom == 0
        and not hides
        and not missing
        and _top_is_read(store, account, coverage.known),
        capped=hides,
        gaps=tuple(_gap(store, account, gap, coverage, zone) for gap in missing),
        posts_bought=0,
        dollars=0.0,
    )


def _top_is_read(store: Store, account: StoredAccount, known: Intervals) -> bool:
    """Whether what is newer than all that is known was asked for, too, and there was nothing."""
    if not known or account.tweet_count is None:  # without a count that is not noted
        return bool(known)
    return store.accounts.first_tweet_count(account.id, known[0].newest) is not None


def _gap(
    store: Store, account: StoredAccount, gap: Interval, coverage: Coverage, zone: ZoneInfo
) -> Gap:
    return Gap(
        after=_local(store.accounts.time_of(account.id, before=gap.oldest), zone),
        before=_local(store.accounts.time_of(account.id, after=gap.newest), zone),
        hidden=any(
            each.oldest <= gap.oldest and gap.newest <= each.newest for each in coverage.hidden
        ),
    )


def gap_notes(timeline: ReadTimeline) -> list[str]:
    """A sentence for each part of the timeline that is missing, and for what X hides."""
    sentences = [_gap_note(gap, timeline) for gap in timeline.gaps]
    if timeline.capped:
        sentences.append(
            f"X gives the newest {CAP:,} posts of an account, retweets included: the older ones of "
            f"{_of(timeline)} were not read and cannot be."
        )
    return sentences


def newer_notes(
    store: Store,
    account: StoredAccount,
    zone: ZoneInfo,
    *,
    until: datetime | None,
    retweets: bool,
) -> list[str]:
    """That what is newer than all that was read was never asked for, where it is wanted."""
    known = store.accounts.coverage(account.id, retweets=retweets).known
    newest = window(CAP, until=until, now=datetime.now(UTC)).ids.newest
    if not known or newest <= known[0].newest or _top_is_read(store, account, known):
        return []
    last = _day(_local(store.accounts.time_of(account.id), zone))
    return [f"No posts after {last} were asked for; a check without --until reads them."]


def days_notes(
    store: Store,
    account: StoredAccount,
    timeline: ReadTimeline,
    zone: ZoneInfo,
    *,
    since: datetime | None,
    until: datetime | None,
    retweets: bool,
) -> list[str]:
    """What was not read of the days that are asked for, and is older than what was."""
    known = store.accounts.coverage(account.id, retweets=retweets).known
    days = window(CAP, since=since, until=until, now=datetime.now(UTC)).ids
    if not known or known[-1].oldest <= days.oldest:
        return []
    begin = _day(_local(since, zone))
    if until is not None and days.newest < known[-1].oldest:
        end = _day(_local(until - timedelta(milliseconds=1), zone))
        which = f"up to {end}" if since is None else f"from {begin} to {end}"
        return [f"No posts {which} were read; a check of these days reads them."]
    if since is None:
        return []
    read = _local(store.accounts.time_of(account.id, after=known[-1].oldest - 1), zone)
    gap = Gap(_local(since, zone), read, hidden=False)
    return [_gap_note(gap, timeline, "check of these days")]


def more_note(
    report: Report, timeline: ReadTimeline, prices: Prices, *, retweets: bool, lasting: float = 0.0
) -> list[str]:
    """How sure the tweets read make it, and what more would cost; nothing if there is no more.

    The part `lasting` of the net's variance comes from the classifier: no tweets remove it.
    """
    if report.net is None or timeline.complete or timeline.capped:
        return []
    read, counted = timeline.kept, report.counts.counted
    there = CAP if timeline.tweet_count is None else min(CAP, timeline.tweet_count)
    left = max(0, there - read)
    arm = (report.net.high - report.net.low) / 2
    sure = f"{SURE} {counted:,} counted tweets, net positivity is known to about ±{_points(arm)}"
    if not left:
        return [f"{sure}."]
    if left < _LITTLE * read:
        return [f"{sure}; at most {many_posts(left)} more not read."]
    needed = report.verdict.tweets_needed
    wanted = 3 * read if needed is None else math.ceil(needed * read / counted)
    depth = min(_depth(read + wanted), read + left)
    option = "--all" if depth == read + left else f"--max-posts {depth}"
    price = shown(prices.of(posts=billed_for(depth - read, retweets=retweets), users=1).dollars)
    if needed is None:
        narrower = arm * math.sqrt(lasting + (1 - lasting) * read / depth)
        if narrower > _NARROWER * arm:
            return [f"{sure}; {depth - read:,} older posts more would hardly narrow that."]
        return [
            f"{sure}; {depth - read:,} older posts more would make that about "
            f"±{_points(narrower)} ({option}, at most {price})."
        ]
    if wanted > left:
        return [
            f"{sure}; even all older posts that X gives, at most {left:,}, would hardly settle the "
            f"verdict ({option}, at most {price})."
        ]
    return [
        f"{sure}; about {depth - read:,} posts more would settle the verdict "
        f"({option}, at most {price})."
    ]


def reading_notes(reading: Reading) -> list[str]:
    """What kept a run from reading more."""
    sentences = []
    if reading.money_ended:
        sentences.append("Reading ended at the bound on costs (--max-cost, or a month's budget).")
    if reading.remarks:
        remarks = "; ".join(remark.rstrip(".") for remark in reading.remarks)
        sentences.append(f"X could not give all: {remarks}.")
    return sentences


def read_as(timeline: ReadTimeline) -> str:
    """What was read, in a line."""
    if not timeline.kept:
        return f"X API: no posts of @{timeline.handle}"
    return f"X API: {many_posts(timeline.kept)}, {_day(timeline.oldest)} to {_day(timeline.newest)}"


def _of(timeline: ReadTimeline) -> str:
    if timeline.tweet_count is None:
        return f"@{timeline.handle}"
    return f"the {timeline.tweet_count:,} of @{timeline.handle}"


def _gap_note(gap: Gap, timeline: ReadTimeline, check: str = "check") -> str:
    where = f"Not all posts from {_day(gap.after)} to {_day(gap.before)} were read"
    if gap.hidden:
        return f"{where}: X gives the newest {CAP:,} only, so they cannot be read any more."
    depth = _depth(2 * timeline.kept)
    return f"{where}; the next {check} that goes deep enough (--max-posts {depth}) reads on there."


def _points(arm: float) -> str:
    return f"{arm:.0f}" if arm >= 1.5 else f"{arm:.1f}"


def _depth(posts: int) -> int:
    return max(_DEPTHS, -(-posts // _DEPTHS) * _DEPTHS)


def _day(time: str | None) -> str:
    return time.split("T")[0] if time else "an unknown day"


def _local(moment: datetime | None, zone: ZoneInfo) -> str | None:
    return None if moment is None else moment.astimezone(zone).isoformat(timespec="seconds")
