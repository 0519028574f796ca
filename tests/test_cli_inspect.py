"""`positivity inspect`: gates, attention, gradients, neighbours; printed, as JSON, and drawn."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import save
from typer.testing import CliRunner, Result

from positivity.cli import app
from positivity.inspection.look import Question, inspect
from positivity.model import registry
from positivity.model.engine_torch import load_classifier
from positivity.model.inside import Inside
from positivity.model.network import Classifier, Network
from positivity.model.registry import ModelDirectory, load
from positivity.report.terminal_inspection import render_inspection
from positivity.report.terminal_page import make_console
from positivity.text.tokenizer import WordTokenizer

runner = CliRunner()
TEXT = "not bad at all, I love this 😍 #bestday"
HOSTILE = "love \x1b[31m\u202e [bold]great[/bold] $x^2$ <b>"


def run(*options: str, code: int = 0) -> Result:
    result = runner.invoke(app, ["inspect", *options])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, result.output
    return result


def document(*options: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*options, "--format", "json").stdout)
    return found


def named(model: ModelDirectory) -> str:
    return f"{model.config.name} {model.config.version}"


def hidden_size(model: ModelDirectory) -> int:
    return int(model.config.network["hidden_size"])


@pytest.fixture(scope="module")
def base() -> ModelDirectory:
    return load("base")


def test_attention_and_maximum_are_shares_of_the_words() -> None:
    (found,) = document(TEXT, "--show", "attention")["texts"]
    words = [found["text"][word["start"] : word["end"]] for word in found["words"]]
    assert words == ["not", "bad", "at", "all,", "I", "love", "this", "😍", "#bestday"]
    for share in ("attention", "maximum"):
        assert sum(word[share] for word in found["words"]) == pytest.approx(1, abs=1e-3)
    attention = dict(zip(words, (word["attention"] for word in found["words"]), strict=True))
    assert attention["love"] > attention["this"]
    assert found["gates"] is None


def test_attention_is_what_the_network_pools_with(base: ModelDirectory) -> None:
    import torch

    network, inside = load_classifier(base), Inside(base)
    ids = [5, 80, 33, 1200, 7]
    pooled = network.pooled(torch.tensor([ids]))[0]  # attention, then maximum
    states = inside._states(ids, 1).numpy()
    found = inside.pooled(ids)
    assert found.attention is not None
    assert found.maximum is not None
    assert np.allclose(found.attention @ states, pooled[: states.shape[1]].numpy(), atol=1e-5)
    owners = states.argmax(axis=0)
    assert np.allclose(states.max(axis=0), pooled[states.shape[1] :].numpy(), atol=1e-6)
    assert np.allclose(found.maximum, np.bincount(owners, minlength=5) / states.shape[1])


def test_attention_over_all_layers_is_what_deepmoji_pools_with(tmp_path: Path) -> None:
    import torch

    from positivity.model.deepmoji import DeepMoji
    from positivity.model.kinds import settings_of
    from positivity.model.network import NetworkConfig

    torch.manual_seed(1)
    network = DeepMoji(
        NetworkConfig(vocabulary_size=30, embedding_size=5, hidden_size=4, layers=2,
                      pooling=("attention",), mlp_size=0)
    ).requires_grad_(False).eval()  # fmt: skip
    model = save_untrained(network, settings_of(network), tmp_path / "deepmoji")
    ids = [5, 8, 3, 12, 7]
    inside = Inside(load(str(model)))
    found = inside.pooled(ids)
    assert found.maximum is None
    assert found.attention is not None
    vectors = inside._vectors(ids)
    assert torch.equal(vectors, load_network_of(model).embedding(torch.tensor(ids)).tanh())
    together = torch.cat([vectors, inside._states(ids, 1), inside._states(ids, 2)], dim=1)
    pooled = load_network_of(model).pooled(torch.tensor([ids]))[0]
    assert np.allclose(found.attention @ together.numpy(), pooled.numpy(), atol=1e-5)
    assert inside.activations(ids, 2, "backward").gates["forget"].shape == (5, 4)


def test_a_network_without_such_layers_is_refused(tmp_path: Path) -> None:
    from positivity.model.convolutional import ConvolutionalConfig, ConvolutionalNetwork
    from positivity.model.kinds import settings_of

    network = ConvolutionalNetwork(ConvolutionalConfig(vocabulary_size=30, filters=4))
    model = save_untrained(network, settings_of(network), tmp_path / "cnn")
    result = run("love this", "--model", str(model), code=2)
    assert "is a convolutional network" in result.stderr


def load_network_of(model: Path) -> Classifier:
    return load_classifier(load(str(model)))


def save_untrained(network: Network, settings: dict[str, Any], path: Path) -> Path:
    """A model directory of a network with thirty words."""
    words = [f"w{chr(97 + n)}" for n in range(28)]
    files = {
        registry.WEIGHTS: save(dict(network.state_dict())),
        registry.TABLES: json.dumps({"emoji": {}, "words": words}).encode(),
        WordTokenizer.file_name: WordTokenizer(words).to_bytes(),
    }
    config = registry.ModelConfig(
        name=path.name, version="1", description="", tokenizer="word", network=settings
    )
    registry.save(path, config, files)
    return path


def test_gates_have_a_row_for_each_token_and_name_their_units(base: ModelDirectory) -> None:
    (found,) = document(TEXT, "--show", "gates", "--direction", "backward")["texts"]
    gates = found["gates"]
    assert (gates["cell"], gates["layer"], gates["direction"]) == ("lstm", 1, "backward")
    assert sorted(gates["units"]) == list(range(hidden_size(base)))
    assert gates["gates"].keys() == {"forget", "input", "output"}
    for values in (*gates["gates"].values(), *gates["values"].values()):
        assert np.shape(values) == (len(found["tokens"]), hidden_size(base))
    means = np.mean(gates["gates"]["forget"], axis=0)
    assert (np.diff(means) >= -1e-3).all()  # the further right, the more a unit keeps
    assert found["tokens"][:3] == ["not", "bad", "at"]


def test_reading_backward_begins_at_the_end(base: ModelDirectory) -> None:
    inside = Inside(base)
    whole, end = (
        inside.activations(ids, 1, "backward").gates["forget"][-1]
        for ids in ([5, 80, 33, 1200], [33, 1200])  # its vector tells of the one before, too
    )
    assert np.allclose(whole, end, atol=1e-6)


def test_gradients_vanish_in_an_elman_and_not_in_an_lstm(base: ModelDirectory) -> None:
    found = document("--sample")["gradients"]
    assert found["texts"] == 64
    cells = {each["name"]: each for each in found["cells"]}
    assert cells.keys() == {named(base), "elman, untrained", "lstm, untrained"}
    left = {name: [at["left"] for at in each["distances"]] for name, each in cells.items()}
    assert all(each[0] == 1 for each in left.values())
    assert left["elman, untrained"][20] < 0.01 < left["lstm, untrained"][20]
    assert left["elman, untrained"][20] < left[named(base)][20]
    texts = [at["texts"] for at in cells[named(base)]["distances"]]
    assert texts[0] == 64
    assert texts == sorted(texts, reverse=True)


def test_other_models_are_measured_beside_it(
    base: ModelDirectory, tiny_model: ModelDirectory
) -> None:
    path = str(tiny_model.path)
    found = document(TEXT, "--show", "gradients", "--beside", path)["gradients"]["cells"]
    assert [each["name"] for each in found][:2] == [named(base), "tiny 1"]
    assert [each["trained"] for each in found] == [True, True, False, False]
    assert found[1]["units"] == 16
    shown = run(TEXT, "--show", "gradients", "--beside", path).stdout
    assert "tiny 1" in shown


def test_neighbours_are_the_nearest_by_cosine(base: ModelDirectory) -> None:
    found = document("lovely", "😭", "lovely", "--show", "neighbours")["neighbours"]
    assert [each["word"] for each in found] == ["lovely", "😭"]  # a word once
    lovely = [near["text"] for near in found[0]["nearest"]]
    assert {"beautiful", "wonderful"} & set(lovely[:4])
    assert "lovely" not in lovely
    cosines = [near["cosine"] for near in found[0]["nearest"]]
    assert cosines == sorted(cosines, reverse=True)
    assert len(cosines) == 12


def test_what_it_prints_fits_80_and_120_columns(base: ModelDirectory) -> None:
    views = ("attention", "gates", "gradients", "neighbours")
    found = inspect([TEXT, HOSTILE, "so " * 50], base, Question(views=views))
    for width in (80, 120):
        out = io.StringIO()
        console = make_console(out)
        console.width = width
        render_inspection(found, console)
        lines = out.getvalue().splitlines()
        assert max(map(len, lines)) <= width
        assert "\x1b" not in out.getvalue()
        assert "[bold]" in out.getvalue()  # of the tweet, and not taken for markup


def test_a_terminal_without_colour_and_without_unicode_gets_marks(
    base: ModelDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = inspect([TEXT], base, Question(views=("attention", "gates")))
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    render_inspection(found, make_console(out))
    out.flush()
    text = raw.getvalue().decode("ascii")
    assert "forget" in text
    assert "#" in text


def test_colour_stands_in_the_heat_map(base: ModelDirectory) -> None:
    from rich.console import Console

    found = inspect([TEXT], base, Question(views=("gates",)))
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, color_system="truecolor", width=100)
    render_inspection(found, console)
    assert out.getvalue().count("\x1b[48;2;") > 50


def test_pictures_are_drawn(tmp_path: Path) -> None:
    for name, options in (
        ("gates.png", [TEXT, HOSTILE]),
        ("reach.svg", [TEXT, "--show", "gradients"]),
    ):
        run(*options, "--plot", str(tmp_path / name))
        data = (tmp_path / name).read_bytes()
        assert data.startswith(b"\x89PNG" if name.endswith("png") else b"<?xml")
        assert len(data) > 10_000
    result = run("love", "--show", "neighbours", "--plot", str(tmp_path / "none.png"))
    assert "not drawn" in result.stderr
    assert not (tmp_path / "none.png").exists()


def test_what_a_long_text_goes_on_with_is_counted(base: ModelDirectory) -> None:
    (found,) = document("so " * 120, "--show", "gates")["texts"]
    assert len(found["tokens"]) == 96
    assert found["left_out"] == 24
    assert "24 more tokens are not shown" in run("so " * 120).stdout


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        ([], 2, "give texts"),
        (["a", "--sample"], 2, "give texts"),
        (["love this", "--layer", "2"], 2, "--layer 2: the network has 1"),
        (["love", "--show", "gradients"], 2, "gradients need a text of 3 words"),
        (["..", "--show", "attention", "--model", "nowhere"], 2, "no model 'nowhere'"),
        (["", "--show", "gates"], 2, "no word in it"),
        (["love", "--beside", "small"], 2, "add --show gradients"),
        (["love", "--plot", "picture.pdf"], 2, "ends in .png or .svg"),
        (["love", "--model", "spans"], 2, "is a tagger network; what can be looked into"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(options: list[str], code: int, message: str) -> None:
    result = run(*options, code=code)
    assert message in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_a_model_that_reads_forward_only_has_no_backward(tiny_data: Path, tmp_path: Path) -> None:
    content = (tiny_data / "tiny.toml").read_text(encoding="utf-8")
    content = content.replace(
        "[network]\n", '[network]\ncell = "gru"\nbidirectional = false\npooling = ["last"]\n'
    ).replace("epochs = 6", "epochs = 1")
    (tiny_data / "forward.toml").write_text(content, encoding="utf-8")
    trained = runner.invoke(
        app,
        ["train", str(tiny_data / "forward.toml"), "--data", str(tiny_data), "--device", "cpu",
         "--run", str(tmp_path / "run")],
    )  # fmt: skip
    assert trained.exit_code == 0, trained.output
    model = str(tmp_path / "run" / "model")
    result = run("love hate", "--model", model, "--direction", "backward", code=2)
    assert "reads forward only" in result.stderr
    shown = run("love hate train", "--model", model).stdout
    assert "pools neither by attention nor by the maximum" in shown
    assert "keep" in shown
    assert "reset" in shown
