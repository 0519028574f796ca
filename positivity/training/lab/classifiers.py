"""What the lab measures the speed of: the classifiers of finished runs, and on which tweets."""

import random
from collections.abc import Mapping, Sequence
from pathlib import Path

from positivity.errors import InputError, PositivityError
from positivity.messages import say
from positivity.model.scorer import Scorer
from positivity.training.floors import Classifier, Vader
from positivity.training.lab.plan import Entry, LabRun
from positivity.training.lab.results import is_classifier
from positivity.training.labelled import Data

TWEETS = 4000  # at most


def classifiers_of(entries: Sequence[Entry]) -> dict[str, Classifier]:
    """A classifier for each recipe that makes one and has a finished run, on the CPU.

    All networks are run by torch: the light engine can run only some of them, and what one engine
    is quicker than another is not what the networks differ in. What cannot be loaded is left out,
    and said.
    """
    found: dict[str, Classifier] = {}
    for entry in entries:
        run = next((run for run in entry.runs if run.is_finished()), None)
        if run is None or not is_classifier(run):
            continue
        try:
            found[entry.name] = _load(entry, run)
        except PositivityError as error:
            say(f"{entry.name}: not scored for its speed: {error}")
    return found


def _load(entry: Entry, run: LabRun) -> Classifier:
    if entry.recipe.floor is not None and entry.recipe.floor.kind == "vader":
        return Vader()
    return Scorer.load(str(run.model), device="cpu", engine="torch")


def vader_of(classifiers: Mapping[str, Classifier]) -> Classifier | None:
    """VADER: the one among these, or another; None where its package is not installed."""
    try:
        return (
            next((each for each in classifiers.values() if isinstance(each, Vader)), None)
            or Vader()
        )
    except InputError:
        return None


def tweets_to_score(entries: Sequence[Entry], data: Path, runs: Path) -> list[str]:
    """Different evaluation tweets, of the first recipe whose sets are at hand; none without any."""
    source_of = Data(data, runs)
    for entry in entries:
        sets = entry.recipe.eval
        if sets and all((data / each.file).exists() for each in sets):
            texts = list(dict.fromkeys(t for each in sets for t in source_of.read(each).texts))
            random.Random(0).shuffle(texts)
            return texts[:TWEETS]
    return []
