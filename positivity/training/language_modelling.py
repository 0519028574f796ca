"""The task of the language models: which character comes next?"""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from positivity.errors import InputError
from positivity.model.engine_torch import load_network
from positivity.model.language_model import END, LanguageModel
from positivity.model.registry import ModelDirectory
from positivity.text.normalize import Normalizer
from positivity.text.tokenizer import UNKNOWN, Tokenizer
from positivity.training.examples import Batch, Examples, batches, encode, make_examples
from positivity.training.labelled import Data
from positivity.training.recipe import Recipe, Source
from positivity.training.task import ModelTask, in_bfloat16

_HELD_OUT = 0.02
_MOST_LOOKED_AT = 2000  # texts of a set, at each look


class LanguageModelling(ModelTask[LanguageModel, Batch]):
    """How many bits a character costs, given those before it; the end of a text counts as one.

    Without development sets in the recipe, one training text of fifty, drawn by the seed, is held
    out. What is held out, or to be quoted on, is never trained on.
    """

    measure = "minus bits per character"

    def __init__(
        self, recipe: Recipe, data: Data, normalizer: Normalizer, tokenizer: Tokenizer
    ) -> None:
        self._recipe, self._tokenizer = recipe, tokenizer
        generator = np.random.default_rng(recipe.seed)
        self._dev = _read_sets(recipe.dev, data, normalizer)
        self._eval = _read_sets(recipe.eval, data, normalizer)
        sources = _read_sets(recipe.train, data, normalizer).values()
        texts = list(dict.fromkeys(text for each in sources for text in each))
        texts = [texts[row] for row in generator.permutation(len(texts)).tolist()]
        if not self._dev:
            held_out = max(1, int(_HELD_OUT * len(texts)))
            self._dev, texts = {"held out": texts[:held_out]}, texts[held_out:]
        forbidden = {
            text for part in (self._dev, self._eval) for some in part.values() for text in some
        }
        texts = [text for text in texts if text not in forbidden][: recipe.training.tweets]
        if not texts:
            raise InputError(f"recipe {recipe.name}: no text is left to train on")
        ids = encode(texts, tokenizer, recipe.training)
        nothing = np.zeros((len(ids), 0), np.float32)
        self.examples: Examples = make_examples(
            ids, nothing, np.ones(len(ids), np.float32), nothing
        )
        self._looked_at = {
            name: encode(some[:_MOST_LOOKED_AT], tokenizer, recipe.training)
            for name, some in self._dev.items()
        }

    def __len__(self) -> int:
        return len(self.examples)

    def batches(self, size: int, seed: Sequence[int]) -> Iterator[Batch]:
        return batches(self.examples, size, seed)

    def loss(self, network: LanguageModel, batch: Batch, helper: nn.Module | None) -> Tensor:
        device = network.embedding.weight.device
        read, told, real = (each.to(device) for each in shifted(batch.ids, batch.lengths))
        with in_bfloat16(device):
            logits = network(read).float()
        return (_nats(logits, told) * real).sum() / real.sum()

    def scores(self, network: LanguageModel) -> dict[str, float]:
        return {name: -bits(network, ids) for name, ids in self._looked_at.items()}

    def figures(self, model: ModelDirectory) -> dict[str, Any]:
        network = load_network(model)
        assert isinstance(network, LanguageModel)
        return {
            part: {name: self._measured(network, texts) for name, texts in sets.items()}
            for part, sets in (("dev", self._dev), ("eval", self._eval))
        }

    def _measured(self, network: LanguageModel, texts: list[str]) -> dict[str, float]:
        ids = encode(texts, self._tokenizer, self._recipe.training)
        tokens = sum(map(len, ids))
        unknown = sum(each.count(UNKNOWN) for each in ids)
        return {
            "tweets": len(texts),
            "characters": tokens,
            "unknown_characters": unknown / tokens,
            "bits_per_character": bits(network, ids),
        }

    def figures_table(self, figures: Mapping[str, Any]) -> str:
        rows = ["| set | tweets | characters | bits per character |", "|---|---|---|---|"]
        for part in ("dev", "eval"):
            for name, m in figures[part].items():
                rows.append(
                    f"| {name} ({part}) | {m['tweets']:,} | {m['characters']:,} "
                    f"| {m['bits_per_character']:.3f} |"
                )
        return "\n".join(rows)


def _read_sets(
    sources: Sequence[Source], data: Data, normalizer: Normalizer
) -> dict[str, list[str]]:
    """The different normalized texts of each source, in their order."""
    found: dict[str, list[str]] = {}
    for source in sources:
        texts = normalizer.normalize_many(data.read(source).texts)
        name = source.name or source.file
        found[name] = list(dict.fromkeys([*found.get(name, []), *filter(None, texts)]))
    return found


def shifted(ids: NDArray[np.int64], lengths: NDArray[np.int64]) -> tuple[Tensor, Tensor, Tensor]:
    """What is read, what is to be told at each place, and where there is something to tell.

    Args:
        ids: [batch, time], padded; lengths: [batch].

    Returns:
        Three tensors [batch, time + 1]: END and the text; the text and END; 1 within it, else 0.
    """
    end = np.full((len(ids), 1), END)
    read = np.concatenate([end, ids], axis=1)
    told = np.concatenate([ids, end], axis=1)
    real = np.arange(told.shape[1]) <= lengths[:, None]
    return torch.from_numpy(read), torch.from_numpy(told), torch.from_numpy(real).float()


@torch.inference_mode()
def bits(network: LanguageModel, ids: Sequence[Sequence[int]], batch_size: int = 128) -> float:
    """The mean bits that a character of some texts costs, their ends counted as one each."""
    device = network.embedding.weight.device
    order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    nats = characters = 0.0
    for at in range(0, len(order), batch_size):
        some = [ids[row] for row in order[at : at + batch_size]]
        lengths = np.array([len(each) for each in some])
        padded = np.full((len(some), lengths.max()), END)
        for row, each in enumerate(some):
            padded[row, : len(each)] = each
        read, told, real = (each.to(device) for each in shifted(padded, lengths))
        nats += float((_nats(network(read), told) * real).sum())
        characters += float(real.sum())
    return nats / characters / math.log(2)


def _nats(logits: Tensor, told: Tensor) -> Tensor:
    """Minus the log-probability of each token [batch, time]."""
    return nn.functional.cross_entropy(logits.transpose(1, 2), told, reduction="none")
