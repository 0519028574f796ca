"""Pre-training by emoji prediction (Felbo et al. 2017): which emoji was in a tweet?

Nobody has to label such tweets. What a network must know to answer is near to what it must know to
tell whether a tweet is positive.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from torch import Tensor, nn

from positivity.errors import InputError
from positivity.model.network import Classifier
from positivity.text.normalize import Normalizer
from positivity.text.tokenizer import Tokenizer
from positivity.training.examples import Batch, batches, encode, make_examples
from positivity.training.labelled import Data
from positivity.training.recipe import PretrainingRecipe
from positivity.training.sentiment import classifier_loss, predict
from positivity.training.task import Task

_COLUMN = "emoji"
_HELD_OUT = 0.05


class EmojiPrediction(Task[Classifier, Batch]):
    """The emoji that a tweet carried, one of those that the tables have.

    Its score is taken on one of twenty tweets, drawn by the seed, that it is not trained on.
    """

    measure = "macro recall"

    def __init__(
        self,
        recipe: PretrainingRecipe,
        data: Data,
        normalizer: Normalizer,
        tokenizer: Tokenizer,
        seed: int,
    ) -> None:
        self._recipe = recipe.training
        generator = np.random.default_rng(seed)
        emoji_of: dict[str, str] = {}  # a tweet that stands there twice counts once
        for source in recipe.train:
            texts, emoji = data.read_column(source, _COLUMN)
            emoji_of |= dict(zip(normalizer.normalize_many(texts), emoji, strict=True))
        emoji_of.pop("", None)
        wanted = recipe.training.tweets
        rows = generator.permutation(len(emoji_of))[:wanted]
        texts, emoji = list(emoji_of), list(emoji_of.values())
        self.emoji = sorted({emoji[row] for row in rows})
        if len(self.emoji) < 2:
            raise InputError("pre-training needs tweets with two different emoji at least")
        ids = encode([texts[row] for row in rows], tokenizer, recipe.training)
        gold = np.array([self.emoji.index(emoji[row]) for row in rows])
        held_out = max(1, int(_HELD_OUT * len(rows)))
        self._dev_ids, self._dev_gold = ids[:held_out], gold[:held_out]
        targets = np.eye(len(self.emoji), dtype=np.float32)[gold[held_out:]]
        self.examples = make_examples(
            ids[held_out:],
            targets,
            np.ones(len(targets), np.float32),
            np.zeros_like(targets),  # how common an emoji is may be learnt, too
        )

    def __len__(self) -> int:
        return len(self.examples)

    def batches(self, size: int, seed: Sequence[int]) -> Iterator[Batch]:
        return batches(self.examples, size, seed)

    def loss(self, network: Classifier, batch: Batch, helper: nn.Module | None) -> Tensor:
        return classifier_loss(network, batch, self._recipe.word_dropout)[0]

    def scores(self, network: Classifier) -> dict[str, float]:
        found = predict(network, self._dev_ids).argmax(dim=1).numpy()
        right = found == self._dev_gold
        recalls = [right[self._dev_gold == each].mean() for each in np.unique(self._dev_gold)]
        return {"emoji": float(np.mean(recalls))}
