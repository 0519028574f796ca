"""What emoji say of a tweet's class, from human judgements.

The Emoji Sentiment Ranking (Kralj Novak, Smailović, Sluban and Mozetič, PLoS ONE 10(12), 2015)
counts, for 751 emoji, how many negative, neutral and positive tweets carried each. Most labelled
tweets were published without their emoji, so this is where a model learns them. What came into use
later we have judged ourselves, in three kinds.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from positivity.errors import InputError
from positivity.text.emojis import bare

_CLASSES = ("Negative", "Neutral", "Positive")
_LEAST_OCCURRENCES = 5
_ALWAYS_USED = 100  # the most frequent emoji: to keep one of them back would cost too much
# Faces, gestures and hearts of Unicode 7 to 15 that people use with one feeling. Those used with
# several, or with none, are left to the words around them.
_NEWER = {
    (40.0, 180.0, 780.0): "🥰 🥳 🤩 🤗 🤣 🙂 🥇 🥂 🫶 🤟 🤘 🤙 🤌 🫰 🤠 🧡 🤍 🤎 🩷 🩵 🤤 🤭 🤪",
    (200.0, 300.0, 500.0): "🥹 🤝 🤞 🫡 🤑 🤓 🖤 🩶 🦾 🫂 🤲 🪩 🦄 🦋",
    (660.0, 220.0, 120.0): "🤬 🤮 🤢 🙄 🖕 🙁 🤦 🤕 🤒 🤧 🤥 🥴 🤡 🥱 🫤 🫥 🤨 🥀",
}


@dataclass(frozen=True, slots=True)
class EmojiRanking:
    """Emoji and how many tweets of each class carried them."""

    emoji: tuple[str, ...]
    counts: NDArray[np.float64]  # [emoji, 3]

    def given_emoji(self) -> NDArray[np.float64]:
        """Probability of each class given the emoji, smoothed by half a tweet: [emoji, 3]."""
        smoothed = self.counts + 0.5
        return np.asarray(smoothed / smoothed.sum(axis=1, keepdims=True))

    def split(self, share: float, seed: int) -> tuple["EmojiRanking", "EmojiRanking"]:
        """The ranking to train with, and a share of the rarer emoji that is kept to measure by."""
        order = np.argsort(-self.counts.sum(axis=1), kind="stable")
        rarer = np.random.default_rng(seed).permutation(order[_ALWAYS_USED:])
        kept = np.sort(rarer[: round(share * len(rarer))])
        used = np.setdiff1d(np.arange(len(self.emoji)), kept)
        return self._of(used), self._of(kept)

    def _of(self, rows: NDArray[np.int64]) -> "EmojiRanking":
        return EmojiRanking(tuple(self.emoji[row] for row in rows), self.counts[rows])

    def scores(self) -> NDArray[np.float64]:
        """The sentiment of each emoji as published, positive share less negative share: [emoji]."""
        return np.asarray((self.counts[:, 2] - self.counts[:, 0]) / self.counts.sum(axis=1))

    def shares(self) -> dict[str, NDArray[np.float64]]:
        """Bare emoji -> probability of each class given the emoji [3]."""
        return dict(zip(self.emoji, self.given_emoji(), strict=True))

    def with_newer(self) -> "EmojiRanking":
        """The ranking, and the emoji that are too new for it."""
        newer = {bare(each): row for row, line in _NEWER.items() for each in line.split()}
        newer = {each: row for each, row in newer.items() if each not in self.emoji}
        counts = np.array(list(newer.values())).reshape(-1, len(_CLASSES))
        return EmojiRanking((*self.emoji, *newer), np.concatenate([self.counts, counts]))

    def draw(self, labels: NDArray[np.int64], generator: np.random.Generator) -> list[str]:
        """An emoji for each label 0..2, as often as tweets of that class carry it."""
        drawn = np.empty(len(labels), dtype=object)
        for label in range(len(_CLASSES)):
            rows = np.flatnonzero(labels == label)
            shares = self.counts[:, label] / self.counts[:, label].sum()
            drawn[rows] = np.array(self.emoji, dtype=object)[
                generator.choice(len(self.emoji), size=len(rows), p=shares)
            ]
        return drawn.tolist()


def read_ranking(path: Path) -> EmojiRanking:
    """The published CSV: Emoji, …, Negative, Neutral, Positive, ….

    Raises:
        InputError: the file is missing or not that CSV.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            # Copies go about with rows added by hand: those have no count of occurrences.
            judged = [row for row in csv.DictReader(file) if row["Occurrences"] != "-"]
            rows = [row for row in judged if int(row["Occurrences"]) >= _LEAST_OCCURRENCES]
    except OSError as error:
        raise InputError(f"{path}: cannot read the emoji ranking ({error.strerror})") from None
    except (KeyError, ValueError):
        raise InputError(f"{path}: not the CSV of the Emoji Sentiment Ranking") from None
    counts = np.array([[int(row[name]) for name in _CLASSES] for row in rows], dtype=np.float64)
    return EmojiRanking(tuple(bare(row["Emoji"]) for row in rows), counts)


def emoji_shares(
    found: Sequence[str], shares: dict[str, NDArray[np.float64]]
) -> NDArray[np.float64] | None:
    """Probability of each class [3] given the emoji of a tweet; None when none is known.

    The normalized geometric mean over the emoji: a tweet's emoji repeat one another rather than
    add up.
    """
    known = [np.log(shares[emoji]) for emoji in sorted(set(found)) if emoji in shares]
    if not known:
        return None
    mean = np.exp(np.mean(known, axis=0))
    return np.asarray(mean / mean.sum())


def with_emoji(words: NDArray[np.floating], emoji: NDArray[np.floating]) -> NDArray[np.float64]:
    """Probability of each class of a tweet, by what its words say and what its emoji say.

    Words are neutral where they say nothing: then the emoji decides. Where they take a side, both
    are evidence for a side (Bayes' rule), and neither takes the other's back to neutral.

    Args:
        words: probability of each class given the words [..., 3].
        emoji: probability of each class given the emoji [..., 3].
    """
    sides = words * emoji * np.array([1.0, 0.0, 1.0])
    total = np.maximum(sides.sum(axis=-1, keepdims=True), 1e-12)
    silent = words[..., 1:2]
    return np.asarray(silent * emoji + (1 - silent) * sides / total, dtype=np.float64)
