"""The Bearer Token of X's API: where it is kept, and finding it. It is never shown."""

import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from positivity.errors import AccessError, InputError, UsageError
from positivity.settings import home

VARIABLE = "X_BEARER_TOKEN"
KEYRING = "the system's keyring"

_SERVICE, _USER = "positivity", "x-bearer-token"
_LONGEST = 10_000
NO_TOKEN = (
    "there is no token for X's API: store one with 'positivity auth set' (or set "
    f"{VARIABLE}), or score the account's own X archive with 'positivity score archive.zip', "
    "which needs none"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A token and where it was found."""

    value: str = field(repr=False)
    source: str


def token_path() -> Path:
    """The file that holds the token where there is no keyring."""
    return home() / "token"


def find_token() -> Token | None:
    """The token: from the environment, else from the file, else from the keyring."""
    value = os.environ.get(VARIABLE, "").strip()
    if value:
        return Token(value, f"${VARIABLE}")
    kept = _read_file()
    if kept:
        return Token(kept, str(token_path()))
    kept = _read_keyring()
    return Token(kept, KEYRING) if kept else None


def need_token() -> str:
    """The token's value.

    Raises:
        AccessError: there is none; the message names the two ways on.
    """
    token = find_token()
    if token is None:
        raise AccessError(NO_TOKEN)
    return token.value


def store_token(text: str) -> str:
    """Keep a token, in the keyring when there is one that works, else in a file; says where.

    Raises:
        UsageError: this is no token.
        InputError: the file cannot be written.
    """
    value = text.strip()
    if not value or len(value) > _LONGEST or not value.isascii() or not value.isprintable():
        raise UsageError("this is no Bearer Token; copy it whole from https://console.x.com")
    if len(value.split()) > 1:
        raise UsageError(
            "a Bearer Token has no spaces; give the token alone, without the word Bearer"
        )
    keyring = _keyring()
    if keyring is not None:
        with suppress(keyring.errors.KeyringError):
            keyring.set_password(_SERVICE, _USER, value)
            token_path().unlink(missing_ok=True)
            return KEYRING
    _write_file(value)
    return str(token_path())


def remove_token() -> list[str]:
    """Delete the token wherever we keep it; says where it was.

    Raises:
        InputError: its file cannot be deleted.
    """
    removed = []
    try:
        token_path().unlink()
        removed.append(str(token_path()))
    except FileNotFoundError:
        pass
    except OSError as error:
        raise InputError(
            f"{token_path()}: cannot be deleted ({error.strerror or error}), so the token is "
            "still there; delete it by hand"
        ) from error
    keyring = _keyring()
    if keyring is not None:
        with suppress(keyring.errors.KeyringError):
            if keyring.get_password(_SERVICE, _USER) is not None:
                keyring.delete_password(_SERVICE, _USER)
                removed.append(KEYRING)
    return removed


def readable_by_others() -> bool:
    """Whether other users of this machine may read the token's file."""
    path = token_path()
    return os.name == "posix" and path.exists() and bool(path.stat().st_mode & 0o077)


def _read_file() -> str | None:
    try:
        return token_path().read_text(encoding="ascii").strip() or None
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no token"
        raise AccessError(
            f"{token_path()}: cannot be read ({why}); store the token again with "
            "'positivity auth set'"
        ) from None


def _write_file(value: str) -> None:
    path = token_path()
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # mkstemp's files are for their owner only, from the first moment on.
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=".token.")
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(value + "\n")
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise InputError(
            f"{path}: cannot be written ({error.strerror or error}); set POSITIVITY_HOME to a "
            f"folder that can be, or give the token in {VARIABLE}"
        ) from error


def _read_keyring() -> str | None:
    keyring = _keyring()
    if keyring is not None:
        with suppress(keyring.errors.KeyringError):
            value = keyring.get_password(_SERVICE, _USER)
            return str(value) if value else None
    return None


def _keyring() -> Any:
    """The keyring module, if it is installed and has a place to keep things; else None."""
    if find_spec("keyring") is None:
        return None
    import keyring
    import keyring.errors

    # Backends that cannot keep anything have a priority of 0 or less.
    return keyring if keyring.get_keyring().priority > 0 else None
