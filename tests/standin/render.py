"""Accounts and posts as the JSON of the API, in its old and its new vocabulary."""

import html
import re
from collections.abc import Collection
from datetime import datetime
from typing import Any

from tests.standin.world import Post, User

Json = dict[str, Any]

_LONGEST = 280
_LONGEST_RETWEET = 140
_ENTITIES = {
    "hashtags": re.compile(r"#(?P<tag>\w+)"),
    "mentions": re.compile(r"@(?P<username>\w{1,15})"),
    "urls": re.compile(r"(?P<url>https?://\S+)"),
}

# What X's servers took in August 2026, according to their own refusals.
_ALIKE = (
    "id text withheld rest_id created_at author_id conversation_id in_reply_to_user_id attachments "
    "lang possibly_sensitive paid_partnership reply_settings source display_text_range card_uri "
    "community_id scopes username suggested_source_links suggested_source_links_with_counts "
    "matched_media_notes note_request_suggestions public_metrics context_annotations entities geo "
    "edit_controls media_metadata non_public_metrics organic_metrics promoted_metrics article"
).split()
FIELDS = {
    "tweet": frozenset([*_ALIKE, "edit_history_tweet_ids", "referenced_tweets", "note_tweet"]),
    "post": frozenset(
        [*_ALIKE, "edit_history_post_ids", "referenced_posts", "note_post", "article_title"]
    ),
}
# Those of the published specification, which knows the new vocabulary only.
SPECIFIED_FIELDS = FIELDS["post"] - {
    *("author_id", "edit_history_post_ids", "in_reply_to_user_id", "referenced_posts"),
    *("rest_id", "username"),
}
_ALIKE_EXPANSIONS = (
    "author_id in_reply_to_user_id attachments.media_keys attachments.poll_ids username "
    "attachments.media_source_tweet entities.mentions.username geo.place_id article.cover_media "
    "article.media_entities"
).split()
REFERENCES = {
    "tweet": frozenset(["referenced_tweets", "referenced_tweets.id"]),
    "post": frozenset(["referenced_posts", "referenced_posts.id"]),
}
EXPANSIONS = {
    "tweet": REFERENCES["tweet"] | {*_ALIKE_EXPANSIONS, "edit_history_tweet_ids"},
    "post": REFERENCES["post"] | {*_ALIKE_EXPANSIONS, "edit_history_post_ids"},
}
SPECIFIED_EXPANSIONS = EXPANSIONS["post"] - {"referenced_posts.id"}
USER_FIELDS = frozenset(
    (
        "id name username withheld created_at description entities location pinned_tweet_id "
        "profile_banner_url profile_image_url protected public_metrics url verified "
        "subscription_type verified_type most_recent_tweet_id is_identity_verified affiliation "
        "connection_status receives_your_dm verified_followers_count parody subscribes_to_you "
        "subscription confirmed_email"
    ).split()
)


def user_json(user: User, count: int, vocabulary: str, fields: Collection[str]) -> Json:
    """An account with the fields that were asked for; `count` is how many posts it has."""
    everything: Json = {
        "created_at": "2015-03-04T05:06:07.000Z",
        "description": html.escape(user.description, quote=False),
        "protected": user.state == "protected",
        "public_metrics": {
            "followers_count": user.followers,
            "following_count": 12,
            f"{vocabulary}_count": count,
            "listed_count": 3,
            "like_count": 40,
            "media_count": 5,
        },
        "verified": False,
        "verified_type": "none",
    }
    return {
        "id": user.id,
        "name": html.escape(user.name, quote=False),
        "username": user.handle,
        **{key: value for key, value in everything.items() if key in fields},
    }


def post_json(post: Post, vocabulary: str, fields: Collection[str]) -> Json:
    """A post with the fields that were asked for, besides those that always come."""
    whole = html.escape(post.text, quote=False)
    text = _cut(whole, post)
    everything: Json = {
        "author_id": post.author_id,
        "conversation_id": post.id,
        "created_at": _time(post.created_at),
        "lang": post.lang,
        "possibly_sensitive": False,
        "public_metrics": _metrics(post, vocabulary),
        "reply_settings": "everyone",
    }
    if post.reply_to_user is not None:
        everything["in_reply_to_user_id"] = post.reply_to_user
    if post.references:
        everything[f"referenced_{vocabulary}s"] = [
            {"type": kind, "id": other} for kind, other in post.references
        ]
    if len(post.text) > _LONGEST and not _is_retweet(post):
        everything[f"note_{vocabulary}"] = {"text": whole}
    entities = {name: found for name, found in _entities(text).items() if found}
    if entities:
        everything["entities"] = entities
    return {
        "id": post.id,
        "text": text,
        f"edit_history_{vocabulary}_ids": list(post.versions or (post.id,)),
        **{key: value for key, value in everything.items() if key in fields},
    }


def _is_retweet(post: Post) -> bool:
    return any(kind == "retweeted" for kind, _ in post.references)


def _cut(text: str, post: Post) -> str:
    if _is_retweet(post):
        return text if len(text) <= _LONGEST_RETWEET else text[: _LONGEST_RETWEET - 1] + "…"
    if len(post.text) <= _LONGEST:
        return text
    return html.escape(post.text[: _LONGEST - 26], quote=False) + "… https://t.co/AbCdEfGhIj"


def _metrics(post: Post, vocabulary: str) -> Json:
    return {
        "retweet_count" if vocabulary == "tweet" else "repost_count": post.likes // 9,
        "reply_count": post.likes // 7,
        "like_count": post.likes,
        "quote_count": post.likes // 50,
        "bookmark_count": 0,
        "impression_count": post.likes * 40,
    }


def _entities(text: str) -> dict[str, list[Json]]:
    return {
        name: [
            {"start": match.start(), "end": match.end(), **match.groupdict()}
            for match in pattern.finditer(text)
        ]
        for name, pattern in _ENTITIES.items()
    }


def _time(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S}.{when.microsecond // 1000:03}Z"
