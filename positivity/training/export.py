"""Gives a model the file of the light engine, once it is measured that both say the same.

    python -m positivity.training.export MODEL --data DATA [--recipe RECIPE]

does so for a model that was trained before; a training run does it by itself.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from positivity.errors import InputError, PositivityError
from positivity.evaluation import evaluate
from positivity.messages import say
from positivity.model import registry
from positivity.model.engine_torch import load_network
from positivity.model.registry import LIGHT, METRICS, ModelDirectory
from positivity.model.scorer import Scorer
from positivity.training.datasets import NamedSet, read_sets
from positivity.training.labelled import Data
from positivity.training.light import can_be_light, to_light
from positivity.training.recipe import Recipe, read_recipe

_FIGURES = "light_engine"  # in the metrics
_LEAST_SAME_LABEL, _MOST_RECALL_CHANGED = 0.995, 0.003
_COMPANY = 500  # texts that are also scored one by one

Scores = NDArray[np.float32]


def light_figures(model: ModelDirectory, sets: Sequence[NamedSet]) -> dict[str, Any]:
    """How near the light engine comes to float32 on labelled tweets, and to itself when alone."""
    exact = Scorer.load(model, device="cpu", engine="torch", exact=True)
    light = Scorer.load(model, device="cpu", engine="onnx")
    texts = [text for each in sets for text in each.texts]
    gold = np.concatenate([each.gold for each in sets])
    expected, found = exact.score(texts), light.score(texts)
    some = np.random.default_rng(0).permutation(len(texts))[:_COMPANY]
    alone = np.concatenate([light.score([texts[i]]) for i in some])
    ends = np.cumsum([len(each.texts) for each in sets])[:-1]
    parts = (np.split(each, ends) for each in (expected, found, gold))
    # In a small set one tweet moves it by more than the bound, which is for all together.
    return {
        "tweets": len(texts),
        "same_label": float((expected.argmax(axis=1) == found.argmax(axis=1)).mean()),
        "change_of_macro_recall": _change(expected, found, gold),
        "change_of_macro_recall_by_set": {
            each.name: _change(*part)
            for each, part in zip(sets, zip(*parts, strict=True), strict=True)
        },
        "largest_difference": round(float(abs(expected - found).max()), 4),
        "largest_difference_alone": float(f"{abs(alone - found[some]).max():.1e}"),
    }


def _change(expected: Scores, found: Scores, gold: NDArray[np.int64]) -> float:
    """How much more macro recall the found scores have than the expected ones."""
    change = evaluate(found, gold).macro_recall - evaluate(expected, gold).macro_recall
    return round(change, 5)


def is_near_enough(figures: dict[str, Any]) -> bool:
    """Whether the light engine may stand for the network."""
    return bool(
        figures["same_label"] >= _LEAST_SAME_LABEL
        and abs(figures["change_of_macro_recall"]) <= _MOST_RECALL_CHANGED
    )


def add_light(path: Path, sets: Sequence[NamedSet]) -> dict[str, Any]:
    """Writes the light engine's file into a model directory; returns the figures.

    Where the light engine strays too far, the directory has no such file afterwards, and its
    metrics say why.

    Raises:
        InputError: the light engine does not run such a network.
    """
    model = registry.load(str(path))
    network = load_network(model)
    if not can_be_light(network):
        raise InputError(f"{path}: the light engine runs one LSTM layer, with attention or max")
    files = {name: (path / name).read_bytes() for name in registry.verify(path)}
    files[LIGHT] = to_light(network)
    registry.write_directory(path, files)
    figures = light_figures(registry.load(str(path)), sets)
    if not is_near_enough(figures):
        del files[LIGHT]
    files[METRICS] = json.dumps({**model.metrics(), _FIGURES: figures}, indent=1).encode() + b"\n"
    registry.write_directory(path, files)
    return figures


def summary(figures: dict[str, Any]) -> str:
    """The figures in a line."""
    return (
        f"light engine: {figures['same_label']:.2%} of {figures['tweets']:,} tweets get the label "
        f"of float32; macro recall changes by {figures['change_of_macro_recall']:+.4f}, "
        f"a probability by at most {figures['largest_difference']:.3f}"
        + ("" if is_near_enough(figures) else "; that is too much: it is left out")
    )


def _own_recipe(model: Path) -> Path:
    """The file of the recipe that bears the model's name.

    Raises:
        InputError: none of this name ships.
    """
    name = registry.load(str(model)).config.name
    path = registry.shipped() / "recipes" / f"{name}.toml"
    if not path.exists():
        raise InputError(f"{model}: no recipe {name} ships; name its file with --recipe")
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m positivity.training.export")
    parser.add_argument("model", type=Path, help="the model directory, which is changed")
    parser.add_argument("--data", type=Path, required=True, help="the folder of labelled tweets")
    parser.add_argument("--recipe", type=Path, help="the model's own, if it does not ship")
    options = parser.parse_args(arguments)
    try:
        recipe = read_recipe(options.recipe or _own_recipe(options.model))
        if not isinstance(recipe, Recipe):
            raise InputError(f"{options.recipe}: is the recipe of a teacher")
        if not recipe.eval and not recipe.dev:
            raise InputError(f"recipe {recipe.name}: it has no [[eval]] to compare on")
        data = Data(options.data, options.data)
        figures = add_light(options.model, read_sets(recipe.eval or recipe.dev, data))
    except PositivityError as error:
        say(error)
        return error.exit_code
    say(summary(figures))
    return 0 if is_near_enough(figures) else 1


if __name__ == "__main__":
    sys.exit(main())
