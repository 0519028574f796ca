"""The tools and data sets whose tables of tweets are known, and what each is recognised by."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from positivity.errors import InputError, UsageError


@lru_cache(4096)
def plain_name(name: str) -> str:
    """A column's name without case, spaces and marks: "Tweet_Text" and "tweet text" are one."""
    return "".join(filter(str.isalnum, name)).casefold()


@dataclass(frozen=True)
class Export:
    """A form of table: the columns that it is recognised by, and what is special about them."""

    key: str  # what --as calls it
    name: str
    columns: str  # all of these are there
    fields: Mapping[str, str] = field(default_factory=dict)  # part of a tweet -> plain name
    only: bool = False  # there are no others
    day_first: bool | None = None  # how it writes 3/4/2020, where that is certain

    @cached_property
    def needs(self) -> frozenset[str]:
        """The plain names of the columns it is recognised by."""
        return frozenset(map(plain_name, self.columns.split(",")))

    def fits(self, names: Collection[str]) -> bool:
        """Whether a table with these plain names of columns has this form."""
        return self.needs <= set(names) and (not self.only or len(names) == len(self.needs))


X_ANALYTICS = "x-analytics"

# The most particular first: the first one that fits is it.
EXPORTS: Sequence[Export] = (
    Export(
        "scores",
        "scores of positivity",
        "id, created_at, author, label, negative, neutral, positive, score, left_out, text",
        only=True,
    ),
    Export(
        "twint",
        "twint",
        "tweet, username, date, time, timezone",
        fields={"created_at": "date", "link": "link"},
    ),
    Export(
        "twitter-web-exporter",
        "twitter-web-exporter",
        "id, created_at, full_text, screen_name, retweeted_status",
        fields={"link": "url"},
    ),
    Export(
        "twitter-web-exporter",
        "twitter-web-exporter",
        "ID, Date, Content, Screen Name, RT Source",
        fields={"link": "url"},
    ),
    Export("x-analytics", "X Analytics", "Post id, Date, Post text, Post Link, Impressions"),
    Export("x-analytics", "X Analytics (old)", "Tweet id, Tweet permalink, Tweet text, time"),
    Export(
        "x-analytics",
        "X Analytics (Korean)",
        "포스트 텍스트, 날짜",
        fields={"text": "포스트텍스트", "created_at": "날짜"},
    ),
    Export("tags", "TAGS", "id_str, from_user, text, created_at, time", day_first=True),
    Export("tags", "TAGS", "id_str, from_user, text, time", day_first=True),
    Export("sfm", "Social Feed Manager", "twitter_id, screen_name, text, is_retweet_strict"),
    Export("sfm", "Social Feed Manager", "id, tweet_url, user_screen_name, text, tweet_type"),
    Export(
        "info-ops",
        "information operations of X",
        "tweetid, user_screen_name, tweet_text, tweet_time, is_retweet",
    ),
    Export(
        "trump-v1",
        "Trump Archive v1",
        "source, text, created_at, retweet_count, favorite_count, is_retweet, id_str",
        only=True,
        day_first=False,
    ),
    Export(
        "trump-v2", "Trump Archive v2", "id, text, isRetweet, isDeleted, device, date, isFlagged"
    ),
    Export(
        "russian-trolls",
        "russian-troll-tweets",
        "external_author_id, author, content, publish_date, account_category",
        day_first=False,
    ),
    Export("airline", "airline tweets", "tweet_id, airline_sentiment, text, tweet_created"),
    Export("twarc", "twarc", "id, text, author_id, public_metrics.like_count, conversation_id"),
    Export(
        "archive-csv",
        "Twitter archive",
        "tweet_id, timestamp, source, text, retweeted_status_id, expanded_urls",
    ),
    Export("apify", "Apify", "author/userName, fullText, createdAt", fields={"link": "url"}),
    Export("apify", "Apify", "author/userName, full_text, createdAt", fields={"link": "url"}),
    Export("apify", "Apify", "author/userName, text, createdAt, isRetweet", fields={"link": "url"}),
    Export("snscrape", "snscrape", "Datetime, Tweet Id, Text, Username"),
    Export("snscrape", "snscrape", "url, date, rawContent, id, user", fields={"link": "url"}),
    Export(
        "snscrape", "snscrape", "url, date, content, renderedContent, id", fields={"link": "url"}
    ),
    Export("kaggle", "Kaggle tweets", "user_name, user_location, text, date"),
)

# The kinds of files; below, the tools and data sets whose files are of these kinds.
X_ARCHIVE, PARQUET, FEATHER, EXCEL = "x-archive", "parquet", "feather", "excel"
JSON, TABLE, LINES = "json", "table", "lines"
SENTIMENT140, API = "sentiment140", "api"
OTHERS: Mapping[str, tuple[str, str]] = {
    X_ARCHIVE: (
        "X archive",
        "data/tweets.js, tweet.js or data/js/tweets/*.js in a folder or zip archive; "
        "a file of it alone by window.YTD.tweets or Grailbird.data",
    ),
    API: ("X API", "JSON of v2 or v1.1: pages, tweets, one a line"),
    SENTIMENT140: ("Sentiment140", "no header; six columns, the first of them 0, 2 or 4"),
    PARQUET: ("Parquet", "begins with PAR1"),
    FEATHER: ("Feather, Arrow", "begins with ARROW1, FEA1 or four bytes FF"),
    EXCEL: ("Excel, LibreOffice", "a workbook (.xlsx, .xlsb, .xls, .ods) with tweets in a sheet"),
    TABLE: ("CSV, TSV", "rows of cells; columns by their names, else by what is in them"),
    JSON: ("JSON, JSON Lines", "begins with { or [; keys by their names"),
    LINES: ("text", "anything else: one tweet a line"),
}
HEADERLESS = frozenset({SENTIMENT140, LINES})
_COLUMNAR = (PARQUET, FEATHER, EXCEL)


def recognised(names: Collection[str]) -> Export | None:
    """The form of a table with these plain names of columns, if it is a known one."""
    return next((export for export in EXPORTS if export.fits(names)), None)


def demanded(source: str, key: str, names: Collection[str]) -> Export | None:
    """The form that a user asks for; None for one that has no columns of its own.

    Raises InputError when the table has not got its columns.
    """
    forms = [export for export in EXPORTS if export.key == key]
    for export in forms:
        if export.fits(names):
            return export
    if forms:
        wanted = " or ".join(f"({export.columns})" for export in forms[:3])
        raise InputError(f"{source}: is no table of {forms[0].name}; that has the columns {wanted}")
    return None


def refuse_other(source: str, kind: str, key: str | None) -> None:
    """Complain of a file that the user says to be what it is not.

    `kind` is PARQUET, FEATHER, EXCEL, JSON or TABLE, which stands for any other text.
    """
    if key is None or key in (kind, *_formats_of(kind)):
        return
    what = "text that is no JSON" if kind == TABLE else _WHAT[kind]
    raise InputError(f"{source}: is {what}, and cannot be read with --as {key}")


def _formats_of(kind: str) -> Collection[str]:
    """The formats that files of a kind can have."""
    tables = {export.key for export in EXPORTS}
    if kind in _COLUMNAR:
        return {*tables, TABLE}
    if kind == TABLE:
        return {*tables, TABLE, *HEADERLESS}
    return {API, *(key for key, _, _ in JSON_FORMS)}


_WHAT = {
    PARQUET: "a Parquet file",
    FEATHER: "a Feather or Arrow file",
    EXCEL: "a workbook",
    JSON: "JSON",
}


def checked_format(key: str) -> str:
    """A format that the user has named."""
    if key.lower() not in KEYS:
        raise UsageError(f"--as: there is no format '{key}'; give one of {', '.join(KEYS)}")
    return key.lower()


def list_inputs() -> list[tuple[str, str, str]]:
    """Every form of input that is known: its key, its name, and what it is recognised by."""
    forms: dict[tuple[str, str], list[str]] = {}
    for export in EXPORTS:
        forms.setdefault((export.key, export.name), []).append(f"columns {export.columns}")
    for key, name, keys in JSON_FORMS:
        forms.setdefault((key, name), []).append(f"keys {', '.join(keys.split())}")
    kinds = [(key, *named) for key, named in OTHERS.items()]
    return kinds + [(*names, "; or ".join(ways)) for names, ways in forms.items()]


# What --as calls it, its name, and the keys that each of its tweets has.
JSON_FORMS: Sequence[tuple[str, str, str]] = (
    ("twscrape", "twscrape", "rawContent id_str user"),
    ("snscrape", "snscrape", "rawContent user date"),
    ("snscrape", "snscrape", "content renderedContent user"),
    ("twint", "twint", "tweet username date time timezone"),
    ("twitter-cli", "twitter-cli", "text author createdAt metrics isRetweet"),
    ("apify", "Apify", "author createdAt fullText"),
    ("apify", "Apify", "author createdAt isRetweet"),
    (
        "twitter-web-exporter",
        "twitter-web-exporter",
        "full_text screen_name created_at retweeted_status",
    ),
    ("scores", "scores of positivity", "negative neutral positive score left_out text"),
    ("trump-v2", "Trump Archive v2", "isRetweet isDeleted device date"),
    (API, "X API v2", "text edit_history_tweet_ids"),
    (API, "X API v2", "text edit_history_post_ids"),
    (API, "X API v2", "text author_id"),
    (API, "X API v2", "text public_metrics"),
    (API, "X API v1.1", "id_str user created_at"),
)
KEYS = tuple(
    dict.fromkeys([*(export.key for export in EXPORTS), *(form[0] for form in JSON_FORMS), *OTHERS])
)


def recognised_json(keys: Collection[str]) -> str | None:
    """The name of the tool or API whose tweets have these keys."""
    fitting = _json_forms(keys)
    return fitting[0][1] if fitting else None


def demanded_json(source: str, key: str, keys: Collection[str]) -> str | None:
    """The name of the form that a user asks for; None for one that has no keys of its own.

    Raises InputError when the first tweet has not got its keys.
    """
    if key in (JSON, API):  # a tweet of the API may have no more than an id and a text
        return recognised_json(keys) if key == API else None
    for fitting, name, _ in _json_forms(keys):
        if fitting == key:
            return name
    wanted = " or ".join(f"({needs})" for form, _, needs in JSON_FORMS if form == key)
    raise InputError(f"{source}: is no JSON of {key}; its tweets have the keys {wanted}")


def _json_forms(keys: Collection[str]) -> list[tuple[str, str, str]]:
    names = set(map(plain_name, keys))
    return [form for form in JSON_FORMS if names >= set(map(plain_name, form[2].split()))]
