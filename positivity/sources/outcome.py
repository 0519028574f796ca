"""What came of reading a file: all that a report has to say of it."""

from collections.abc import Iterator
from dataclasses import dataclass

from positivity.errors import InputError
from positivity.sources.reading import TweetFile
from positivity.tweets import TweetBatch


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of reading a file."""

    name: str
    read_as: str
    tweets: int
    unreadable: int  # rows
    notes: tuple[str, ...]  # what a report must say of it, a sentence each
    error: str | None  # why it could not be read on
    damaged: bool

    @property
    def is_lost(self) -> bool:
        """Whether nothing of the file could be read."""
        return self.error is not None and not self.tweets

    @property
    def broke(self) -> bool:
        """Whether the file could not be read to its end."""
        return self.error is not None or self.damaged


class Reading:
    """A file while it is read."""

    def __init__(self, file: TweetFile) -> None:
        self.file = file
        self._error: InputError | None = None
        self._tweets = 0

    def batches(self) -> Iterator[TweetBatch]:
        """The tweets of the file, up to where it cannot be read on."""
        try:
            for batch in self.file.batches():
                self._tweets += batch.num_rows
                yield batch
        except InputError as error:
            self._error = error

    def outcome(self) -> Outcome:
        """What came of it; final after the last batch."""
        notes = [*self.file.place_notes, *self.file.notes]
        if self._error is not None and self._tweets:
            notes.insert(0, f"{self.file.name} broke off: only what came before was read.")
        elif self.file.damaged:
            notes.insert(0, self.file.damage)
        return Outcome(
            name=self.file.name,
            read_as=self.file.read_as,
            tweets=self._tweets,
            unreadable=self.file.unreadable,
            notes=tuple(notes),
            error=None if self._error is None else str(self._error),
            damaged=self.file.damaged,
        )
