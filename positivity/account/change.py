"""Whether the last 30 days differ from the year before: called a change only when it is one.

They end with the last tweet and not with today: the same tweets say the same on any day.

Both periods are quantified under the same recalibrations of the classifier, so what is not known
about its mistakes falls out of the difference for the most part. The account's design effect widens
the interval: an account whose weeks always go up and down must move further than one that does not.
"""

import numpy as np

from positivity.account.posterior import BayesianQuantifier, Plausible
from positivity.account.quantifiers import Floats, Ints
from positivity.account.quantify import (
    NEGATIVE,
    POSITIVE,
    Tallied,
    counted_plausible,
    net_estimate,
    shares_of,
    tally_by,
)
from positivity.account.report import Change

RECENT, BEFORE = 30, 365  # days
FEWEST = 20  # tweets in each period


class LastDays:
    """The tweets of the last days of a stream, by day; older ones are dropped.

    What is kept depends on the tweets alone: the last day only ever moves on, and what it leaves
    behind would be dropped at the end too.
    """

    def __init__(self) -> None:
        self._days: dict[int, Tallied] = {}

    def add(self, days: Ints, labels: Ints, cells: Ints) -> None:
        """Count tweets by their days [n] since 1970, labels [n] and cells [n]."""
        if not len(days):
            return
        late = days >= self._move_on(int(days.max()))
        tally_by(self._days, days[late], labels[late], cells[late])

    def merge(self, other: "LastDays") -> None:
        """Count what another one has counted, too."""
        if not other._days:
            return
        first = self._move_on(max(other._days))
        for day, each in other._days.items():
            if day >= first:
                self._days.setdefault(day, Tallied()).merge(each)

    def _move_on(self, day: int) -> int:
        """Drops the days that are over once there are tweets of this one; the first that is not."""
        first = max((day, *self._days)) - RECENT - BEFORE + 1
        self._days = {day: each for day, each in self._days.items() if day >= first}
        return first

    def periods(self) -> tuple[Tallied, Tallied]:
        """The tweets of the year before and of the last 30 days."""
        before, recent = Tallied(), Tallied()
        border = max(self._days, default=0) - RECENT
        for day in sorted(self._days):
            (recent if day > border else before).merge(self._days[day])
        return before, recent


def change(
    days: LastDays, quantifier: BayesianQuantifier | None, *, seed: int, effect: float
) -> Change | None:
    """The last 30 days against the year before; None when either has fewer than 20 tweets."""
    periods = days.periods()
    sizes = [int(each.labels.sum()) for each in periods]
    if min(sizes) < FEWEST:
        return None
    if quantifier is None:
        plausible = [
            counted_plausible(each.labels, seed + i, effect) for i, each in enumerate(periods)
        ]
    else:
        plausible = [
            quantifier.plausible(each.dense(), effect=min(effect, size))
            for each, size in zip(periods, sizes, strict=True)
        ]
    before, recent = plausible
    difference = _difference(before, recent, paired=quantifier is None)
    nets = [shares_of(each, size).net for each, size in zip(plausible, sizes, strict=True)]
    estimate = net_estimate(float(difference.weights @ difference.shares[:, 0]), difference)
    return Change(
        before=nets[0],
        before_tweets=sizes[0],
        recent=nets[1],
        recent_tweets=sizes[1],
        difference=estimate,
        changed=estimate.low > 0 or estimate.high < 0,
    )


def _difference(before: Plausible, recent: Plausible, *, paired: bool) -> Plausible:
    """Every draw of one against every draw of the other under the same recalibration.

    Draws that are `paired` are all as plausible, and many: one of each at a time will do.
    """
    nets, weights = [], []
    for each in (before, recent):
        nets.append(_net(each).reshape(each.groups, -1))
        weights.append(each.weights.reshape(each.groups, -1))
    if paired:
        return Plausible((nets[1] - nets[0]).reshape(-1, 1), weights[0].ravel(), 1)
    differences = nets[1][:, :, None] - nets[0][:, None, :]
    together = weights[1][:, :, None] * weights[0][:, None, :] * before.groups
    return Plausible(differences.reshape(-1, 1), together.ravel(), before.groups)


def _net(plausible: Plausible) -> Floats:
    return np.asarray(plausible.shares[:, POSITIVE] - plausible.shares[:, NEGATIVE])
