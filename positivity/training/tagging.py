"""The task of the tagger: to mark the words of a tweet that people marked, given its side."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from positivity.errors import InputError
from positivity.model.registry import ModelDirectory
from positivity.model.tagger import TaggerNetwork, tags_of
from positivity.spans import MarkedTweet, SpanTagger, align, jaccard, mark_words
from positivity.text.normalize import Normalizer
from positivity.text.tokenizer import Tokenizer
from positivity.training.examples import in_batches
from positivity.training.labelled import Data
from positivity.training.recipe import Recipe, Source
from positivity.training.sentiment import drop_words
from positivity.training.span_figures import NamedMarks, figures_table, measure_spans
from positivity.training.task import ModelTask, in_bfloat16


@dataclass(frozen=True, slots=True)
class TagBatch:
    """Padded examples."""

    ids: NDArray[np.int64]  # [batch, time]
    lengths: NDArray[np.int64]  # [batch]
    sides: NDArray[np.int64]  # [batch], 0 negative, 1 positive
    tags: NDArray[np.int64]  # [batch, time]


class Tagging(ModelTask[TaggerNetwork, TagBatch]):
    """Marks the stretch that a person would mark.

    Neutral tweets are left out: people marked all of most of them, there being nothing to choose.
    """

    measure = "word Jaccard"

    def __init__(
        self, recipe: Recipe, data: Data, normalizer: Normalizer, tokenizer: Tokenizer
    ) -> None:
        _refuse(recipe)
        self.recipe, self._window = recipe, tokenizer.window

        def read(sources: Sequence[Source]) -> list[NamedMarks]:
            found = []
            for source in sources:
                tweets = align(*data.read_marked(source), normalizer, tokenizer.encode_many)
                if not tweets:
                    raise InputError(f"{source.file}: no positive or negative tweet has a mark")
                found.append(NamedMarks(source.name or source.file, tweets))
            return found

        self.dev, self.eval = read(recipe.dev), read(recipe.eval)
        held_out = {tuple(x.words.ids) for each in (*self.dev, *self.eval) for x in each.tweets}
        examples = [
            tweet
            for each in read(recipe.train)
            for tweet in each.tweets
            if tuple(tweet.words.ids) not in held_out
            # Of a text that is too long, the mark may lie where training does not read.
            and self._cut(tweet.words.of_tokens(tweet.marked)).any()
        ]
        size = recipe.training.tweets
        if size is not None and size < len(examples):
            chosen = np.random.default_rng(recipe.seed).choice(len(examples), size, replace=False)
            examples = [examples[row] for row in np.sort(chosen).tolist()]
        if len({tweet.side for tweet in examples}) < 2:
            raise InputError(f"recipe {recipe.name}: it takes marked tweets of both sides")
        self._examples = examples

    def __len__(self) -> int:
        return len(self._examples)

    def batches(self, size: int, seed: Sequence[int]) -> Iterator[TagBatch]:
        lengths = np.array([len(self._cut(tweet.words.ids)) for tweet in self._examples])
        for rows in in_batches(lengths, size, seed):
            yield self._batch([self._examples[row] for row in rows.tolist()])

    def _batch(self, tweets: Sequence[MarkedTweet]) -> TagBatch:
        ids = [self._cut(tweet.words.ids) for tweet in tweets]
        lengths = np.array([len(each) for each in ids])
        padded = np.zeros((2, len(ids), lengths.max()), np.int64)
        for row, (tweet, each) in enumerate(zip(tweets, ids, strict=True)):
            padded[0, row, : len(each)] = each
            tags = tags_of(tweet.words.of_tokens(tweet.marked))
            padded[1, row, : len(each)] = self._cut(tags)
        sides = np.array([int(tweet.side > 0) for tweet in tweets])
        return TagBatch(padded[0], lengths, sides, padded[1])

    def _cut(self, tokens: Any) -> Any:
        """The tokens of a tweet that training reads."""
        return tokens[: self.recipe.training.max_length]

    def loss(self, network: TaggerNetwork, batch: TagBatch, helper: nn.Module | None) -> Tensor:
        """The mean of -log p(tags | tweet, side)."""
        device = network.embedding.weight.device
        ids, lengths, sides, tags = (
            torch.from_numpy(each).to(device)
            for each in (batch.ids, batch.lengths, batch.sides, batch.tags)
        )
        ids = drop_words(ids, self.recipe.training.word_dropout)
        with in_bfloat16(device):
            emissions = network(ids, lengths, sides)
        return -network.crf.log_likelihood(emissions, tags, lengths).mean()

    def scores(self, network: TaggerNetwork) -> dict[str, float]:
        found = {}
        for each in self.dev:
            words = [tweet.words for tweet in each.tweets]
            markings = mark_words(
                network, words, [tweet.side for tweet in each.tweets], self._window
            )
            pairs = zip(each.tweets, markings, strict=True)
            found[each.name] = float(
                np.mean([jaccard(tweet.marked, marking.taken) for tweet, marking in pairs])
            )
        return found

    def figures(self, model: ModelDirectory) -> dict[str, Any]:
        return measure_spans(SpanTagger(model), self.dev, self.eval)

    def figures_table(self, figures: Mapping[str, Any]) -> str:
        return figures_table(figures)


def _refuse(recipe: Recipe) -> None:
    """Complains of what a tagger's recipe cannot have."""
    if not recipe.dev:
        raise InputError(f"recipe {recipe.name}: a tagger takes a [[dev]] source")
    training = recipe.training
    if training.augmentation or training.hints or training.keep != "start" or recipe.emoji:
        raise InputError(
            f"recipe {recipe.name}: a tagger learns from marked tweets as they are: without "
            "augmentation, hints, keep and [emoji]"
        )
