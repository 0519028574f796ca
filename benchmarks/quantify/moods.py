"""Simulated accounts whose mood lasts."""

import numpy as np

from benchmarks.quantify.bags import within
from positivity.account.clusters import Days
from positivity.account.quantify import Tallied, quantify


def moods(accounts: int, seed: int) -> str:
    """Simulated accounts whose mood lasts, half of whose tweets are positive in the long run.

    Their labels are taken as right, so that only the dependence of the tweets matters: how often
    the 95 % interval of the share holds that half, with and without the design effect.
    """
    lines = [
        "| mood, correlation from day to day | days | design effect | coverage | without it |",
        "|---|---|---|---|---|",
    ]
    for kept in (None, 0.0, 0.5, 0.7, 0.9):
        for days in (60, 200, 800):
            effects, held = [], np.zeros(2)
            for account in range(accounts):
                when, labels = moody(kept, days, np.random.default_rng([seed, account]))
                counted, by_day = Tallied(labels=np.bincount(labels, minlength=3)), Days()
                by_day.add(when, labels)
                effects.append(by_day.design_effect())
                for i, effect in enumerate((effects[-1], 1.0)):
                    shares = quantify(counted, None, seed=seed, effect=effect)
                    assert shares is not None
                    held[i] += within(0.5, shares.positive)
            with_it, without = 100 * held / accounts
            lines.append(
                f"| {'none' if kept is None else kept} | {days} | {np.mean(effects):.1f} "
                f"| {with_it:.1f} % | {without:.1f} % |"
            )
    return "\n".join(lines)


def moody(kept: float | None, days: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Days and labels of four tweets a day on average; None: a mood of no strength."""
    mood = rng.standard_normal(days)
    for day in range(1, days):
        mood[day] = (kept or 0) * mood[day - 1] + np.sqrt(1 - (kept or 0) ** 2) * mood[day]
    when = np.repeat(np.arange(days), rng.poisson(4, days))
    leaning = mood[when] * (0.0 if kept is None else 1.5)
    return when, np.where(rng.random(len(when)) < 1 / (1 + np.exp(-leaning)), 2, 0)
