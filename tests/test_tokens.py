"""The token: kept where only its owner reads it, found in order, never shown."""

import os
import stat
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from positivity import tokens
from positivity.cli import app
from positivity.errors import AccessError, InputError, UsageError
from positivity.tokens import KEYRING, find_token, need_token, remove_token, store_token, token_path
from tests.terminal import converse

SECRET = "AAAAAAAAAAAAAAAAAAAAAfakeToken%3Dxyz"
runner = CliRunner()


class FakeKeyring(ModuleType):
    """A keyring module with one password, or with none that works."""

    def __init__(self, *, priority: float = 5, works: bool = True) -> None:
        super().__init__("keyring")
        self.kept: dict[tuple[str, str], str] = {}
        self.works = works
        self.priority = priority
        self.errors = ModuleType("keyring.errors")
        self.errors.KeyringError = RuntimeError  # type: ignore[attr-defined]

    def get_keyring(self) -> Any:
        return SimpleNamespace(priority=self.priority)

    def _check(self) -> None:
        if not self.works:
            raise RuntimeError("locked")

    def get_password(self, service: str, user: str) -> str | None:
        self._check()
        return self.kept.get((service, user))

    def set_password(self, service: str, user: str, value: str) -> None:
        self._check()
        self.kept[service, user] = value

    def delete_password(self, service: str, user: str) -> None:
        self._check()
        del self.kept[service, user]


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("X_BEARER_TOKEN", raising=False)
    monkeypatch.setattr(tokens, "find_spec", lambda name: None)


def install(monkeypatch: pytest.MonkeyPatch, keyring: FakeKeyring) -> FakeKeyring:
    monkeypatch.setattr(tokens, "find_spec", lambda name: object())
    monkeypatch.setitem(sys.modules, "keyring", keyring)
    monkeypatch.setitem(sys.modules, "keyring.errors", keyring.errors)
    return keyring


def test_no_token_names_both_ways_on() -> None:
    with pytest.raises(AccessError, match=r"auth set.*archive"):
        need_token()


def test_a_file_is_for_its_owner_only() -> None:
    previous = os.umask(0)
    try:
        assert store_token(f"  {SECRET}\n") == str(token_path())
    finally:
        os.umask(previous)
    if os.name == "posix":
        assert stat.S_IMODE(token_path().stat().st_mode) == 0o600
    found = find_token()
    assert found is not None
    assert (found.value, found.source) == (SECRET, str(token_path()))
    assert SECRET not in repr(found)
    assert [path.name for path in token_path().parent.iterdir()] == ["token"]


def test_a_token_that_cannot_be_deleted_is_said() -> None:
    token_path().mkdir(parents=True)
    with pytest.raises(InputError, match=r"cannot be deleted .* still there"):
        remove_token()


def test_the_environment_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    store_token(SECRET)
    monkeypatch.setenv("X_BEARER_TOKEN", "other-token")
    assert need_token() == "other-token"
    monkeypatch.setenv("X_BEARER_TOKEN", " ")
    assert need_token() == SECRET


def test_a_keyring_is_used_when_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    store_token("in-the-file")
    keyring = install(monkeypatch, FakeKeyring())
    assert store_token(SECRET) == KEYRING
    assert not token_path().exists(), "no older token stays behind"
    assert need_token() == SECRET
    assert remove_token() == [KEYRING]
    assert keyring.kept == {}
    assert find_token() is None


@pytest.mark.parametrize("keyring", [FakeKeyring(priority=0), FakeKeyring(works=False)])
def test_a_keyring_that_keeps_nothing_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, keyring: FakeKeyring
) -> None:
    install(monkeypatch, keyring)
    assert store_token(SECRET) == str(token_path())
    assert need_token() == SECRET
    assert remove_token() == [str(token_path())]
    assert find_token() is None


@pytest.mark.parametrize(
    "text", ["", " \n", "two\nlines", "Bearer abc", "ключ", "a\x1b[2Jb", "x" * 10_001]
)
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        store_token(text)
    assert not token_path().exists()


def test_a_file_that_cannot_be_read_or_written() -> None:
    token_path().mkdir(parents=True)
    with pytest.raises(AccessError, match="auth set"):
        find_token()
    with pytest.raises(InputError, match="X_BEARER_TOKEN"):
        store_token(SECRET)
    assert len(list(token_path().parent.iterdir())) == 1


def test_the_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*options: str, code: int = 0, stdin: str = "") -> str:
        result = runner.invoke(app, ["auth", *options], input=stdin)
        assert result.exit_code == code, result.output
        assert SECRET not in result.output
        return str(result.output)

    assert "auth set" in run("status", code=4)
    assert "no token was stored" in run("remove")
    assert "a token is no argument" in run("set", SECRET, code=2)
    assert "stored in" in run("set", stdin="\ufeff" + SECRET + "\n")
    assert str(token_path()) in run("status")
    if os.name == "posix":
        token_path().chmod(0o644)
        assert "chmod 600" in run("status")
    monkeypatch.setenv("X_BEARER_TOKEN", SECRET)
    assert "wins" in run("set", stdin=SECRET)
    assert "$X_BEARER_TOKEN" in run("status")
    assert "still holds one" in run("remove")
    assert not token_path().exists()
    assert "no Bearer Token" in run("set", stdin="", code=2)


@pytest.mark.skipif(os.name != "posix", reason="terminals are POSIX's here")
def test_what_is_typed_is_not_shown() -> None:
    # The last space is written when the terminal shows nothing any more.
    code, stdout, screen = converse(["auth", "set"], "Bearer Token: ", SECRET)
    assert code == 0
    assert "stored in" in stdout
    assert SECRET not in stdout + screen
    assert token_path().read_text(encoding="ascii").strip() == SECRET
