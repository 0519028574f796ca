"""The task of the classifiers: which of three classes a tweet is of, or which of two."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from positivity.evaluation import evaluate
from positivity.model.engine_torch import load_network
from positivity.model.network import Classifier
from positivity.model.registry import ModelDirectory
from positivity.model.scorer import of_three
from positivity.text.normalize import Normalizer
from positivity.text.tokenizer import UNKNOWN, Tokenizer
from positivity.training.calibration import fit_temperature
from positivity.training.datasets import NamedSet, build_examples, read_sets, split_off_dev
from positivity.training.examples import Batch, Examples, batches
from positivity.training.export import add_light, summary
from positivity.training.labelled import Data, read_graded
from positivity.training.light import can_be_light
from positivity.training.measure import figures_table, measure
from positivity.training.quantification import quantification_file
from positivity.training.recipe import Recipe
from positivity.training.task import ModelTask, in_bfloat16


@dataclass(frozen=True, slots=True)
class Encoded:
    """A development set as ids."""

    name: str
    ids: list[list[int]]
    gold: NDArray[np.int64]


class Sentiment(ModelTask[Classifier, Batch]):
    """Negative, neutral or positive; without neutral where the recipe's network has two classes.

    Trained with the prior of each source added to the logits (logit adjustment, Menon et al. 2021),
    the network learns what the words say, not how common a class was where they were gathered.
    """

    measure = "macro recall"

    def __init__(
        self, recipe: Recipe, data: Data, normalizer: Normalizer, tokenizer: Tokenizer
    ) -> None:
        self.recipe, self._data = recipe, data
        self.dev = read_sets(recipe.dev, data, recipe.labels) or [split_off_dev(recipe, data)]
        self.eval = read_sets(recipe.eval, data, recipe.labels)
        self.held_back = read_sets(recipe.held_back, data, recipe.labels)
        for source in recipe.graded:  # which are quoted at the end: a mistake in them shows now
            read_graded(data.folder / source.file, source)
        held_out = [*self.dev, *self.eval]
        self.examples: Examples = build_examples(recipe, data, normalizer, tokenizer, held_out)
        reader = self.reader(normalizer)

        def encoded(each: NamedSet) -> Encoded:
            ids = tokenizer.encode_many(reader.normalize_many(each.texts))
            return Encoded(each.name, ids, each.gold)

        self.encoded = [encoded(each) for each in self.dev]
        self._encoded_back = [encoded(each) for each in self.held_back]

    def reader(self, normalizer: Normalizer) -> Normalizer:
        """Reads no last mark, where training has shown tweets with theirs, another and none."""
        if not self.recipe.training.augmentation:
            return normalizer
        return Normalizer(**(normalizer.tables | {"last_mark": False}))

    def __len__(self) -> int:
        return len(self.examples)

    def batches(self, size: int, seed: Sequence[int]) -> Iterator[Batch]:
        return batches(self.examples, size, seed)

    def helper(self, network: Classifier) -> nn.Module | None:
        """Tells from the pooled states what the teacher made of a text, for a recipe with hints."""
        numbers = self.examples.states.shape[1]
        if not self.recipe.training.hints or not numbers:
            return None
        return nn.Linear(network.pooled_size, numbers)

    def loss(self, network: Classifier, batch: Batch, helper: nn.Module | None) -> Tensor:
        loss, pooled = classifier_loss(network, batch, self.recipe.training.word_dropout)
        if helper is not None:
            loss = loss + self.recipe.training.hints * _hint_loss(helper, pooled, batch)
        return loss

    def scores(self, network: Classifier) -> dict[str, float]:
        return {
            each.name: evaluate(
                of_three(predict(network, each.ids).softmax(dim=1).numpy()), each.gold
            ).macro_recall
            for each in self.encoded
        }

    def temperature(self, network: Classifier) -> float:
        reference = self.recipe.reference
        sets = [each for each in self.encoded if not reference or each.name == reference]
        return fit_temperature(
            [predict(network, each.ids) for each in sets],
            [np.searchsorted(self._classes, each.gold) for each in sets],
        )

    @property
    def _classes(self) -> NDArray[np.int64]:
        """Which of the three labels each logit is of."""
        return np.array([0, 1, 2] if len(self.recipe.labels) == 3 else [0, 2])

    def files(self, network: Classifier, temperature: float) -> Mapping[str, bytes]:
        if len(self.recipe.labels) == 2:  # shares of three classes cannot be told from two
            return {}
        sets = [*self.dev, *self.held_back]
        logits = [predict(network, each.ids) for each in (*self.encoded, *self._encoded_back)]
        return quantification_file(sets, logits, temperature)

    def figures(self, model: ModelDirectory) -> dict[str, Any]:
        return measure(model.path, self.dev, self.eval, self._data, self.recipe)

    def figures_table(self, figures: Mapping[str, Any]) -> str:
        return figures_table(figures)

    def finished(self, model: ModelDirectory) -> str | None:
        if not can_be_light(load_network(model)):
            return None
        return summary(add_light(model.path, self.eval or self.dev))


def classifier_loss(
    network: Classifier, batch: Batch, word_dropout: float
) -> tuple[Tensor, Tensor]:
    """The cross-entropy of a batch, and the pooled states [batch, numbers] of its tweets."""
    device = network.embedding.weight.device
    ids = torch.from_numpy(batch.ids).to(device)
    lengths = torch.from_numpy(batch.lengths).to(device)
    ids = drop_words(ids, word_dropout)
    with in_bfloat16(device):
        pooled = network.pooled(ids, lengths)
        logits = network.mlp(pooled).float()
    logits = logits + torch.from_numpy(batch.log_priors).to(device)
    targets = torch.from_numpy(batch.targets).to(device)
    weights = torch.from_numpy(batch.weights).to(device)
    losses = nn.functional.cross_entropy(logits, targets, reduction="none")  # [batch]
    return (losses * weights).sum() / weights.sum(), pooled


def _hint_loss(helper: nn.Module, pooled: Tensor, batch: Batch) -> Tensor:
    """The mean square by which the teacher's states are missed, 1 for knowing nothing."""
    weights = torch.from_numpy(batch.weights).to(pooled.device)
    rows = torch.from_numpy(batch.with_state).to(pooled.device)
    states = torch.from_numpy(batch.states).to(pooled.device)
    with in_bfloat16(pooled.device):
        told = helper(pooled[rows])
    missed = (told.float() - states).square().mean(dim=1)  # [those with a state]
    loss: Tensor = (missed * weights[rows]).sum() / weights.sum()
    return loss


def drop_words(ids: Tensor, share: float) -> Tensor:
    """Makes a share of the tokens unknown, never the padding."""
    if not share:
        return ids
    dropped = (torch.rand(ids.shape, device=ids.device) < share) & (ids != 0)
    return ids.masked_fill(dropped, UNKNOWN)


@torch.inference_mode()
def predict(network: Classifier, ids: Sequence[Sequence[int]], batch_size: int = 256) -> Tensor:
    """Logits [tweets, classes] of tweets of any lengths, in the order given."""
    device = next(network.parameters()).device
    order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    logits = torch.empty(len(ids), network.config.classes)
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        lengths = torch.tensor([max(1, len(ids[row])) for row in rows])
        padded = torch.zeros(len(rows), int(lengths.max()), dtype=torch.long)
        for i, row in enumerate(rows):
            padded[i, : len(ids[row])] = torch.tensor(ids[row], dtype=torch.long)
        logits[rows] = network(padded.to(device), lengths.to(device)).cpu()
    return logits
