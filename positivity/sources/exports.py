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
    columns: str  # with spaces as "_": all of them are there
    fields: Mapping[str, str] = field(default_factory=dict)  # part of a tweet -> plain name
    only: bool = False  # there are no others
    day_first: bool | None = None  # how it writes 3/4/2020, where that is certain
    by_value: bool = False  # its id and link have names that are not known

    @cached_property
    def needs(self) -> frozenset[str]:
        """The plain names of the columns it is recognised by."""
        return frozenset(map(plain_name, self.columns.split()))

    def fits(self, names: Collection[str]) -> bool:
        """Whether a table with these plain names of columns has this form."""
        return self.needs <= set(names) and (not self.only or len(names) == len(self.needs))


def _analytics(language: str, text: str, date: str) -> Export:
    return Export(
        key="x-analytics",
        name=f"X Analytics ({language})",
        columns=f"{text} {date}",
        fields={"text": plain_name(text), "created_at": plain_name(date)},
        by_value=True,
    )


# The most particular first: the first one that fits is it.
EXPORTS: Sequence[Export] = (
    Export(
        "scores",
        "scores of positivity",
        "id created_at author label negative neutral positive score left_out text",
        only=True,
    ),
    Export(
        "twint",
        "twint",
        "tweet username date time timezone",
        fields={"created_at": "date", "link": "link"},
    ),
    Export(
        "twitter-web-exporter",
        "twitter-web-exporter",
        "id created_at full_text screen_name retweeted_status",
        fields={"link": "url"},
    ),
    Export(
        "twitter-web-exporter",
        "twitter-web-exporter",
        "ID Date Content Screen_Name RT_Source",
        fields={"link": "url"},
    ),
    Export("x-analytics", "X Analytics", "Post_id Date Post_text Post_Link Impressions"),
    Export("x-analytics", "X Analytics (old)", "Tweet_id Tweet_permalink Tweet_text time"),
    _analytics("Korean", "포스트_텍스트", "날짜"),
    _analytics("Korean", "게시물_텍스트", "날짜"),
    _analytics("Japanese", "ポスト本文", "日付"),
    _analytics("Japanese", "ポストのテキスト", "日付"),
    _analytics("Japanese", "ポストテキスト", "日付"),
    _analytics("Spanish", "Texto_del_post", "Fecha"),
    _analytics("Spanish", "Texto_de_la_publicación", "Fecha"),
    _analytics("German", "Post-Text", "Datum"),
    _analytics("German", "Posttext", "Datum"),
    _analytics("German", "Beitragstext", "Datum"),
    _analytics("French", "Texte_du_post", "Date"),
    _analytics("Portuguese", "Texto_do_post", "Data"),
    Export("tags", "TAGS", "id_str from_user text created_at time", day_first=True),
    Export("tags", "TAGS", "id_str from_user text time", day_first=True),
    Export("sfm", "Social Feed Manager", "twitter_id screen_name text is_retweet_strict"),
    Export("sfm", "Social Feed Manager", "id tweet_url user_screen_name text tweet_type"),
    Export(
        "info-ops",
        "information operations of X",
        "tweetid user_screen_name tweet_text tweet_time is_retweet",
    ),
    Export(
        "trump-v1",
        "Trump Archive v1",
        "source text created_at retweet_count favorite_count is_retweet id_str",
        only=True,
        day_first=False,
    ),
    Export("trump-v2", "Trump Archive v2", "id text isRetweet isDeleted device date isFlagged"),
    Export(
        "russian-trolls",
        "russian-troll-tweets",
        "external_author_id author content publish_date account_category",
        day_first=False,
    ),
    Export("airline", "airline tweets", "tweet_id airline_sentiment text tweet_created"),
    Export("twarc", "twarc", "id text author_id public_metrics.like_count conversation_id"),
    Export(
        "archive-csv",
        "Twitter archive",
        "tweet_id timestamp source text retweeted_status_id expanded_urls",
    ),
    Export("apify", "Apify", "author/userName fullText createdAt", fields={"link": "url"}),
    Export("apify", "Apify", "author/userName full_text createdAt", fields={"link": "url"}),
    Export("apify", "Apify", "author/userName text createdAt isRetweet", fields={"link": "url"}),
    Export("snscrape", "snscrape", "Datetime Tweet_Id Text Username"),
    Export("snscrape", "snscrape", "url date rawContent id user", fields={"link": "url"}),
    Export("snscrape", "snscrape", "url date content renderedContent id", fields={"link": "url"}),
    Export("kaggle", "Kaggle tweets", "user_name user_location text date"),
)

# Told by their values, or in JSON by their keys.
SENTIMENT140, LINES = "sentiment140", "lines"
OTHERS: Mapping[str, str] = {
    SENTIMENT140: "no header; six columns, the first of them 0, 2 or 4",
    "x-archive": "data/tweets.js, tweet.js or data/js/tweets/*.js in a folder or zip archive",
    "api": "JSON of the X API, v2 or v1.1, a page or a tweet a line",
    "twitter-cli": "JSON with 'ok', 'schema_version' and 'data'",
    "twscrape": "JSON with 'rawContent' and 'id_str'",
    "parquet": "a file that begins with PAR1",
    "feather": "a file that begins with ARROW1 or FEA1",
    "excel": "an .xlsx workbook: its first sheet with tweets in it",
    "table": "any other CSV or TSV: columns by their names, else by what is in them",
    "json": "any other JSON or JSON Lines: keys by their names",
    LINES: "any other text: one tweet a line",
}
HEADERLESS = frozenset({SENTIMENT140, LINES})
JSON_ONLY = frozenset({"api", "twitter-cli", "twscrape", "json"})
NO_TEXT = frozenset({"x-archive", "parquet", "feather", "excel"})
KEYS = tuple(dict.fromkeys([*(export.key for export in EXPORTS), *OTHERS]))


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
        wanted = " or ".join(f"({_shown(export)})" for export in forms[:3])
        raise InputError(f"{source}: is no table of {forms[0].name}; that has the columns {wanted}")
    return None


def checked_format(key: str) -> str:
    """A format that the user has named."""
    if key.lower() not in KEYS:
        raise UsageError(f"--as: there is no format '{key}'; give one of {', '.join(KEYS)}")
    return key.lower()


def list_inputs() -> list[tuple[str, str, str]]:
    """Every form of input that is known: its key, its name, and what it is recognised by."""
    tables: dict[tuple[str, str], list[str]] = {}
    for export in EXPORTS:
        tables.setdefault((export.key, export.name), []).append(_shown(export))
    known = [(*names, f"columns {' or '.join(f)}") for names, f in tables.items()]
    return known + [(key, key, what) for key, what in OTHERS.items()]


def _shown(export: Export) -> str:
    return ", ".join(
        name.replace("_", " ") if export.by_value else name for name in export.columns.split()
    )


_JSON_FORMS: Sequence[tuple[str, str]] = (
    ("twscrape", "rawContent id_str user"),
    ("snscrape", "rawContent user date"),
    ("snscrape", "content renderedContent user"),
    ("twint", "tweet username date time timezone"),
    ("twitter-cli", "text author createdAt metrics isRetweet"),
    ("Apify", "author createdAt fullText"),
    ("Apify", "author createdAt isRetweet"),
    ("twitter-web-exporter", "full_text screen_name created_at retweeted_status"),
    ("scores of positivity", "negative neutral positive score left_out text"),
    ("Trump Archive v2", "isRetweet isDeleted device date"),
    ("X API v2", "text edit_history_tweet_ids"),
    ("X API v2", "text author_id"),
    ("X API v2", "text public_metrics"),
    ("X API v1.1", "id_str user created_at"),
)


def recognised_json(keys: Collection[str]) -> str | None:
    """The name of the tool or API whose tweets have these keys."""
    names = set(map(plain_name, keys))
    for name, needs in _JSON_FORMS:
        if names >= set(map(plain_name, needs.split())):
            return name
    return None
