"""Scores: a function of the text alone, the same in any company, order and batch."""

import multiprocessing
import os

import numpy as np
import pytest
import torch

from positivity.errors import UsageError
from positivity.model.engine_torch import TorchEngine, choose_device
from positivity.model.registry import ModelDirectory
from positivity.model.scorer import Scorer

TEXTS = [
    "love great happy",
    "",
    "hate awful 3x",
    "the train leaves " * 3,
    "so good " * 400,
    "unknown words only here",
    "https://t.co/x",
    "LOVE GREAT HAPPY",
]


@pytest.fixture(scope="module")
def scorer(tiny_model: ModelDirectory) -> Scorer:
    return Scorer.load(tiny_model, device="cpu", exact=True)


def test_the_obvious(scorer: Scorer) -> None:
    labels = scorer.score(["love great happy", "the train leaves", "hate awful sad"]).argmax(axis=1)
    assert labels.tolist() == [2, 1, 0]


def test_probabilities_add_up_and_are_finite(scorer: Scorer) -> None:
    probabilities = scorer.score(TEXTS)
    assert probabilities.shape == (len(TEXTS), 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)


def test_alone_or_in_a_batch_of_a_thousand(scorer: Scorer) -> None:
    generator = np.random.default_rng(0)
    words = "love hate train good sad the so x y z".split()
    texts = [" ".join(generator.choice(words, generator.integers(1, 40))) for _ in range(1000)]
    together = scorer.score(texts + TEXTS)
    alone = np.concatenate([scorer.score([text]) for text in texts[:50] + TEXTS])
    np.testing.assert_allclose(together[[*range(50), *range(1000, 1008)]], alone, atol=1e-5)
    shuffled = generator.permutation(1000)
    np.testing.assert_allclose(
        scorer.score([texts[i] for i in shuffled]), together[:1000][shuffled], atol=1e-5
    )


def test_a_text_with_nothing_to_read_is_neutral(scorer: Scorer) -> None:
    assert scorer.score(["", "\u200b"]).tolist() == [[0, 1, 0], [0, 1, 0]]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_scores_with_threads_of_its_own(tiny_model: ModelDirectory) -> None:
    engine = TorchEngine(tiny_model, device="cpu")
    engine.workers = 2  # on one core, too
    scorer = Scorer(tiny_model.config, tiny_model.normalizer(), tiny_model.tokenizer(), engine)
    texts = ["so good", "so good " * 20]  # two batches
    expected = scorer.score(texts)

    def scored_alike() -> None:
        os._exit(0 if (scorer.score(texts) == expected).all() else 1)

    child = multiprocessing.get_context("fork").Process(target=scored_alike)
    child.start()
    child.join(timeout=60)
    child.kill()
    assert child.exitcode == 0


def test_no_text_at_all(scorer: Scorer) -> None:
    assert scorer.score([]).shape == (0, 3)


def test_a_long_text_is_read_to_its_end(scorer: Scorer) -> None:
    ending = scorer.score(["the " * 300 + "love great happy " * 300, "the " * 300])
    assert ending[0, 2] > ending[1, 2] + 0.2


def test_reduced_precision_keeps_its_stated_bound(tiny_model: ModelDirectory) -> None:
    exact = Scorer.load(tiny_model, device="cpu", exact=True).score(TEXTS)
    quick = Scorer.load(tiny_model, device="cpu").score(TEXTS)
    assert abs(exact - quick).max() < 0.02


def test_the_engine_says_what_it_runs_on(tiny_model: ModelDirectory) -> None:
    engine = TorchEngine(tiny_model, device="cpu", exact=True)
    assert (engine.device.type, engine.precision) == ("cpu", "float32")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_missing_gpu_gives_way_to_the_cpu(capsys: pytest.CaptureFixture[str]) -> None:
    assert choose_device("cuda").type == "cpu"
    assert capsys.readouterr().err == "positivity: torch finds no cuda device here; using the CPU\n"


def test_a_gpu_that_cannot_work_gives_way_to_the_cpu(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise RuntimeError("CUDA error: no kernel image is available\nmore lines")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch, "ones", refuse)
    assert choose_device("auto").type == "cpu"
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "no kernel image is available" in error


def test_an_unknown_device_is_refused() -> None:
    with pytest.raises(UsageError, match="tpu"):
        choose_device("tpu")


@pytest.mark.gpu
def test_the_gpu_agrees_with_the_cpu(tiny_model: ModelDirectory) -> None:
    cpu = Scorer.load(tiny_model, device="cpu", exact=True).score(TEXTS)
    gpu = Scorer.load(tiny_model, device="cuda").score(TEXTS)
    np.testing.assert_allclose(gpu, cpu, atol=1e-3)


def test_the_network_meets_few_shapes_of_batches(tiny_model: ModelDirectory) -> None:
    engine = TorchEngine(tiny_model, device="cpu")
    shapes = set()
    network = engine._network

    def seen(ids: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
        shapes.add(tuple(ids.shape))
        result: torch.Tensor = network(ids, lengths)
        return result

    engine._network = seen  # type: ignore[assignment]
    for rows in range(1, 257, 5):
        for time in (1, 7, 33, 35, 61):
            ids = np.ones((rows, time), np.int64)
            assert engine.logits(ids, np.full(rows, time)).shape == (rows, 3)
    assert {shape[0] for shape in shapes} == {16, 64, 256}
    assert {shape[1] for shape in shapes} == {1, 7, 36, 64}


def test_out_of_memory_halves_the_batch_and_goes_on(
    tiny_model: ModelDirectory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    engine = TorchEngine(tiny_model, device="cpu", exact=True)
    parts = (tiny_model.config, tiny_model.normalizer(), tiny_model.tokenizer())
    texts = [f"love hate {word}" for word in "great awful good sad the train".split() * 50]
    expected = Scorer(*parts, engine).score(texts)
    network, met = engine._network, []

    def small(ids: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
        met.append(len(ids))
        if len(ids) > fits:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return torch.Tensor(network(ids, lengths))

    fits = 64
    monkeypatch.setattr(engine, "_network", small)
    scorer = Scorer(*parts, engine)
    np.testing.assert_allclose(scorer.score(texts), expected, atol=1e-5)
    assert max(met) > fits >= max(engine.batch_sizes)
    assert "out of memory: going on with batches of 64 tweets" in capsys.readouterr().err
    met.clear()
    np.testing.assert_allclose(scorer.score(texts), expected, atol=1e-5)
    assert max(met) <= fits
    fits = 0
    with pytest.raises(torch.OutOfMemoryError):
        scorer.score(texts)
