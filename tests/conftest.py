"""What several tests share: a home of their own, tables to normalize with, a tiny trained model."""

import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from positivity.model.registry import ModelDirectory
from positivity.text.emojis import compile_table
from positivity.text.normalize import Normalizer
from tests.standin import Standin

if TYPE_CHECKING:
    from positivity.training.examples import Examples
    from positivity.training.run import Run

settings.register_profile("positivity", deadline=None)  # a busy machine is no bug
settings.load_profile("positivity")

SHARED_DATA = Path(__file__).parents[2] / "shared" / "data"

WORDS = (
    "the to i a and so is it you my of in for day not no good love best ever great worst happy "
    "throwback thursday dog monday motivation just me too cool loose lose school yay filter really"
).split()

POSITIVE = "love great happy good best lovely wonderful thanks beautiful awesome".split()
NEGATIVE = "hate awful sad bad worst terrible angry broken sick horrible".split()
NEUTRAL = "the train leaves meeting report monday table opens station office".split()

TINY_RECIPE = """
name = "tiny"
version = "1"
description = "learns thirty words"
seed = 3
[tokenizer]
kind = "word"
size = 200
[network]
embedding_size = 16
hidden_size = 16
mlp_size = 16
embedding_dropout = 0.0
state_dropout = 0.0
mlp_dropout = 0.0
[training]
epochs = 6
batch_size = 16
learning_rate = 0.01
word_dropout = 0.0
averaging = 0.9
evaluations = 2
[[train]]
file = "train.csv"
[[dev]]
name = "dev"
file = "dev.csv"
[[eval]]
name = "eval"
file = "dev.csv"
"""


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """On a busy machine two threads wait for each other longer than one works."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="session")
def home_of_wider_fixtures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is trained once for many tests does not lock anything in the user's home either."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POSITIVITY_HOME", str(tmp_path_factory.mktemp("home")))
        yield


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the user's files, nor depends on the user's terminal."""
    monkeypatch.setenv("POSITIVITY_HOME", str(tmp_path / "home"))
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


def pytest_sessionstart() -> None:
    """What the tests start hears Ctrl-C and a hangup, as programs do that are not put into the
    background by a shell, nor begun under nohup."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests marked `shared_data` and `gpu` run where these are.

    No fixture: those of a whole module, which read the data, come before any of a single test.
    """
    if item.get_closest_marker("shared_data") and not SHARED_DATA.is_dir():
        pytest.skip("the real tweets do not lie beside this checkout")
    if item.get_closest_marker("gpu"):
        import torch

        if not torch.cuda.is_available():
            pytest.skip("no CUDA device")


@pytest.fixture
def standin() -> Iterator[Standin]:
    """A stand-in for X's API on a socket of this machine, with its special accounts."""
    with Standin() as service:
        yield service


@pytest.fixture
def one_day() -> None:
    """Has a test that asks for the day after what it tests begin and end on the same one (UTC)."""
    now = datetime.now(UTC)
    if (now + timedelta(minutes=1)).date() != now.date():
        time.sleep(60)


@pytest.fixture(scope="session")
def normalizer() -> Normalizer:
    return Normalizer(compile_table(), WORDS)


def labelled_csv(path: Path, tweets: int) -> Path:
    """A file of labelled tweets that thirty words tell apart."""
    rows = ["label,text"]
    for i in range(tweets):
        name, words = (("negative", NEGATIVE), ("neutral", NEUTRAL), ("positive", POSITIVE))[i % 3]
        rows.append(f"{name},{words[i // 3 % 10]} {words[(i // 3 + i // 30 + 1) % 10]} {i % 7}x")
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def tiny_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a recipe, 600 training and 60 development tweets."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "tiny.toml").write_text(TINY_RECIPE, encoding="utf-8")
    labelled_csv(folder / "train.csv", 600)
    lines = (folder / "train.csv").read_text(encoding="utf-8").splitlines()
    dev = [f"{line} indeed" for line in lines[1:61]]
    (folder / "dev.csv").write_text("\n".join([lines[0], *dev]) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def tiny_model(tiny_data: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelDirectory:
    """A small model trained in a second or two."""
    from positivity.training.labelled import Data
    from positivity.training.recipe import Recipe, read_recipe
    from positivity.training.run import Run

    silent: Callable[[str], None] = lambda line: None  # noqa: E731
    folder = tmp_path_factory.mktemp("run")
    recipe = read_recipe(tiny_data / "tiny.toml")
    assert isinstance(recipe, Recipe)
    run = Run(recipe, Data(tiny_data, folder), folder, device="cpu", say=silent)
    for _ in run.train():
        pass
    return run.finish()


def examples_of(run: "Run") -> "Examples":
    """What a run of a classifier trains on."""
    from positivity.training.sentiment import Sentiment

    assert isinstance(run.task, Sentiment)
    return run.task.examples


@pytest.fixture(scope="session")
def other_model(
    tiny_model: ModelDirectory, tmp_path_factory: pytest.TempPathFactory
) -> ModelDirectory:
    """The tiny model under another version, as an update brings one."""
    import shutil
    from hashlib import sha256

    from positivity.model import registry

    path = tmp_path_factory.mktemp("other") / "model"
    shutil.copytree(tiny_model.path, path)
    config = path / "config.json"
    config.write_text(config.read_text().replace('"version": "1"', '"version": "2"'))
    sums = path / "SHA256SUMS"
    lines = []
    for line in sums.read_text().splitlines():
        _, name = line.split(maxsplit=1)
        lines.append(f"{sha256((path / name).read_bytes()).hexdigest()}  {name}")
    sums.write_text("\n".join(lines) + "\n")
    return registry.load(str(path))
