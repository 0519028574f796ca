"""What each part of a recipe is worth: the recipe with one part changed, at a small budget.

    python benchmarks/ablations.py models/recipes/base.toml --data DATA --runs RUNS

Every trial has its own folder in RUNS and is not repeated when it is there; the table of all is
printed at the end. Figures are macro recall on the development sets, the mean and half the range
over the seeds, and the same of the area under the curve, which chance moves less.
"""

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from positivity.evaluation import area_under_curve
from positivity.training.labelled import Data
from positivity.training.loop import Record
from positivity.training.recipe import Recipe, Source, read_recipe
from positivity.training.run import Run
from positivity.training.sentiment import Sentiment, predict

TWEETS, EPOCHS = 200_000, 5
WIDER = 96  # numbers of a vector: what `small` reads of a word and a pair together
_AREAS = "areas.json"  # in a trial's folder


def without_teacher(recipe: Recipe) -> Recipe:
    """Only what people labelled, and cues."""
    kept = tuple(source for source in recipe.train if not source.taught)
    return replace(recipe, train=kept, initial_vectors="")


def by_human_labels(source: Source) -> bool:
    return not source.taught and not source.cues and not source.probabilities


def variants(recipe: Recipe) -> dict[str, Recipe]:
    """Name of a change -> the recipe with it."""
    training, emoji = recipe.training, recipe.emoji
    assert emoji is not None
    taught = tuple(source for source in recipe.train if source.taught)
    gold = tuple(source for source in recipe.train if by_human_labels(source))
    cues = tuple(source for source in recipe.train if source.cues)
    semeval = tuple(source for source in gold if "semeval2016" in str(source.keep))
    network = dict(recipe.network)

    def smooth(share: float) -> tuple[Source, ...]:
        return tuple(
            replace(source, smoothing=share) if by_human_labels(source) else source
            for source in recipe.train
        )

    return {
        "all of it": recipe,
        "no teacher": without_teacher(recipe),
        "no teacher, SemEval only": replace(without_teacher(recipe), train=semeval),
        "the teacher alone": replace(recipe, train=taught),
        "no emoticon cues": replace(recipe, train=gold + taught),
        "no human labels": replace(recipe, train=taught + cues),
        "no hints": replace(recipe, training=replace(training, hints=0.0)),
        "hints count three times": replace(recipe, training=replace(training, hints=3.0)),
        "no pairs": replace(recipe, network=network | {"pairs": 0}),
        "no pairs, wider vectors": replace(
            recipe, network=network | {"pairs": 0, "embedding_size": WIDER}
        ),
        "vectors begin at random": replace(recipe, initial_vectors=""),
        "no emoji ranking": replace(recipe, emoji=None),
        "no emoji added": replace(recipe, emoji=replace(emoji, put_back=0.0, lent=0.0, alone=0)),
        "no marks of sarcasm": replace(recipe, training=replace(training, sarcasm=0.0)),
        "no augmentation": replace(recipe, training=replace(training, augmentation=False)),
        "no averaging of weights": replace(recipe, training=replace(training, averaging=0.0)),
        "no word dropout": replace(recipe, training=replace(training, word_dropout=0.0)),
        "no label smoothing": replace(recipe, train=smooth(0.0)),
        "hidden size 128": replace(recipe, network=network | {"hidden_size": 128}),
        "hidden size 256": replace(recipe, network=network | {"hidden_size": 256}),
        "two layers": replace(recipe, network=network | {"layers": 2}),
        "one direction": replace(recipe, network=network | {"bidirectional": False}),
        "GRU": replace(recipe, network=network | {"cell": "gru"}),
        "pooling: attention": replace(recipe, network=network | {"pooling": ("attention",)}),
        "pooling: last": replace(recipe, network=network | {"pooling": ("last",)}),
    }


def trial(
    recipe: Recipe, data: Path, runs: Path, name: str
) -> tuple[Record, dict[str, float | None]]:
    """The kept record of a trial and its areas under the curve, from its folder when it has run."""
    folder = runs / name.replace(" ", "-").replace(":", "").replace(",", "")
    done = folder / _AREAS
    if done.exists():
        records = json.loads((folder / "records.json").read_text(encoding="utf-8"))
        return kept([Record(**each) for each in records], recipe), json.loads(done.read_text())
    vocabulary, shared = folder / "vocabulary", runs / "vocabulary"
    if shared.exists() and not vocabulary.exists():  # no change is one of the vocabulary
        shutil.copytree(shared, vocabulary)
    run = Run(recipe, Data(data, runs), folder, device="auto", say=lambda line: None)
    if not shared.exists():
        shutil.copytree(vocabulary, shared)
    for _ in run.train():
        pass
    assert isinstance(run.task, Sentiment)
    areas = {
        each.name: area_under_curve(
            predict(run.trainer.kept, each.ids).softmax(1).numpy(), each.gold
        )
        for each in run.task.encoded
    }
    done.write_text(json.dumps(areas))
    return kept(run.trainer.records, recipe), areas


def kept(records: Sequence[Record], recipe: Recipe) -> Record:
    """The one whose network was kept."""
    if recipe.training.keep_last:
        return records[-1]
    return max(records, key=lambda record: record.recall)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--runs", type=Path, required=True, help="the teacher's run lies there too")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--only", nargs="*", help="names of changes")
    options = parser.parse_args()
    recipe = read_recipe(options.recipe)
    if not isinstance(recipe, Recipe):
        sys.exit(f"{options.recipe}: a teacher's recipe; this is for models")
    small = replace(recipe.training, tweets=TWEETS, epochs=EPOCHS)
    changes = variants(replace(recipe, training=small))
    rows = []
    for name in options.only or changes:
        recalls, areas, by_set = [], [], []
        for seed in range(1, options.seeds + 1):
            seeded = replace(changes[name], seed=seed)
            record, of_sets = trial(seeded, options.data, options.runs, f"{name}-{seed}")
            by_set.append(record.recalls)
            recalls.append(record.recall)
            areas.append(float(np.mean([each for each in of_sets.values() if each is not None])))
            told = f"{name}, seed {seed}: {recalls[-1]:.4f}, area {areas[-1]:.4f}"
            print(told, file=sys.stderr, flush=True)
        means = {each: np.mean([of_one[each] for of_one in by_set]) for each in by_set[0]}
        rows.append((name, with_spread(recalls), with_spread(areas), means))
    sets = list(rows[0][3])
    print("| change | mean of the four | area under the curve | " + " | ".join(sets) + " |")
    print("|---" * (len(sets) + 3) + "|")
    for name, recall, area, means in rows:
        print(f"| {name} | {recall} | {area} | ", end="")
        print(" | ".join(f"{means[each]:.3f}" for each in sets), "|")


def with_spread(values: Sequence[float]) -> str:
    """The mean and half the range."""
    return f"{np.mean(values):.3f} ± {(max(values) - min(values)) / 2:.3f}"


if __name__ == "__main__":
    main()
