"""The report as JSON, held to its published schema."""

import io
import json
import math
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema
import numpy as np
import pytest

from positivity.account.report import ModelInfo, Report
from positivity.account.runs import TermKey
from positivity.account.tally import Tally
from positivity.report.machine import json_schema, render_json, to_dict
from positivity.tweets import tweet_batch


def words(texts: Sequence[str]) -> Mapping[TermKey, int]:
    return Counter(("word", word) for text in texts for word in set(text.split()))


def invented(number: int, text: str = "lovely") -> Report:
    rng = random.Random(2)
    tally = Tally("@ada", ZoneInfo("Asia/Tokyo"), words)
    columns: dict[str, list[Any]] = {
        "id": [str(10**18 + i) if i % 2 else None for i in range(number)],
        "created_at": [1_760_000_000_000 + i * 10**8 if i % 5 else None for i in range(number)],
        "text": [f"{text} {i}" for i in range(number)],
        "kind": [rng.choice(["original", "reply"]) for _ in range(number)],
    }
    scores = np.array([[0.1, 0.1, 0.8], [0.8, 0.1, 0.1], [0.1, 0.8, 0.1]], np.float32)
    probabilities = scores[[rng.randrange(3) for _ in range(number)]].reshape(number, 3)
    left_out = [rng.choice([None, None, None, "retweet"]) for _ in range(number)]
    tally.add(tweet_batch(columns, length=number), probabilities, left_out)
    return tally.report(["a.csv"], ModelInfo("test", "1", {"TweetEval": 0.68}), unreadable=2)


def written(reports: Report | list[Report]) -> Any:
    out = io.StringIO()
    render_json(reports, out)
    return json.loads(out.getvalue(), parse_constant=lambda name: pytest.fail(f"{name} in JSON"))


@pytest.mark.parametrize("number", [0, 1, 2, 60, 400])
def test_every_report_follows_the_schema(number: int) -> None:
    jsonschema.Draft202012Validator(json_schema()).validate(written(invented(number)))


def test_the_schema_is_a_schema_and_describes_everything() -> None:
    schema = json_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    objects = [schema, *schema["$defs"].values()]
    for part in objects:
        assert part["additionalProperties"] is False
        assert part["required"] == list(part["properties"])
        assert all(field["description"] for field in part["properties"].values())


def test_the_schema_is_strict() -> None:
    validator = jsonschema.Draft202012Validator(json_schema())
    document = written(invented(30))
    document["reports"][0]["surprise"] = 1
    assert not validator.is_valid(document)
    assert not validator.is_valid({"schema_version": 2, "reports": []})


def test_one_and_several_have_the_same_shape() -> None:
    report = invented(5)
    assert written(report) == written([report])
    assert written([])["reports"] == []
    both = written([report, invented(0)])
    assert both["schema_version"] == 1
    assert [entry["counts"]["counted"] for entry in both["reports"]] == [report.counts.counted, 0]


def test_the_numbers_are_those_of_the_report() -> None:
    report = invented(60)
    entry = written(report)["reports"][0]
    assert entry == to_dict(report)
    assert report.net is not None
    assert entry["net"] == {
        "value": report.net.value,
        "low": report.net.low,
        "high": report.net.high,
    }
    assert entry["counts"]["left_out"] == report.counts.left_out
    assert entry["months"][0]["month"] == report.months[0].month


@pytest.mark.parametrize(
    "text", ["[/b] :heart: \x1b[31m", "\u202eevil\u2066 \x00 \x9b", "日本 👍🏽"]
)
def test_hostile_tweets_come_through_unharmed(text: str) -> None:
    report = invented(9, text)
    texts = [tweet["text"] for tweet in written(report)["reports"][0]["strongest_positive"]]
    assert texts == [tweet.text for tweet in report.strongest_positive]


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
def test_what_the_output_cannot_encode_is_escaped(encoding: str) -> None:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding)
    render_json(replace(invented(3), subject="日本\udcff.csv"), out)
    out.flush()
    assert json.loads(raw.getvalue().decode(encoding))["reports"][0]["subject"] == "日本\udcff.csv"


def test_not_a_number_is_never_written() -> None:
    broken = replace(invented(3), model=ModelInfo("test", "1", {"x": math.nan}))
    with pytest.raises(ValueError):
        written(broken)
