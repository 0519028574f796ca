"""Fit and measure the table that tells English tweets from others (`positivity.text.language`).

    python -m positivity.training.language DATA_FOLDER [--output FILE]

DATA_FOLDER holds the labelled, the multilingual and the timeline tweets (docs/language.md). It
needs packages that the program itself does without: `pip install ".[language]"`.

The model is a logistic regression on hashed n-gram counts over the root of the tweet's length. Its
negatives are tweets in seven languages, tweets from timelines that two packaged detectors agree are
not English, and, for 26 further languages, words drawn by their frequency (Speer 2022,
wordfreq). All texts are also cut to a few words, so that short tweets get the odds they deserve.
"""

from __future__ import annotations

import argparse
import html
import re
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from positivity.errors import InputError, PositivityError
from positivity.messages import say
from positivity.text.language import BUCKET_BITS, EnglishDetector, blocks

SEED = 20261
PENALTY = 5e-7  # of the squared weights, beside the mean loss
ITERATIONS = 80
TIMELINE_ENGLISH = 60_000
TEXTS_PER_LANGUAGE = 1_500
VOCABULARY = 12_000  # words of a language that texts are drawn from
ENGLISH_PRIOR = 0.8  # share of English that the bias assumes

# Languages in Latin letters of which wordfreq has a list; other scripts need no training.
LANGUAGES = "ca cs da de es fi fil fr hu id is it lt lv ms nb nl pl pt ro sh sk sl sv tr vi".split()

_PACKAGES = ("pycld2", "py3langid", "scipy", "wordfreq")

_ENTITY_OR_RETWEET = re.compile(r"^RT @\w+:? ?|\bvia @user\b")


@dataclass(frozen=True)
class Sample:
    """Texts to fit on. english: (texts,) bool. weight: (texts,), what each counts."""

    texts: list[str]
    english: NDArray[np.bool_]
    weight: NDArray[np.float64]


def _table(path: Path, *columns: str) -> pd.DataFrame:
    """Some columns of a table.

    Raises:
        InputError: it is not there, or cannot be read.
    """
    try:
        return pd.read_parquet(path, columns=list(columns))
    except FileNotFoundError:
        raise InputError(
            f"{path}: there is no such file; docs/language.md says what is read"
        ) from None
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read ({str(error).strip()})") from None


def clean(texts: Sequence[str]) -> list[str]:
    """Without HTML entities and the marks that old retweets begin with, as readers hand them on."""
    return [_ENTITY_OR_RETWEET.sub("", html.unescape(text)) for text in texts]


def english_texts(folder: Path, rng: np.random.Generator) -> list[str]:
    """Tweets that are English: those with labels to fit on, and some from timelines."""
    labelled = _table(folder / "labelled.parquet", "split", "dataset", "text")
    fit = labelled[(labelled["split"] == "train") & (labelled["dataset"] != "financial_news")]
    timelines = _table(folder / "timelines.parquet", "text")["text"]
    chosen = timelines.iloc[rng.choice(len(timelines), 2 * TIMELINE_ENGLISH, replace=False)]
    detect = _cld2()
    spoken = [text for text in clean(chosen.tolist()) if detect(text) in ("en", None)]
    return clean(fit["text"].drop_duplicates().tolist()) + spoken[:TIMELINE_ENGLISH]


def foreign_tweets(folder: Path) -> list[str]:
    """Tweets in seven languages to fit on, without those that are English after all."""
    tweets = _table(folder / "multilingual.parquet", "split", "text")
    both_english = _english_to_both()
    texts = clean(tweets.loc[tweets["split"] == "train", "text"].tolist())
    return [text for text in texts if not both_english(text)]


def foreign_timeline_tweets(folder: Path) -> list[str]:
    """Tweets from timelines that both packaged detectors are confident are not English."""
    timelines = _table(folder / "timelines.parquet", "text")["text"]
    cld2, langid = _cld2(), _langid()
    suspected = [t for t in clean(timelines.tolist()) if cld2(t) not in ("en", "sco", None)]
    found = [(text, *langid(text)) for text in suspected]
    return [text for text, language, sure in found if language != "en" and sure > 0.95]


def drawn_texts(language: str, count: int, rng: np.random.Generator) -> list[str]:
    """`count` texts of 2 to 24 words of `language`, each word drawn by its frequency.

    Words that are at least as common in English are passed over: the lists hold many of them.
    """
    from wordfreq import get_frequency_dict  # type: ignore[import-untyped,import-not-found,unused-ignore]

    english = get_frequency_dict("en")
    own = get_frequency_dict(language)
    words = [w for w, f in own.items() if f > english.get(w, 0.0) and not w.isnumeric()]
    words = words[:VOCABULARY]
    odds = np.array([own[word] for word in words])
    lengths = rng.integers(2, 25, count)
    drawn = rng.choice(len(words), lengths.sum(), p=odds / odds.sum())
    return [" ".join(words[i] for i in part) for part in np.split(drawn, lengths.cumsum()[:-1])]


def cut_short(texts: Sequence[str], rng: np.random.Generator) -> list[str]:
    """From each text that has six words or more, a run of two to five."""
    cut = []
    for text in texts:
        words = text.split()
        if len(words) >= 6:
            size = int(rng.integers(2, 6))
            first = int(rng.integers(0, len(words) - size + 1))
            cut.append(" ".join(words[first : first + size]))
    return cut


def gather(folder: Path) -> Sample:
    """Everything to fit on. Tweets count in full, drawn and cut texts for less."""
    rng = np.random.default_rng(SEED)
    english = english_texts(folder, rng)
    tweets = foreign_tweets(folder) + foreign_timeline_tweets(folder)
    drawn = [t for lang in LANGUAGES for t in drawn_texts(lang, TEXTS_PER_LANGUAGE, rng)]
    parts = [
        (english, True, 1.0),
        (cut_short(english, rng), True, 0.3),
        (tweets, False, 1.0),
        (cut_short(tweets, rng), False, 0.5),
        (drawn, False, 0.5),
    ]
    return Sample(
        texts=[text for texts, _, _ in parts for text in texts],
        english=np.concatenate([np.full(len(texts), label) for texts, label, _ in parts]),
        weight=np.concatenate([np.full(len(texts), weight) for texts, _, weight in parts]),
    )


def features(texts: Sequence[str]) -> tuple[Any, NDArray[np.float64]]:
    """What the weights are multiplied with, (texts, buckets) sparse; and the scripts' evidence."""
    from scipy.sparse import coo_matrix, csr_matrix, vstack  # type: ignore[import-untyped,import-not-found,unused-ignore]

    rows: list[csr_matrix] = []
    scripts = []
    for block in blocks(texts):
        owner = np.repeat(np.arange(len(block.ends)), np.diff(block.ends, prepend=-1))
        value = (1.0 / block.root_lengths).astype(np.float32)[owner]
        matrix = csr_matrix((len(block.ends), 2**BUCKET_BITS), dtype=np.float32)
        for buckets, across in block.ngrams():
            inside = np.ones(len(owner), dtype=np.bool_)
            inside[across] = False
            entries = (value[inside], (owner[inside], buckets[inside].astype(np.int32)))
            matrix += coo_matrix(entries, shape=matrix.shape).tocsr()
        rows.append(matrix)
        scripts.append(block.foreign_evidence())
    return vstack(rows, format="csr"), np.concatenate(scripts)


def fit(sample: Sample) -> tuple[NDArray[np.float64], float]:
    """Weights of evidence and bias that maximise the penalised likelihood (L-BFGS)."""
    from scipy.optimize import minimize  # type: ignore[import-untyped,import-not-found,unused-ignore]

    matrix, scripts = features(sample.texts)
    transposed = matrix.T.tocsr()
    target = sample.english.astype(np.float64)
    share = np.where(sample.english, ENGLISH_PRIOR, 1.0 - ENGLISH_PRIOR)
    total = np.where(
        sample.english,
        sample.weight[sample.english].sum(),
        sample.weight[~sample.english].sum(),
    )
    weight = sample.weight * share / total  # English makes up ENGLISH_PRIOR of the whole

    def loss(parameters: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        weights, bias = parameters[:-1], parameters[-1]
        logits = matrix @ weights + bias - scripts
        error = weight * (1.0 / (1.0 + np.exp(-np.clip(logits, -40, 40))) - target)
        value = weight @ (np.logaddexp(0.0, logits) - target * logits)
        gradient = np.append(transposed @ error + 2 * PENALTY * weights, error.sum())
        return float(value + PENALTY * weights @ weights), gradient

    start = np.zeros(matrix.shape[1] + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": ITERATIONS})
    return found.x[:-1], float(found.x[-1])


def quantise(weights: NDArray[np.float64], bias: float) -> EnglishDetector:
    """Weights as eight-bit numbers; the one in ten thousand that is larger is clipped."""
    scale = float(np.quantile(np.abs(weights), 0.9999)) / 127
    rounded = np.clip(np.rint(weights / scale), -127, 127).astype(np.int8)
    return EnglishDetector(rounded, scale, bias)


@dataclass(frozen=True)
class Share:
    """Of the `count` tweets of a data set or language, the share `kept` as English."""

    name: str
    count: int
    kept: float


def english_held_out(folder: Path) -> dict[str, list[str]]:
    """Tweets that nothing was fitted on, by data set, all in English."""
    tweets = _table(folder / "labelled.parquet", "split", "dataset", "text")
    return _by_group(tweets[tweets["split"] == "eval"], "dataset")


def foreign_held_out(folder: Path) -> dict[str, list[str]]:
    """Tweets that nothing was fitted on, by language. Some are English after all."""
    tweets = _table(folder / "multilingual.parquet", "split", "lang", "text")
    return _by_group(tweets[tweets["split"] == "dev"], "lang")


def measure(detector: EnglishDetector, held_out: dict[str, list[str]]) -> list[Share]:
    """What the detector keeps of each group."""
    return [
        Share(name, len(texts), float(detector.is_english(texts).mean()))
        for name, texts in held_out.items()
    ]


def without_english(groups: dict[str, list[str]]) -> dict[str, list[str]]:
    """The groups without the tweets that both packaged detectors call English."""
    both_english = _english_to_both()
    return {
        name: [text for text in texts if not both_english(*clean([text]))]
        for name, texts in groups.items()
    }


def table(shares: Sequence[Share]) -> str:
    """Shares as Markdown."""
    rows = [f"| {row.name} | {row.count:,} | {row.kept:.2%} |" for row in shares]
    return "\n".join(["| tweets | number | kept as English |", "|---|---|---|", *rows])


def tweets_per_second(detector: EnglishDetector, texts: list[str]) -> float:
    """The best of five passes over `texts`, on this thread."""
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        detector.is_english(texts)
        seconds.append(time.perf_counter() - began)
    return len(texts) / min(seconds)


def _refuse_without_packages() -> None:
    lacking = [name for name in _PACKAGES if find_spec(name) is None]
    if lacking:
        cure = "pip install 'positivity[language]'"
        raise InputError(f"{', '.join(lacking)}: not installed; {cure}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit, write the table, and print what was measured as Markdown; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m positivity.training.language")
    parser.add_argument("folder", type=Path, help="where the tweets to learn from lie")
    shipped = Path(__file__).parents[1] / "text" / "data" / "english.npz"
    parser.add_argument("--output", type=Path, default=shipped, help="the table to write")
    options = parser.parse_args(arguments)
    try:
        _refuse_without_packages()
        _fit_and_measure(options.folder, options.output)
    except PositivityError as error:
        say(error)
        return error.exit_code
    return 0


def _fit_and_measure(folder: Path, output: Path) -> None:
    english, foreign = english_held_out(folder), foreign_held_out(folder)
    detector = quantise(*fit(gather(folder)))
    output.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(output, weights=detector.weights, scale=detector.scale, bias=detector.bias)
    print(table(measure(detector, english)), end="\n\n")
    print(table(measure(detector, foreign)), end="\n\n")
    print("Without those that are English to both packaged detectors:\n")
    print(table(measure(detector, without_english(foreign))), end="\n\n")
    speed = tweets_per_second(detector, [text for texts in english.values() for text in texts])
    print(f"{speed:,.0f} tweets/s on one thread")


def _by_group(tweets: pd.DataFrame, column: str) -> dict[str, list[str]]:
    return {str(name): texts.tolist() for name, texts in tweets.groupby(column)["text"]}


def _cld2() -> Callable[[str], str | None]:
    """A function from a text to the language that CLD2 is sure of, or None."""
    import pycld2  # type: ignore[import-untyped,import-not-found,unused-ignore]

    def detect(text: str) -> str | None:
        bare = _words_only(text)
        if len(bare) < 12:
            return None
        try:
            reliable, _, found = pycld2.detect(bare.encode("utf-8", "replace"), isPlainText=True)
        except pycld2.error:  # control characters
            return None
        return str(found[0][1]) if reliable else None

    return detect


def _langid() -> Callable[[str], tuple[str, float]]:
    """A function from a text to the language that py3langid finds likeliest, and how likely."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # type: ignore[import-untyped,import-not-found,unused-ignore]

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)

    def detect(text: str) -> tuple[str, float]:
        language, probability = identifier.classify(_words_only(text))
        return str(language), float(probability)

    return detect


def _english_to_both() -> Callable[[str], bool]:
    """A function from a text to whether both packaged detectors call it English."""
    cld2, langid = _cld2(), _langid()
    return lambda text: cld2(text) == "en" and langid(text)[0] == "en"


def _words_only(text: str) -> str:
    """Without mentions, links, hash signs and emoji, which mislead the packaged detectors."""
    bare = re.sub(r"@\w+|http\S*|#|[\u2000-\u2bff\ufe0f\U0001F000-\U0001FAFF]+", " ", text)
    return " ".join(bare.split())


if __name__ == "__main__":
    sys.exit(main())
