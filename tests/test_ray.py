"""A job on a local Ray cluster of two workers: the report of one machine, also when one dies."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.test_parts import write_parts

pytestmark = [
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed"),
    pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the workers in /proc"),
]

PARTS = 8
# Two workers on any machine; all of it ends with the process.
ON_TWO_WORKERS = """
import logging, ray
ray.init(
    address="local", num_cpus=2, object_store_memory=100 << 20, include_dashboard=False,
    log_to_driver=False, logging_level=logging.ERROR,
)
from positivity.cli import main
main()
"""


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return write_parts(tmp_path_factory.mktemp("tweets"), parts=PARTS, rows=6000)


@pytest.fixture(scope="module")
def alone(parts: list[str], tmp_path_factory: pytest.TempPathFactory) -> tuple[str, pa.Table]:
    """The report and the scores of one machine."""
    scores = tmp_path_factory.mktemp("alone") / "scores.parquet"
    command = [sys.executable, "-m", "positivity", *options(parts, scores)]
    report = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return report, pq.read_table(scores)


def options(parts: list[str], scores: Path) -> list[str]:
    return ["score", *parts, "--scores", str(scores), "--format", "json", "--quiet"]


def on_ray(parts: list[str], scores: Path, *more: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", ON_TWO_WORKERS, *options(parts, scores), "--runner", "ray"]
    environment = os.environ | {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal"}
    environment.pop("RAY_ADDRESS", None)
    return subprocess.Popen(
        [*command, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def children(process: int) -> Iterator[tuple[int, str]]:
    """All processes below one, with their command lines."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
                title = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except (OSError, ValueError):
                continue
            if parent == process:
                yield int(entry.name), title
                yield from children(int(entry.name))


def done(scores: Path) -> int:
    return len([path for path in scores.glob("_positivity/*.json") if path.name != "job.json"])


def scores_in(folder: Path, parts: list[str]) -> pa.Table:
    """The scores of all parts, in the order of the parts."""
    found = {path.name.partition("-")[0]: path for path in folder.glob("*.parquet")}
    assert len(found) == len(parts)
    return pa.concat_tables([pq.read_table(found[Path(part).stem]) for part in parts])


def test_a_worker_killed_half_way_changes_nothing(
    parts: list[str], alone: tuple[str, pa.Table], tmp_path: Path
) -> None:
    scores = tmp_path / "scores"
    process = on_ray(parts, scores)
    limit = time.monotonic() + 400
    while done(scores) < 2 and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.02)
    before = done(scores)
    below = dict(children(process.pid))
    workers = [each for each, title in below.items() if "MapWorker" in title]
    assert process.poll() is None and workers, process.communicate()
    os.kill(workers[0], signal.SIGKILL)
    assert 2 <= before < PARTS
    report, said = process.communicate(timeout=400)
    assert process.returncode == 0, said
    assert report == alone[0]
    assert scores_in(scores, parts).equals(alone[1])
    ended = time.monotonic() + 60
    while any(Path(f"/proc/{each}").exists() for each in below) and time.monotonic() < ended:
        time.sleep(0.1)
    assert not [title for each, title in below.items() if Path(f"/proc/{each}").exists()]


def test_a_job_that_was_stopped_goes_on(
    parts: list[str], alone: tuple[str, pa.Table], tmp_path: Path
) -> None:
    scores = tmp_path / "scores"
    command = [sys.executable, "-m", "positivity", *options(parts[:3], scores), "--scores"]
    subprocess.run([*command, f"{scores}/"], capture_output=True, check=True)
    written = {path: path.stat().st_mtime_ns for path in scores.glob("_positivity/*.keys")}
    assert len(written) == 3
    process = on_ray(parts, scores, "--resume")
    report, said = process.communicate(timeout=400)
    assert process.returncode == 0, said
    assert {path: path.stat().st_mtime_ns for path in written} == written
    assert json.loads(report) == json.loads(alone[0])
    assert scores_in(scores, parts).equals(alone[1])
