"""Which column of a table, or key of an object, holds which part of a tweet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from positivity.errors import InputError
from positivity.sources import guess
from positivity.sources.reading import ReadOptions
from positivity.tweets import Kind

# Names as `plain_name` writes them, the best first.
FIELD_NAMES: Mapping[str, tuple[str, ...]] = {
    "text": (
        *("fulltext", "text", "tweettext", "tweetfulltext", "posttext", "rawcontent"),
        *("tweetcontent", "content", "tweet", "body", "tweetbody", "message", "sentence"),
        *("post", "statustext", "caption", "comment", "comments", "review", "tweets"),
    ),
    "id": ("idstr", "tweetidstr", "tweetid", "postid", "statusid", "twitterid", "id"),
    "created_at": (
        *("createdat", "tweetcreatedat", "datetime", "timestamp", "date", "time"),
        *("tweettime", "tweetcreated", "tweetdate", "publishdate", "publishedat", "postedat"),
        *("posttime", "postdate", "createdtime", "createdate", "created"),
    ),
    "author": (
        *("authorusername", "authorscreenname", "userscreenname", "userusername", "screenname"),
        *("username", "handle", "authorhandle", "userhandle", "fromuser", "author", "user"),
        *("account", "name"),
    ),
    "lang": ("lang", "language", "tweetlanguage", "tweetlang"),
    "likes": (
        *("publicmetricslikecount", "likecount", "likes", "favoritecount", "favorites"),
        *("likescount", "nlikes", "favouritecount"),
    ),
    "reposts": (
        *("publicmetricsretweetcount", "publicmetricsrepostcount", "retweetcount", "retweets"),
        *("reposts", "repostcount", "retweetscount", "nretweets"),
    ),
    "replies": ("publicmetricsreplycount", "replycount", "replies", "repliescount", "nreplies"),
    "quotes": ("publicmetricsquotecount", "quotecount", "quotes"),
    "views": (
        *("publicmetricsimpressioncount", "impressioncount", "viewcount", "views"),
        *("impressions", "viewscount"),
    ),
}

# Columns that say true or false.
FLAG_NAMES: Mapping[Kind, tuple[str, ...]] = {
    Kind.QUOTE: ("isquote", "isquotestatus", "isquoted"),
    Kind.REPLY: ("isreply",),
    Kind.RETWEET: ("isretweet", "retweet", "isretweetstrict", "isrt"),
}

# Columns that are filled in only for such tweets.
MARK_NAMES: Mapping[Kind, tuple[str, ...]] = {
    Kind.QUOTE: (
        *("quotedstatusid", "quotedstatusidstr", "quotedtweetid", "quotedtweet", "quoteurl"),
        *("referencedtweetsquotedid", "referencedpostsquotedid"),
    ),
    Kind.REPLY: (
        *("inreplytostatusid", "inreplytostatusidstr", "inreplytouserid", "inreplytouseridstr"),
        *("inreplytotweetid", "inreplytoid", "inreplytoscreenname", "inreplyto", "replyto"),
        *("referencedtweetsrepliedtoid", "referencedpostsrepliedtoid"),
    ),
    Kind.RETWEET: (
        *("retweetedstatusid", "retweetedstatusidstr", "retweetedstatus", "retweetedtweet"),
        *("retweetedtweetid", "retweetedid", "rtsource"),
        *("referencedtweetsretweetedid", "referencedpostsretweetedid"),
    ),
}

_ALL_NAMES = frozenset(
    name
    for table in (FIELD_NAMES, FLAG_NAMES, MARK_NAMES)
    for names in table.values()
    for name in names
)
_TEXT_NAMES = frozenset(FIELD_NAMES["text"])


@dataclass(frozen=True)
class Layout:
    """The places of a tweet's parts in a table's rows, counted from 0."""

    names: tuple[str, ...]
    fields: Mapping[str, int]  # columns of the tweet schema, "text" among them
    flags: tuple[tuple[Kind, int], ...] = field(default=())
    marks: tuple[tuple[Kind, int], ...] = field(default=())

    @property
    def text(self) -> int:
        return self.fields["text"]

    @property
    def used(self) -> tuple[int, ...]:
        """Every column that is read."""
        kinds = (index for _, index in (*self.flags, *self.marks))
        return tuple(dict.fromkeys((*self.fields.values(), *kinds)))

    def describe(self) -> str:
        """Where text and time come from, in a few words."""
        parts = [f"text from {self._called('text')}"]
        if "created_at" in self.fields:
            parts.append(f"time from {self._called('created_at')}")
        return ", ".join(parts)

    def _called(self, part: str) -> str:
        index = self.fields[part]
        return f"'{self.names[index]}'" if self.names[index] else f"column {index + 1}"


@lru_cache(4096)
def plain_name(name: str) -> str:
    """A column's name without case, spaces and marks: "Tweet_Text" and "tweet text" are one."""
    return "".join(filter(str.isalnum, name)).casefold()


def known_names(row: Sequence[str]) -> int:
    """How many cells of a row are names of columns that exports of tweets have."""
    return sum(plain_name(cell) in _ALL_NAMES for cell in row)


def is_header(row: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether a table's first row names its columns, judged with the rows below it."""
    plain = {plain_name(cell) for cell in row}
    if plain & _TEXT_NAMES or len(plain & _ALL_NAMES) > 1:
        return True
    return len(row) > 1 and not guess.looks_like_data(row, body)


def chosen_names(options: ReadOptions) -> dict[str, str]:
    """The columns that the user names, by the part of a tweet that they hold."""
    wishes = {
        "text": options.text_column,
        "id": options.id_column,
        "created_at": options.date_column,
        "author": options.author_column,
        "lang": options.lang_column,
    }
    return {part: wish for part, wish in wishes.items() if wish is not None}


def names_chosen(row: Sequence[str], options: ReadOptions) -> bool:
    """Whether a table's first row has a name that the user asks for."""
    plain = {plain_name(cell) for cell in row}
    wishes = (wish for wish in chosen_names(options).values() if not wish.isdecimal())
    return any(plain_name(wish) in plain for wish in wishes)


def lay_out(
    source: str,
    header: Sequence[str] | None,
    rows: Sequence[Sequence[str]],
    width: int,
    options: ReadOptions,
) -> Layout:
    """The layout of a table with this header, or without one, and these first rows below it."""
    names = tuple(cell.strip() for cell in header) if header is not None else ("",) * width
    fields = _by_name(names) if header is not None else _by_value(rows, width)
    fields |= _chosen(source, names, options)
    if "text" not in fields:
        text = guess.text_column(rows, width, without=frozenset(fields.values()))
        if text is None:
            raise InputError(_no_text(source, names))
        fields["text"] = text
    return Layout(names, fields, _kinds(names, FLAG_NAMES), _kinds(names, MARK_NAMES))


def _by_name(names: Sequence[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for index, name in enumerate(names):
        places.setdefault(plain_name(name), index)
    return {
        part: next(places[name] for name in wanted if name in places)
        for part, wanted in FIELD_NAMES.items()
        if any(name in places for name in wanted)
    }


def _by_value(rows: Sequence[Sequence[str]], width: int) -> dict[str, int]:
    """The parts that a table without a header gives away by what its cells look like."""
    if guess.is_sentiment140(rows):
        return {"id": 1, "created_at": 2, "author": 4, "text": 5}
    fields = {}
    for part, column in (
        ("id", guess.id_column(rows, width)),
        ("created_at", guess.time_column(rows, width)),
    ):
        if column is not None:
            fields[part] = column
    return fields


def _chosen(source: str, names: Sequence[str], options: ReadOptions) -> dict[str, int]:
    flags = {"created_at": "date"}
    return {
        part: _place(source, names, wish, f"--{flags.get(part, part)}-column")
        for part, wish in chosen_names(options).items()
    }


def _place(source: str, names: Sequence[str], wish: str, flag: str) -> int:
    """The column that a user asked for by name, or by number from 1."""
    if wish in names:
        return names.index(wish)
    plain = [plain_name(name) for name in names]
    if plain_name(wish) and plain_name(wish) in plain:
        return plain.index(plain_name(wish))
    if wish.isascii() and wish.isdecimal() and 1 <= int(wish) <= len(names):
        return int(wish) - 1
    raise InputError(f"{source}: there is no column '{wish}' ({flag}); {_listed(names)}")


def _kinds(
    names: Sequence[str], table: Mapping[Kind, tuple[str, ...]]
) -> tuple[tuple[Kind, int], ...]:
    return tuple(
        (kind, index)
        for kind, wanted in table.items()
        for index, name in enumerate(names)
        if plain_name(name) in wanted
    )


def _no_text(source: str, names: Sequence[str]) -> str:
    return (
        f"{source}: no column looks like the text of tweets; {_listed(names)}; "
        "say which it is with --text-column"
    )


def _listed(names: Sequence[str]) -> str:
    if not any(names):
        one = len(names) == 1
        return f"it has {len(names)} column{'' if one else 's'} without a name: give a number"
    return "its columns are " + ", ".join(f"'{name}'" for name in names[:100])
