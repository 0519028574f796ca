"""The JSON of one tweet, from any API or scraper, as a row of the tweet schema.

Read are the API v2 with its old and new field names (`note_tweet` and `note_post`,
`referenced_tweets` and `referenced_posts`), v1.1, and what scrapers make of them.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, TypeAlias

from positivity.sources.columns import FIELD_NAMES, FLAG_NAMES, MARK_NAMES, is_message
from positivity.sources.dates import parse_moment
from positivity.sources.exports import plain_name
from positivity.sources.own_scores import SCORE_COLUMNS, language_of
from positivity.sources.rows import (
    COUNTS,
    clean_author,
    clean_count,
    clean_id,
    clean_text,
    is_filled,
    is_true,
    kind_of,
)
from positivity.tweets import Kind, LeftOut

Json: TypeAlias = Mapping[str, Any]
Row: TypeAlias = dict[str, Any]

# Objects inside a tweet whose values are its own.
_NESTED = frozenset("author user metrics publicmetrics notetweet notepost extendedtweet".split())
_TEXT_NAMES = ("notetweettext", "noteposttext", "extendedtweetfulltext", *FIELD_NAMES["text"])
_ORIGINALS = ("retweetedstatus", "retweetedtweet")
_REFERENCES = ("referencedtweets", "referencedposts")
_REFERENCE_KINDS = {
    "retweeted": Kind.RETWEET,
    "reposted": Kind.RETWEET,
    "replied_to": Kind.REPLY,
    "quoted": Kind.QUOTE,
}
_STRONGEST_FIRST = (Kind.RETWEET, Kind.REPLY, Kind.QUOTE)
_LISTS = ("data", "tweets", "posts", "statuses", "results", "items")
_EMPTY_PAGE = frozenset({"errors", "meta", "includes", "title", "__twarc"})
_DEPTH = 3  # a list of pages of wrapped tweets


def tweet_row(
    tweet: Json,
    users: Mapping[str, str] | None = None,
    others: Mapping[str, Json] | None = None,
    given: Mapping[str, Any] | None = None,
) -> Row | None:
    """One tweet as a row; None if it has no text, or is a direct message.

    `users` are handles by user id and `others` the tweets it may refer to, by id, as a page of the
    API includes them; `given` are values that stand for what the tweet itself says.
    """
    values = _values(tweet)
    given = dict(given or {})
    label = given.pop("label", None)
    for part, value in given.items():
        names = _TEXT_NAMES if part == "text" else FIELD_NAMES[part]
        values.update({**dict.fromkeys(names), names[0]: value})
    text = None if is_message(values) else _text(values)
    if text is None:
        return None
    references = _references(values)
    text = _with_original(text, _original(values, references, others or {}))
    known = _kind(values, references)
    lang = _first(values, FIELD_NAMES["lang"]) or None
    if values["isclean"]:
        left_out = _string(values.get("leftout"))
        known = Kind.RETWEET if left_out == LeftOut.RETWEET else known
        lang = lang or language_of(left_out)
    row: Row = {
        "id": clean_id(_first(values, FIELD_NAMES["id"])),
        "created_at": _time(values),
        "author": clean_author(_author(values, users or {})),
        "text": text,
        "lang": lang,
        "kind": kind_of(text, known).value,
    }
    for count in COUNTS:
        row[count] = clean_count(_first(values, FIELD_NAMES[count]))
    if label is not None:
        row["label"] = str(label)
    return row


def page_rows(
    document: Any, given_names: Mapping[str, str] | None = None, depth: int = _DEPTH
) -> Iterator[Row | None]:
    """The tweets of a tweet, a list of tweets, or a page of an API; None for what is no tweet.

    `given_names` are the keys, with dots into objects, that the user names for parts of a tweet.
    """
    names = given_names or {}
    if isinstance(document, list):
        for item in document:
            yield from page_rows(item, names, depth - 1) if _is_object(item, depth) else [None]
    elif not isinstance(document, dict):
        yield None
    elif isinstance(document.get("tweet"), dict):
        yield tweet_row(document["tweet"], given=_given(document["tweet"], names))
    elif isinstance(document.get("data"), (dict, list)) and not _is_envelope(document["data"]):
        yield from _page(document, names)
    elif isinstance(document.get("legacy"), dict):
        tweet = _unwrapped(document)
        yield tweet_row(tweet, given=_given(tweet, names))
    else:
        row = tweet_row(document, given=_given(document, names))
        data = document.get("data")
        inner = None if row else _inner_list(data if isinstance(data, dict) else document)
        inner = inner or (None if row else _keyed(document))
        if inner is not None:
            yield from page_rows(inner, names, depth - 1)
        elif row is not None or not document.keys() <= _EMPTY_PAGE:
            yield row


def _is_envelope(data: Any) -> bool:
    """Whether what stands under `data` is no tweet, and has a list of them."""
    return isinstance(data, dict) and _text(_values(data)) is None and bool(_inner_list(data))


def _unwrapped(tweet: Json) -> dict[str, Any]:
    """A tweet as X's own pages get it, which scrapers keep: most of it lies under `legacy`."""
    user = "core.user_results.result"
    names = (_at(tweet, f"{user}.{place}.screen_name") for place in ("core", "legacy"))
    return {
        **tweet["legacy"],
        "id_str": tweet.get("rest_id"),
        "user": {"screen_name": next(filter(None, names), None)},
        "note_tweet": {"text": _at(tweet, "note_tweet.note_tweet_results.result.text")},
    }


def _is_object(item: Any, depth: int) -> bool:
    return isinstance(item, dict) and depth > 0


def _page(page: Json, names: Mapping[str, str]) -> Iterator[Row | None]:
    """The tweets of a page of the API, with what it includes."""
    includes = page.get("includes")
    included = includes if isinstance(includes, dict) else {}
    users = {
        str(user.get("id")): str(user.get("username"))
        for user in _objects(included.get("users"))
        if user.get("username")
    }
    others = {
        str(tweet.get("id")): tweet
        for key in ("tweets", "posts")
        for tweet in _objects(included.get(key))
    }
    data = page["data"]
    for tweet in [data] if isinstance(data, dict) else data:
        if isinstance(tweet, dict):
            yield tweet_row(tweet, users, others, _given(tweet, names))
        else:
            yield None


def first_tweet(document: Any) -> Json | None:
    """The first thing in a document that may be a tweet: what its form is told by."""
    for _ in range(_DEPTH + 1):
        if isinstance(document, list):
            document = next(iter(_objects(document)), None)
        elif not isinstance(document, dict):
            return None
        elif isinstance(document.get("tweet"), dict):
            return dict(document["tweet"])
        elif isinstance(document.get("data"), (dict, list)):
            document = document["data"]
        elif isinstance(document.get("legacy"), dict):
            return _unwrapped(document)
        elif _text(_values(document)) is None and (inner := _inner_list(document)):
            document = inner
        else:
            return document
    return None


def _inner_list(document: Json) -> list[Any] | None:
    """The list of objects that a document is the wrapping of."""
    for key in (*_LISTS, *document):
        value = document.get(key)
        if isinstance(value, list) and _objects(value) and key != "errors":
            return value
    return None


def _keyed(document: Json) -> list[Any] | None:
    """The tweets of an object of objects: one each, by their ids, or a column each, as pandas
    writes frames. Other names than numbers are those of the parts of a single thing."""
    parts = list(document.values())
    if not parts or not all(isinstance(part, dict) for part in parts):
        return None
    if all(map(str.isdecimal, document)):
        return parts if any(_text(_values(part)) is not None for part in parts) else None
    texts: Json = next((document[n] for n in document if plain_name(n) in _TEXT_NAMES), {})
    if not all(part.keys() == texts.keys() and all(map(str.isdecimal, part)) for part in parts):
        return None
    return [{name: column[row] for name, column in document.items()} for row in texts] or None


def _given(tweet: Json, names: Mapping[str, str]) -> dict[str, Any]:
    return {part: _at(tweet, name) for part, name in names.items()}


def _at(tweet: Json, name: str) -> Any:
    """The value at a key, or at a path such as `user.screen_name`."""
    if name in tweet:
        return tweet[name]
    value: Any = tweet
    for key in name.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _objects(value: Any) -> list[Json]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _values(tweet: Json) -> dict[str, Any]:
    """The values of a tweet by their plain names, those of the objects inside it too."""
    values: dict[str, Any] = {}
    for key, value in tweet.items():
        name = plain_name(key)
        values.setdefault(name, value)
        if isinstance(value, dict) and name in _NESTED:
            for inner, inner_value in value.items():
                values.setdefault(name + plain_name(inner), inner_value)
    # The files of scores of this program hold texts that are clean already.
    values["isclean"] = tweet.keys() >= set(SCORE_COLUMNS)
    return values


def _first(values: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    """The first of some values that says something; empty where none does, but one is there."""
    empty = None
    for name in names:
        found = _string(values.get(name))
        if found:
            return found
        empty = found if empty is None else empty
    return empty


def _string(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, (int, float)) else None


def _text(values: Mapping[str, Any]) -> str | None:
    text = _first(values, _TEXT_NAMES)
    return text if text is None or values["isclean"] else clean_text(text)


def _time(values: Mapping[str, Any]) -> date | None:
    """The first of the times that can be read; a bare date goes with the time of day beside it."""
    for name in FIELD_NAMES["created_at"]:
        text = _string(values.get(name))
        if text and ":" not in text and name == "date":
            parts = (text, *(_string(values.get(part)) for part in ("time", "timezone")))
            time = parse_moment(" ".join(filter(None, parts))) or parse_moment(text)
        else:
            time = parse_moment(text) if text else None
        if time is not None:
            return time
    return None


def _author(values: Mapping[str, Any], users: Mapping[str, str]) -> str | None:
    return users.get(str(values.get("authorid"))) or _first(values, FIELD_NAMES["author"])


def _references(values: Mapping[str, Any]) -> dict[Kind, Json]:
    """The tweets that a tweet of the API v2 refers to, by what it is to them."""
    found: dict[Kind, Json] = {}
    for name in _REFERENCES:
        for reference in _objects(values.get(name)):
            kind = _REFERENCE_KINDS.get(str(reference.get("type")))
            if kind is not None:
                found.setdefault(kind, reference)
    return found


def _kind(values: Mapping[str, Any], references: Mapping[Kind, Json]) -> Kind | None:
    for kind in _STRONGEST_FIRST:
        flagged = any(is_true(_string(values.get(name))) for name in FLAG_NAMES[kind])
        marked = any(_is_marked(values.get(name)) for name in MARK_NAMES[kind])
        if kind in references or flagged or marked:
            return kind
    return None


def _is_marked(value: Any) -> bool:
    return bool(value) if isinstance(value, (dict, list)) else is_filled(_string(value))


def _original(
    values: Mapping[str, Any], references: Mapping[Kind, Json], others: Mapping[str, Json]
) -> str | None:
    """The text of the tweet that a retweet repeats, if it is known."""
    reference = references.get(Kind.RETWEET, {})
    candidates = [values.get(name) for name in _ORIGINALS]
    for original in (*candidates, others.get(str(reference.get("id"))), reference):
        if isinstance(original, dict):
            text = _text(_values(original))
            if text is not None:
                return text
    return None


def _with_original(text: str, original: str | None) -> str:
    """A retweet's text, which the API cuts, with all of what it repeats."""
    head, colon, _ = text.partition(": ")
    if original is None or not colon or not text.startswith("RT @"):
        return text
    return head + colon + original
