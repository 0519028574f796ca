"""The SQLite database: opening, upgrading, transactions, and errors in our own words."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from positivity.errors import StateError
from positivity.store.schema import MIGRATIONS

MEMORY = ":memory:"
_PATIENCE = 30.0  # seconds that a write waits for those of other processes
_BEGINNING = 2.0  # seconds that a new store may be empty
_POLL = 0.02
_ELSEWHERE = "set POSITIVITY_HOME to a folder that can be written to"


class Unwritable(StateError):
    """The file, or its folder, cannot be made or written to."""


class Database:
    """One connection, used by several threads one after the other.

    Args:
        path: the file, made when there is none, or None for a database in memory.
        reading: nothing has to be written, so a file that cannot be written to will do.

    Raises:
        StateError: the file is damaged, cannot be used, or is of a newer version of the program.
    """

    def __init__(
        self,
        path: Path | None,
        migrations: Sequence[str] = MIGRATIONS,
        *,
        reading: bool = False,
    ) -> None:
        self.path = path
        self.read_only = reading and path is not None and _can_only_be_read(path)
        self._lock = threading.RLock()
        self._depth = 0
        address, is_new = path or MEMORY, False
        if path is not None and self.read_only:
            _refuse_empty(path)
            address = _address_to_read(path)
        elif path is not None:
            is_new = _made_private(path)
        with self._told():
            self._connection = sqlite3.connect(
                address,
                timeout=_PATIENCE,
                isolation_level=None,
                check_same_thread=False,
                uri=self.read_only,
            )
        try:
            with self._told():
                if not self.read_only:
                    self._prepare()
            self._upgrade(migrations)
        except BaseException:
            self._connection.close()
            if is_new and path is not None and _is_empty(path):
                path.unlink(missing_ok=True)  # the next run would take it for a damaged one
            raise

    def _prepare(self) -> None:
        run = self._connection.execute
        self._write_ahead()
        # A crash of the program loses nothing; one of the machine at most the last page read.
        run("PRAGMA synchronous = NORMAL")
        run("PRAGMA foreign_keys = ON")
        # What is deleted is overwritten, not only unlinked.
        run("PRAGMA secure_delete = ON")

    def _write_ahead(self) -> None:
        """Has what is written go to a journal first, so that readers and a writer never wait.

        Of a file that another process is just making so, SQLite says at once that it is locked,
        however long it may wait for all else.
        """
        ends = time.monotonic() + _PATIENCE
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or time.monotonic() > ends:
                    raise
            time.sleep(_POLL)

    def _upgrade(self, migrations: Sequence[str]) -> None:
        if self.value("PRAGMA user_version") == len(migrations):
            return
        with self.transaction():
            version = int(self.value("PRAGMA user_version"))
            if version > len(migrations):
                raise StateError(
                    f"{self.path}: written by a newer positivity (version {version} of the store, "
                    f"this one knows {len(migrations)}); update positivity"
                )
            for number, migration in enumerate(migrations[version:], version + 1):
                for statement in _statements(migration):
                    self._connection.execute(statement)
                self._connection.execute(f"PRAGMA user_version = {number}")

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is done in the block is kept, or nothing of it; blocks within blocks join."""
        with self._lock, self._told():
            if self._depth:
                yield
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth -= 1

    def run(self, sql: str, *values: Any) -> int:
        """Do one statement; how many rows it changed."""
        with self._lock, self._told():
            return self._connection.execute(sql, values).rowcount

    def run_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """Do a statement for each of the rows, all or none."""
        with self.transaction():
            self._connection.executemany(sql, rows)

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self._lock, self._told():
            return self._connection.execute(sql, values).fetchall()

    def value(self, sql: str, *values: Any) -> Any:
        """The first value of a query's first row; None when there is no row."""
        found = self.rows(sql, *values)
        return found[0][0] if found else None

    def check(self) -> None:
        """Raises StateError when the file is damaged."""
        found = self.value("PRAGMA quick_check(1)")
        if found != "ok":
            raise StateError(_damaged(self.path, str(found)))

    def clean(self) -> None:
        """Take out of the files what was deleted."""
        with self._lock, self._told():
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turns what SQLite says into a sentence and an exit code."""
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StateError(_operational(self.path, str(error))) from error
        except sqlite3.IntegrityError:
            self.check()
            raise  # a bug of ours
        except sqlite3.ProgrammingError:
            raise  # a bug of ours
        except sqlite3.DatabaseError as error:
            raise StateError(_damaged(self.path, str(error))) from error


def _statements(script: str) -> Iterator[str]:
    """The statements of a script; executescript() would end our transaction."""
    statement = ""
    for part in script.split(";")[:-1]:
        statement += part + ";"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def _made_private(path: Path) -> bool:
    """Makes the file, and its folder, for their owner only; SQLite's other files follow it.

    Returns whether there was none before.

    Raises:
        StateError: the file cannot be made or used, or is empty, which no store stays.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        is_new = not path.exists()
        if not is_new:
            _refuse_empty(path)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
    except OSError as error:
        raise Unwritable(
            f"{path}: cannot be used as the store ({error.strerror or error}); {_ELSEWHERE}"
        ) from error
    return is_new


def _refuse_empty(path: Path) -> None:
    """Raises StateError for a file that is empty, and not because another run is just making it."""
    ends = time.monotonic() + _BEGINNING
    while _is_empty(path):
        if time.monotonic() > ends:
            raise StateError(_damaged(path, "it is empty"))
        time.sleep(_POLL)


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except FileNotFoundError:
        return False


def _can_only_be_read(path: Path) -> bool:
    """Whether a file is there that can be read; but it, or what SQLite puts beside it, not written.

    So it is on a disk that is read-only, or where it belongs to another user.
    """
    can_be_written = os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)
    return os.access(path, os.R_OK) and not can_be_written


def _address_to_read(path: Path) -> str:
    """What SQLite opens a file by to which it must write nothing, nor beside it.

    A file without a journal has nobody at work on it. Called immutable, it needs no index of one.
    """
    journal = path.with_name(f"{path.name}-wal")
    is_still = not (journal.exists() and journal.stat().st_size)
    return f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if is_still else ''}"


def _operational(path: Path | None, said: str) -> str:
    if "locked" in said:
        return f"{path}: is in use by another program for too long; try again when it has ended"
    if "readonly" in said:
        return f"{path}: cannot be used as the store ({said}); {_ELSEWHERE}"
    return f"{path}: the store cannot be used ({said}); free some space, or see 'positivity doctor'"


def _damaged(path: Path | None, said: str) -> str:
    return (
        f"{path}: the store is damaged ({said}); put a copy of it back if there is one, or move "
        "the file away: what it held is then paid for again, and no budget knows any more what was "
        "spent this month"
    )
