"""Examples from which a model learns emoji: labels updated, emoji put back, lent, and alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from positivity.evaluation import LABELS
from positivity.text.normalize import Normalizer
from positivity.training.emoji_ranking import EmojiRanking, emoji_shares, with_emoji
from positivity.training.recipe import EmojiRecipe


@dataclass(frozen=True, slots=True)
class EmojiExamples:
    """Makes examples with emoji; texts come and go normalized."""

    recipe: EmojiRecipe
    ranking: EmojiRanking
    normalizer: Normalizer
    generator: np.random.Generator

    def with_own(self, texts: Sequence[str], targets: NDArray[np.float32]) -> NDArray[np.float32]:
        """Targets [texts, 3] from words alone, updated by what the emoji in each text say."""
        named = self.normalizer.emoji
        shares = {
            named[emoji]: each for emoji, each in self.ranking.shares().items() if emoji in named
        }
        updated = targets.copy()
        for row, text in enumerate(texts):
            if ":" in text:
                emoji = emoji_shares(text.split(" "), shares)
                if emoji is not None:
                    updated[row] = with_emoji(targets[row], emoji)
        return updated

    def put_back(
        self, texts: Sequence[str], gold: NDArray[np.int64], targets: NDArray[np.float32]
    ) -> tuple[list[str], NDArray[np.float32]]:
        """Some of the texts once more, each with an emoji that its class often carries."""
        rows = np.flatnonzero(self.generator.random(len(texts)) < self.recipe.put_back)
        repeats = self.generator.choice([1, 1, 1, 2, 3], size=len(rows))
        emoji = self.ranking.draw(gold[rows], self.generator)
        added = [
            f"{texts[row]} {self.normalizer.normalize(drawn * n)}"
            for row, drawn, n in zip(rows.tolist(), emoji, repeats.tolist(), strict=True)
        ]
        return added, targets[rows]

    def lent(
        self, texts: Sequence[str], targets: NDArray[np.float32]
    ) -> tuple[list[str], NDArray[np.float32]]:
        """Some of the texts once more with any emoji: it agrees, or disagrees, or decides."""
        rows = np.flatnonzero(self.generator.random(len(texts)) < self.recipe.lent)
        emoji, shares = self.alone(len(rows))
        lent = [f"{texts[row]} {drawn}" for row, drawn in zip(rows.tolist(), emoji, strict=True)]
        return lent, with_emoji(targets[rows], shares).astype(np.float32)

    def alone(self, size: int) -> tuple[list[str], NDArray[np.float64]]:
        """So many texts of one emoji or two, some repeated, and the classes' shares [size, 3].

        Drawn by the square root of their counts in the ranking: the rare ones have to be met, too.
        """
        frequency = np.sqrt(self.ranking.counts.sum(axis=1))
        choices = len(self.ranking.emoji)
        drawn = self.generator.choice(choices, size=(size, 2), p=frequency / frequency.sum())
        kinds = self.generator.choice([1, 1, 2], size=size)
        repeats = self.generator.choice([1, 1, 2, 3], size=size)
        all_shares = self.ranking.shares()
        texts, shares = [], np.empty((size, len(LABELS)))
        for row, (pair, kind, repeat) in enumerate(zip(drawn, kinds, repeats, strict=True)):
            emoji = [self.ranking.emoji[i] for i in pair[:kind]]
            texts.append(self.normalizer.normalize(" ".join(each * repeat for each in emoji)))
            shares[row] = emoji_shares(emoji, all_shares)
        return texts, shares
