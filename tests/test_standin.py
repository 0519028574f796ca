"""The stand-in itself: does it answer as X's specification says, and as X was seen to?"""

import base64
import json
import re
import subprocess
import sys
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import jsonschema
import pytest

from positivity.errors import PositivityError
from positivity.sources.x_answers import Account, page_of
from positivity.sources.x_api import XClient
from tests.conftest import SHARED_DATA
from tests.standin import FAULTS, TOKEN, Budget, Service, Standin, VirtualClock, World
from tests.standin.render import FIELDS, SPECIFIED_EXPANSIONS, SPECIFIED_FIELDS, USER_FIELDS

AUTHORIZATION = f"Bearer {TOKEN}"
POST_FIELDS = ",".join(sorted(FIELDS["post"]))
ALL_USER_FIELDS = ",".join(sorted(USER_FIELDS))


@pytest.fixture
def service() -> Service:
    return Service(World().special())


def get(service: Service, path: str, **params: str) -> Any:
    named = {name.replace("_fields", ".fields"): value for name, value in params.items()}
    return service.answer(path, named, AUTHORIZATION).document


def timeline(service: Service, handle: str, **params: str) -> Any:
    return get(service, f"/2/users/{service.world.user(handle).id}/tweets", **params)


# The published specification


@pytest.fixture(scope="module")
def specification() -> dict[str, Any]:
    text = (SHARED_DATA / "api" / "openapi.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def validate(specification: dict[str, Any], path: str, document: Any) -> None:
    """Check a whole answer, and that it has no key that the specification does not know."""
    answer = specification["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    closed = {**answer["schema"], "components": closed_objects(specification["components"])}
    jsonschema.Draft202012Validator(closed).validate(document)


def closed_objects(schema: Any) -> Any:
    """A schema whose objects with listed properties take no others."""
    if isinstance(schema, list):
        return [closed_objects(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: closed_objects(value) for key, value in schema.items()}
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        closed["additionalProperties"] = False
    return closed


@pytest.mark.shared_data
@pytest.mark.parametrize("handle", ["alice", "empty", "partial", "suspended", "protected"])
def test_timelines_are_as_specified(
    specification: dict[str, Any], service: Service, handle: str
) -> None:
    service.specified = True
    service.world.generate("alice", 300, retweets=0.3)
    document = timeline(
        service,
        handle,
        post_fields=",".join(sorted(SPECIFIED_FIELDS)),
        expansions="referenced_posts",
        max_results="100",
    )
    validate(specification, "/2/users/{id}/tweets", document)
    if handle == "alice":
        posts = document["data"]
        assert len(posts) == 100
        found = {key for post in [*posts, *document["includes"]["posts"]] for key in post}
        assert {"note_post", "referenced_posts", "edit_history_post_ids", "entities"} <= found
        assert any(len(post["edit_history_post_ids"]) == 2 for post in posts)
        assert len(posts[0]["public_metrics"]) == 6


@pytest.mark.shared_data
def test_users_are_as_specified(specification: dict[str, Any], service: Service) -> None:
    service.specified, service.vocabularies = True, {"post"}
    service.world.generate("alice", 3)
    names = "alice,suspended,nobody,protected"
    document = get(service, "/2/users/by", usernames=names, user_fields=ALL_USER_FIELDS)
    validate(specification, "/2/users/by", document)
    assert [user["username"] for user in document["data"]] == ["alice", "protected"]
    assert [problem["title"] for problem in document["errors"]] == ["Forbidden", "Not Found Error"]
    one = get(service, "/2/users/by/username/alice", user_fields=ALL_USER_FIELDS)
    validate(specification, "/2/users/by/username/{username}", one)
    assert one["data"] == document["data"][0]


@pytest.mark.shared_data
def test_lookups_are_as_specified(specification: dict[str, Any], service: Service) -> None:
    service.vocabularies = {"post"}
    user = service.world.generate("alice", 60)
    hidden = service.world.generate("bob", 1)
    hidden.state = "protected"
    service.world.delete(user.posts[1].id)
    service.world.delete(*(ref for post in user.posts[:20] for _, ref in post.references))
    document = get(
        service,
        "/2/tweets",
        ids=",".join([*(post.id for post in user.posts), hidden.posts[0].id]),
        post_fields=POST_FIELDS,
        expansions="referenced_posts",
    )
    validate(specification, "/2/tweets", document)
    assert len(document["data"]) == 59
    assert len(document["errors"]) > 2


@pytest.mark.shared_data
def test_refusals_of_parameters_are_as_specified(
    specification: dict[str, Any], service: Service
) -> None:
    document = dict(timeline(service, "alice", max_results="4"))
    (problem,) = document.pop("errors")  # which the specification forgets
    assert problem["message"].endswith("value [4] is not between 5 and 100")
    components = closed_objects(specification["components"])
    problems = {"$ref": "#/components/schemas/Problem", "components": components}
    jsonschema.Draft202012Validator(problems).validate(document)


@pytest.mark.shared_data
def test_the_check_can_fail(specification: dict[str, Any]) -> None:
    for wrong in (
        {"data": [{"id": 5}]},
        {"data": [{"id": "5", "referenced_tweets": []}]},
        {"data": [{"id": "5", "public_metrics": {"like_count": 1}}]},
        {"errors": [{"title": "Not Found Error"}]},
    ):
        with pytest.raises(jsonschema.ValidationError):
            validate(specification, "/2/users/{id}/tweets", wrong)


@pytest.mark.shared_data
def test_the_lists_of_values_are_those_of_the_specification(specification: dict[str, Any]) -> None:
    def listed(name: str) -> set[str]:
        return set(specification["components"]["parameters"][name]["schema"]["items"]["enum"])

    assert listed("PostFieldsParameter") == SPECIFIED_FIELDS
    assert listed("PostExpansionsParameter") == SPECIFIED_EXPANSIONS
    assert listed("UserFieldsParameter") <= USER_FIELDS


@pytest.mark.shared_data
def test_what_we_ask_is_in_the_specification_once_that_is_all_there_is(
    specification: dict[str, Any], standin: Standin
) -> None:
    standin.specified = True
    standin.world.generate("alice", 120)
    with XClient(TOKEN, api_url=standin.url, timeout=5, max_wait=0) as client:
        account = client.accounts(["alice"])["alice"]
        assert isinstance(account, Account)
        pages = list(client.pages(account, since_id="1", include_retweets=True))
        client.lookup([pages[0].tweets[0]["id"]])
    templates = {
        "users": "/2/users/by",
        "timeline": "/2/users/{id}/tweets",
        "posts": "/2/tweets",
    }
    answered = [entry for entry in standin.log if entry.status == 200]
    assert {entry.endpoint for entry in answered} == set(templates)
    for entry in answered:
        known = parameters(specification, templates[entry.endpoint])
        for name, value in entry.params.items():
            schema = {**known[name], "components": specification["components"]}
            given: Any = value.split(",") if schema["type"] == "array" else value
            given = int(value) if schema["type"] == "integer" else given
            jsonschema.Draft202012Validator(schema).validate(given)


def parameters(specification: dict[str, Any], path: str) -> dict[str, Any]:
    listed = {}
    for parameter in specification["paths"][path]["get"]["parameters"]:
        if "$ref" in parameter:
            name = parameter["$ref"].rpartition("/")[2]
            parameter = specification["components"]["parameters"][name]
        listed[parameter["name"]] = parameter["schema"]
    return listed


# Real pages


@pytest.mark.shared_data
@pytest.mark.parametrize(
    "name", ["twarc_noflat.jsonl", "twarc_edited.jsonl", "twarc_quoted_edit.jsonl"]
)
def test_real_pages_are_read(name: str) -> None:
    account = Account("1", "someone", "", False, None, None, "", None)
    for line in (SHARED_DATA / "api" / name).read_text(encoding="utf-8").splitlines():
        document = json.loads(line)
        page = page_of(document, account)
        assert len(page.tweets) == len(document["data"])
        included = document["includes"].get("tweets", [])
        both = {post["id"] for post in [*document["data"], *included]}
        assert page.posts_returned == len(both)
        assert page.users_returned == len(document["includes"]["users"])
        assert len(page.errors) == len(document.get("errors", []))
        assert all(row["author"] not in (None, "someone") for row in page.tweets)
        cut = [row for row in page.tweets if row["kind"] == "retweet" and row["text"][-1] == "…"]
        lost = len(document.get("errors", []))
        assert len(cut) <= lost
    if name == "twarc_edited.jsonl":
        assert page.superseded


@pytest.mark.shared_data
def test_recorded_exchanges_are_read() -> None:
    text = (SHARED_DATA / "api" / "tweepy_test_client_get_users_tweets.yaml").read_text()
    body = re.search(r"binary \|\n((?: {8}\S+\n)+)", text)
    assert body is not None
    # The recorded bodies are not closed as gzip wants it.
    document = json.loads(zlib.decompressobj(wbits=31).decompress(base64.b64decode(body[1])))
    page = page_of(document, Account("783214", "Twitter", "", False, None, None, "", None))
    assert len(page.tweets) == document["meta"]["result_count"] == page.posts_returned
    assert page.newest_id == document["meta"]["newest_id"]
    assert page.next_token == document["meta"]["next_token"]
    assert {row["author"] for row in page.tweets} == {"Twitter"}


# Its own behaviour


def test_the_caps_of_a_timeline(service: Service) -> None:
    user = service.world.generate("alice", 3250, retweets=0)
    for exclude, cap in ((None, 3200), ("retweets", 3200), ("replies", 800)):
        token: dict[str, str] = {}
        found: list[str] = []
        excluded = {"exclude": exclude} if exclude else {}
        while True:
            document = timeline(service, "alice", max_results="100", **excluded, **token)
            found += [post["id"] for post in document.get("data", [])]
            if "next_token" not in document["meta"]:
                break
            token = {"pagination_token": document["meta"]["next_token"]}
        window = user.posts[:cap]
        if exclude == "replies":
            window = [post for post in window if "replied_to" not in dict(post.references)]
        assert found == [post.id for post in window]


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"max_results": "101"}, "value [101] is not between 5 and 100"),
        ({"max_results": "many"}, "value [many] is not between 5 and 100"),
        ({"since_id": "x"}, "value [x] does not match ^[0-9]{1,19}$"),
        ({"pagination_token": "zz"}, "value [zz] is not valid"),
        ({"foo": "1"}, "The query parameter [foo] is not one of ["),
        ({"tweet_fields": "note_post"}, "value [note_post] is not one of ["),
        ({"post_fields": "note_tweet"}, "value [note_tweet] is not one of ["),
        ({"expansions": "bogus"}, "value [bogus] is not one of ["),
    ],
)
def test_wrong_parameters_are_refused(
    service: Service, params: dict[str, str], message: str
) -> None:
    document = timeline(service, "empty", **params)
    assert document["title"] == "Invalid Request"
    assert message in document["errors"][0]["message"]
    assert service.log[-1].status == 400


def test_handles_and_ids_are_checked(service: Service) -> None:
    for path, params in (
        ("/2/users/by/username/sixteen_letters_", {}),
        ("/2/users/by", {"usernames": "a,b-c"}),
        ("/2/users/by", {}),
        ("/2/tweets", {"ids": "1,two"}),
        ("/2/tweets", {"ids": ",".join(["1"] * 101)}),
        ("/2/users/abc/tweets", {}),
    ):
        answer = service.answer(path, params, AUTHORIZATION)
        assert answer.status == 400
        assert answer.document["errors"][0]["message"]


def test_the_vocabulary_of_the_request_is_that_of_the_answer(service: Service) -> None:
    service.world.generate("alice", 100)
    for word, other, count in (("tweet", "post", "retweet"), ("post", "tweet", "repost")):
        fields = f"referenced_{word}s,note_{word},public_metrics"
        document = timeline(service, "alice", max_results="100", **{f"{word}_fields": fields})
        text = json.dumps(document["data"])
        assert f'"note_{word}"' in text
        assert f'"edit_history_{word}_ids"' in text
        assert f'"referenced_{word}s"' in text
        assert f'"{count}_count"' in text
        assert f"_{other}" not in text


def test_fields_come_only_when_asked_for(service: Service) -> None:
    service.world.generate("alice", 10)
    document = timeline(service, "alice")
    assert {key for post in document["data"] for key in post} == {
        *("id", "text", "edit_history_tweet_ids"),
    }


def test_long_posts_and_retweets_are_cut_as_x_does(service: Service) -> None:
    user = service.world.generate("alice", 100, retweets=0.5)
    document = timeline(service, "alice", max_results="100", tweet_fields="note_tweet")
    whole = {post.id: post for post in user.posts}
    assert any("&amp;" in post["text"] for post in document["data"])
    cut = [post for post in document["data"] if "…" in post["text"]]
    assert len(cut) > 10
    for post in cut:
        if post["text"].startswith("RT @"):
            assert len(post["text"]) == 140
        else:
            assert len(post["text"]) <= 320
            assert len(post["note_tweet"]["text"]) >= len(whole[post["id"]].text) > 280


def test_the_same_seed_gives_the_same_world() -> None:
    first, second = World(), World()
    for world in (first, second):
        world.generate("alice", 50, seed=7)
        world.generate("bob", 50, seed=7)
    assert first.posts == second.posts
    assert World().generate("alice", 50, seed=8).posts != first.users["alice"].posts
    ids = [int(post.id) for post in first.users["alice"].posts]
    assert ids == sorted(ids, reverse=True)
    assert len(first.posts) == len(set(first.posts))
    assert len(first.users["alice"].posts) == 50


def test_rate_limits_and_their_headers() -> None:
    clock = VirtualClock()
    service = Service(clock=clock.now)
    service.limits["users"] = Budget(2, window=900)
    path, params = "/2/users/by", {"usernames": "empty"}
    answers = [service.answer(path, params, AUTHORIZATION) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert [answer.headers["x-rate-limit-remaining"] for answer in answers] == ["1", "0", "0"]
    assert {answer.headers["x-rate-limit-reset"] for answer in answers} == {
        str(int(clock.now() + 900))
    }
    clock.sleep(901)
    assert service.answer(path, params, AUTHORIZATION).status == 200
    assert "x-rate-limit-limit" not in service.answer(path, params, "Bearer x").headers


def test_the_bill_counts_what_was_returned() -> None:
    clock = VirtualClock()
    service = Service(clock=clock.now)
    service.world.generate("alice", 20, retweets=1.0)
    get(service, "/2/users/by", usernames="alice,nobody")
    for _ in range(2):
        timeline(service, "alice", max_results="10", expansions="referenced_tweets.id")
    assert (service.bill().posts, service.bill().users) == (40, 1)
    assert service.bill().dollars == pytest.approx(0.21)
    assert service.bill(by_day=True).posts == 20
    clock.sleep(86_400)
    timeline(service, "alice", max_results="10", expansions="referenced_tweets.id")
    assert service.bill(by_day=True).posts == 40
    timeline(service, "protected")
    assert service.bill().posts == 60


def test_faults_are_planned_by_number_and_endpoint() -> None:
    service = Service()
    service.plan_text("2=e503")
    service.plan_text("timeline:2-3=no_credits")
    for _ in range(4):
        timeline(service, "empty")
    assert [entry.status for entry in service.log] == [200, 503, 402, 200]
    assert [entry.fault for entry in service.log] == [None, "e503", "no_credits", None]
    for wrong in ("e503", "0x1=e503", "1=unheard_of"):
        with pytest.raises(ValueError, match=r"is not \[|no fault"):
            service.plan_text(wrong)


def test_a_hook_sees_each_request_before_its_answer(standin: Standin) -> None:
    seen: list[tuple[str, int]] = []
    standin.before = lambda entry: seen.append((entry.endpoint, entry.status))
    with XClient(TOKEN, api_url=standin.url, timeout=5, max_wait=0) as client:
        client.probe()
    assert seen == [("users", 0)]


def test_special_handles_are_handles() -> None:
    world = World().special()
    assert all(len(user.handle) <= 15 for user in world.users.values())
    assert {user.fault for user in world.users.values()} - {None} == set(FAULTS)


@pytest.mark.parametrize("suffix", [".jsonl", ".csv", ".parquet"])
def test_timelines_are_served_from_files(tmp_path: Path, suffix: str) -> None:
    rows = [
        {
            "id": str(1_500_000_000_000_000_000 + number * 7),
            "user": "Someone" if number % 3 else "other",
            "created_at": f"2024-05-{number + 1:02}T10:00:00Z",
            "text": f"{'@friend ' if number == 4 else ''}number {number} & <more>",
            "lang": "en",
        }
        for number in range(20)
    ]
    path = tmp_path / f"timeline{suffix}"
    write(path, rows)
    world = World()
    users = world.read(str(path))
    assert {user.handle for user in users} == {"Someone", "other"}
    service = Service(world)
    document = timeline(service, "someone", max_results="100", tweet_fields="created_at")
    expected = [row for row in reversed(rows) if row["user"] == "Someone"]
    assert [post["id"] for post in document["data"]] == [row["id"] for row in expected]
    assert document["data"][0]["created_at"] == "2024-05-20T10:00:00.000Z"
    assert document["data"][0]["text"] == "number 19 &amp; &lt;more&gt;"


def write(path: Path, rows: list[dict[str, str]]) -> None:
    if path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        return
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet

    table = pa.Table.from_pylist(rows)
    if path.suffix == ".csv":
        pyarrow.csv.write_csv(table, path)
    else:
        pyarrow.parquet.write_table(table, path)


@pytest.fixture
def by_hand(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    rows = [{"id": str(10**18 + n), "user": "me", "text": f"post {n}"} for n in range(7)]
    write(tmp_path / "mine.jsonl", rows)
    command = [sys.executable, "-m", "tests.standin", "--timeline", str(tmp_path / "mine.jsonl")]
    command += ["--generate", "alice=5", "--fault", "users:2=no_credits", "--refuse", "tweet"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1]
    )
    with process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        yield process, "".join(lines)
        process.kill()


def test_it_runs_by_hand(by_hand: tuple[subprocess.Popen[str], str]) -> None:
    _, said = by_hand
    assert "@me: 7 posts\n@alice: 5 posts\n" in said
    url = said.split()[-5]
    assert url.startswith("http://127.0.0.1:")
    assert fetch(url, "/2/users/by", {"usernames": "me"})["data"][0]["username"] == "me"
    with pytest.raises(urllib.error.HTTPError) as caught:
        fetch(url, "/2/users/by", {"usernames": "me"})
    with caught.value as refusal:
        assert refusal.code == 402
    with XClient(TOKEN, api_url=url, timeout=5, max_wait=0) as client:
        account = client.accounts(["me"])["me"]
        assert isinstance(account, Account)
        (page,) = client.pages(account)
        assert len(page.tweets) == 7
        with pytest.raises(PositivityError):
            list(client.pages(client.accounts(["f_forbidden"])["f_forbidden"]))  # type: ignore[arg-type]


def fetch(url: str, path: str, params: Mapping[str, str]) -> Any:
    request = urllib.request.Request(f"{url}{path}?{urlencode(params)}")
    request.add_header("Authorization", AUTHORIZATION)
    with urllib.request.urlopen(request, timeout=5) as response:
        return json.load(response)
