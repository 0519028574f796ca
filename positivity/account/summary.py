"""The shares of all tweets, of every month and of every kind, quantified together."""

import numpy as np

from positivity.account.posterior import BayesianQuantifier
from positivity.account.quantifiers import Floats
from positivity.account.quantify import NEGATIVE, POSITIVE, Shares, Tallied, quantify, shares_of
from positivity.account.report import Method
from positivity.account.timeline import Timeline

COUNTED, CORRECTED = "classify and count", "Bayesian prior correction"
METHODS = (COUNTED, CORRECTED)

COUNTED_LIMIT = (
    "The intervals cover the chance of having seen these tweets rather than others. "
    "They do not cover the classifier's own mistakes, and the shares are not corrected for them: "
    "it is not known how this model errs."
)
CORRECTED_LIMIT = (
    "Shares are corrected for the classifier's mistakes as measured on {sets}. The intervals cover "
    "the chance of having seen these tweets rather than others, and the doubt about those mistakes."
)
MOODS_LIMIT = "Moods last: {effect:.1f} of these tweets say as much as one on its own would."
_NOTABLE_EFFECT = 1.5

_PARTS = 64  # recalibrations for a month, week or kind: there are many of them
# Limits of how alike months are taken to be: as so many tweets' worth of the account's own shares.
_LOOSEST, _TIGHTEST = 3.0, 1_000.0


class Summary:
    """What the tweets of one subject amount to.

    Months and weeks borrow from the whole (partial pooling): their prior is a Dirichlet
    distribution around the shares of all tweets, as tight as the months, or the weeks, have turned
    out alike. So a month of six tweets stays near the account's own level, and one of six hundred
    speaks for itself.
    """

    def __init__(
        self,
        tallied: Tallied,
        timeline: Timeline,
        quantifier: BayesianQuantifier | None,
        *,
        seed: int,
    ) -> None:
        self._quantifier, self._seed = quantifier, seed
        self._effect = timeline.design_effect
        self._within_months = timeline.effect_within_months
        self._within_weeks = timeline.effect_within_weeks
        self._tallied = tallied
        self.net_by_label: Floats = np.array([-1.0, 0.0, 1.0])
        self._by_month: Floats | None = None  # priors
        self._by_week: Floats | None = None
        self._parts: BayesianQuantifier | None = None
        if quantifier is None or not tallied.labels.any():
            self.shares = quantify(tallied, None, seed=seed, effect=self._effect)
            return
        plausible = quantifier.plausible(tallied.dense(), effect=self._effect)
        self.shares = shares_of(plausible, int(tallied.labels.sum()))
        self.net_by_label = quantifier.net_by_label(tallied.dense(), plausible.mean, tallied.labels)
        self._parts = quantifier.with_fewer(_PARTS)
        if months := timeline.tallied():
            whole = self._parts.plausible(tallied.dense(), effect=self._effect)
            own = whole.by_recalibration()
            weeks = timeline.tallied_by_week()
            self._by_month = alikeness([each.labels for each in months]) * own
            self._by_week = alikeness([each.labels for each in weeks]) * own

    @property
    def method(self) -> Method:
        """How the shares came about."""
        effect = round(self._effect, 2)
        if self._quantifier is None:
            return Method(COUNTED, (), effect)
        return Method(CORRECTED, self._quantifier.recalibration.domains, effect)

    def of_month(self, tallied: Tallied) -> Shares:
        """The shares of a month."""
        return self._of(tallied, self._within_months, self._by_month)

    def of_week(self, tallied: Tallied) -> Shares:
        """The shares of a week."""
        return self._of(tallied, self._within_weeks, self._by_week)

    def of_part(self, tallied: Tallied) -> Shares:
        """The shares of some of the tweets."""
        return self._of(tallied, self._effect, None)

    def _of(self, tallied: Tallied, effect: float, prior: Floats | None) -> Shares:
        if self.shares and (tallied.labels == self._tallied.labels).all():
            return self.shares  # the part is the whole
        # A part never holds more tweets that are alike than it has.
        effect = min(effect, float(tallied.labels.sum()))
        shares = quantify(tallied, self._parts, seed=self._seed, effect=effect, prior=prior)
        assert shares is not None, "parts without tweets are not asked for"
        return shares

    def limits(self) -> list[str]:
        """What a reader must know of the shares, a sentence each."""
        if self.shares is None:
            return []
        limits = [COUNTED_LIMIT]
        if self._quantifier is not None:
            sets = ", ".join(self._quantifier.recalibration.domains)
            limits = [CORRECTED_LIMIT.format(sets=sets)]
        if self._effect >= _NOTABLE_EFFECT:
            limits.append(MOODS_LIMIT.format(effect=self._effect))
        return limits


def alikeness(months: list[np.ndarray[tuple[int, ...], np.dtype[np.int64]]]) -> float:
    """How many tweets' worth of prior the months give each other, from their labels ([3] each).

    The variance of the net between the months beyond that of drawing their tweets (the moment
    estimator of DerSimonian and Laird 1986), against the variance of a single tweet.
    """
    counts = np.array([each for each in months if each.any()], np.float64)
    if len(counts) < 2:
        return _LOOSEST
    tweets = counts.sum(axis=1)
    total = counts.sum(axis=0)
    nets = (counts[:, POSITIVE] - counts[:, NEGATIVE]) / tweets
    net = (total[POSITIVE] - total[NEGATIVE]) / total.sum()
    single = (total[POSITIVE] + total[NEGATIVE]) / total.sum() - net**2
    if single <= 0:
        return _TIGHTEST
    excess = (tweets * (nets - net) ** 2).sum() - (len(counts) - 1) * single
    between = excess / (tweets.sum() - (tweets**2).sum() / tweets.sum())
    if between <= 0:
        return _TIGHTEST
    return float(np.clip(single / between - 1, _LOOSEST, _TIGHTEST))
