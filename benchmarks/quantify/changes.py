"""How often a change is called on real accounts."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from positivity.account.change import BEFORE, RECENT, LastDays, change
from positivity.account.clusters import Days
from positivity.account.posterior import cells_of
from positivity.analysis import quantifier_of
from positivity.model import registry
from positivity.model.scorer import Scorer
from positivity.training.quantification import SCORE_DIGITS

SHUFFLES = 5
PLANTED = (0.2, 0.4)


def changes(timelines: Path, model: registry.ModelDirectory, seed: int) -> str:
    """How often a change is called on real accounts: as they are, shuffled, and with one planted.

    The last 395 days of every account with enough tweets in them. Shuffled: the days change places.
    Planted: in the shuffled last 30 days this share of the tweets that are not negative is replaced
    by negative ones of the account.
    """
    quantifier = quantifier_of(model)
    rng = np.random.default_rng(seed)
    called: dict[str, list[bool]] = {}
    for days, probabilities in accounts(timelines, model):
        labels, cells = probabilities.argmax(axis=1), cells_of(probabilities)
        last = days.max()
        names = {"as they are": (days, labels, cells)}
        for _ in range(SHUFFLES):
            places = rng.permutation(RECENT + BEFORE)
            shuffled = places[last - days]
            found = [(shuffled, labels, cells)]
            negative = np.flatnonzero(labels == 0)
            recent = np.flatnonzero((shuffled > shuffled.max() - RECENT) & (labels != 0))
            for share in PLANTED:
                rows = np.arange(len(labels))
                chosen = rng.permutation(recent)[: round(share * len(recent))]
                rows[chosen] = rng.choice(negative, len(chosen)) if len(negative) else chosen
                found.append((shuffled, labels[rows], cells[rows]))
            names |= dict(zip(("shuffled", *map(str, PLANTED)), found, strict=True))
            for name, (when, label, cell) in names.items():
                by_day, last_days = Days(), LastDays()
                by_day.add(when, label)
                last_days.add(when, label, cell)
                result = change(last_days, quantifier, seed=seed, effect=by_day.design_effect())
                if result:
                    called.setdefault(name, []).append(result.changed)
            names = {}
    lines = ["| timelines | periods tested | called a change |", "|---|---|---|"]
    for name, each in called.items():
        title = name if not name[0].isdigit() else f"{float(name):.0%} of the last month planted"
        lines.append(f"| {title} | {len(each)} | {100 * np.mean(each):.1f} % |")
    return "\n".join(lines)


def accounts(
    timelines: Path, model: registry.ModelDirectory
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Days and probabilities of the last 395 days of real accounts with 300 tweets in them."""
    scorer = Scorer.load(model)
    tweets = pd.read_parquet(timelines, columns=["user", "created_at", "text"])
    tweets["day"] = tweets.created_at.dt.floor("D").astype("int64") // 86_400_000_000
    for _, own in tweets.groupby("user"):
        own = own[own.day > own.day.max() - RECENT - BEFORE]
        if len(own) >= 300:
            own = own.sample(min(len(own), 4_000), random_state=1)
            scores = scorer.score(own.text.tolist()).astype(float).round(SCORE_DIGITS)
            yield own.day.to_numpy(), scores
