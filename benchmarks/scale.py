"""Whether a folder of parts gives the report of one machine, and what it costs.

    python benchmarks/scale.py TWEETS [--rows 300000] [--parts 12] [--workers 2] [--model base]

TWEETS is a parquet file of tweets. Its first rows are cut into parts, each of which repeats a tenth
of the one before. They are scored by one process into one file, by one process into a folder, and
on a Ray cluster of this machine with some workers (where Ray is installed). Prints Markdown, and
ends with 1 unless all reports are the same to the last byte.
"""

import argparse
import os
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pyarrow.parquet as pq

CLUSTER = """
import logging, sys, ray
context = ray.init(
    address="local", num_cpus=int(sys.argv[1]), object_store_memory=100 << 20,
    include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR,
)
print("address", context.address_info["address"], flush=True)
sys.stdin.read()
"""


@contextmanager
def ray_cluster(workers: int) -> Iterator[None]:
    """A Ray cluster of this machine, which processes find by RAY_ADDRESS."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLUSTER, str(workers)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        lines = (line.split() for line in process.stdout or ())
        os.environ["RAY_ADDRESS"] = next(words[1] for words in lines if words[0] == "address")
        yield
    finally:
        os.environ.pop("RAY_ADDRESS", None)
        process.communicate()


def write_parts(tweets: Path, folder: Path, rows: int, parts: int) -> list[str]:
    """The first rows of a file in parts, each after the last tenth of the one before."""
    table = pq.read_table(tweets).slice(0, rows)
    size = -(-len(table) // parts)
    paths = []
    for number in range(parts):
        start = max(0, number * size - size // 10)
        path = folder / f"part{number:03}.parquet"
        pq.write_table(table.slice(start, (number + 1) * size - start), path)
        paths.append(str(path))
    return paths


def run(command: list[str]) -> tuple[str, float, float]:
    """What a command prints, its wall time, and the time of the processor that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    result = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    wall = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return result.stdout, wall, cpu


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("tweets", type=Path)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--parts", type=int, default=12)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--model", default="base")
    options = parser.parse_args()
    os.environ |= {
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_BACKEND_LOG_LEVEL": "fatal",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "tweets").mkdir()
        parts = write_parts(options.tweets, folder / "tweets", options.rows, options.parts)
        rows = sum(pq.read_metadata(part).num_rows for part in parts)
        arguments = ["score", *parts, "--format", "json", "-q", "--model", options.model]
        here = [sys.executable, "-m", "positivity", *arguments, "--scores"]
        ways = {
            "one file": [*here, str(folder / "scores.parquet")],
            "a folder": [*here, f"{folder}/scores/"],
            "a folder, all of it resumed": [*here, f"{folder}/scores/", "--resume"],
        }
        found = {way: run(command) for way, command in ways.items()}
        if find_spec("ray") is not None:
            with ray_cluster(options.workers):
                found[f"Ray, {options.workers} workers"] = run(
                    [*here, f"{folder}/on_ray/", "--runner", "ray"]
                )
        sizes = [
            sum(path.stat().st_size for path in (folder / "scores").glob(pattern)) / rows
            for pattern in ("*.parquet", "_positivity/*")
        ]
    print(f"{rows:,} rows in {options.parts} parts, model {options.model}\n")
    print("| scores into | seconds | of the processor | report |\n|---|---|---|---|")
    expected = found["one file"][0]
    for way, (report, wall, cpu) in found.items():
        said = "the same" if report == expected else "ANOTHER"
        # The workers of a cluster are not this process's children.
        of_processor = "" if way.startswith("Ray") else f"{cpu:.1f}"
        print(f"| {way} | {wall:.1f} | {of_processor} | {said} |")
    print(f"\nbytes a row: {sizes[0]:.0f} of scores, {sizes[1]:.0f} beside them")
    sys.exit(any(report != expected for report, _, _ in found.values()))


if __name__ == "__main__":
    main()
