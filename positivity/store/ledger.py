"""What was read from X and what it cost, by month."""

from dataclasses import dataclass
from datetime import UTC, datetime

from positivity.store.database import Database


@dataclass(frozen=True, slots=True)
class Spent:
    """Reads and their price in dollars."""

    posts: int = 0
    users: int = 0
    dollars: float = 0.0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            self.posts + other.posts, self.users + other.users, self.dollars + other.dollars
        )


class Ledger:
    """The table of usage; it names no account."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add(self, spent: Spent, *, now: datetime | None = None) -> None:
        """Count what was read just now."""
        if not spent.posts and not spent.users:
            return
        month = f"{now or datetime.now(UTC):%Y-%m}"
        self._db.run(
            "INSERT INTO usage VALUES (?, ?, ?, ?) ON CONFLICT (month) DO UPDATE SET posts = "
            "posts + excluded.posts, users = users + excluded.users, "
            "dollars = dollars + excluded.dollars",
            *(month, spent.posts, spent.users, spent.dollars),
        )

    def months(self) -> list[tuple[str, Spent]]:
        """The months in which anything was read, oldest first."""
        rows = self._db.rows("SELECT month, posts, users, dollars FROM usage ORDER BY month")
        return [(row[0], Spent(row[1], row[2], round(row[3], 6))) for row in rows]
