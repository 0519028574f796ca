"""Which column of a table, or key of an object, holds which part of a tweet."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from positivity.sources import guess
from positivity.sources.exports import plain_name
from positivity.tweets import Kind

if TYPE_CHECKING:
    from positivity.sources.reading import ReadOptions

WHOLE, SHORT = "fulltext", "text"  # names of texts, where both are there

# Names as `plain_name` writes them, the best first.
FIELD_NAMES: Mapping[str, tuple[str, ...]] = {
    "text": (
        *(WHOLE, SHORT, "tweettext", "tweetfulltext", "posttext", "rawcontent"),
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
        *("likescount", "nlikes", "favouritecount", "metricslikes"),
    ),
    "reposts": (
        *("publicmetricsretweetcount", "publicmetricsrepostcount", "retweetcount", "retweets"),
        *("reposts", "repostcount", "retweetscount", "nretweets", "metricsretweets"),
    ),
    "replies": (
        *("publicmetricsreplycount", "replycount", "replies", "repliescount", "nreplies"),
        "metricsreplies",
    ),
    "quotes": ("publicmetricsquotecount", "quotecount", "quotes", "metricsquotes"),
    "views": (
        *("publicmetricsimpressioncount", "impressioncount", "viewcount", "views"),
        *("impressions", "viewscount", "metricsviews"),
    ),
    # The tweet's own address, which holds its author and id; a plain "url" may be another's.
    "link": (
        *("postlink", "tweetpermalink", "statusurl", "tweeturl", "tweetlink", "posturl"),
        *("permalink", "twitterurl"),
    ),
    # A word such as "retweet".
    "type": ("tweettype", "posttype"),
}

# The time of day and zone beside a column of dates.
CLOCK_NAMES = ("time", "tweettime", "hour")
ZONE_NAMES = ("timezone", "utcoffset")

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
        *("quotedtweettweetid", "quotedstatus", "quotesource", "quoteid"),
        *("referencedtweetsquotedid", "referencedpostsquotedid"),
    ),
    Kind.REPLY: (
        *("inreplytostatusid", "inreplytostatusidstr", "inreplytouserid", "inreplytouseridstr"),
        *("inreplytotweetid", "inreplytoid", "inreplytoscreenname", "inreplyto", "replyto"),
        *("referencedtweetsrepliedtoid", "referencedpostsrepliedtoid"),
    ),
    Kind.RETWEET: (
        *("retweetedstatusid", "retweetedstatusidstr", "retweetedstatus", "retweetedtweet"),
        *("retweetedtweetid", "retweetedid", "rtsource", "retweettweetid"),
        *("referencedtweetsretweetedid", "referencedpostsretweetedid"),
    ),
}

# Columns that only direct messages have.
_MESSAGE_NAMES = frozenset({"dmconversationid", "dmconversation", "messagecreate", "recipientid"})
MESSAGES = "holds direct messages, which are never read"

_ALL_NAMES = frozenset(
    name
    for table in (FIELD_NAMES, FLAG_NAMES, MARK_NAMES)
    for names in table.values()
    for name in names
)
_TEXT_NAMES = frozenset(FIELD_NAMES["text"])


def known_names(row: Sequence[str]) -> int:
    """How many cells of a row are names of columns that exports of tweets have."""
    return sum(plain_name(cell) in _ALL_NAMES for cell in row)


def names_a_table(row: Sequence[str]) -> bool:
    """Whether a row names the column of the text and another one of tweets."""
    return known_names(row) > 1 and any(plain_name(cell) in _TEXT_NAMES for cell in row)


def is_message(names: Iterable[str]) -> bool:
    """Whether these columns or keys are those of direct messages, which are no tweets."""
    return not _MESSAGE_NAMES.isdisjoint(map(plain_name, names))


def is_header(row: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Whether a table's first row names its columns, judged with the rows below it."""
    plain = {plain_name(cell) for cell in row}
    if plain & _TEXT_NAMES or len(plain & _ALL_NAMES) > 1:
        return True
    return len(row) > 1 and not guess.looks_like_data(row, body)


def chosen_names(options: "ReadOptions") -> dict[str, str]:
    """The columns that the user names, by the part of a tweet that they hold."""
    wishes = {
        "text": options.text_column,
        "id": options.id_column,
        "created_at": options.date_column,
        "author": options.author_column,
        "lang": options.lang_column,
        "label": options.label_column,
    }
    return {part: wish for part, wish in wishes.items() if wish is not None}


def names_chosen(row: Sequence[str], options: "ReadOptions") -> bool:
    """Whether a table's first row has a name that the user asks for."""
    plain = {plain_name(cell) for cell in row}
    wishes = (wish for wish in chosen_names(options).values() if not wish.isdecimal())
    return any(plain_name(wish) in plain for wish in wishes)
