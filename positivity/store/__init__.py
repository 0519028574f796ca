"""The store: tweets, coverage, scores, reports and usage in one SQLite file of this user's own.

Light to import: the tables are not touched, nor arrow imported, before something is asked.
"""

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import Self

from positivity.errors import StateError
from positivity.settings import home
from positivity.store.accounts import Accounts, Coverage, StoredAccount
from positivity.store.database import Database, Unwritable
from positivity.store.ledger import Ledger, Spent
from positivity.store.results import Checks, Conditions, KeptReport, Reports, ScoredBy, Scores

__all__ = [
    "Coverage",
    "InUse",
    "KeptReport",
    "ScoredBy",
    "Spent",
    "Store",
    "StoredAccount",
    "Unwritable",
    "account_lock",
    "require_room",
    "run_lock",
    "store_path",
]

VOCABULARY = "vocabulary"
_SLICE = 0.2  # seconds
_ROOM = 4_000_000  # bytes: a page for each thread, many times over


def store_path() -> Path:
    """The file of this user's store."""
    return home() / "store.db"


class Store:
    """The tables of one database; a context manager, usable from several threads.

    Args:
        path: the file, or None for a store that is forgotten when it is closed.
        usage: the file that usage is kept in, if that is another one.
        reading: nothing has to be kept, so a file that cannot be written to will do.

    Raises:
        StateError: the file is damaged, cannot be used, or is of a newer version of the program.
    """

    def __init__(
        self, path: Path | None, *, usage: Path | None = None, reading: bool = False
    ) -> None:
        self._books = Database(usage) if usage else None
        self.database = Database(path, reading=reading)
        self.accounts = Accounts(self.database)
        self.scores = Scores(self.database)
        self.reports = Reports(self.database)
        self.checks = Checks(self.database)
        self.conditions = Conditions(self.database)
        self.ledger = Ledger(self._books or self.database)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.database.close()
        if self._books is not None:
            self._books.close()

    @property
    def vocabulary(self) -> str | None:
        """In which words X's API took questions the last time."""
        found = self.database.value("SELECT value FROM facts WHERE name = ?", VOCABULARY)
        return None if found is None else str(found)

    @vocabulary.setter
    def vocabulary(self, vocabulary: str) -> None:
        self.database.run("INSERT OR REPLACE INTO facts VALUES (?, ?)", VOCABULARY, vocabulary)


def require_room(path: Path) -> None:
    """Makes sure of some room beside the store, before anything is bought that must be kept.

    On a full disk, each run would else pay for a page of posts, and lose it with its price.

    Raises:
        StateError: there is none.
    """
    try:
        with tempfile.TemporaryFile(dir=path.parent) as file:
            file.write(bytes(_ROOM))
            file.flush()
    except OSError as error:
        raise StateError(
            f"{path}: there is no room for what would be read ({error.strerror or error}); nothing "
            "was read; free some space"
        ) from None


@contextmanager
def account_lock(handle: str) -> Iterator[Path]:
    """Keeps other runs from reading or forgetting an account; gives the file that stands for it.

    Raises:
        StateError: another run holds it.
    """
    busy = (
        f"@{handle}: another run of positivity works on this account; try again when it has ended"
    )
    # Not the handle itself: a lock may stay behind, and then must not name whom it was for.
    with _locked(handle.lower(), busy) as path:
        yield path


@contextmanager
def run_lock(what: str, busy: str, *, patience: float = 0.0) -> Iterator[None]:
    """Keeps other runs from the same thing, for which `what` stands.

    Args:
        busy: the message when another run holds it.
        patience: seconds to wait for that run to end.

    Raises:
        InUse: another run holds it.
        StateError: it cannot be locked.
    """
    ends = time.monotonic() + patience
    while True:
        with ExitStack() as stack:
            try:
                stack.enter_context(_locked(f"run {what}", busy))
            except InUse:
                if time.monotonic() >= ends:
                    raise
            else:
                yield
                return
        # In slices rather than in SQLite, where no signal would be heard.
        time.sleep(_SLICE)


class InUse(StateError):
    """Another run holds a lock."""


@contextmanager
def _locked(key: str, busy: str) -> Iterator[Path]:
    name = blake2b(key.encode(), digest_size=8).hexdigest()
    path = home() / "locks" / f"{name}.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # SQLite's lock on an empty file: on all systems, and let go of however a run ends.
        lock = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error:
            lock.close()
            raise
    except sqlite3.OperationalError as error:
        if "locked" in str(error):
            raise InUse(busy) from None
        raise _unlockable(path, str(error)) from error
    except (OSError, sqlite3.Error) as error:
        raise _unlockable(path, str(error)) from error
    try:
        yield path
    finally:
        lock.close()


def _unlockable(path: Path, why: str) -> StateError:
    return StateError(
        f"{path}: cannot be locked ({why}); set POSITIVITY_HOME to a folder that can be written to"
    )
