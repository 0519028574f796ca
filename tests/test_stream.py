"""The stream: who scores a chunk changes nothing, and nobody is left behind."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from positivity import machine
from positivity.analysis import ScoredBatch, Tallies, model_info
from positivity.errors import PositivityError, StateError
from positivity.model.engine_onnx import OnnxEngine
from positivity.model.registry import ModelDirectory, load
from positivity.model.remembered import RememberingScorer
from positivity.model.scorer import Scorer
from positivity.stream import run, stages
from positivity.stream.helper import Helper, Helpers
from positivity.stream.run import Stream, helpers_worth, score_stream
from positivity.stream.work import Group, Setting
from positivity.text.terms import TermFinder
from positivity.tweets import TweetBatch, tweet_batch
from tests.conftest import NEGATIVE, NEUTRAL, POSITIVE, SHARED_DATA

START = datetime(2017, 7, 14, 2, 40, tzinfo=UTC)
GROUP = Group(
    include_retweets=False,
    language=None,
    since=None,
    until=None,
    everything=False,
    zone=ZoneInfo("UTC"),
    by_author=False,
    wants_scores=True,
)


def setting(model: ModelDirectory) -> Setting:
    return Setting(str(model.path), "cpu", "onnx", 1)


def tweets(number: int, seed: int = 1) -> list[dict[str, Any]]:
    """Tweets of every sort: with and without id, twice, said before, foreign, empty, retweets."""
    generator = random.Random(seed)
    words = POSITIVE + NEGATIVE + NEUTRAL
    made: list[dict[str, Any]] = []
    for n in range(number):
        text = " ".join(generator.choices(words, k=generator.randint(1, 40)))
        tweet = {"id": str(n), "created_at": START + timedelta(hours=n), "text": text}
        if n % 7 == 0:
            tweet["created_at"] = date(2017, 7, 14) + timedelta(days=n % 90)
        tweet["author"] = generator.choice(["ann", "bob"])
        match generator.randrange(12):
            case 0 if made:
                tweet = dict(generator.choice(made))
            case 1:
                tweet["id"] = None
            case 2 if made:
                tweet["text"] = generator.choice(made)["text"]
            case 3:
                tweet["text"] = generator.choice(["", "https://t.co/x", "он пошёл домой и уснул"])
            case 4:
                tweet["kind"] = "retweet"
        made.append(tweet)
    return made


def batches(rows: Sequence[dict[str, Any]], size: int = 50) -> Iterator[TweetBatch]:
    """The rows as a slow reader gives them, so that all who score get some."""
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        names = {name for row in part for name in row}
        columns = {name: [row.get(name) for row in part] for name in names}
        time.sleep(0.01)
        yield tweet_batch(columns, length=len(part))


def result(
    read: Iterator[TweetBatch],
    scorer: Scorer,
    model: ModelDirectory,
    helpers: Helpers | None,
    group: Group = GROUP,
) -> tuple[list[dict[str, Any]], list[Any]]:
    """The reports, and the rows that were shown, to the last bit."""
    seen: list[ScoredBatch] = []
    tallies = Tallies("x", group.zone, TermFinder(scorer.normalizer), by_author=group.by_author)
    stream = Stream(
        batches=read,
        group=group,
        tallies=tallies,
        expected=lambda _: 1_000_000,
        see=seen.append if group.wants_scores else None,
    )
    score_stream(stream, scorer, helpers)
    reports = [asdict(report) for report, _ in tallies.reports(["x"], model_info(model))]
    rows = [
        (batch.tweets.column("id").to_pylist(), batch.probabilities.tobytes(), list(batch.left_out))
        for batch in seen
    ]
    return reports, rows


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[Helper]:
    """Who is given a chunk, each time."""
    to: list[Helper] = []
    give = Helper.give

    def counted(self: Helper, chunk: stages.Chunk) -> None:
        to.append(self)
        give(self, chunk)

    monkeypatch.setattr(Helper, "give", counted)
    return to


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OnnxEngine, "texts_together", 120)


@pytest.mark.usefixtures("small_chunks")
@pytest.mark.parametrize(
    "changes",
    [{}, {"everything": True}, {"by_author": True}, {"wants_scores": False}],
    ids=lambda each: next(iter(each), "plain"),
)
def test_one_process_or_three_say_the_same(
    tiny_model: ModelDirectory, given: list[Helper], changes: dict[str, Any]
) -> None:
    rows = tweets(4_000)
    group = replace(GROUP, **changes)
    scorer = Scorer.load(tiny_model, device="cpu", engine="onnx")
    alone = result(batches(rows), scorer, tiny_model, None, group)
    for most in (1, 2):
        given.clear()
        with Helpers(setting(tiny_model), most) as helpers:
            for helper in helpers.first(most):
                helper.wait()
            # What they were is not remembered: they can be used for the next files. Which of them
            # gets a chunk is chance, so all of them do only in the end.
            for _ in range(2):
                assert result(batches(rows), scorer, tiny_model, helpers, group) == alone
            ends = time.monotonic() + 60
            while len(set(given)) < most and time.monotonic() < ends:
                assert result(batches(rows), scorer, tiny_model, helpers, group) == alone
            assert len(set(given)) == most
    found = sum(report["counts"]["found"] for report in alone[0])
    assert found == len(rows)
    assert {reason for report in alone[0] for reason in report["counts"]["left_out"]} == {
        *("duplicate", "no words or emoji", "other language", "retweet")
    }


@pytest.mark.shared_data
@pytest.mark.usefixtures("small_chunks")
def test_real_tweets_get_the_same_from_two_processes(given: list[Helper]) -> None:
    model = load("small")
    scorer = Scorer.load(model, device="cpu", engine="onnx")
    table = pq.read_table(SHARED_DATA / "timelines.parquet").slice(200_000, 6_000)

    def read() -> Iterator[TweetBatch]:
        for batch in table.to_batches(max_chunksize=500):
            names = {"id": "id", "user": "author", "text": "text"}
            columns: dict[str, pa.Array] = {
                name: batch.column(theirs).cast(pa.string()) for theirs, name in names.items()
            }
            time.sleep(0.05)
            yield tweet_batch(columns, length=batch.num_rows)

    alone = result(read(), scorer, model, None)
    with Helpers(setting(model), 1) as helpers:
        for helper in helpers.first(1):
            helper.wait()
        assert result(read(), scorer, model, helpers) == alone
    assert given


def test_a_small_input_gets_no_helper(tiny_model: ModelDirectory) -> None:
    scorer = Scorer.load(tiny_model, device="cpu", engine="onnx")
    with Helpers(setting(tiny_model), 2) as helpers:
        stream = Stream(
            batches=batches(tweets(300)),
            group=GROUP,
            tallies=Tallies("x", GROUP.zone, TermFinder(scorer.normalizer), by_author=False),
            expected=lambda read: 5_000 - read,
            see=None,
        )
        score_stream(stream, scorer, helpers)
        assert not helpers.started


@pytest.mark.parametrize(
    ("read", "left", "most", "worth"),
    [
        (8_192, 0, 3, 0),
        (8_192, 49_999, 3, 0),
        (8_192, 50_000, 3, 1),
        (8_192, 110_000, 3, 2),
        (8_192, 10**9, 3, 3),
        (8_192, 10**9, 0, 0),
        (8_192, None, 3, 0),
        (57_344, None, 3, 3),
    ],
)
def test_how_many_helpers_an_input_is_worth(
    read: int, left: int | None, most: int, worth: int
) -> None:
    assert helpers_worth(read, left, most) == worth


@pytest.mark.usefixtures("small_chunks")
def test_a_helper_that_is_killed_ends_the_run(
    tiny_model: ModelDirectory, given: list[Helper]
) -> None:
    scorer = Scorer.load(tiny_model, device="cpu", engine="onnx")

    def read() -> Iterator[TweetBatch]:
        for batch in batches(tweets(8_000)):
            if given:
                given[0].process.kill()
            yield batch

    with Helpers(setting(tiny_model), 1) as helpers:
        for helper in helpers.first(1):
            helper.wait()
        with pytest.raises(StateError, match="was ended from outside"):
            result(read(), scorer, tiny_model, helpers)
    assert all(helper.process.poll() is not None for helper in helpers.started)


def test_a_helper_says_what_it_met_with(tiny_model: ModelDirectory, tmp_path: Path) -> None:
    wrong = Setting(str(tmp_path / "nowhere"), "cpu", "onnx", 1)
    with pytest.raises(PositivityError, match="nowhere"), Helpers(wrong, 1) as helpers:
        for helper in helpers.first(1):
            helper.wait()
    scorer = Scorer.load(tiny_model, device="cpu", engine="onnx")
    with Helpers(setting(tiny_model), 1) as helpers:
        (helper,) = helpers.first(1)
        helper.wait()
        helper.begin(GROUP)
        bug = stages.Chunk(0, list(batches(tweets(3))), [])  # a bug: nothing about duplicates
        helper.give(bug)
        with pytest.raises(RuntimeError, match="zip\\(\\) argument 2 is shorter"):
            helper.scores()
    assert scorer.score(["love"]).shape == (1, 3)


@pytest.mark.usefixtures("small_chunks")
def test_an_error_of_the_reader_is_raised_whoever_reads(
    tiny_model: ModelDirectory, given: list[Helper]
) -> None:
    scorer = Scorer.load(tiny_model, device="cpu", engine="onnx")

    def broken() -> Iterator[TweetBatch]:
        yield from batches(tweets(2_000))
        raise LookupError(threading.current_thread().name)

    with Helpers(setting(tiny_model), 2) as helpers:
        for helper in helpers.first(2):
            helper.wait()
        for _ in range(4):
            with pytest.raises(LookupError):
                result(broken(), scorer, tiny_model, helpers if not given else None)


def test_without_a_python_to_start_there_are_no_helpers(
    tiny_model: ModelDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with Helpers(setting(tiny_model), 2) as helpers:
        assert list(helpers.first(2)) == []
        assert helpers.most == 0


# The program with a helper, where less is a large input.
PROGRAM = """
import positivity.stream.run as run
run.most_helpers = lambda: 1
run._READ_BEFORE = 20_000
from positivity.cli import main
main()
"""


def children(process: int) -> list[int]:
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(process)], capture_output=True)
    return [int(each) for each in found.stdout.split()]


def is_alive(process: int) -> bool:
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
@pytest.mark.parametrize(
    ("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)]
)
def test_no_helper_outlives_the_program(
    tiny_model: ModelDirectory, sent: signal.Signals, code: int
) -> None:
    command = [sys.executable, "-c", PROGRAM, "score", "-", "--model", str(tiny_model.path)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # What a shell starts in the background is deaf to Ctrl-C, and so are its children.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as program:
        assert program.stdin and program.stderr
        program.stdin.write(b"id,text\n")
        helpers: list[int] = []
        for n in range(2_000_000):  # as long as it takes
            program.stdin.write(b"%d,love great %d\n" % (n, n))
            if n % 10_000 == 0:
                helpers = children(program.pid)
                if helpers:
                    break
        time.sleep(0.5)
        program.send_signal(sent)
        stderr = program.stderr.read().decode()
        with suppress(BrokenPipeError):
            program.stdin.close()
        assert program.wait(20) == code
    assert stderr == ("positivity: interrupted\n" if code == 130 else "")
    assert len(helpers) == 1
    for _ in range(100):
        if not is_alive(helpers[0]):
            return
        time.sleep(0.1)
    raise AssertionError("the helper is still there")


def test_a_text_said_before_is_not_scored_again(tiny_model: ModelDirectory) -> None:
    scorer = Scorer.load(tiny_model, device="cpu", engine="onnx")
    remembering = RememberingScorer(scorer, most=300)
    generator = random.Random(2)
    scored = 0
    for _ in range(40):
        texts = [f"love {generator.randrange(150)} train" for _ in range(60)]
        encoded = remembering.encode(texts)
        scored += len(encoded.ids)
        assert len(encoded.ids) <= len(set(texts))
        assert remembering.score(encoded).tobytes() == one_by_one(scorer, texts).tobytes()
    assert scored == 150


def test_forgetting_changes_no_score_of_what_is_under_way(tiny_model: ModelDirectory) -> None:
    scorer = Scorer.load(tiny_model, device="cpu", engine="onnx")
    remembering = RememberingScorer(scorer, most=10)
    generator = random.Random(3)
    waiting: list[tuple[list[str], Any]] = []
    for _ in range(60):  # encoding is three ahead of scoring
        texts = [f"hate {generator.randrange(40)}" for _ in range(generator.randrange(9))]
        waiting.append((texts, remembering.encode(texts)))
        if len(waiting) > 3:
            said, encoded = waiting.pop(0)
            assert remembering.score(encoded).tobytes() == one_by_one(scorer, said).tobytes()


def test_with_torch_nothing_is_remembered(tiny_model: ModelDirectory) -> None:
    scorer = Scorer.load(tiny_model, device="cpu", engine="torch")
    remembering = RememberingScorer(scorer)
    assert [len(remembering.encode(["love", "love"]).ids) for _ in range(2)] == [2, 2]


def one_by_one(scorer: Scorer, texts: Sequence[str]) -> np.ndarray:
    scores = [scorer.score_ids(scorer.encode_normalized([text])) for text in texts]
    return np.concatenate([np.empty((0, 3), np.float32), *scores])


@pytest.mark.parametrize("name", ["base", "small"])
def test_the_light_engine_scores_alike_to_the_last_bit(name: str) -> None:
    scorer = Scorer.load(name, device="cpu", engine="onnx")
    generator = random.Random(4)
    words = "i love hate the train so good awful day was not 3x #monday :) never again".split()
    texts = [" ".join(generator.choices(words, k=1 + n % 150)) for n in range(900)]
    together = scorer.score(texts)
    for size in (1, 7, 64, 300):
        apart = [scorer.score(texts[at : at + size]) for at in range(0, len(texts), size)]
        assert np.concatenate(apart).tobytes() == together.tobytes()


@pytest.mark.parametrize(
    ("cores", "memory", "most"),
    [
        (1, 64 << 30, 0),
        (2, 64 << 30, 1),
        (4, None, 3),
        (64, 64 << 30, 3),
        (64, 400 << 20, 0),
        (64, 600 << 20, 0),
        (64, 1 << 30, 1),
    ],
)
def test_helpers_are_no_more_than_cores_and_memory_allow(
    monkeypatch: pytest.MonkeyPatch, cores: int, memory: int | None, most: int
) -> None:
    monkeypatch.setattr(run, "cores", lambda: cores)
    monkeypatch.setattr(run, "free_memory", lambda: memory)
    assert run.most_helpers() == most


def test_a_container_s_bounds_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(machine, "CGROUP", tmp_path)
    monkeypatch.setattr(machine, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)
    assert (machine.cores(), machine.free_memory()) == (8, None)
    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "memory.max").write_text("max\n")
    (tmp_path / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:   2000 kB\n")
    assert (machine.cores(), machine.free_memory()) == (8, 2000 << 10)
    (tmp_path / "cpu.max").write_text("250000 100000\n")
    (tmp_path / "memory.max").write_text("1000000\n")
    assert (machine.cores(), machine.free_memory()) == (2, 1_000_000)
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    assert machine.cores() == 1
