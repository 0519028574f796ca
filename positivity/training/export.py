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
_LEAST_SAME_LABEL, _MOST_RECALL_LOST = 0.995, 0.003
_COMPANY = 300  # texts of each set that are also scored one by one


def light_figures(model: ModelDirectory, sets: Sequence[NamedSet]) -> dict[str, Any]:
    """How near the light engine comes to float32 on labelled tweets, and to itself when alone."""
    exact = Scorer.load(model, device="cpu", engine="torch", exact=True)
    light = Scorer.load(model, device="cpu", engine="onnx")
    tweets, same, farthest, alone_farthest, recall = 0, 0, 0.0, 0.0, 0.0
    for each in sets:
        expected, found = exact.score(each.texts), light.score(each.texts)
        tweets += len(each.texts)
        same += int((expected.argmax(axis=1) == found.argmax(axis=1)).sum())
        farthest = max(farthest, float(abs(expected - found).max()))
        recalls = [evaluate(scores, each.gold).macro_recall for scores in (expected, found)]
        recall = max(recall, abs(recalls[1] - recalls[0]))
        alone = np.concatenate([light.score([text]) for text in each.texts[:_COMPANY]])
        alone_farthest = max(alone_farthest, float(abs(alone - found[:_COMPANY]).max()))
    return {
        "tweets": tweets,
        "same_label": same / max(tweets, 1),
        "largest_difference_in_macro_recall": round(recall, 5),
        "largest_difference": round(farthest, 4),
        "largest_difference_alone": float(f"{alone_farthest:.1e}"),
    }


def is_near_enough(figures: dict[str, Any]) -> bool:
    """Whether the light engine may stand for the network."""
    return bool(
        figures["same_label"] >= _LEAST_SAME_LABEL
        and figures["largest_difference_in_macro_recall"] <= _MOST_RECALL_LOST
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
        f"of float32; macro recall differs by {figures['largest_difference_in_macro_recall']:.4f}, "
        f"a probability by {figures['largest_difference']:.3f} at most"
        + ("" if is_near_enough(figures) else "; that is too much: it is left out")
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command; returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m positivity.training.export")
    parser.add_argument("model", type=Path, help="the model directory, which is changed")
    parser.add_argument("--data", type=Path, required=True, help="the folder of labelled tweets")
    parser.add_argument("--recipe", type=Path, help="the model's own, if it does not ship")
    options = parser.parse_args(arguments)
    try:
        name = registry.load(str(options.model)).config.name
        recipe = read_recipe(options.recipe or registry.shipped() / "recipes" / f"{name}.toml")
        if not isinstance(recipe, Recipe):
            raise InputError(f"{options.recipe}: is the recipe of a teacher")
        data = Data(options.data, options.data)
        figures = add_light(options.model, read_sets([*recipe.dev, *recipe.eval], data))
    except PositivityError as error:
        say(error)
        return error.exit_code
    say(summary(figures))
    return 0 if is_near_enough(figures) else 1


if __name__ == "__main__":
    sys.exit(main())
