"""The light engine: what it says is what the network says, and torch stays unread beside it."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper
from typer.testing import CliRunner

from positivity.cli import app
from positivity.errors import StateError, UsageError
from positivity.model import gpu, registry
from positivity.model.engine_onnx import OnnxEngine
from positivity.model.engine_torch import TorchEngine
from positivity.model.network import NetworkConfig, SentimentNetwork
from positivity.model.registry import LIGHT, ModelDirectory
from positivity.model.scorer import Scorer, load_engine
from positivity.training import export
from positivity.training.light import can_be_light, to_light
from tests.standin import TOKEN, Standin

TEXTS = ["love great happy", "", "hate awful 3x", "the train leaves " * 3, "so good " * 400, "x"]


@pytest.fixture
def copy(tiny_model: ModelDirectory, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model.path, tmp_path / "copy"))


def rewrite(path: Path, light: bytes | None) -> ModelDirectory:
    """The model with another file for the light engine, or with none, listed as it is."""
    files = {name: (path / name).read_bytes() for name in registry.verify(path)}
    files.pop(LIGHT)
    registry.write_directory(path, files if light is None else files | {LIGHT: light})
    return registry.load(str(path))


def network(**settings: Any) -> SentimentNetwork:
    """A network of random weights, with states as far from zero as trained ones are."""
    torch.manual_seed(5)
    made = SentimentNetwork(NetworkConfig(vocabulary_size=60, **settings))
    with torch.no_grad():
        made.embedding.weight.normal_(0, 0.7)
        made.embedding.weight[0] = 0
    return made.requires_grad_(False).eval()


def batch(rows: int = 40, time: int = 17) -> tuple[np.ndarray, np.ndarray]:
    """Ids [rows, time] of all lengths, padded with 0."""
    generator = np.random.default_rng(1)
    lengths = generator.integers(1, time + 1, rows)
    lengths[:2] = 1, time
    ids = generator.integers(1, 60, (rows, time))
    ids[np.arange(time) >= lengths[:, None]] = 0
    return ids, lengths


@pytest.mark.parametrize(
    "settings",
    [
        {"embedding_size": 32, "hidden_size": 32},
        {"embedding_size": 24, "hidden_size": 16, "bidirectional": False},
        {"embedding_size": 7, "hidden_size": 5, "pooling": ("max",)},
        {"embedding_size": 16, "hidden_size": 9, "pooling": ("attention",)},
        {"embedding_size": 16, "hidden_size": 16, "pooling": ("max", "attention"), "mlp_size": 3},
    ],
    ids=str,
)
def test_the_graph_computes_what_the_network_does(settings: dict[str, Any]) -> None:
    made = network(**settings)
    ids, lengths = batch()
    session = onnxruntime.InferenceSession(to_light(made), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"ids": ids, "lengths": lengths})
    expected = made(torch.from_numpy(ids), torch.from_numpy(lengths)).numpy()
    spread = expected.std(axis=0).max()
    assert abs(found - expected).max() < 0.15 * spread
    # A row alone, without padding, is what it is in company.
    for row, length in enumerate(lengths):
        alone = {"ids": ids[row : row + 1, :length], "lengths": lengths[row : row + 1]}
        np.testing.assert_allclose(session.run(None, alone)[0][0], found[row], atol=1e-5)


def test_old_processors_can_add_two_products() -> None:
    for settings in ({"embedding_size": 32, "hidden_size": 32}, {"embedding_size": 7}):
        model = onnx.load_from_string(to_light(network(**settings)))
        arrays = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
        for direction in ("onward", "back"):
            sizes = abs(arrays[f"weights_{direction}"].astype(int))  # [embedding + hidden, gates]
            assert sizes.max() > 50
            if len(sizes) % 2:
                sizes = np.vstack([sizes, np.zeros_like(sizes[:1])])
            assert 255 * (sizes[::2] + sizes[1::2]).max() < 2**15


@pytest.mark.parametrize(
    "settings", [{"cell": "gru"}, {"cell": "elman"}, {"layers": 2}, {"pooling": ("mean", "max")}]
)
def test_other_networks_stay_with_torch(settings: dict[str, Any]) -> None:
    made = network(**settings)
    assert not can_be_light(made)
    with pytest.raises(ValueError, match="one LSTM layer"):
        to_light(made)


def test_both_engines_say_the_same(tiny_model: ModelDirectory, tiny_data: Path) -> None:
    texts = TEXTS + (tiny_data / "dev.csv").read_text(encoding="utf-8").splitlines()
    exact = Scorer.load(tiny_model, device="cpu", exact=True).score(texts)
    light = Scorer.load(tiny_model, device="cpu", engine="onnx").score(texts)
    margin = np.diff(np.sort(exact, axis=1)[:, 1:], axis=1)[:, 0]
    same = exact.argmax(axis=1) == light.argmax(axis=1)
    assert same[margin > 0.1].all()
    assert (margin > 0.1).mean() > 0.9
    assert 0 < abs(exact - light).max() < 0.05


def test_alone_or_in_a_batch(tiny_model: ModelDirectory) -> None:
    scorer = Scorer.load(tiny_model, engine="onnx")
    generator = np.random.default_rng(0)
    words = "love hate train good sad the so x y z".split()
    texts = [" ".join(generator.choice(words, generator.integers(1, 40))) for _ in range(700)]
    together = scorer.score(texts + TEXTS)
    alone = np.concatenate([scorer.score([text]) for text in texts[:50] + TEXTS])
    np.testing.assert_allclose(together[[*range(50), *range(700, 706)]], alone, atol=1e-5)


def test_a_training_run_writes_and_measures_it(tiny_model: ModelDirectory) -> None:
    assert LIGHT in registry.verify(tiny_model.path)
    figures = tiny_model.metrics()["light_engine"]
    assert figures["tweets"] == 60
    assert figures["same_label"] == 1.0
    assert figures["change_of_macro_recall_by_set"] == {"eval": 0.0}
    assert 0 <= figures["largest_difference"] < 0.02
    assert figures["largest_difference_alone"] <= 1e-5


# Which engine it is.


def test_auto_takes_the_light_engine_on_the_cpu(
    tiny_model: ModelDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("positivity.model.scorer.has_gpu", lambda: False)
    assert isinstance(load_engine(tiny_model), OnnxEngine)
    assert isinstance(load_engine(tiny_model, engine="torch"), TorchEngine)
    assert isinstance(load_engine(tiny_model, exact=True), TorchEngine)
    monkeypatch.setattr("positivity.model.scorer.has_gpu", lambda: True)
    assert isinstance(load_engine(tiny_model), TorchEngine)
    assert isinstance(load_engine(tiny_model, device="cpu"), OnnxEngine)
    assert isinstance(load_engine(tiny_model, engine="onnx"), OnnxEngine)


def test_engines_that_cannot_be_are_refused(tiny_model: ModelDirectory) -> None:
    with pytest.raises(UsageError, match="'tpu' is none of auto, torch, onnx"):
        load_engine(tiny_model, engine="tpu")
    with pytest.raises(UsageError, match="scores on the CPU"):
        load_engine(tiny_model, engine="onnx", device="cuda")


def test_without_its_file_torch_scores(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = rewrite(copy, None)
    assert isinstance(load_engine(model, device="cpu"), TorchEngine)
    assert capsys.readouterr().err == ""
    with pytest.raises(StateError, match=r"copy: has no model\.onnx"):
        load_engine(model, engine="onnx")
    result = CliRunner().invoke(app, ["say", "x", "--engine", "onnx", "--model", str(copy)])
    assert (result.exit_code, result.stderr.count("\n")) == (9, 1)


def test_a_file_that_cannot_be_run_is_said_and_torch_scores(
    copy: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = rewrite(copy, b"not a graph")
    assert isinstance(load_engine(model, device="cpu"), TorchEngine)
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "model.onnx: ONNX Runtime" in error
    assert "using torch" in error
    with pytest.raises(StateError, match="cannot run it"):
        load_engine(model, engine="onnx")


def test_a_damaged_file_is_refused_by_name(copy: Path) -> None:
    content = bytearray((copy / LIGHT).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / LIGHT).write_bytes(content)
    with pytest.raises(StateError, match=r"copy: model\.onnx is not what was saved"):
        registry.load(str(copy))


def test_where_onnx_runtime_cannot_be_loaded_torch_scores(
    tiny_model: ModelDirectory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "positivity.model.engine_onnx", None)
    assert isinstance(load_engine(tiny_model, device="cpu"), TorchEngine)
    error = capsys.readouterr().err
    assert error.startswith("positivity: ONNX Runtime cannot be loaded (")
    assert error.count("\n") == 1


# What is a GPU.


class Driver:
    """A CUDA driver that shows some devices, or fails."""

    def __init__(self, devices: int, status: int = 0) -> None:
        self.devices, self.status = devices, status

    def cuInit(self, flags: int) -> int:
        return self.status

    def cuDeviceGetCount(self, count: Any) -> int:
        count._obj.value = self.devices
        return 0


@pytest.mark.parametrize(
    ("library", "driver", "expected"),
    [
        ("libtorch_cuda.so", Driver(2), True),
        ("libtorch_cuda.so", Driver(0), False),
        ("libtorch_cuda.so", Driver(1, status=100), False),
        ("libtorch_cuda.so", None, False),
        ("libtorch_cpu.so", Driver(1), False),
    ],
)
def test_a_gpu_is_one_that_torch_has_code_for(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    library: str,
    driver: Driver | None,
    expected: bool,
) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / library).touch()
    found = torch.__spec__
    assert found is not None
    monkeypatch.setattr(found, "submodule_search_locations", [str(tmp_path)])

    def load(name: str) -> Driver:
        if driver is None:
            raise OSError(name)
        return driver

    monkeypatch.setattr("positivity.model.gpu.ctypes.CDLL", load)
    monkeypatch.setattr("positivity.model.gpu.sys.platform", "linux")
    assert gpu.has_gpu() is expected


@pytest.mark.gpu
def test_the_gpu_of_this_machine_is_found() -> None:
    assert gpu.has_gpu()


# What a process reads.


def imported_by(*arguments: str) -> set[str]:
    """The modules that a process of the program has imported at its end."""
    code = (
        "import sys\nfrom positivity.cli import main\nsys.argv = ['positivity', *sys.argv[1:]]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "print(*sys.modules, file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
    assert result.stdout
    return set(result.stderr.splitlines()[-1].split())


def test_no_torch_and_no_pandas_on_the_way_to_a_verdict(
    tiny_model: ModelDirectory, standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin.world.generate("alice", 60, seed=1)
    monkeypatch.setenv("POSITIVITY_API_URL", standin.url)
    monkeypatch.setenv("X_BEARER_TOKEN", TOKEN)
    model = ["--model", str(tiny_model.path), "--device", "cpu"]
    for command in (
        ["score", "--sample"],
        ["say", "love great happy"],
        ["check", "@alice"],
        ["report", "@alice"],
    ):
        found = imported_by(*command, *model)
        assert "numpy" in found
        assert found & {"torch", "pandas", "onnx", "matplotlib"} == set(), command
        # Her report needs no engine: all of her posts were scored by the check.
        assert ("onnxruntime" in found) is (command[0] != "report"), command
    assert "torch" in imported_by("say", "x", *model, "--engine", "torch")


def test_a_check_with_nothing_new_reads_as_little_as_it_can(
    tiny_model: ModelDirectory, standin: Standin, monkeypatch: pytest.MonkeyPatch
) -> None:
    standin.world.generate("alice", 60, seed=1)
    monkeypatch.setenv("POSITIVITY_API_URL", standin.url)
    monkeypatch.setenv("X_BEARER_TOKEN", TOKEN)
    command = ["check", "@alice", "--model", str(tiny_model.path), "--device", "cpu"]
    assert "onnxruntime" in imported_by(*command)
    # Each of these takes between 5 and 500 ms.
    unwanted = {"pyarrow.compute", "numpy.ma", "onnxruntime", "emoji", "sentencepiece", "fsspec"}
    unwanted |= {"jinja2", "ftfy", "xlsxwriter", "asyncio", "positivity.sources.reading"}
    assert imported_by(*command) & unwanted == set()


def test_a_process_ends_without_a_search_for_garbage() -> None:
    code = (
        "import atexit, gc, sys\nfrom positivity.cli import main\n"
        "atexit.register(lambda: print(gc.get_freeze_count(), file=sys.stderr))\n"
        "sys.argv = ['positivity', '--version']\nmain()"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
    assert result.stdout.startswith("positivity ")
    assert int(result.stderr) > 1_000


# The command that adds the file to a model of before.


def run_export(path: Path, tiny_data: Path) -> int:
    recipe = str(tiny_data / "tiny.toml")
    return export.main([str(path), "--data", str(tiny_data), "--recipe", recipe])


def test_a_model_of_before_gets_the_file(
    copy: Path, tiny_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    light, others = (copy / LIGHT).read_bytes(), rewrite(copy, None).metrics()
    assert run_export(copy, tiny_data) == 0
    assert "100.00% of 60 tweets get the label of float32" in capsys.readouterr().err
    assert (copy / LIGHT).read_bytes() == light
    metrics = registry.load(str(copy)).metrics()
    assert metrics["light_engine"]["tweets"] == 60
    assert metrics["eval"] == others["eval"]


def test_one_that_strays_is_left_out_and_the_metrics_tell(
    copy: Path,
    tiny_data: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def strayed(trained: SentimentNetwork) -> bytes:
        with torch.no_grad():
            trained.get_parameter("mlp.4.bias").add_(torch.tensor([9.0, 0.0, 0.0]))
        return to_light(trained)

    monkeypatch.setattr("positivity.training.export.to_light", strayed)
    assert run_export(copy, tiny_data) == 1
    assert "left out" in capsys.readouterr().err
    assert LIGHT not in registry.verify(copy)
    assert not (copy / LIGHT).exists()
    metrics = json.loads((copy / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["light_engine"]["same_label"] < 0.5


@pytest.mark.parametrize(
    ("changes", "near"),
    [
        ({}, True),
        ({"same_label": 0.9949}, False),
        ({"change_of_macro_recall": -0.0031}, False),
        ({"change_of_macro_recall": 0.0031}, False),
    ],
)
def test_how_near_is_near_enough(changes: dict[str, float], near: bool) -> None:
    figures = {"same_label": 0.995, "change_of_macro_recall": -0.003}
    assert export.is_near_enough(figures | changes) is near


def test_the_command_refuses_in_one_line(
    copy: Path, tiny_data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export.main(["nowhere", "--data", str(tiny_data)]) == 2
    assert export.main([str(copy), "--data", str(tiny_data), "--recipe", "nope.toml"]) == 3
    assert export.main([str(copy), "--data", str(tiny_data)]) == 3
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 3
    assert "no recipe tiny ships; name its file with --recipe" in told[2]
