"""How fast `positivity score` is, as whole processes, beside VADER on the same file and run.

    python benchmarks/speed.py TWEETS [--rows 200000] [--runs 3] [--model base]

TWEETS is a parquet or CSV file with a `text` column; its first different texts, in a random but
fixed order, are written to a CSV without a language column, which both read. Machines differ and
are shared: the ratio is what counts. Prints Markdown.
"""

import argparse
import csv
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

VADER = """
import csv, sys
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer
score = SentimentIntensityAnalyzer().polarity_scores
counts = {"negative": 0, "neutral": 0, "positive": 0}
with open(sys.argv[1], encoding="utf-8", newline="") as file:
    for row in csv.DictReader(file):
        compound = score(row["text"])["compound"]
        label = "positive" if compound >= 0.05 else "negative" if compound <= -0.05 else "neutral"
        counts[label] += 1
print(counts)
"""


def distinct_texts(path: Path, rows: int) -> list[str]:
    """That many different texts of a file, in an order that is always the same."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq

        texts = pq.read_table(path, columns=["text"]).column("text").to_pylist()
    else:
        with path.open(encoding="utf-8", newline="") as file:
            texts = [row["text"] for row in csv.DictReader(file)]
    texts = list(dict.fromkeys(text for text in texts if text))
    random.Random(0).shuffle(texts)
    if len(texts) < rows:
        sys.exit(f"{path} has {len(texts):,} different texts, fewer than {rows:,}")
    return texts[:rows]


def write_csv(path: Path, texts: Sequence[str]) -> None:
    """A file of ids and texts."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        writer.writerows((10**18 + i, text) for i, text in enumerate(texts))


def seconds(command: Sequence[str]) -> float:
    """Wall time of a whole process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def in_turn(commands: dict[str, list[str]], runs: int) -> dict[str, list[float]]:
    """Wall times of each command, run in turn so that a noisy spell hits all alike."""
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            times[name].append(seconds(command))
    return times


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("tweets", type=Path)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--model", default="base")
    options = parser.parse_args()
    texts = distinct_texts(options.tweets, options.rows)
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder) / "large.csv", Path(folder) / "small.csv"
        write_csv(large, texts)
        write_csv(small, texts[:200])
        python = [sys.executable]
        score = [*python, "-m", "positivity", "score", "--quiet", "--model", options.model]
        times = in_turn(
            {
                "VADER": [*python, "-c", VADER, str(large)],
                "positivity": [*score, str(large)],
                "positivity --engine torch": [*score, "--engine", "torch", str(large)],
            },
            options.runs,
        )
        ratios = [a / b for a, b in zip(times["VADER"], times["positivity"], strict=True)]
        starts = in_turn(
            {
                "import torch": [*python, "-c", "import torch"],
                "positivity score, 200 tweets": [*score, str(small)],
                "the same, --engine torch": [*score, "--engine", "torch", str(small)],
                "positivity --help": [*python, "-m", "positivity", "--help"],
            },
            options.runs,
        )
    print(
        f"{options.rows:,} different tweets, {os.cpu_count()} cores, {options.runs} runs, medians\n"
    )
    print("| whole process | seconds | tweets/s |\n|---|---|---|")
    for name, each in times.items():
        median = statistics.median(each)
        print(f"| {name} | {median:.1f} | {options.rows / median:,.0f} |")
    low, middle, high = min(ratios), statistics.median(ratios), max(ratios)
    print(f"\npositivity runs at {middle:.2f} times VADER's speed ({low:.2f} to {high:.2f})\n")
    print("| start | seconds |\n|---|---|")
    for name, each in starts.items():
        print(f"| {name} | {statistics.median(each):.2f} |")


if __name__ == "__main__":
    main()
