"""Prices, and the purse that no run can overdraw."""

import math
import threading
from dataclasses import dataclass

from positivity.errors import LimitError
from positivity.store.ledger import Spent

_EXPANDED = 3  # with retweets, a post comes with at most two that it refers to
_DUST = 1e-9


@dataclass(frozen=True, slots=True)
class Prices:
    """Dollars for a post and for a user that X returns."""

    post: float
    user: float

    def of(self, *, posts: int = 0, users: int = 0) -> Spent:
        """What some reads cost."""
        return Spent(posts, users, round(posts * self.post + users * self.user, 6))


def billed_for(posts: int, *, retweets: bool) -> int:
    """How many posts X may bill for some of a timeline, with those that it sends along."""
    return posts * _EXPANDED if retweets else posts


def shown(dollars: float) -> str:
    """An amount as people write it; what costs anything is never shown as nothing."""
    if 0 < dollars < 0.01:
        return f"${dollars:.4f}".rstrip("0")
    return f"${dollars:,.2f}" if round(dollars * 1000) % 10 == 0 else f"${dollars:,.3f}"


def shown_up(dollars: float) -> str:
    """An amount for an option, rounded up to whole cents."""
    return f"{math.ceil(round(dollars * 100, 6)) / 100:.2f}"


class Purse:
    """What a run may still spend, shared by its threads.

    Posts are reserved before they are asked for and settled after, so that threads together
    cannot spend more than there is.
    """

    def __init__(self, prices: Prices, dollars: float | None = None) -> None:
        self.prices = prices
        self._left = math.inf if dollars is None else dollars
        self._spent = Spent()
        self._lock = threading.Lock()

    @property
    def spent(self) -> Spent:
        """What has been spent until now."""
        return self._spent

    @property
    def left(self) -> float:
        """Dollars that are left; infinite without a bound."""
        return self._left

    def reserve(self, posts: int) -> int:
        """Set money aside for posts; for how many of them there was enough."""
        with self._lock:
            if self.prices.post:
                posts = min(posts, math.floor(min(self._left / self.prices.post, 1e15) + _DUST))
            posts = max(0, posts)
            self._left -= posts * self.prices.post
            return posts

    def settle(self, reserved: int, returned: int) -> Spent:
        """Pay for what came, and give back the rest of what was set aside."""
        spent = self.prices.of(posts=returned)
        with self._lock:
            self._left += reserved * self.prices.post - spent.dollars
            self._spent += spent
        return spent

    def pay_for_users(self, users: int) -> Spent:
        """Pay for users that came."""
        spent = self.prices.of(users=users)
        with self._lock:
            self._left -= spent.dollars
            self._spent += spent
        return spent


def refuse_users(handles: int, prices: Prices, bound: float | None) -> None:
    """Raises LimitError when looking up the accounts alone costs more than the user's bound."""
    needed = prices.of(users=handles).dollars
    if bound is not None and needed > bound + _DUST:
        raise LimitError(
            f"looking up {handles:,} {'account' if handles == 1 else 'accounts'} costs "
            f"{shown(needed)}, more than --max-cost {bound:g}; nothing was read"
        )
