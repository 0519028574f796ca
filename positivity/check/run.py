"""Checking accounts: looking them up, saying the price, and reading what is new of each."""

import threading
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from positivity.check.fetch import Client, Reader, Reading
from positivity.check.money import (
    Prices,
    Purse,
    affordable,
    billed_for,
    enough,
    shares,
    shown,
    shown_up,
)
from positivity.check.plan import FEWEST, Estimate, Window, estimate, window
from positivity.check.pool import work_through
from positivity.errors import AccessError, LimitError, NetworkError, PositivityError
from positivity.settings import Settings
from positivity.sources.handles import parse_handle
from positivity.sources.x_answers import Account
from positivity.sources.x_errors import protected_error
from positivity.store import Spent, Store, account_lock
from positivity.store.accounts import id_number
from positivity.store.intervals import Interval

AT_ONCE = 8  # accounts


class LookupClient(Client, Protocol):
    """A client that also looks up accounts."""

    def accounts(self, handles: Sequence[str]) -> dict[str, Account | PositivityError]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckJob:
    """What is to be read. Dates are moments; `until` is the first that no longer counts."""

    handles: tuple[str, ...]
    settings: Settings
    depth: int
    max_cost: float | None = None
    bound: str = "--max-cost"  # where `max_cost` comes from, as its user knows that
    refresh: bool = False
    retweets: bool = False
    since: datetime | None = None
    until: datetime | None = None

    @property
    def prices(self) -> Prices:
        return Prices(self.settings.post_price, self.settings.user_price)

    def least(self, accounts: int) -> float:
        """Dollars for which some accounts can be looked up, and any of each of them be read."""
        posts = accounts * billed_for(FEWEST, retweets=self.retweets)
        return self.prices.of(posts=posts, users=accounts).dollars

    @property
    def window(self) -> Window:
        return window(self.depth, since=self.since, until=self.until, now=datetime.now(UTC))


@dataclass(slots=True)
class Checked:
    """What became of one handle: an account that was read, or an error."""

    handle: str
    account: Account | None = None
    error: PositivityError | None = None
    reading: Reading = field(default_factory=Reading)
    estimate: Estimate = field(default_factory=lambda: Estimate(0, 0))
    to_refresh: tuple[int, ...] = ()
    share: int | None = None  # posts that there is money for; None: as many as are estimated
    kept: int = 0  # posts that stay in the store

    def posts_at_most(self, *, retweets: bool) -> int:
        """How many posts X may bill for, as far as there is money for them."""
        posts = billed_for(self.estimate.posts, retweets=retweets) + len(self.to_refresh)
        return posts if self.share is None else min(posts, self.share)


class Watcher(Protocol):
    """What is told of a run, from several threads."""

    def price(self, at_most: Spent, checks: Sequence[Checked]) -> None: ...

    def begin(self, check: Checked) -> None: ...

    def progress(self, check: Checked) -> None: ...

    def end(self, check: Checked) -> None: ...


class Checks:
    """One run over some handles.

    Args:
        locks: whether to keep other runs from the accounts, as a store that is shared needs it.
        confirm: asks a person whether to spend so many dollars; None where there is nobody to ask.
    """

    def __init__(
        self,
        job: CheckJob,
        store: Store,
        client: LookupClient,
        *,
        watcher: Watcher,
        confirm: Callable[[str], bool] | None,
        cancelled: threading.Event,
        locks: bool = True,
    ) -> None:
        self._job, self._store, self._client = job, store, client
        self._watcher, self._confirm, self._cancelled = watcher, confirm, cancelled
        self._locks = locks
        self._lookup = Spent()
        self.checks = _parsed(job.handles)
        self._fatal: PositivityError | None = None  # holds for all accounts alike

    def lookup(self) -> None:
        """Look the accounts up and find out what reading them costs.

        Raises:
            LimitError: what the user allows is too little to read any of them; nothing is bought.
            KeyboardInterrupt: what was looked up is counted.
        """
        wanted = self._good()
        if not wanted:
            return
        self._refuse_too_little(len(wanted))
        self._ask_for_lookup(len(wanted))
        found = self._found([check.handle for check in wanted])
        for check in wanted:
            self._note(check, found[check.handle])
        self._divide()
        if self._good():
            self._watcher.price(self.at_most(), self.checks)

    def _found(self, handles: Sequence[str]) -> dict[str, Account | PositivityError]:
        """The account of each handle or why there is none, paid for even if that is stopped."""
        found: dict[str, Account | PositivityError] = {}

        def look_up(some: Sequence[str]) -> None:
            found.update(self._client.accounts(some))
            read = {each.id for each in found.values() if isinstance(each, Account)}
            self._lookup = self._job.prices.of(users=len(read))
            self._store.ledger.add(self._lookup)

        work_through([handles], look_up, threads=1, cancelled=self._cancelled)
        return found

    def _note(self, check: Checked, answer: Account | PositivityError) -> None:
        """Note what was found of a handle: what reading it costs, or why that cannot be."""
        if isinstance(answer, Account):
            check.account, check.handle = answer, answer.handle
            check.error = _unreadable(answer)
            if check.error is None:
                self._store.accounts.put(answer)
                self._estimate(check, answer)
                return
        else:
            check.error = answer
        self._note_kept(check)

    def _good(self) -> list[Checked]:
        return [check for check in self.checks if check.error is None]

    def _estimate(self, check: Checked, account: Account) -> None:
        accounts, account_id = self._store.accounts, int(account.id)
        retweets = self._job.retweets

        def count(interval: Interval) -> int:
            return accounts.count(account_id, interval, retweets=retweets)

        check.estimate = estimate(
            accounts.coverage(account_id, retweets=retweets),
            self._job.window,
            count,
            tweet_count=account.tweet_count,
            count_at=lambda newest: accounts.tweet_count_at(account_id, newest),
            first_count=lambda oldest: accounts.first_tweet_count(account_id, oldest),
        )
        if self._job.refresh:
            check.to_refresh = tuple(accounts.ids(account_id))

    def at_most(self) -> Spent:
        """What the run costs at most, with what it has cost already."""
        posts = sum(c.posts_at_most(retweets=self._job.retweets) for c in self._good())
        return self._lookup + self._job.prices.of(posts=posts)

    def _refuse_too_little(self, accounts: int) -> None:
        """Raises LimitError when the bound is too low for anything but looking the accounts up."""
        job, least = self._job, self._job.least(accounts)
        if job.max_cost is not None and not enough(job.max_cost, least):
            some = "1 account" if accounts == 1 else f"{accounts:,} accounts"
            raise LimitError(
                f"looking up {some} and reading {FEWEST} posts of "
                f"{'it' if accounts == 1 else 'each'} costs up to {shown(least)}, more than "
                f"{job.bound} {job.max_cost:g}; nothing was read"
            )

    def _ask_for_lookup(self, accounts: int) -> None:
        self._ask_for(
            self._job.prices.of(users=accounts).dollars,
            "looking up the accounts",
            allow=f"it, and {FEWEST} posts of each,",  # for with less nothing is looked up
            needed=self._job.least(accounts),
        )

    def _ask_for(
        self, dollars: float, what: str, *, allow: str = "it", needed: float = 0.0
    ) -> None:
        """Ask before much money is spent, unless the user has said how much may be.

        Args:
            allow: what the option is to allow that is named where there is nobody to ask.
            needed: dollars for that, if it is more.
        """
        if self._job.max_cost is not None or dollars <= self._job.settings.ask_above:
            return
        text = f"{what} costs up to {shown(dollars)}"
        if self._confirm is None:
            raise LimitError(
                f"{text}, above {shown(self._job.settings.ask_above)}; allow {allow} with "
                f"--max-cost {shown_up(max(dollars, needed))} (max_cost in a job's file)"
            )
        if not self._confirm(text):
            raise LimitError(f"{text}: not allowed; nothing more was read")

    @property
    def spent(self) -> Spent:
        """What has been spent until now."""
        return sum((check.reading.spent for check in self.checks), self._lookup)

    def read(self) -> None:
        """Read what is new of each account; what fails is noted with the account.

        Raises:
            LimitError: it costs more than is spent without asking.
            KeyboardInterrupt: all that was read is kept.
        """
        self._ask_for(self.at_most().dollars, "this")
        work_through(self._good(), self._read_one, threads=AT_ONCE, cancelled=self._cancelled)

    def _divide(self) -> None:
        """Give each account its share of the money, so that it is not the fastest who gets it."""
        job, good = self._job, self._good()
        bound = None if job.max_cost is None else job.max_cost - self._lookup.dollars
        there = affordable(bound, job.prices)
        if there is None:
            return
        least = billed_for(FEWEST, retweets=job.retweets)
        wishes = [max(least, check.posts_at_most(retweets=job.retweets)) for check in good]
        for check, share in zip(good, shares(wishes, there), strict=True):
            check.share = share

    def _read_one(self, check: Checked) -> None:
        self._watcher.begin(check)
        try:
            with account_lock(check.handle) if self._locks else nullcontext():
                self._read_account(check)
        except PositivityError as error:
            check.error = error
            self._note_kept(check)
            if isinstance(error, AccessError | LimitError):
                self._fatal = self._fatal or error
        finally:
            self._watcher.end(check)

    def _note_kept(self, check: Checked) -> None:
        # A store that is not shared, and so needs no locks, ends with the run.
        stored = self._store.accounts.find(check.handle) if self._locks else None
        check.kept = stored.tweets if stored else 0

    def _read_account(self, check: Checked) -> None:
        account = check.account
        assert account is not None
        if self._fatal is not None:
            raise self._fatal
        # Asking for money can take its time, in which another run may have forgotten the account;
        # from here on the lock keeps others away.
        self._store.accounts.get(int(account.id))

        def progress(reading: Reading) -> None:
            check.reading = reading
            self._watcher.progress(check)

        purse = Purse(self._job.prices, check.share)
        reader = Reader(
            *(self._client, self._store, purse, account),
            retweets=self._job.retweets,
            on_progress=progress,
        )
        check.reading = reader.reading
        reader.read(self._job.window, check.estimate.limit)
        reader.refresh(check.to_refresh)
        if check.reading.money_ended and not self._store.accounts.ids(int(account.id)):
            # Not raised: it holds for this account only.
            check.error = LimitError(
                f"@{check.handle}: {self._job.bound} leaves too little to read any of it; raise it"
            )


def _unreadable(account: Account) -> PositivityError | None:
    """Why there is no reading an account that X gives."""
    if id_number(account.id) is None:
        return NetworkError(f"@{account.handle}: X gives an id that is none; try again")
    return protected_error(account.handle) if account.protected else None


def _parsed(handles: Sequence[str]) -> list[Checked]:
    """The handles, each once; the only one must be a handle, one of several may be none."""
    checks: dict[str, Checked] = {}
    for given in handles:
        try:
            handle = parse_handle(given)
            checks.setdefault(handle.lower(), Checked(handle))
        except PositivityError as error:
            if len(handles) == 1:
                raise
            checks.setdefault(given, Checked(given, error=error))
    return list(checks.values())
