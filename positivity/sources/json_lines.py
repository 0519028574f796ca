"""JSON of tweets: one object or page a line, or one document with a list."""

import json
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from positivity.errors import InputError
from positivity.sources import gold
from positivity.sources.columns import MESSAGES, chosen_names, is_message
from positivity.sources.dates import time_of_id
from positivity.sources.dialect import decode_head, shown_encoding
from positivity.sources.exports import demanded_json, recognised_json
from positivity.sources.js_array import BROKEN, DECODER, Elements
from positivity.sources.own_scores import SCORE_COLUMNS
from positivity.sources.payload import Row, first_tweet, page_rows
from positivity.sources.reading import ByteStream, ReadOptions, TweetFile
from positivity.sources.rows import batch_of, with_labels
from positivity.sources.tables import text_lines
from positivity.tweets import PARTS, TweetBatch

_MOST_NAMED = 30  # keys; an object of tweets by their ids has any number
_SNIFFED_LINES = 20
_OBJECTS_TRIED = 4
_LABELS_SOUGHT = 500  # lines
_LIST = re.compile(r'"(?:data|tweets|posts|statuses|results|items)"\s*:\s*\[\s*')
# An array of texts: more than one, or nothing behind it, unlike a tweet that begins in brackets.
_TEXTS = re.compile(r'\[\s*"(?:[^"\\]|\\.)*+"\s*(?:,\s*"|\]\s*$)')
_BETWEEN = re.compile(r"[\s,\ufeff]*")
_OPENINGS = {"{": ('"', "}"), "[": ("{", "]", "[")}


def _bare(text: str) -> str:
    """A text from its first character that is no space."""
    return text.lstrip("\ufeff \t\r\n")


def is_json(head: str, name: str = "") -> bool:
    """Whether a text that begins like this is JSON, rather than a tweet in brackets.

    A first line that is broken does not make text of the lines of JSON below it. Of numbers alone,
    or null, only the name of the file can tell.
    """
    text = _bare(head)
    whole = text.rstrip()
    if name.lower().endswith(".json") and (
        whole == "null" or not isinstance(_loaded(whole), str | None)
    ):
        return True
    after = text[1:].lstrip(" \t\r\n")
    if text[:1] in _OPENINGS and after.startswith(_OPENINGS[text[0]]):
        return True
    if _TEXTS.match(text):
        return True
    lines = [line for line in text.split("\n", _SNIFFED_LINES) if line.strip()][:_SNIFFED_LINES]
    return 2 * sum(isinstance(_loaded(line), dict) for line in lines) > len(lines)


def is_document(head: str) -> bool:
    """Whether a JSON text is one document, rather than one to a line."""
    text = _bare(head)
    if text.startswith("["):
        return True
    lines = [line for line in text.split("\n", _SNIFFED_LINES) if line.strip()][:_SNIFFED_LINES]
    if len(lines) == 1 or _loaded(lines[0]) is not None:  # nothing may follow a document
        return False
    return 2 * sum(_loaded(line) is not None for line in lines) < len(lines)


def _loaded(line: str) -> Any:
    """The value of a line of JSON, or None."""
    try:
        return DECODER.decode(line)
    except (ValueError, RecursionError):
        return None


def _salvaged(page: str) -> list[Any]:
    """The tweets before the break in a page of an API that is cut short or damaged."""
    tweets: list[Any] = []
    found = _LIST.search(page)
    place = found.end() if found else len(page)
    while page.startswith("{", place):
        try:
            value, place = DECODER.raw_decode(page, place)
        except (ValueError, RecursionError):
            break
        if all(row is not None for row in page_rows(value)):
            tweets.append(value)
        place = _behind(page, place)
    return tweets


def _behind(text: str, place: int) -> int:
    """Where the next value begins, behind what may stand between two."""
    between = _BETWEEN.match(text, place)
    return between.end() if between else place


class JsonFile(TweetFile):
    """A file of JSON: its lines are read one at a time, a single document at once."""

    def __init__(
        self, stream: ByteStream, encoding: str, options: ReadOptions, *, document: bool
    ) -> None:
        kind = "JSON" if document else "JSON Lines"
        head = decode_head(stream.head, encoding)
        tool = _tool(stream.name, head, options.format)
        named = f"{tool} {kind}" if tool else kind
        super().__init__(stream, f"{named}, {shown_encoding(encoding)}")
        self._encoding = encoding
        self._document = document
        self._is_array = document and _bare(head).startswith("[")
        self._chosen = chosen_names(options)
        self._keys: list[str] = []
        self._messages = False  # whether the first thing in it is a direct message
        self._dated_by_id = False
        if not document:
            lines = head.splitlines()[:_LABELS_SOUGHT]
            objects = [value for value in map(_loaded, lines) if isinstance(value, dict)]
            if options.labels:
                self._find_label(objects)
            else:
                self.notes = gold.offer_of_objects(stream, objects, (".jsonl", ".ndjson"))

    def _find_label(self, objects: list[dict[str, Any]]) -> None:
        label = gold.label_key(objects)
        if label is not None:
            self._chosen.setdefault("label", label)
        if "label" in self._chosen:
            self.read_as += f", labels from '{self._chosen['label']}'"

    def _batches(self, size: int) -> Iterator[TweetBatch]:
        rows = self._rows()
        empty = True
        while chunk := list(islice(rows, size)):
            if empty:
                self._refuse_unknown_keys(chunk)
            empty = False
            columns = {name: [row[name] for row in chunk] for name in PARTS}
            batch = batch_of(columns, len(chunk), self.name)
            if "label" in self._chosen:
                batch = with_labels(batch, [row.get("label") for row in chunk])
            yield batch
        if empty:
            raise InputError(self._why_empty())

    def _refuse_unknown_keys(self, rows: list[Row]) -> None:
        """Complains of a key that the user names and that no tweet so far has anything under."""
        for part, key in self._chosen.items():
            if all(row.get(part) is None for row in rows):
                option = {"created_at": "date"}.get(part, part)
                raise InputError(
                    f"{self.name}: has nothing to read under '{key}' (--{option}-column); its keys "
                    f"are {self._shown_keys()}"
                )

    def _rows(self) -> Iterator[Row]:
        for line, value, raw in self._values():
            if not self._keys and isinstance(value, dict):
                self._keys = list(value)
                self._messages = is_message(first_tweet(value) or ())
                self._is_clean = value.keys() >= set(SCORE_COLUMNS)
            for row in page_rows(value, self._chosen):
                if row is not None:
                    yield self._dated(row)
                elif value is None:
                    self.reject("is no JSON that is whole", line, raw)
                else:
                    text = json.dumps(value, ensure_ascii=False) if raw is None else raw
                    self.reject("holds no text of a tweet", line, text)

    def _dated(self, row: Row) -> Row:
        """A tweet with a time: its own or, where an API has left that out, the one in its id."""
        undated = row["created_at"] is None and "created_at" not in self._chosen
        if undated and not self._is_clean:
            row["created_at"] = time_of_id(row["id"])
            if row["created_at"] is not None and not self._dated_by_id:
                self._dated_by_id = True
                self.notes += (f"{self.name}: tweets without a time have that of their ids.",)
        return row

    def _values(self) -> Iterator[tuple[int, Any, str | None]]:
        """The values of the file, each with its line, and with its text where that is at hand."""
        if self._is_array:
            yield from self._elements()
            return
        lines = text_lines(self._stream, self._encoding, longest=-1)
        if self._document:
            yield from self._whole("".join(lines))
            return
        for number, line in enumerate(lines, start=1):
            text = line.strip().removeprefix("\ufeff")
            if text:
                value = _loaded(text)
                if value is None:
                    # The last line, without an end and not whole, is where a file was cut.
                    self._cut |= text.startswith("{") and not line.endswith(("\n", "\r"))
                    yield from ((number, tweet, None) for tweet in _salvaged(text))
                yield number, value, text

    def _elements(self) -> Iterator[tuple[int, Any, str | None]]:
        """The elements of an array; None in the place of what is broken."""
        elements = Elements(self._stream, self._encoding)
        for value in elements:
            if value is BROKEN:
                self._cut |= elements.cut
                yield elements.line, None, elements.raw
            else:
                text_alone = isinstance(value, str)
                yield elements.line, {"text": value} if text_alone else value, None

    def _whole(self, document: str) -> Iterator[tuple[int, Any, str | None]]:
        """The values of a file; of one that is cut short, the tweets that are left of it."""
        place = _behind(document, 0)
        line = 1 + document.count("\n", 0, place)
        while place < len(document):
            try:
                value, end = DECODER.raw_decode(document, place)
            except (ValueError, RecursionError) as error:
                tweets = _salvaged(document[place:])
                if not tweets and not _bare(document[:place]):
                    raise InputError(
                        f"{self.name}: begins like JSON but is not whole ({error}); get the file "
                        "again"
                    ) from error
                self._cut = True
                yield from ((line, tweet, None) for tweet in tweets)
                yield document.count("\n") + 1, None, None
                return
            yield line, value, None
            end = _behind(document, end)
            line += document.count("\n", place, end)
            place = end

    def _why_empty(self) -> str:
        if not self.unreadable:
            return f"{self.name}: is JSON without any tweet in it"
        if self._messages:
            return f"{self.name}: {MESSAGES}"
        if self._keys:
            wanted = self._chosen.get("text")
            text = f"text under '{wanted}'" if wanted else "text of tweets"
            return (
                f"{self.name}: has no {text}; its keys are {self._shown_keys()}; name one with "
                "--text-column"
            )
        return f"{self.name}: has no line of JSON with the text of a tweet"

    def _shown_keys(self) -> str:
        keys = ", ".join(f"'{key}'" for key in self._keys[:_MOST_NAMED])
        more = len(self._keys) - _MOST_NAMED
        return f"{keys} and {more:,} more" if more > 0 else keys


def _tool(source: str, head: str, key: str | None) -> str | None:
    """The tool or API that a JSON text comes from, by the first tweet in it.

    Raises InputError when the user says another with `key`.
    """
    text = _bare(head)
    # An envelope may be longer than the head: then its first inner object tells.
    for opening in islice(re.finditer(r"[\[{]", text), _OBJECTS_TRIED):
        try:
            value, _ = json.JSONDecoder().raw_decode(text, opening.start())
        except (ValueError, RecursionError):
            continue
        tweet = first_tweet(value)
        if tweet is None:
            return None
        return recognised_json(tweet) if key is None else demanded_json(source, key, tweet)
    return None
