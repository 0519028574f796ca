"""Tweets a second of every model, one after the other on the same tweets, beside VADER."""

import os
import platform
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from statistics import median

from positivity.training.floors import Classifier

_ROUNDS = 3
_VADER = ""  # no recipe's name: it is measured beside them where it is none of them


@dataclass(frozen=True, slots=True)
class Rate:
    """How fast a model scores, and how fast VADER did in the same process."""

    tweets_per_second: float
    vader: float | None  # None where VADER is not installed
    texts: str = ""  # what identifies the tweets

    @property
    def times_vader(self) -> float | None:
        return self.tweets_per_second / self.vader if self.vader else None


def measure_rates(
    classifiers: Mapping[str, Classifier], vader: Classifier | None, texts: Sequence[str]
) -> dict[str, Rate]:
    """Scores the texts with each in turn, so that a noisy spell hits all alike; medians of rounds.

    It is the processor's time that counts, from text to probabilities: what one core does in a
    second, whatever else the machine has to do. Loading a model is left out.
    """
    everyone = dict(classifiers)
    if vader is not None and vader not in everyone.values():
        everyone[_VADER] = vader
    seconds: dict[str, list[float]] = {name: [] for name in everyone}
    for classifier in everyone.values():
        classifier.score(texts[: len(texts) // 10 + 1])  # what the first texts set up is left out
    for _ in range(_ROUNDS):
        for name, classifier in everyone.items():
            begun = time.process_time()
            classifier.score(texts)
            seconds[name].append(time.process_time() - begun)
    rates = {name: len(texts) / max(median(each), 1e-6) for name, each in seconds.items()}
    of_vader = next((rates[name] for name, each in everyone.items() if each is vader), None)
    digest = blake2b("\0".join(texts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return {name: Rate(rates[name], of_vader, digest) for name in classifiers}


def describe_machine() -> str:
    """What the rates are of, as far as it can be told."""
    return f"{_processor()}, {os.cpu_count()} cores, {platform.system()}"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, "") or platform.processor() or platform.machine()
