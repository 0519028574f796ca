"""Prices, and purses that no run can overdraw."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

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


def affordable(dollars: float | None, prices: Prices) -> int | None:
    """For how many posts some dollars are enough; None for any number."""
    posts = math.inf if dollars is None or not prices.post else dollars / prices.post
    return max(0, math.floor(posts + _DUST)) if math.isfinite(posts) else None


def enough(dollars: float, price: float) -> bool:
    """Whether some dollars pay a price."""
    return dollars + _DUST >= price


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


def many_posts(number: int) -> str:
    """How many posts, in words."""
    return f"{number:,} {'post' if number == 1 else 'posts'}"


def shares(wishes: Sequence[int], there: int) -> list[int]:
    """Divides what there is: nobody gets more than asked for, and the rest goes to the others.

    >>> shares([200, 10, 200], 110)
    [50, 10, 50]
    """
    given = [0] * len(wishes)
    order = sorted(range(len(wishes)), key=lambda place: wishes[place])
    for done, place in enumerate(order):
        given[place] = min(wishes[place], there // (len(order) - done))
        there -= given[place]
    return given


class Purse:
    """What reading an account may still cost.

    Posts are reserved before they are asked for and settled after: what comes is paid for, and
    what could have come but did not is there again.
    """

    def __init__(self, prices: Prices, posts: int | None = None) -> None:
        """`posts` is for how many of them there is money; None for any number."""
        self.prices = prices
        self.posts_left = posts
        self.spent = Spent()

    def reserve(self, posts: int) -> int:
        """Set money aside for posts; for how many of them there was enough."""
        if self.posts_left is None:
            return posts
        reserved = min(posts, self.posts_left)
        self.posts_left -= reserved
        return reserved

    def settle(self, reserved: int, returned: int) -> Spent:
        """Pay for what came, and give back the rest of what was set aside."""
        spent = self.prices.of(posts=returned)
        if self.posts_left is not None:
            self.posts_left = max(0, self.posts_left + reserved - returned)
        self.spent += spent
        return spent
