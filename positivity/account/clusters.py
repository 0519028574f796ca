"""How much less tweets say because they come in moods: the design effect.

Tweets of one day are alike: ten complaints about one late train are not ten independent looks at an
account. The variance of the mean of what is seen is measured between days, between weeks and
between spans of four weeks (the cluster-robust variance of survey statistics; Kish 1965, "Survey
Sampling"), with what neighbouring spans have in common on top (Newey and West 1987), and compared
with that of as many independent tweets. The largest ratio, at least 1, is the number of tweets that
are worth one.
"""

from collections.abc import Sequence

import numpy as np

from positivity.account.quantifiers import Floats, Ints

SPANS = (1, 7, 28)  # days
FEWEST_SPANS = 20  # with tweets in them; from fewer a variance is not known
_THURSDAY = 3  # 1970-01-01, in days after Monday
_CAP = 8_192  # days kept; beyond, neighbouring ones are merged


class Days:
    """Labels counted by day, in bounded memory."""

    def __init__(self, cap: int = _CAP) -> None:
        self._cap = cap
        self._width = 1  # days that are counted together
        self._counts: dict[int, Ints] = {}

    def add(self, days: Ints, labels: Ints) -> None:
        """Count tweets by their days [n] since 1970 and labels [n]."""
        if not len(days):
            return
        found, where = np.unique(days // self._width, return_inverse=True)
        table = np.bincount(where * 3 + labels, minlength=3 * len(found)).reshape(-1, 3)
        self._merge(found.tolist(), table)
        self._keep_to_cap()

    def merge(self, other: "Days") -> None:
        """Count what another one has counted, too."""
        while self._width < other._width:
            self._widen()
        wider = self._width // other._width  # both are powers of two
        self._merge([day // wider for day in other._counts], list(other._counts.values()))
        self._keep_to_cap()

    def _keep_to_cap(self) -> None:
        while len(self._counts) > self._cap:
            self._widen()

    def _widen(self) -> None:
        old, self._counts = self._counts, {}
        self._width *= 2
        self._merge([day // 2 for day in old], list(old.values()))

    def _merge(self, days: Sequence[int], table: Sequence[Ints] | Ints) -> None:
        for day, row in zip(days, table, strict=True):
            self._counts[day] = self._counts.get(day, 0) + row

    def design_effect(self) -> float:
        """How many of the tweets are worth one drawn independently, at least 1."""
        days, table = self._sorted()
        return max(1.0, *(_effect(days // span, table) for span in SPANS))

    def effect_within_months(self) -> float:
        """The same for tweets of a month about that month, where the mood of the month is no noise.

        From days against their span of four weeks.
        """
        days, table = self._sorted()
        return max(1.0, _effect(days, table, around=days // SPANS[-1]))

    def effect_within_weeks(self) -> float:
        """The same for a week: from days against their week, Monday to Sunday."""
        days, table = self._sorted()
        return max(1.0, _effect(days, table, around=(days + _THURSDAY) // 7))

    def _sorted(self) -> tuple[Ints, Floats]:
        """Days since 1970 [n] and the labels counted on each [n, 3]."""
        keys = sorted(self._counts)
        days = np.array(keys, np.int64) * self._width
        return days, np.array([self._counts[key] for key in keys], np.float64).reshape(-1, 3)


def _effect(spans: Ints, table: Floats, *, around: Ints | None = None) -> float:
    """The design effect of clusters `spans` [n] on label counts [n, 3]; 1 from too few.

    Deviations are from the mean of all, or from that of the groups `around` [n] the rows belong to.
    """
    found, where = np.unique(spans, return_inverse=True)
    if len(found) < FEWEST_SPANS:
        return 1.0
    group = np.zeros(len(table), np.int64) if around is None else around
    groups, group = np.unique(group, return_inverse=True)
    totals = np.array([np.bincount(group, weights=column) for column in table.T]).T  # [groups, 3]
    free = len(found) - len(groups)
    if free < 1:
        return 1.0
    effects = []
    # How positive or negative a tweet is, and whether it has an opinion at all.
    for value in np.array([[-1.0, 0.0, 1.0], [1.0, 0.0, 1.0]]):
        means = totals @ value / totals.sum(axis=1)
        deviations = value - means[group][:, None]  # [n, 3]
        independent = (table * deviations**2).sum()
        if independent > 0:
            sums = np.bincount(where, weights=(table * deviations).sum(axis=1))
            neighbours = sums[1:] @ (sums[:-1] * (np.diff(found) == 1)) if around is None else 0.0
            together = (sums**2).sum() + max(0.0, neighbours)
            effects.append(len(found) / free * together / independent)
    return float(np.mean(effects)) if effects else 1.0
