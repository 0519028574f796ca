"""What the stand-in answers to a request: the API without its network."""

import base64
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.standin.faults import FAULTS, Fault
from tests.standin.render import (
    EXPANSIONS,
    FIELDS,
    REFERENCES,
    SPECIFIED_EXPANSIONS,
    SPECIFIED_FIELDS,
    USER_FIELDS,
    Json,
    post_json,
    user_json,
)
from tests.standin.world import Post, User, World

TOKEN = "stand-in-token"
CAP = 3200
CAP_WITHOUT_REPLIES = 800
POST_PRICE, USER_PRICE = 0.005, 0.010

_HANDLE = re.compile(r"[A-Za-z0-9_]{1,15}")
_ID = re.compile(r"[0-9]{1,19}")
_PROBLEM_HOSTS = {"tweet": "https://api.twitter.com", "post": "https://api.x.com"}
# By endpoint: its path, and the parameters that it takes besides fields and expansions.
_ENDPOINTS = {
    "users": (re.compile(r"/2/users/by"), {"usernames"}),
    "user": (re.compile(r"/2/users/by/username/([^/]+)"), set[str]()),
    "timeline": (
        re.compile(r"/2/users/([^/]+)/tweets"),
        {"max_results", "pagination_token", "since_id", "until_id", "exclude"},
    ),
    "posts": (re.compile(r"/2/tweets"), {"ids"}),
}
_RATES = {"users": 300, "user": 300, "timeline": 10_000, "posts": 5000}


class VirtualClock:
    """A clock for a service and its client on which waiting takes no time; `sleeps` lists waits."""

    def __init__(self, start: float = 1_790_000_000.0) -> None:
        self.time = start
        self.sleeps: list[float] = []

    def now(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.time += seconds


@dataclass
class Budget:
    """How many requests an endpoint answers in a window of time, in seconds."""

    limit: int
    window: float = 900
    used: int = 0
    resets: float = 0.0

    def take(self, now: float) -> bool:
        """Count a request; False when there is none left until `resets`."""
        if now >= self.resets:
            self.used, self.resets = 0, float(int(now + self.window))
        self.used += 1
        return self.used <= self.limit

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.used)


@dataclass
class Logged:
    """A request as it came, and what was answered."""

    number: int
    endpoint: str
    path: str
    params: dict[str, str]
    status: int = 0
    posts: tuple[str, ...] = ()  # ids of all that came back, expansions included
    users: tuple[str, ...] = ()
    fault: str | None = None


@dataclass(frozen=True)
class Bill:
    """How many resources were returned, and what that costs."""

    posts: int
    users: int

    @property
    def dollars(self) -> float:
        return self.posts * POST_PRICE + self.users * USER_PRICE


@dataclass
class Answer:
    """What goes over the wire."""

    status: int
    document: Any
    headers: dict[str, str] = field(default_factory=dict)
    fault: Fault | None = None


class _BadParameterError(Exception):
    def __init__(self, name: str, value: str, message: str) -> None:
        super().__init__(message)
        self.problem = {"parameters": {name: [value]}, "message": message}


class Service:
    """The API: a world, its vocabularies, limits and prices, and a plan of what goes wrong.

    `vocabularies` are those that are accepted; one that is not is refused, or passed over without
    a word if `lenient`. `specified` takes only the values that the published specification lists.
    """

    def __init__(
        self,
        world: World | None = None,
        *,
        token: str = TOKEN,
        vocabularies: Sequence[str] = ("tweet", "post"),
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.world = world if world is not None else World().special()
        self.token = token
        self.vocabularies = set(vocabularies)
        self.lenient = False
        self.specified = False
        self.clock = clock
        self.limits = {name: Budget(rate) for name, rate in _RATES.items()}
        self.log: list[Logged] = []
        self.before: Callable[[Logged], object] | None = None  # called before each answer
        self._plan: list[tuple[range, str | None, str]] = []
        self._sold: set[tuple[str, int, str]] = set()
        self._lock = threading.Lock()

    def plan(self, fault: str, first: int, last: int | None = None, on: str | None = None) -> None:
        """Let requests go wrong from the `first` to the `last`, counted from 1.

        Counted are all requests, or those to the endpoint `on`: users, user, timeline or posts.
        """
        if fault not in FAULTS:
            raise ValueError(f"no fault {fault!r}; there are {', '.join(FAULTS)}")
        self._plan.append((range(first, (last or first) + 1), on, fault))

    def plan_text(self, text: str) -> None:
        """The same from `[ENDPOINT:]FIRST[-LAST]=FAULT`, such as `timeline:2-4=drop`."""
        match = re.fullmatch(r"(?:([a-z]+):)?(\d+)(?:-(\d+))?=(\w+)", text)
        if match is None:
            raise ValueError(f"{text!r} is not [ENDPOINT:]FIRST[-LAST]=FAULT")
        on, first, last, fault = match.groups()
        self.plan(fault, int(first), int(last) if last else None, on)

    def bill(self, *, by_day: bool = False) -> Bill:
        """What was sold until now; `by_day` counts what was sold twice in a day once, as X does."""
        if by_day:
            kinds = [kind for kind, _, _ in self._sold]
            return Bill(kinds.count("post"), kinds.count("user"))
        posts = sum(len(entry.posts) for entry in self.log)
        return Bill(posts, sum(len(entry.users) for entry in self.log))

    def requests(self, endpoint: str) -> list[Logged]:
        """The requests to an endpoint until now."""
        return [entry for entry in self.log if entry.endpoint == endpoint]

    def answer(self, path: str, params: Mapping[str, str], authorization: str | None) -> Answer:
        """Answers a GET request."""
        endpoint, argument = _endpoint_of(path)
        with self._lock:
            entry = Logged(len(self.log) + 1, endpoint, path, dict(params))
            self.log.append(entry)
            entry.fault = self._planned(entry)
            allowed = endpoint not in self.limits or self.limits[endpoint].take(self.clock())
        if self.before is not None:
            self.before(entry)
        answer = self._answer(entry, argument, authorization, allowed)
        entry.status = answer.status
        if answer.status != 401 and endpoint in self.limits and answer.fault is None:
            budget = self.limits[endpoint]
            answer.headers |= {
                "x-rate-limit-limit": str(budget.limit),
                "x-rate-limit-remaining": str(budget.remaining),
                "x-rate-limit-reset": str(int(budget.resets)),
            }
        if answer.status == 200 and answer.fault is None:
            self._sell(entry, answer.document)
        return answer

    def _planned(self, entry: Logged) -> str | None:
        for numbers, on, fault in self._plan:
            counted = self.log if on is None else self.requests(on)
            if on in (None, entry.endpoint) and len(counted) in numbers:
                return fault
        return None

    def _answer(
        self, entry: Logged, argument: str, authorization: str | None, allowed: bool
    ) -> Answer:
        if entry.endpoint == "timeline" and entry.fault is None:
            user = self.world.users_by_id.get(argument)
            entry.fault = user.fault if user else None
        if entry.fault is not None:
            return self._faulty(FAULTS[entry.fault])
        if authorization != f"Bearer {self.token}":
            return self._faulty(FAULTS["unauthorized"])
        if not entry.endpoint:
            return self._faulty(FAULTS["not_found"])
        if not allowed:
            return Answer(429, FAULTS["rate_limit"].body)
        try:
            return Answer(200, self._document(entry, argument))
        except _BadParameterError as error:
            return Answer(400, self._invalid(error.problem))

    def _faulty(self, fault: Fault) -> Answer:
        headers = dict(fault.headers)
        if fault.reset_in is not None:
            headers["x-rate-limit-reset"] = str(int(self.clock() + fault.reset_in))
        return Answer(fault.status, fault.body, headers, fault)

    def _invalid(self, problem: Json) -> Json:
        return {
            "errors": [problem],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": f"{_PROBLEM_HOSTS['post']}/2/problems/invalid-request",
        }

    def _sell(self, entry: Logged, document: Json) -> None:
        data = document.get("data", [])
        includes = document.get("includes", {})
        found = data if isinstance(data, list) else [data]
        posts, users = [*includes.get("posts", []), *includes.get("tweets", [])], []
        users += includes.get("users", [])
        (posts if entry.endpoint in ("timeline", "posts") else users).extend(found)
        entry.posts = tuple(dict.fromkeys(post["id"] for post in posts))
        entry.users = tuple(dict.fromkeys(user["id"] for user in users))
        day = int(self.clock() // 86_400)
        with self._lock:
            self._sold |= {("post", day, post_id) for post_id in entry.posts}
            self._sold |= {("user", day, user_id) for user_id in entry.users}

    def _document(self, entry: Logged, argument: str) -> Json:
        asked = _Asked.read(self, entry)
        match entry.endpoint:
            case "users":
                return self._users(_listed(entry.params, "usernames", _HANDLE), asked)
            case "user":
                document = self._users(_matching("username", [argument], _HANDLE), asked)
                if "data" in document:
                    document["data"] = document["data"][0]
                return document
            case "timeline":
                user_id = _matching("id", [argument], _ID)[0]
                return self._timeline(self.world.users_by_id.get(user_id), user_id, entry, asked)
            case _:
                return self._posts(_listed(entry.params, "ids", _ID), asked)

    def _users(self, handles: Sequence[str], asked: "_Asked") -> Json:
        data, errors = [], []
        for handle in handles:
            user = self.world.users.get(handle.lower())
            if user is None or user.state == "suspended":
                errors.append(asked.missing_user(handle, user))
            else:
                # The vocabulary of users has not followed the specification.
                spelling = "post" if self.specified else "tweet"
                count = len(self.world.timeline(user))
                data.append(user_json(user, count, spelling, asked.user_fields))
        return {key: value for key, value in (("data", data), ("errors", errors)) if value}

    def _timeline(self, user: User | None, user_id: str, entry: Logged, asked: "_Asked") -> Json:
        if user is None or user.state == "suspended":
            return {"errors": [asked.missing_user(user_id, user, "id")]}
        if user.state == "protected":
            return {"errors": [asked.protected(user_id)]}
        if user.handle in ("endless", "loops"):
            token = "again" if user.handle == "loops" else f"more{entry.number}"
            return {"meta": {"result_count": 0, "next_token": token}}
        size = _number(entry.params, "max_results", 10, 5, 100)
        page, more = self._page(user, entry.params, size)
        excluded = entry.params.get("exclude", "").split(",")
        page = [post for post in page if not _is_excluded(post, excluded)]
        document = self._with_includes(page, asked)
        if user.handle == "partial":
            document.setdefault("errors", []).append(asked.partial())
        meta: Json = {"result_count": len(page)}
        if page:
            meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
        if more:
            meta["next_token"] = _token(user, more)
        document["meta"] = meta
        return document

    def _page(
        self, user: User, params: Mapping[str, str], size: int
    ) -> tuple[list[Post], str | None]:
        """The posts of a page, before any is excluded, and where the next begins."""
        # What is excluded counts towards the cap and the size of the page: pages come short.
        cap = CAP_WITHOUT_REPLIES if "replies" in params.get("exclude", "") else CAP
        posts = self.world.timeline(user)[:cap]
        since, until = _id_of(params, "since_id"), _id_of(params, "until_id")
        token = params.get("pagination_token")
        if token is not None:
            until = min(until, _until_of(user, token)) if until else _until_of(user, token)
        posts = [
            post for post in posts if int(post.id) > since and (int(post.id) < until or not until)
        ]
        page = posts[:size]
        return page, page[-1].id if len(posts) > size else None

    def _posts(self, ids: Sequence[str], asked: "_Asked") -> Json:
        found: list[Post] = []
        errors = []
        for post_id in ids:
            post = self._readable(post_id)
            if isinstance(post, Post):
                found.append(post)
            else:
                errors.append(asked.missing_post(post_id, "ids", post))
        document = self._with_includes(found, asked)
        if errors:
            document["errors"] = [*errors, *document.get("errors", [])]
        return document

    def _readable(self, post_id: str) -> Post | str:
        """A post, or why it cannot be read."""
        post = self.world.posts.get(post_id)
        if post is None or post_id in self.world.deleted:
            return "deleted"
        state = self.world.users_by_id[post.author_id].state
        return post if state == "open" else state

    def _with_includes(self, posts: Sequence[Post], asked: "_Asked") -> Json:
        document: Json = {}
        if posts:
            document["data"] = [post_json(post, asked.vocabulary, asked.fields) for post in posts]
        if asked.references:
            found = {ref: self._readable(ref) for post in posts for _, ref in post.references}
            known = [post for post in found.values() if isinstance(post, Post)]
            if known:
                rendered = [post_json(post, asked.vocabulary, asked.fields) for post in known]
                document["includes"] = {f"{asked.vocabulary}s": rendered}
            lost = [(ref, why) for ref, why in found.items() if isinstance(why, str)]
            if lost:
                parameter = f"referenced_{asked.vocabulary}s.id"
                document["errors"] = [asked.missing_post(ref, parameter, why) for ref, why in lost]
        return document


@dataclass(frozen=True)
class _Asked:
    """In which words a request asks, and for what."""

    vocabulary: str
    fields: frozenset[str]
    user_fields: frozenset[str]
    references: bool

    @classmethod
    def read(cls, service: Service, entry: Logged) -> "_Asked":
        spoken = [word for word in ("tweet", "post") if f"{word}.fields" in entry.params]
        accepted = [word for word in spoken if word in service.vocabularies]
        default = "tweet" if "tweet" in service.vocabularies else "post"
        vocabulary = accepted[0] if accepted else default
        allowed = {f"{word}.fields": FIELDS[word] for word in service.vocabularies}
        expansions = EXPANSIONS[vocabulary]
        if service.specified:
            allowed["post.fields"] = frozenset(SPECIFIED_FIELDS)
            expansions = frozenset(SPECIFIED_EXPANSIONS)
        allowed |= {"user.fields": USER_FIELDS, "expansions": expansions}
        own = _ENDPOINTS[entry.endpoint][1]
        values: dict[str, list[str]] = {}
        for name, text in entry.params.items():
            if name in own:
                continue
            if name not in allowed:
                if service.lenient:
                    continue
                names = ",".join(sorted([*own, *allowed]))
                message = f"The query parameter [{name}] is not one of [{names}]"
                raise _BadParameterError(name, text, message)
            values[name] = text.split(",")
            for value in values[name]:
                if value not in allowed[name] and not service.lenient:
                    listed = ",".join(sorted(allowed[name]))
                    message = (
                        f"The `{name}` query parameter value [{value}] is not one of [{listed}]"
                    )
                    raise _BadParameterError(name, text, message)
        asked = values.get(f"{vocabulary}.fields", [])
        expanded = set(values.get("expansions", []))
        # An expansion brings the field that it expands.
        if expanded & REFERENCES[vocabulary]:
            asked = [*asked, f"referenced_{vocabulary}s"]
        return cls(
            vocabulary,
            frozenset(asked),
            frozenset(values.get("user.fields", [])),
            bool(expanded & REFERENCES[vocabulary]),
        )

    def missing_user(self, value: str, user: User | None, parameter: str = "usernames") -> Json:
        if user is not None:
            title, detail = "Forbidden", f"User has been suspended: [{value}]."
        else:
            title = "Not Found Error"
            detail = f"Could not find user with {parameter}: [{value}]."
        return self._problem(
            "resource-not-found", title, detail, "user", value=value, parameter=parameter
        )

    def protected(self, user_id: str) -> Json:
        detail = f"Sorry, you are not authorized to see the user with id: [{user_id}]."
        return self._problem(
            "not-authorized-for-resource",
            "Authorization Error",
            detail,
            "user",
            value=user_id,
            parameter="id",
            section="data",
        )

    def missing_post(self, post_id: str, parameter: str, why: str) -> Json:
        kind, title = "resource-not-found", "Not Found Error"
        detail = f"Could not find {self.vocabulary} with {parameter}: [{post_id}]."
        if why == "protected":
            kind, title = "not-authorized-for-resource", "Authorization Error"
            detail = f"Sorry, you are not authorized to see the {self.vocabulary} [{post_id}]."
        return self._problem(
            kind, title, detail, self.vocabulary, value=post_id, parameter=parameter
        )

    def partial(self) -> Json:
        return self._problem(
            "resource-not-found",
            "Forbidden",
            "User has been suspended: [gone].",
            "user",
            value="gone",
            parameter="entities.mentions.username",
        )

    def _problem(
        self, kind: str, title: str, detail: str, resource: str, *, value: str, **more: str
    ) -> Json:
        return {
            "value": value,
            "detail": detail,
            "title": title,
            "resource_type": resource,
            "resource_id": value,
            "type": f"{_PROBLEM_HOSTS[self.vocabulary]}/2/problems/{kind}",
            **more,
        }


def _endpoint_of(path: str) -> tuple[str, str]:
    """The name of an endpoint and what stands in its path; two empty strings if there is none."""
    for name, (pattern, _) in _ENDPOINTS.items():
        match = pattern.fullmatch(path)
        if match is not None:
            return name, match[1] if match.groups() else ""
    return "", ""


def _listed(params: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> list[str]:
    values = params.get(name, "").split(",")
    if name not in params or len(values) > 100:
        message = f"The number of values in the `{name}` query parameter list [{len(values)}] "
        raise _BadParameterError(name, params.get(name, ""), message + "is not between 1 and 100")
    return _matching(name, values, pattern)


def _matching(name: str, values: list[str], pattern: re.Pattern[str]) -> list[str]:
    for value in values:
        if pattern.fullmatch(value) is None:
            message = (
                f"The `{name}` query parameter value [{value}] does not match ^{pattern.pattern}$"
            )
            raise _BadParameterError(name, value, message)
    return values


def _number(params: Mapping[str, str], name: str, default: int, least: int, most: int) -> int:
    text = params.get(name, str(default))
    if not text.isdecimal() or not least <= int(text) <= most:
        message = f"The `{name}` query parameter value [{text}] is not between {least} and {most}"
        raise _BadParameterError(name, text, message)
    return int(text)


def _id_of(params: Mapping[str, str], name: str) -> int:
    return int(_matching(name, [params[name]], _ID)[0]) if name in params else 0


def _is_excluded(post: Post, excluded: Sequence[str]) -> bool:
    kinds = {kind for kind, _ in post.references}
    return ("retweets" in excluded and "retweeted" in kinds) or (
        "replies" in excluded and "replied_to" in kinds
    )


def _token(user: User, until: str) -> str:
    return base64.b32hexencode(f"{user.id} {until}".encode()).decode().rstrip("=").lower()


def _until_of(user: User, token: str) -> int:
    try:
        padded = token.upper() + "=" * (-len(token) % 8)
        owner, until = base64.b32hexdecode(padded).decode().split()
    except ValueError:
        owner, until = "", "0"
    if owner != user.id:
        message = f"The `pagination_token` query parameter value [{token}] is not valid"
        raise _BadParameterError("pagination_token", token, message)
    return int(until)
