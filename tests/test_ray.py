"""A job on a local Ray cluster of two workers: the report of one machine, also when one dies."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
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
# Two workers on any machine; all of it ends with the process, which ends with its input.
CLUSTER = """
import logging, sys, ray
context = ray.init(
    address="local", num_cpus=2, object_store_memory=100 << 20, include_dashboard=False,
    log_to_driver=False, logging_level=logging.ERROR,
)
print("address", context.address_info["address"], flush=True)
sys.stdin.read()
ray.shutdown()
"""
ENVIRONMENT = os.environ | {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
}


@dataclass(frozen=True)
class Cluster:
    """A local Ray cluster."""

    address: str
    process: int


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Two workers; when it is over, none of their processes is left."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLUSTER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
    )
    try:
        assert process.stdout is not None
        lines = (line.split() for line in process.stdout)
        address = next(words[1] for words in lines if words[:1] == ["address"])
        yield Cluster(address, process.pid)
    finally:
        below = dict(children(process.pid))
        process.communicate(timeout=120)
    ended = time.monotonic() + 60
    while any(map(is_running, below)) and time.monotonic() < ended:
        time.sleep(0.1)
    assert not [title for each, title in below.items() if is_running(each)]


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


def on_ray(cluster: Cluster, parts: list[str], scores: Path, *more: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "positivity", *options(parts, scores), "--runner", "ray"]
    return subprocess.Popen(
        [*command, *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT | {"RAY_ADDRESS": cluster.address},
    )


def is_running(process: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


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
    cluster: Cluster, parts: list[str], alone: tuple[str, pa.Table], tmp_path: Path
) -> None:
    scores = tmp_path / "scores"
    process = on_ray(cluster, parts, scores)
    limit = time.monotonic() + 400
    while done(scores) < 2 and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.02)
    before = done(scores)
    workers = [each for each, title in children(cluster.process) if "MapWorker" in title]
    assert process.poll() is None and workers, process.communicate()
    os.kill(workers[0], signal.SIGKILL)
    assert 2 <= before < PARTS
    report, said = process.communicate(timeout=400)
    assert process.returncode == 0, said
    assert report == alone[0]
    assert scores_in(scores, parts).equals(alone[1])
    assert not is_running(workers[0])


def test_a_job_that_was_stopped_goes_on(
    cluster: Cluster, parts: list[str], alone: tuple[str, pa.Table], tmp_path: Path
) -> None:
    scores = tmp_path / "scores"
    command = [sys.executable, "-m", "positivity", "score", *parts[:3], "--quiet", "--scores"]
    subprocess.run([*command, f"{scores}/"], capture_output=True, check=True)
    written = {path: path.stat().st_mtime_ns for path in scores.glob("_positivity/*.keys")}
    assert len(written) == 3
    process = on_ray(cluster, parts, scores, "--resume")
    report, said = process.communicate(timeout=400)
    assert process.returncode == 0, said
    assert {path: path.stat().st_mtime_ns for path in written} == written
    assert report == alone[0]
    assert scores_in(scores, parts).equals(alone[1])


def test_a_cluster_that_is_not_there_is_said(parts: list[str], tmp_path: Path) -> None:
    process = on_ray(Cluster("127.0.0.1:1", 0), parts, tmp_path / "scores")
    report, said = process.communicate(timeout=400)
    assert (process.returncode, report) == (2, "")
    assert "no Ray cluster answers there" in said
