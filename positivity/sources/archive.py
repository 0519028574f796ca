"""The archive of an account that X gives its owner, read as tweets."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from positivity.errors import InputError
from positivity.sources.archive_names import ArchiveNames
from positivity.sources.dates import at_midnight
from positivity.sources.dialect import sniff_encoding
from positivity.sources.folders import PART, Container
from positivity.sources.js_array import BROKEN, Elements
from positivity.sources.long_posts import LongPosts
from positivity.sources.lost_times import LostTimes
from positivity.sources.payload import Row, tweet_row
from positivity.sources.reading import ByteStream, ReadOptions, TweetFile
from positivity.sources.rows import batch_of
from positivity.sources.tables import DelimitedFile
from positivity.tweets import PARTS, Kind, TweetBatch

_HANDLE = re.compile(rb'"(?:username|userName|screen_name)"\s*:\s*"@?(\w{1,50})"')
_ACCOUNT_ID = re.compile(rb'"(?:accountId|id)"\s*:\s*"(\d{1,25})"')


class ArchiveFile(TweetFile):
    """The tweets of an X archive, read one after the other from all its parts.

    Once they are read, `read_as` says how many they are, and what of the archive was left out.
    """

    def __init__(self, container: Container, names: ArchiveNames, options: ReadOptions) -> None:
        self._container = container
        self._names = names
        self._options = options
        self._notes = LongPosts()
        self._times = LostTimes()
        self._now: ByteStream | None = None
        self._bytes_done = 0
        self._count = 0
        self._made_whole = 0
        self._part: Elements | None = None
        self._broken: dict[str, InputError | None] = {}  # files that are damaged, and why
        self.name = container.shown_name(names.root.rstrip("/")) if names.root else container.name
        self._handle: str | None = None
        self._account_id: str | None = None
        self._find_account()
        self.read_as = f"X archive{self._of_whom()}"

    @property
    def damaged(self) -> bool:
        """Whether a file of it ended too soon, or could not be opened; the others are read."""
        return self._cut

    @property
    def damage(self) -> str:
        """What to say of an archive that is damaged."""
        return f"{self.name} is damaged: not all of {self._damaged_names()} was read."

    @property
    def bytes_total(self) -> int | None:
        """The size of the files with tweets, unpacked."""
        return sum(map(self._container.size, (*self._sources(), *self._names.tables)))

    @property
    def bytes_read(self) -> int:
        """How much of these has been read."""
        return self._bytes_done + (self._now.bytes_read if self._now else 0)

    def close(self) -> None:
        """Let go of the archive."""
        self._close_part()
        self._container.close()

    def _close_part(self) -> None:
        if self._now is not None:
            self._now.close()
            self._now = None

    def _batches(self, size: int) -> Iterator[TweetBatch]:
        self._read_notes()
        seen: set[str] = set()
        rows = self._times.rows(self._rows())
        while chunk := list(islice(rows, size)):
            self._count += len(chunk)
            if self._names.tables:
                seen.update(row["id"] for row in chunk if row["id"])
            columns = {name: [row[name] for row in chunk] for name in PARTS}
            yield batch_of(columns, len(chunk), self.name)
        for table in self._names.tables:
            for batch in self._only_in_table(table, pa.array(seen, pa.string()), size):
                self._count += batch.num_rows
                yield batch
        if not self._count:
            raise self._why_empty()
        self.read_as = ", ".join(self._described())

    def _sources(self) -> tuple[str, ...]:
        community = self._names.community if self._options.community else ()
        deleted = self._names.deleted if self._options.deleted else ()
        return (*self._names.tweets, *community, *deleted)

    def _rows(self) -> Iterator[Row]:
        for name in self._sources():
            for element in self._elements(name):
                row = self._row(element)
                if row is None:
                    self._reject_element(name, element)
                else:
                    yield row
            self._bytes_done += self._container.size(name)

    def _row(self, element: Any) -> Row | None:
        # The archives of 2018 hold tweets without anything around them.
        tweet = element.get("tweet", element) if isinstance(element, dict) else None
        if not isinstance(tweet, dict) or (row := tweet_row(tweet)) is None:
            return None
        self._handle = self._handle or row["author"]
        if self._is_by_another(tweet.get("user"), row["author"]):
            row["kind"] = Kind.RETWEET.value
        row["author"] = self._handle
        if self._notes:
            whole = self._notes.whole(row["id"], at_midnight(row["created_at"]), row["text"])
            self._made_whole += whole != row["text"]
            row["text"] = whole
        return row

    def _is_by_another(self, user: Any, author: str | None) -> bool:
        """Whether an archive that a tool has added to holds a retweet as its original alone."""
        if author is None or self._handle is None or author.lower() == self._handle.lower():
            return False
        user_id = str(user.get("id_str")) if isinstance(user, dict) else None
        return user_id is None or user_id != self._account_id

    def _elements(self, name: str) -> Iterator[Any]:
        """What the array of a file holds; BROKEN for what of it cannot be read."""
        self._part = None
        try:
            with self._open(name) as stream:
                self._part = Elements(stream)
                for element in self._part:
                    if element is BROKEN:
                        self._broken.setdefault(name, None)
                        self._cut |= self._part.cut
                    yield element
        except InputError as error:
            self._broken[name] = error
            self._cut = True
            yield BROKEN
        self._close_part()

    def _reject_element(self, name: str, element: Any) -> None:
        file = self._container.shown_name(name) if name != PART else self.name
        error = self._broken.get(name)
        if self._part is None or error is not None:
            self.reject(str(error), file=file)
        elif element is BROKEN:
            self.reject("is no JSON that is whole", self._part.line, self._part.raw, file=file)
        else:
            text = json.dumps(element, ensure_ascii=False)
            self.reject("holds no text of a tweet", self._part.line, text, file=file)

    def _open(self, name: str) -> ByteStream:
        self._now = self._container.open(name)
        return self._now

    def _read_notes(self) -> None:
        deleted = self._names.deleted_notes if self._options.deleted else ()
        for name in (*self._names.notes, *deleted):
            for element in self._elements(name):
                if not self._notes.add(element):
                    self._broken.setdefault(name, None)

    def _only_in_table(self, name: str, seen: pa.Array, size: int) -> Iterator[TweetBatch]:
        """The tweets of a table that were not in the months, be these damaged or incomplete."""
        months_are_whole = bool(self._names.tweets) and not self._broken
        try:
            stream = self._open(name)
            with DelimitedFile(stream, sniff_encoding(stream.head), ReadOptions()) as table:
                # What is unreadable here has been read there, if nothing is missing there.
                table.on_reject = None if months_are_whole else self.on_reject
                for batch in table.batches(size):
                    new = batch.filter(pc.invert(pc.is_in(batch["id"], value_set=seen)))
                    if new.num_rows:
                        yield self._times.batch(self._signed(new))
        except InputError as error:
            self._broken[name] = error
            self._cut = True
            self.reject(str(error), file=self._container.shown_name(name))
            return
        finally:
            self._close_part()
            self._bytes_done += self._container.size(name)
        if table.damaged:
            self._broken.setdefault(name, None)
            self._cut = True
        if not months_are_whole:
            self.unreadable += table.unreadable

    def _signed(self, batch: TweetBatch) -> TweetBatch:
        authors = pc.fill_null(batch["author"], self._handle) if self._handle else batch["author"]
        return batch.set_column(batch.schema.get_field_index("author"), "author", authors)

    def _find_account(self) -> None:
        for name in self._names.account:
            try:
                with self._container.open(name) as stream:
                    handle = _HANDLE.search(stream.head)
                    account_id = _ACCOUNT_ID.search(stream.head)
            except InputError:
                continue  # the tweets may still be read; whose they are is not known
            if handle:
                self._handle = handle[1].decode("utf-8", "replace")
                self._account_id = account_id[1].decode() if account_id else None
                return

    def _of_whom(self) -> str:
        return f" of @{self._handle}" if self._handle else ""

    def _described(self) -> Iterator[str]:
        yield "X archive"
        yield _counted(self._count, "tweet") + self._of_whom()
        if self._made_whole:
            yield _counted(self._made_whole, "long post") + " made whole"
        if self._notes:
            yield _counted(len(self._notes), "long post") + " without a tweet left out"
        if self._times.count:
            old = _counted(self._times.count, "tweet")
            yield f"{old} of before November 2010 without a time"
        if not self._options.community:
            yield from self._left_out(self._names.community, "community tweet")
        if not self._options.deleted:
            yield from self._left_out(self._names.deleted, "deleted tweet")
        if self._broken:
            yield f"damaged: {self._damaged_names()}"

    def _damaged_names(self) -> str:
        return " ".join(name.rpartition("/")[2] for name in self._broken)

    def _left_out(self, names: tuple[str, ...], what: str) -> Iterator[str]:
        count = sum(1 for name in names for _ in self._elements(name))
        if count:
            yield _counted(count, what) + " left out"

    def _why_empty(self) -> InputError:
        reasons = [error for error in self._broken.values() if error is not None]
        if len(reasons) == len(self._sources()) + len(self._names.tables) and reasons:
            return reasons[0]
        what = f"is an X archive ({self._container.what})"
        if self.unreadable:
            return InputError(f"{self.name}: {what} in which no tweet can be read; get it again")
        return InputError(f"{self.name}: {what} without any tweet in it")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
