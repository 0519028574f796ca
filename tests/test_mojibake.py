"""Mojibake: noticed over the head of a file, mended when that helps, and clean text left alone."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from positivity.sources.files import open_tweets
from positivity.sources.mojibake import Mender
from positivity.tweets import TweetBatch, tweet_batch

from .conftest import SHARED_DATA

TEXTS = [
    "café in Zürich, so good — “lovely”",
    "I don’t like it… at all 😒",
    "naïve, garçon, señor, Åse 🎉🎉",
    "plain words",
    "it’s 5 € and that’s fine",
]


def broken(text: str, encoding: str, times: int = 1) -> str:
    for _ in range(times):
        text = text.encode("utf-8").decode(encoding, "replace")
    return text


def batch_of(texts: list[str]) -> TweetBatch:
    return tweet_batch({"text": texts}, length=len(texts))


def read(path: Path) -> tuple[list[str], tuple[str, ...]]:
    with open_tweets(str(path)) as file:
        texts = [text for batch in file.batches() for text in batch["text"].to_pylist()]
    return texts, file.notes


@pytest.mark.parametrize("encoding", ["latin-1", "mac_roman"])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_mojibake_is_mended_and_said(tmp_path: Path, encoding: str, suffix: str) -> None:
    path = tmp_path / f"tweets{suffix}"
    texts = [broken(text, encoding) for text in TEXTS]
    if suffix == ".csv":
        path.write_text("text,n\n" + "".join(f'"{text}",1\n' for text in texts), encoding="utf-8")
    elif suffix == ".jsonl":
        path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    else:
        pq.write_table(pa.table({"text": texts}), path)
    again, notes = read(path)
    assert again == TEXTS
    assert notes == (f"{path}: 4 texts were mojibake, and mended.",)


def test_twice_broken() -> None:
    mender = Mender()
    texts = [broken(text, "latin-1", times=2) for text in TEXTS]
    assert mender.mend(batch_of(texts))["text"].to_pylist() == TEXTS


def test_a_file_that_is_broken_in_part() -> None:
    mender = Mender()
    texts = [*TEXTS, broken(TEXTS[0], "latin-1"), broken(TEXTS[1], "latin-1")]
    assert mender.mend(batch_of(texts))["text"].to_pylist() == [*TEXTS, *TEXTS[:2]]
    assert mender.mended == 2


def test_one_quotation_of_mojibake_is_left_as_it_is() -> None:
    mender = Mender()
    texts = [*TEXTS * 9, "my printer writes cafÃ© again"]
    batch = batch_of(texts)
    assert mender.mend(batch) is batch


def test_scores_of_this_program_are_left_as_they_are(tmp_path: Path) -> None:
    from positivity.sources.own_scores import SCORE_COLUMNS

    path = tmp_path / "scores.csv"
    cells = [*[""] * 9, broken(TEXTS[0], "latin-1").replace(",", "")]
    path.write_text(",".join(SCORE_COLUMNS) + "\n" + ",".join(cells) + "\n", encoding="utf-8")
    assert read(path) == ([cells[-1]], ())


@pytest.mark.shared_data
@pytest.mark.parametrize("name", ["timelines", "multilingual", "emoji"])
def test_clean_tweets_stay_as_they_are(name: str) -> None:
    """Real tweets in many languages, a million of them: no batch is taken for mojibake."""
    batches = pq.ParquetFile(SHARED_DATA / f"{name}.parquet").iter_batches(8192, columns=["text"])
    for texts in batches:
        batch = batch_of(texts.column(0).drop_null().to_pylist())
        assert Mender().mend(batch) is batch
