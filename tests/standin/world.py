"""The accounts and posts that the stand-in serves: made from a seed, or read from a file."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from positivity.sources.files import open_tweets
from tests.standin.faults import FAULTS

EPOCH = 1_288_834_974_657  # milliseconds; ids hold the time since then
START = datetime(2026, 8, 1, 12, tzinfo=UTC)
SPECIAL = ("suspended", "protected", "empty", "endless", "loops", "partial")
FAILING = "f_"  # begins the handle of an account whose timeline fails in the way that follows

_OPENINGS = "honestly,today,again,well,so,this morning,look:,ok".split(",")
_PRAISE = "I love,what a great,really happy with,thanks for,such a lovely,best thing ever:".split(
    ","
)
_BLAME = "I hate,what an awful,so tired of,really angry about,the worst,no good:".split(",")
_REPORT = "on the way to,reading about,waiting for,back from,a note on,watching".split(",")
_THINGS = "the new album,this train,our garden,the meeting,Monday,that film,my phone".split(",")
_TAILS = ["", "", "!", " 😍", " 😡", " #nofilter", " & that is all", " <3", "..."]


@dataclass(frozen=True)
class Post:
    """A post; `text` is all of it, without HTML entities."""

    id: str
    author_id: str
    created_at: datetime
    text: str
    lang: str = "en"
    references: tuple[tuple[str, str], ...] = ()  # retweeted, quoted or replied_to, and an id
    reply_to_user: str | None = None
    versions: tuple[str, ...] = ()  # ids of its edits, its own last; () when never edited
    likes: int = 0


@dataclass
class User:
    """An account."""

    id: str
    handle: str
    name: str = ""
    state: str = "open"  # open, protected, suspended
    fault: str | None = None  # how its timeline always fails
    description: str = ""
    followers: int = 100
    posts: list[Post] = field(default_factory=list)  # newest first, all that ever were


class World:
    """Accounts by handle and posts by id."""

    def __init__(self) -> None:
        self.users: dict[str, User] = {}
        self.users_by_id: dict[str, User] = {}
        self.posts: dict[str, Post] = {}
        self.deleted: set[str] = set()
        self._last_user = 1000

    def user(self, handle: str) -> User:
        """The account with a handle, made when it is new."""
        known = self.users.get(handle.lower())
        if known is None:
            self._last_user += 7
            known = User(str(self._last_user), handle, name=handle.title())
            self.users[handle.lower()] = self.users_by_id[known.id] = known
        return known

    def add(self, posts: Iterable[Post]) -> None:
        """Put posts into the timelines of their authors, or replace them there."""
        new: dict[str, dict[str, Post]] = {}
        for post in posts:
            self.posts[post.id] = post
            new.setdefault(post.author_id, {})[post.id] = post
        for author, own in new.items():
            user = self.users_by_id[author]
            together = {**{post.id: post for post in user.posts}, **own}
            user.posts = sorted(together.values(), key=lambda post: -int(post.id))

    def delete(self, *ids: str) -> None:
        """Delete posts, as their author would."""
        self.deleted |= set(ids)

    def edit(self, post_id: str, text: str) -> Post:
        """A new version of a post, with an id of its own, that takes its place in the timeline."""
        old = self.posts[post_id]
        when = old.created_at + timedelta(minutes=5)
        new_id = snowflake(when, 999)
        versions = (*(old.versions or (old.id,)), new_id)
        new = Post(new_id, old.author_id, when, text, old.lang, old.references, versions=versions)
        self.add([new])
        self.delete(old.id)
        return new

    def timeline(self, user: User) -> list[Post]:
        """What an account has not deleted, newest first."""
        return [post for post in user.posts if post.id not in self.deleted]

    def special(self) -> "World":
        """Adds the accounts that behave as their names say, and returns the world."""
        for handle in (*SPECIAL, *(FAILING + name for name in FAULTS)):
            user = self.user(handle)
            if handle in ("suspended", "protected"):
                user.state = handle
            if handle.startswith(FAILING):
                user.fault = handle.removeprefix(FAILING)
            if handle != "empty":
                self.generate(handle, 8, seed=len(handle))
        return self

    def generate(
        self,
        handle: str,
        count: int,
        *,
        seed: int = 1,
        end: datetime = START,
        retweets: float = 0.1,
    ) -> User:
        """Gives an account `count` posts before `end`: replies, quotes, long and edited ones too.

        The same seed gives the same posts. `retweets` is the share of retweets among them.
        """
        user, other = self.user(handle), self.user("somebody_else")
        rng = random.Random(f"{handle.lower()} {seed}")
        when, posts = end, []
        for number in range(count):
            when -= timedelta(minutes=rng.randint(2, 900), milliseconds=rng.randint(0, 999))
            theirs = Post(
                snowflake(when - timedelta(hours=30), 4000 - number % 900),
                other.id,
                when - timedelta(hours=30),
                _sentence(rng, long=rng.random() < 0.5),
            )
            post = _own_post(rng, user, theirs, when, number % 900, retweets)
            posts += [post, theirs] if post.references else [post]
        self.add(posts)
        return user

    def read(self, path: str) -> list[User]:
        """The accounts of a file of tweets, of any kind that positivity reads."""
        posts: list[Post] = []
        with open_tweets(path) as file:
            for batch in file.batches():
                for row in batch.to_pylist():
                    posts.append(self._read_post(row, len(posts)))
        self.add(posts)
        return [self.users_by_id[author] for author in dict.fromkeys(p.author_id for p in posts)]

    def _read_post(self, row: dict[str, object], number: int) -> Post:
        user = self.user(str(row["author"] or "timeline"))
        when = row["created_at"]
        if not isinstance(when, datetime):
            when = START - timedelta(minutes=number)
        post_id = str(row["id"] or snowflake(when, number % 4096))
        likes = row["likes"]
        return Post(
            post_id,
            user.id,
            when,
            str(row["text"]),
            str(row["lang"] or "und"),
            (("replied_to", str(int(post_id) - 1)),) if row["kind"] == "reply" else (),
            likes=likes if isinstance(likes, int) else 0,
        )


def snowflake(when: datetime, sequence: int) -> str:
    """An id as X makes them: newer posts have greater ones."""
    return str((int(when.timestamp() * 1000) - EPOCH) << 22 | sequence)


def _own_post(
    rng: random.Random, user: User, theirs: Post, when: datetime, sequence: int, retweets: float
) -> Post:
    post_id, chance = snowflake(when, sequence), rng.random()
    text = _sentence(rng, long=rng.random() < 0.04)
    references: tuple[tuple[str, str], ...] = ()
    reply_to_user = None
    versions: Sequence[str] = ()
    if chance < retweets:
        text, references = f"RT @somebody_else: {theirs.text}", (("retweeted", theirs.id),)
    elif chance < retweets + 0.2:
        text, references = f"@somebody_else {text}", (("replied_to", theirs.id),)
        reply_to_user = theirs.author_id
    elif chance < retweets + 0.3:
        references = (("quoted", theirs.id),)
    elif chance < retweets + 0.33:
        versions = (snowflake(when - timedelta(minutes=1), 4095), post_id)
    return Post(
        post_id,
        user.id,
        when,
        text,
        rng.choice(["en"] * 9 + ["de"]),
        references,
        reply_to_user,
        tuple(versions),
        rng.randint(0, 500),
    )


def _sentence(rng: random.Random, *, long: bool) -> str:
    sentences = []
    for _ in range(12 if long else 1):
        mood = rng.choice([_PRAISE, _BLAME, _REPORT])
        words = [rng.choice(_OPENINGS), rng.choice(mood), rng.choice(_THINGS)]
        sentences.append(" ".join(words) + rng.choice(_TAILS))
    return ". ".join(sentences)
