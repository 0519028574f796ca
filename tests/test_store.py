"""The store: what is kept, what is deleted, and what it refuses."""

import errno
import os
import random
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from positivity.errors import StateError
from positivity.sources.x_answers import Account
from positivity.store import Spent, Store, account_lock, store_path
from positivity.store.accounts import ALL, HIDDEN, OWN
from positivity.store.database import Database
from positivity.store.intervals import NEWEST, Interval
from positivity.store.results import ScoredBy
from positivity.store.schema import MIGRATIONS
from positivity.tweets import SCHEMA

NOON = datetime(2026, 8, 1, 12, tzinfo=UTC)
BY = ScoredBy("base", 1)


def account(number: int = 7, handle: str = "ada", **more: Any) -> Account:
    values: dict[str, Any] = {
        "name": "Ada",
        "protected": False,
        "tweet_count": 10,
        "created_at": NOON,
        "description": "",
        "followers": 3,
    }
    return Account(id=str(number), handle=handle, **(values | more))


def row(number: int, text: str = "hello there", **more: Any) -> dict[str, Any]:
    values: dict[str, Any] = dict.fromkeys(SCHEMA.names)
    del values["source"]
    return values | {
        "id": str(number),
        "created_at": NOON,
        "author": "ada",
        "text": text,
        "lang": "en",
        "kind": "original",
        "likes": 2,
        **more,
    }


@pytest.fixture
def store() -> Any:
    with Store(store_path()) as opened:
        opened.accounts.put(account())
        yield opened


def texts(store: Store, number: int = 7) -> list[str]:
    return [text for batch in store.accounts.batches(number) for text in batch["text"].to_pylist()]


def test_tweets_come_back_as_they_went_in_newest_first(store: Store) -> None:
    ids = [2**63 - 1, 2**60 + 1, 5]
    assert store.accounts.put_tweets(7, [row(number, f"t{number}") for number in sorted(ids)]) == 3
    (batch,) = store.accounts.batches(7)
    assert batch.schema == SCHEMA
    assert batch["id"].to_pylist() == [str(number) for number in ids]
    assert batch["created_at"].to_pylist() == [NOON] * 3
    assert batch["likes"].to_pylist() == [2] * 3
    assert batch["source"].to_pylist() == ["X API"] * 3


@pytest.mark.parametrize("number", [0, 8191, 8192, 8193, 20_000])
def test_many_tweets_come_in_batches(store: Store, number: int) -> None:
    store.accounts.put_tweets(7, [row(each) for each in range(1, number + 1)])
    assert sum(map(len, store.accounts.batches(7))) == number
    assert len(store.accounts.ids(7)) == number


@pytest.mark.parametrize(
    "text", ["\ud83d alone", "a\x00b", "", "'; DROP TABLE tweets;--", "😀" * 9]
)
def test_any_text_can_be_kept(store: Store, text: str) -> None:
    store.accounts.put_tweets(7, [row(1, text)])
    assert texts(store) == [text.replace("\ud83d", "\ufffd")]


@pytest.mark.parametrize("tweet_id", [None, "", "x1", "-4", "１２", str(2**63), "9" * 30])
def test_what_has_no_id_is_not_kept(store: Store, tweet_id: str | None) -> None:
    assert store.accounts.put_tweets(7, [row(1) | {"id": tweet_id}]) == 0
    assert texts(store) == []


def test_scores_are_kept_rounded_by_model_and_normalizer(store: Store) -> None:
    store.accounts.put_tweets(7, [row(1), row(2)])
    store.scores.put({1: (0.123456, 0.5, 0.376544), 99: (0, 0, 1)}, BY)
    assert store.scores.get([1, 2, 99], BY) == {1: (0.1235, 0.5, 0.3765)}
    assert store.scores.get([1], ScoredBy("base", 2)) == {}
    assert store.scores.get([1], ScoredBy("other", 1)) == {}
    assert len(store.scores.get(list(range(3000)), BY)) == 1


def test_a_new_text_drops_the_score_and_the_same_text_keeps_it(store: Store) -> None:
    store.accounts.put_tweets(7, [row(1), row(2)])
    store.scores.put({1: (0, 0, 1), 2: (0, 0, 1)}, BY)
    store.accounts.put_tweets(7, [row(1, "edited"), row(2, likes=50)])
    assert store.scores.get([1, 2], BY).keys() == {2}
    (batch,) = store.accounts.batches(7)
    assert batch["likes"].to_pylist() == [50, 2]


def test_dropped_tweets_take_their_scores_along(store: Store) -> None:
    store.accounts.put_tweets(7, [row(number) for number in range(1, 2001)])
    store.scores.put(dict.fromkeys(range(1, 2001), (0, 0, 1)), BY)
    assert store.accounts.drop_tweets([*range(1, 1901), 5000]) == 1900
    assert len(texts(store)) == 100
    assert len(store.scores.get(range(1, 2001), BY)) == 100


def test_what_is_counted(store: Store) -> None:
    store.accounts.put_tweets(7, [row(1), row(2, kind="retweet"), row(3, kind=None), row(4)])
    assert store.accounts.count(7, Interval(0, NEWEST), retweets=True) == 4
    assert store.accounts.count(7, Interval(0, NEWEST), retweets=False) == 3
    assert store.accounts.count(7, Interval(2, 3), retweets=True) == 2


def test_coverage_with_and_without_retweets(store: Store) -> None:
    accounts = store.accounts
    for what, *ends in ((OWN, 10, 20), (OWN, 21, 30), (ALL, 40, 50), (HIDDEN, 0, 12)):
        accounts.cover(7, what, Interval(*ends))
    own, everything = accounts.coverage(7, retweets=False), accounts.coverage(7, retweets=True)
    assert own.read == ((40, 50), (10, 30))
    assert own.hidden == ((0, 9),)
    assert own.known == ((40, 50), (0, 30))
    assert everything.read == ((40, 50),)
    assert everything.hidden == ((0, 12),)


def test_handles_change_their_owners(store: Store) -> None:
    store.accounts.put(account(8, "ADA"))
    found = store.accounts.find("ada")
    assert found is not None
    assert found.id == 8
    assert {each.id for each in store.accounts.named("Ada")} == {7, 8}
    store.accounts.put(account(8, "eve"))
    assert [each.handle for each in store.accounts.all()] == ["ada", "eve"]
    assert store.accounts.find("nobody") is None


def test_looking_an_account_up_again_keeps_its_tweets(store: Store) -> None:
    store.accounts.put_tweets(7, [row(1)])
    store.accounts.put(account(tweet_count=11))
    assert store.accounts.get(7).tweet_count == 11
    assert store.accounts.get(7).tweets == 1


def test_what_is_forgotten_is_nowhere_in_the_files(store: Store) -> None:
    secret = "a very particular sentence"
    store.accounts.put_tweets(7, [row(1, secret), row(2, secret * 900)])
    store.scores.put({1: (0, 0, 1)}, BY)
    store.accounts.cover(7, OWN, Interval(1, 2))
    store.accounts.put_tweet_count(7, 2, 10)
    store.reports.put(7, {}, "2026-11-21", {"subject": secret})
    store.ledger.add(Spent(2, 1, 0.02))
    store.accounts.forget(7)
    store.database.clean()
    for table in ("accounts", "tweets", "scores", "coverage", "tweet_counts", "reports"):
        assert store.database.value(f"SELECT count(*) FROM {table}") == 0, table
    assert len(store.ledger.months()) == 1
    for file in store_path().parent.glob("store.db*"):
        assert secret.encode() not in file.read_bytes()


def test_usage_by_month(store: Store) -> None:
    october, november = datetime(2026, 10, 31, 23, 59, tzinfo=UTC), NOON.replace(month=11)
    store.ledger.add(Spent(100, 1, 0.51), now=november)
    store.ledger.add(Spent(7, 0, 0.035), now=november)
    store.ledger.add(Spent(3, 0, 0.015), now=october)
    store.ledger.add(Spent())
    assert store.ledger.months() == [
        ("2026-10", Spent(3, 0, 0.015)),
        ("2026-11", Spent(107, 1, 0.545)),
    ]


def test_reports_are_kept_one_a_day_and_question(store: Store) -> None:
    for day, net in (("2026-11-20", 1), ("2026-11-21", 2), ("2026-11-21", 3)):
        store.reports.put(7, {"b": 1, "a": None}, day, {"net": net})
    store.reports.put(7, {"other": 1}, "2026-11-21", {"net": 9})
    found = store.reports.get(7, {"a": None, "b": 1})
    assert [(each.day, each.report) for each in found] == [
        ("2026-11-20", {"net": 1}),
        ("2026-11-21", {"net": 3}),
    ]
    assert [each.question for each in store.reports.all(7)].count({"other": 1}) == 1


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_all_files_are_for_their_owner_only() -> None:
    previous = os.umask(0)
    try:
        with Store(store_path()) as store, account_lock("ada") as lock:
            store.accounts.put(account())
            files = [*store_path().parent.glob("store.db*")]
            assert len(files) == 3, "WAL and its index"
            for file in files:
                assert stat.S_IMODE(file.stat().st_mode) == 0o600, file
            assert stat.S_IMODE(lock.parent.stat().st_mode) == 0o700
            assert "ada" not in lock.name
        store_path().chmod(0o644)
        with Store(store_path()):
            assert stat.S_IMODE(store_path().stat().st_mode) == 0o600
    finally:
        os.umask(previous)


def test_a_newer_store_is_refused_and_left_as_it_is() -> None:
    Store(store_path()).database.close()
    with sqlite3.connect(store_path()) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    connection.close()
    before = store_path().read_bytes()
    with pytest.raises(StateError, match=r"newer positivity.*update"):
        Store(store_path())
    assert store_path().read_bytes() == before


@pytest.fixture
def emptied() -> Path:
    """What a store was that somebody has cut to nothing."""
    store_path().parent.mkdir(parents=True)
    store_path().touch()
    return store_path()


def test_an_emptied_store_is_a_damaged_one(emptied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("positivity.store.database._BEGINNING", 0.1)
    told = r"damaged \(it is empty\).* move the file away.* paid for again"
    with pytest.raises(StateError, match=told):
        Store(emptied)
    with pytest.raises(StateError, match=told):
        Store(None, usage=emptied)
    monkeypatch.setattr("positivity.store.database.os.access", lambda _, mode: mode == os.R_OK)
    with pytest.raises(StateError, match=told):
        Store(emptied, reading=True)
    assert emptied.read_bytes() == b""


def test_a_store_that_another_run_is_just_making_is_waited_for(
    emptied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("positivity.store.database._BEGINNING", 60.0)
    made = emptied.with_name("made.db")
    Store(made).database.close()
    timer = threading.Timer(0.3, lambda: made.replace(emptied))
    timer.start()
    with Store(emptied) as store:
        assert store.ledger.months() == []
    timer.join()


def test_a_store_that_another_run_is_just_upgrading_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE mine (number)")
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO mine VALUES (1)")
    timer = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    timer.start()
    with Store(path) as store:  # which changes how it is written, as no other may meanwhile
        assert store.ledger.months() == []
        assert store.database.value("PRAGMA journal_mode") == "wal"
    timer.join()
    other.close()


def test_a_store_that_could_not_be_begun_leaves_no_empty_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(database: Database) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Database, "_prepare", full)
        with pytest.raises(StateError, match="free some space"):
            Store(store_path())
    assert not store_path().exists()
    Store(store_path()).database.close()


def test_a_store_on_a_disk_that_is_read_only_says_so(tmp_path: Path) -> None:
    with Store(tmp_path / "store.db") as store:
        store.database.run("PRAGMA query_only = ON")
        with pytest.raises(StateError, match=r"readonly.* set POSITIVITY_HOME"):
            store.vocabulary = "post"


@pytest.fixture
def unwritable(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes of the home one on a disk that is read-only, as root could not by its mode."""

    def refuse(path: object, *options: object) -> int:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    def spoil() -> None:
        monkeypatch.setattr("positivity.store.database.os.access", lambda _, mode: mode == os.R_OK)
        monkeypatch.setattr("positivity.store.database.os.open", refuse)

    return spoil


def test_what_only_reads_reads_a_store_that_cannot_be_written_to(
    store: Store, unwritable: Callable[[], None]
) -> None:
    store.accounts.put_tweets(7, [row(1)])
    store.database.close()
    before = {each.name: each.read_bytes() for each in store_path().parent.iterdir()}
    assert list(before) == ["store.db"]
    unwritable()
    with Store(store_path(), reading=True) as found:
        assert [each.tweets for each in found.accounts.all()] == [1]
        assert found.ledger.months() == []
        found.scores.put({1: (0.1, 0.2, 0.7)}, BY)  # which are worked out anew each time
        assert found.scores.get([1], BY) == {}
        with pytest.raises(StateError, match=r"readonly.* set POSITIVITY_HOME"):
            found.vocabulary = "post"
    assert {each.name: each.read_bytes() for each in store_path().parent.iterdir()} == before
    with pytest.raises(StateError, match=r"Read-only file system\); set POSITIVITY_HOME"):
        Store(store_path())


def test_what_was_not_put_into_the_file_yet_is_read_too(
    store: Store, unwritable: Callable[[], None]
) -> None:
    store.accounts.put_tweets(7, [row(1)])  # in the journal beside it, by another program
    unwritable()
    with Store(store_path(), reading=True) as found:
        assert [each.tweets for each in found.accounts.all()] == [1]


@pytest.mark.parametrize("version", [0, len(MIGRATIONS) - 1])
def test_an_older_store_that_cannot_be_written_to_says_so(
    unwritable: Callable[[], None], version: int
) -> None:
    store_path().parent.mkdir(parents=True)
    Database(store_path(), MIGRATIONS[:version]).close()
    unwritable()
    with pytest.raises(StateError, match=r"readonly.* set POSITIVITY_HOME"):
        Store(store_path(), reading=True)


def test_migrations_run_in_their_order_and_once() -> None:
    path = store_path()
    path.parent.mkdir(parents=True)
    first = "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1);"
    Database(path, [first]).close()
    second = "ALTER TABLE a ADD COLUMN y TEXT;\nUPDATE a SET y = 'it''s; so';\n"
    for _ in range(2):
        database = Database(path, [first, second])
        assert database.rows("SELECT x, y FROM a") == [(1, "it's; so")]
        assert database.value("PRAGMA user_version") == 2
        database.close()


def test_a_migration_that_fails_changes_nothing() -> None:
    path = store_path()
    path.parent.mkdir(parents=True)
    Database(path, ["CREATE TABLE a (x INTEGER);"]).close()
    with pytest.raises(StateError):
        Database(path, ["CREATE TABLE a (x INTEGER);", "CREATE TABLE b (x); CREATE TABLE a (x);"])
    database = Database(path, ["CREATE TABLE a (x INTEGER);"])
    assert database.rows("SELECT name FROM sqlite_master") == [("a",)]
    database.close()


def test_every_published_version_can_be_upgraded() -> None:
    path = store_path()
    path.parent.mkdir(parents=True)
    for version in range(len(MIGRATIONS) + 1):
        path.unlink(missing_ok=True)
        Database(path, MIGRATIONS[:version]).close()
        with Store(path) as store:
            store.accounts.put(account())
            assert store.accounts.put_tweets(7, [row(1)]) == 1


@pytest.mark.parametrize("content", [b"this is no database" * 99, b"SQLite format 3\0" * 99])
def test_a_damaged_store_is_said_to_be_damaged(content: bytes) -> None:
    store_path().parent.mkdir(parents=True)
    store_path().write_bytes(content)
    with pytest.raises(StateError, match="damaged") as caught:
        Store(store_path())
    assert "\n" not in str(caught.value)


def test_a_store_whose_pages_are_damaged_is_found_out(store: Store) -> None:
    store.accounts.put_tweets(7, [row(number, "words " * 50) for number in range(1, 500)])
    store.database.check()
    store.database.clean()
    store.database.close()
    with store_path().open("r+b") as file:
        file.seek(4096 * 12)
        file.write(b"\xff" * 4096 * 6)
    with pytest.raises(StateError, match="damaged"), Store(store_path()) as damaged:
        damaged.database.check()
        list(damaged.accounts.batches(7))


def test_wherever_a_store_is_damaged_forgetting_ends_in_a_sentence(store: Store) -> None:
    store.accounts.put_tweets(7, [row(number, "words " * 20) for number in range(1, 200)])
    store.database.clean()
    store.database.close()
    whole, told = store_path().read_bytes(), 0
    for page in range(1, len(whole) // 4096):
        damage = random.Random(page).randbytes(1000)
        at = page * 4096 + (50 if page % 2 else 2000)
        store_path().write_bytes(whole[:at] + damage + whole[at + len(damage) :])
        try:
            with Store(store_path()) as damaged:
                damaged.accounts.forget(7)
        except StateError as error:
            assert "damaged" in str(error)
            told += 1
    assert told > 0


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_to(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StateError, match="POSITIVITY_HOME"):
        Store(tmp_path / "store.db")


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("not a folder")
    with pytest.raises(StateError, match="POSITIVITY_HOME"):
        Store(store_path())
    with pytest.raises(StateError, match="POSITIVITY_HOME"), account_lock("ada"):
        pass


def test_many_processes_make_the_store_at_once() -> None:
    code = """
import positivity.store.database
from positivity.store import Store, store_path
positivity.store.database._BEGINNING = 60.0  # eight on a busy machine
Store(store_path())
"""
    crowd = [
        subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    assert [(each.communicate(timeout=90)[1], each.returncode) for each in crowd] == [("", 0)] * 8
    with Store(store_path()) as store:
        store.accounts.put(account())


def test_a_store_in_memory_leaves_nothing() -> None:
    with Store(None) as store:
        store.accounts.put(account())
        store.accounts.put_tweets(7, [row(1)])
        assert texts(store) == ["hello there"]
    assert not store_path().exists()


def test_a_transaction_is_kept_whole_or_not_at_all(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.database.transaction():
        store.accounts.put_tweets(7, [row(1)])
        store.ledger.add(Spent(1, 0, 0.005))
        raise ZeroDivisionError
    assert texts(store) == []
    assert store.ledger.months() == []


HOLD = """
import sys
from positivity.store import account_lock
with account_lock("ada"):
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_an_account_is_locked_for_other_processes_and_free_when_they_are_killed() -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(StateError, match="@Ada: another run"), account_lock("Ada"):
            pass
        with account_lock("eve"):
            pass
    finally:
        holder.kill()
        holder.communicate()
    with account_lock("ada"), pytest.raises(StateError), account_lock("ADA"):
        pass
