"""`positivity doctor`: one line for each thing, and for each that is not well what to do."""

import re
import sqlite3
import sys
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from positivity.cli import app, doctor
from positivity.settings import config_path
from positivity.sources.x_api import XClient
from positivity.store import Store, store_path
from positivity.tokens import store_token, token_path
from tests.standin import TOKEN, Standin

runner = CliRunner()


def lines(*options: str, code: int = 0) -> dict[str, tuple[str, str]]:
    """What is said of each thing: its state and the text."""
    result = runner.invoke(app, ["doctor", *options])
    assert result.exit_code == code, result.output
    assert TOKEN not in result.output
    found = {}
    for line in result.stdout.splitlines():
        state, what, text = re.fullmatch(r"(\w+) +(model|X's API|\w+) +(.+)", line).groups()  # type: ignore[union-attr]
        found[what] = (state, text)
    return found


@pytest.fixture(autouse=True)
def keyless(monkeypatch: pytest.MonkeyPatch, standin: Standin) -> None:
    monkeypatch.setattr("positivity.tokens.find_spec", lambda name: None)
    monkeypatch.delenv("X_BEARER_TOKEN", raising=False)
    monkeypatch.setenv("POSITIVITY_API_URL", standin.url)


def test_all_is_well(standin: Standin) -> None:
    store_token(TOKEN)
    found = lines("--api")
    assert list(found) == [
        *("python", "torch", "onnx", "model", "settings", "store", "token", "clock", "X's API"),
    ]
    assert {state for state, _ in found.values()} == {"ok"}
    assert "$0.01" in found["X's API"][1]
    with Store(store_path()) as store:
        assert [spent.users for _, spent in store.ledger.months()] == [1]
    assert [entry.endpoint for entry in standin.log] == ["users"]


def test_what_an_interrupt_may_have_cost_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(client: XClient) -> None:
        raise KeyboardInterrupt

    store_token(TOKEN)
    monkeypatch.setattr(XClient, "probe", interrupted)
    assert runner.invoke(app, ["doctor", "--api"]).exit_code == 130
    with Store(store_path()) as store:
        assert [spent.users for _, spent in store.ledger.months()] == [1]


def test_without_api_there_is_no_network(standin: Standin) -> None:
    assert "X's API" not in lines()
    assert standin.log == []


def test_no_token_is_a_note_for_one_can_do_without() -> None:
    state, text = lines()["token"]
    assert state == "note"
    assert "positivity score archive.zip" in text
    assert lines("--api", code=4)["X's API"][0] == "bad"


def newer_store() -> None:
    Store(store_path()).database.close()
    connection = sqlite3.connect(store_path())
    connection.execute("PRAGMA user_version = 99")
    connection.close()


def damaged_store() -> None:
    store_path().parent.mkdir(parents=True, exist_ok=True)
    store_path().write_bytes(b"nonsense" * 999)


def emptied_store() -> None:
    store_path().parent.mkdir(parents=True, exist_ok=True)
    store_path().touch()


def bad_config() -> None:
    config_path().parent.mkdir(parents=True, exist_ok=True)
    config_path().write_text("max_posts = 1")


def readable_token() -> None:
    store_token(TOKEN)
    token_path().chmod(0o644)


@pytest.mark.parametrize(
    ("spoil", "what", "said", "code"),
    [
        (newer_store, "store", "update positivity", 9),
        (damaged_store, "store", "move the file away", 9),
        (emptied_store, "store", "paid for again", 9),
        (bad_config, "settings", "from 5 up", 2),
        (readable_token, "token", "chmod 600", 4),
    ],
)
def test_what_is_not_well_says_what_to_do(
    spoil: Callable[[], None], what: str, said: str, code: int
) -> None:
    spoil()
    found = lines(code=code)
    assert found.pop(what)[0] == "bad"
    assert {state for state, _ in found.values()} <= {"ok", "note"}
    spoiled = lines(code=code)[what]
    assert said in spoiled[1]


def test_a_model_that_was_tampered_with(monkeypatch: pytest.MonkeyPatch) -> None:
    from positivity.errors import StateError
    from positivity.model import registry

    def tampered(path: object, **options: object) -> list[str]:
        raise StateError("model.safetensors is not what was saved; install it again")

    monkeypatch.setattr(registry, "verify", tampered)
    state, text = lines(code=9)["model"]
    assert state == "bad"
    assert "install it again" in text


def test_refused_by_the_api_ends_with_its_code(standin: Standin) -> None:
    store_token("wrong-token")
    assert lines("--api", code=4)["X's API"][0] == "bad"
    store_token(TOKEN)
    standin.plan("no_credits", len(standin.log) + 1)
    assert "credits" in lines("--api", code=6)["X's API"][1]


def test_a_clock_that_is_wrong(standin: Standin, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    store_token(TOKEN)
    standin.clock = lambda: time.time() + 3600
    state, text = lines("--api", code=9)["X's API"]
    assert state == "bad"
    assert "behind X's" in text
    monkeypatch.setattr(doctor, "_RELEASED", datetime(2100, 1, 1, tzinfo=UTC))
    assert "set this machine's clock" in lines(code=9)["clock"][1]


def test_a_python_or_a_torch_that_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "positivity.model.engine_torch", None)
    assert "install PyTorch again" in lines(code=9)["torch"][1]
    monkeypatch.setattr(doctor, "_OLDEST_PYTHON", (99, 0))
    assert "or newer" in lines(code=9)["python"][1]
