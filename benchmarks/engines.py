"""How fast each engine runs the network, on one thread, beside the others in the same run.

    python benchmarks/engines.py TWEETS [--rows 20000] [--runs 5] [--model base]

TWEETS is a parquet or CSV file with a `text` column. Only the forward pass is timed, with its
batching, in seconds of the processor: other processes on the machine count less than in wall time.
The engines take turns, and the best of each one's runs counts. Prints Markdown.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.speed import distinct_texts
from positivity.model.engine_onnx import OnnxEngine
from positivity.model.engine_torch import TorchEngine
from positivity.model.registry import load
from positivity.model.scorer import Engine, Scorer


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("tweets", type=Path)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--model", default="base")
    options = parser.parse_args()
    torch.set_num_threads(1)
    directory = load(options.model)
    exact, quick = (TorchEngine(directory, device="cpu", exact=each) for each in (True, False))
    light = OnnxEngine(directory)
    light.workers = 1
    engines: dict[str, Engine] = {"torch float32": exact}
    if quick.precision != exact.precision:
        engines[f"torch {quick.precision}"] = quick
    engines["onnx int8"] = light
    parts = (directory.config, directory.normalizer(), directory.tokenizer())
    scorers = {name: Scorer(*parts, engine) for name, engine in engines.items()}
    ids = scorers["onnx int8"].encode(distinct_texts(options.tweets, options.rows))
    seconds: dict[str, list[float]] = {name: [] for name in scorers}
    scores: dict[str, NDArray[np.float32]] = {}
    for _ in range(options.runs):
        for name, scorer in scorers.items():
            start = time.process_time()
            scores[name] = scorer.score_ids(ids)
            seconds[name].append(time.process_time() - start)
    hidden = directory.config.network["hidden_size"]
    tokens = np.mean([len(each) for each in ids])
    print(f"{len(ids):,} tweets of {tokens:.1f} tokens, hidden size {hidden}, one thread\n")
    print("| engine | tweets/s | beside torch float32 | same label | largest difference |")
    print("|---|---|---|---|---|")
    expected, reference = scores["torch float32"], min(seconds["torch float32"])
    for name, found in scores.items():
        best = min(seconds[name])
        same = (found.argmax(axis=1) == expected.argmax(axis=1)).mean()
        print(
            f"| {name} | {len(ids) / best:,.0f} | {reference / best:.2f} | {same:.2%} "
            f"| {abs(found - expected).max():.4f} |"
        )


if __name__ == "__main__":
    main()
