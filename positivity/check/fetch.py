"""Reading an account's timeline into the store, page by page; a stop at any moment loses nothing.

A page, what it covers, and what it cost are kept together or not at all. So whatever ends a run
between two pages, the store knows what is missing, and no post is bought again.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from positivity.check.money import Purse, billed_for
from positivity.check.plan import FEWEST, Step, Window, is_capped, next_step
from positivity.errors import NetworkError
from positivity.sources.x_answers import Account, LookupResult, Page
from positivity.store import Coverage, Spent, Store
from positivity.store.accounts import ALL, HIDDEN, OWN, RETWEET, id_number
from positivity.store.intervals import NEWEST, Interval, gaps

MOST = 100  # posts in a request
_NO_USE = (
    "@{handle}: X gives posts that were not asked for; what was read before is kept, try again "
    "later"
)


class Client(Protocol):
    """What is needed of X's API; `sources.x_api.XClient` has it."""

    def pages(
        self,
        account: Account,
        *,
        since_id: str | None,
        until_id: str | None,
        page_size: int,
        include_retweets: bool,
    ) -> Iterator[Page]: ...

    def lookup(self, ids: Sequence[str]) -> LookupResult: ...


@dataclass(slots=True)
class Reading:
    """What became of reading one account."""

    posts: int = 0  # of the timeline, that came
    new: int = 0  # those of them that were not in the store: with retweets, all come again
    spent: Spent = field(default_factory=Spent)
    refreshed: int = 0
    dropped: int = 0  # that turned out to be deleted
    money_ended: bool = False
    remarks: tuple[str, ...] = ()  # what X could not give, in its words


class Reader:
    """Reads one account.

    Args:
        on_progress: is told after each page.
    """

    def __init__(
        self,
        client: Client,
        store: Store,
        purse: Purse,
        account: Account,
        *,
        retweets: bool,
        on_progress: Callable[[Reading], None] = lambda reading: None,
    ) -> None:
        self._client, self._store, self._purse, self._account = client, store, purse, account
        self._id = int(account.id)
        self._retweets = retweets
        self._on_progress = on_progress
        self._asked = 0  # posts, since the last page that was kept
        self._top_was_read = False
        self._oldest_given = NEWEST
        self.reading = Reading()

    def read(self, window: Window, limit: int) -> None:
        """Read the newest posts of a window that are not known yet, and at most `limit` of them.

        Raises PositivityError as the client does; what was read before is kept.
        """
        top_is_read = not window.open
        while not self.reading.money_ended:
            step = next_step(self._coverage(), window, self._count, top_is_read=top_is_read)
            left = limit - self.reading.posts
            if step is None or left < FEWEST:
                return
            top_is_read = True
            self._top_was_read = window.open
            if not self._read_gap(Step(step.gap, min(step.posts, left))):
                return

    def _coverage(self) -> Coverage:
        return self._store.accounts.coverage(self._id, retweets=self._retweets)

    def _count(self, interval: Interval) -> int:
        return self._store.accounts.count(self._id, interval, retweets=self._retweets)

    def _stored(self) -> int:
        return self._store.accounts.count(self._id, Interval(0, NEWEST), retweets=True)

    def _read_gap(self, step: Step) -> bool:
        """Read a gap from its newest end; False if not all of it was read."""
        gap, wanted = step.gap, self.reading.posts + step.posts
        newest = gap.newest  # the newest id that is not known yet
        while newest >= gap.oldest:
            size, reserved = self._reserve(min(MOST, wanted - self.reading.posts))
            if size < FEWEST:
                return False
            page = self._page(gap, newest, size, reserved)
            if page is None or page.ends:
                return True
            newest = int(page.oldest_id or gap.oldest) - 1
        return True

    def _reserve(self, posts: int) -> tuple[int, int]:
        """How many posts may be asked for, and how many are reserved for them in the purse."""
        if posts < FEWEST:
            return 0, 0
        each = billed_for(1, retweets=self._retweets)
        reserved = self._purse.reserve(posts * each)
        if reserved < FEWEST * each:
            self._purse.settle(reserved, 0)
            self.reading.money_ended = True
            return 0, 0
        return reserved // each, reserved

    def _page(self, gap: Interval, newest: int, size: int, reserved: int) -> Page | None:
        """The next page that holds posts or ends the gap, kept; None if the gap ends without."""
        pages = self._client.pages(
            self._account,
            since_id=str(gap.oldest - 1) if gap.oldest > 1 else None,
            until_id=None if newest == NEWEST else str(newest + 1),
            page_size=size,
            include_retweets=self._retweets,
        )
        returned, found = 0, None
        try:
            for page in pages:
                returned += page.posts_returned
                self._asked += size
                if page.oldest_id is not None or page.ends:
                    found = page
                    break
                if page.posts_returned:  # and so on with every page, at a price
                    raise NetworkError(_NO_USE.format(handle=self._account.handle))
                # All of its posts were retweets: only its token leads on.
        finally:
            spent = self._purse.settle(reserved, returned)
            self.reading.spent += spent
            if found is None:
                self._store.ledger.add(spent)  # what is no use costs all the same
        if found is not None:
            self._keep(found, gap, newest, returned, spent)
        return found

    def _keep(self, page: Page, gap: Interval, newest: int, bought: int, spent: Spent) -> None:
        """Keep a page, in one transaction with what it covers and costs."""
        accounts = self._store.accounts
        try:
            with self._store.database.transaction():
                before = self._stored()
                kept = accounts.put_tweets(self._id, page.tweets)
                new = self._stored() - before
                accounts.drop_tweets(_numbers(page.superseded))
                self._cover(page, gap, newest)
                self._store.ledger.add(spent)
        except NetworkError:
            self._store.ledger.add(spent)  # a page that is no use costs all the same
            raise
        reading = self.reading
        reading.new += new
        reading.posts += max(kept, -(-bought // billed_for(1, retweets=self._retweets)))
        reading.remarks = tuple(dict.fromkeys((*reading.remarks, *page.errors)))
        self._on_progress(reading)

    def _cover(self, page: Page, gap: Interval, newest: int) -> None:
        accounts, what = self._store.accounts, ALL if self._retweets else OWN
        asked, self._asked = self._asked, 0
        oldest = id_number(page.oldest_id)
        if newest == NEWEST:  # the first page of what is newer than all
            newest = id_number(page.newest_id) or 0
            self._note_tweet_count(newest or gap.oldest - 1)
            if page.oldest_id is None:
                return
        if page.oldest_id is not None and (
            oldest is None or not gap.oldest <= oldest <= newest <= gap.newest
        ):
            raise NetworkError(_NO_USE.format(handle=self._account.handle))
        if oldest is not None:
            # X gives posts by their place from the top: all that are newer it would give, too.
            self._oldest_given = min(oldest, self._oldest_given)
            accounts.unhide(self._id, oldest)
        if not page.ends and oldest is not None:
            accounts.cover(self._id, what, Interval(oldest, newest), asked)
        elif not self._is_capped(gap, newest, asked):
            accounts.cover(self._id, what, Interval(gap.oldest, newest), asked)
        else:
            if oldest is not None:
                accounts.cover(self._id, what, Interval(oldest, newest), asked)
            hidden = Interval(gap.oldest, newest if oldest is None else oldest - 1)
            if hidden.oldest <= hidden.newest:
                accounts.cover(self._id, HIDDEN, hidden)

    def _note_tweet_count(self, newest: int) -> None:
        if self._account.tweet_count is not None and newest > 0:
            self._store.accounts.put_tweet_count(self._id, newest, self._account.tweet_count)

    def _is_capped(self, gap: Interval, newest: int, asked: int) -> bool:
        if self._oldest_given < gap.oldest:
            return False
        above = Interval(newest + 1, NEWEST)
        # Nothing is missing above if all but what was written meanwhile is known.
        missing = gaps(self._coverage().known, above) if newest < NEWEST else ()
        contiguous = self._top_was_read and all(each.newest == NEWEST for each in missing)
        accounts, tweet_count = self._store.accounts, self._account.tweet_count
        slots = accounts.slots_above(self._id, newest) + asked if contiguous else None
        before = accounts.tweet_count_at(self._id, gap.oldest - 1)
        return is_capped(gap, tweet_count=tweet_count, slots=slots, before=before)

    def refresh(self, ids: Sequence[int]) -> None:
        """Look posts of the store up again, and drop those that were deleted."""
        accounts, reading = self._store.accounts, self.reading
        for start in range(0, len(ids), MOST):
            some = ids[start : start + MOST]
            reserved = self._purse.reserve(len(some))
            if reserved < len(some):
                reading.money_ended = True
                some = some[:reserved]
            if not some:
                return
            returned = 0
            try:
                result = self._client.lookup([str(each) for each in some])
                returned = result.posts_returned
            finally:
                spent = self._purse.settle(reserved, returned)
            with self._store.database.transaction():
                accounts.put_tweets(self._id, self._fresh(result))
                gone = _numbers((*result.missing, *result.superseded))
                reading.dropped += accounts.drop_tweets(gone)
                self._store.ledger.add(spent)
            reading.refreshed += len(some)
            reading.spent += spent
            self._on_progress(reading)

    def _fresh(self, result: LookupResult) -> list[dict[str, object]]:
        """Posts as they are now; of a retweet the text would come cut, so it stays as it was."""
        return [
            {**row, "author": row["author"] or self._account.handle}
            for row in result.tweets
            if row["kind"] != RETWEET
        ]


def _numbers(ids: Sequence[str] | frozenset[str]) -> list[int]:
    return [number for each in ids if (number := id_number(each)) is not None]
