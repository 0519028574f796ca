"""How well marked words meet those that people marked, beside simpler ways to choose words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from positivity.explanation import explain, span_of
from positivity.model.scorer import Scorer
from positivity.spans import MarkedTweet, Mask, SpanTagger, f1, jaccard, strongest

_CLASSIFIER = "base"  # whose scores are explained by leaving words out
_THRESHOLDS = np.arange(0.05, 1.0, 0.05)  # of the strongest word's effect
_DRAWS = 10  # random stretches of each tweet
_WAYS = {
    "tagger": "the tagger",
    "leave_one_out": "",  # with the name of the classifier
    "whole_tweet": "the whole tweet",
    "chance": "chance",
}


@dataclass(frozen=True, slots=True)
class NamedMarks:
    """A set of tweets with the words that people marked in them."""

    name: str
    tweets: list[MarkedTweet]


def measure_spans(
    tagger: SpanTagger, dev: Sequence[NamedMarks], quoted: Sequence[NamedMarks]
) -> dict[str, Any]:
    """Mean Jaccard index and F1 of words, by the tagger and by its peers.

    The peers: taking the whole tweet; leaving words out one by one, and taking those that move the
    score by a part of what the strongest does, a part chosen on the development sets; a stretch at
    random.

    Args:
        quoted: the sets of which figures are quoted (eval).
    """
    scorer = Scorer.load(_CLASSIFIER, device="cpu", exact=True)
    effects = {each.name: _effects(each, scorer) for each in dev}
    pooled = NamedMarks("", [tweet for each in dev for tweet in each.tweets])
    weights = [effect for each in dev for effect in effects[each.name]]

    def at(threshold: float) -> float:
        return _figures(pooled, [strongest(each, threshold) for each in weights])["jaccard"]

    best = float(max(_THRESHOLDS, key=at))
    figures: dict[str, Any] = {
        "classifier": f"{scorer.config.name} {scorer.config.version}",
        "leave_one_out_threshold": round(best, 2),
    }
    for part, sets in (("dev", dev), ("eval", quoted)):
        figures[part] = {}
        for each in sets:
            effect = effects[each.name] if part == "dev" else _effects(each, scorer)
            figures[part][each.name] = {
                "tweets": len(each.tweets),
                "tagger": _figures(each, _by_tagger(tagger, each)),
                "leave_one_out": _figures(each, [strongest(one, best) for one in effect]),
                "whole_tweet": _figures(each, [np.ones_like(x.marked) for x in each.tweets]),
                "chance": _chance(each),
            }
    return figures


def _by_tagger(tagger: SpanTagger, tweets: NamedMarks) -> list[Mask]:
    texts = [tweet.text for tweet in tweets.tweets]
    return [each.taken for each in tagger.mark(texts, [tweet.side for tweet in tweets.tweets])]


def _effects(tweets: NamedMarks, scorer: Scorer) -> list[Any]:
    """How much each word speaks for the tweet's side, by leaving it out: arrays [words].

    What the classifier does not read, a last mark that stands alone, has no effect.
    """
    weights = []
    explained = explain([tweet.text for tweet in tweets.tweets], scorer)
    for tweet, effects in zip(tweets.tweets, explained, strict=True):
        by_start = {effect.start: effect.effect for effect in effects}
        starts = [span_of(part)[0] for part in tweet.words.parts]
        weights.append(tweet.side * np.array([by_start.get(start, 0.0) for start in starts]))
    return weights


def _figures(tweets: NamedMarks, taken: Sequence[Mask]) -> dict[str, float]:
    pairs = list(zip([tweet.marked for tweet in tweets.tweets], taken, strict=True))
    return {
        "jaccard": round(float(np.mean([jaccard(*pair) for pair in pairs])), 4),
        "f1": round(float(np.mean([f1(*pair) for pair in pairs])), 4),
    }


def _chance(tweets: NamedMarks) -> dict[str, float]:
    """A stretch whose first and last word are drawn at random, the mean of several draws."""
    generator = np.random.default_rng(0)
    drawn = []
    for _ in range(_DRAWS):
        taken = []
        for tweet in tweets.tweets:
            first, last = np.sort(generator.integers(0, len(tweet.marked), 2))
            places = np.arange(len(tweet.marked))
            taken.append((places >= first) & (places <= last))
        drawn.append(_figures(tweets, taken))
    return {key: round(float(np.mean([each[key] for each in drawn])), 4) for key in drawn[0]}


def figures_table(figures: Mapping[str, Any]) -> str:
    """The figures as a Markdown table, a row for each way and set."""
    rows = ["| set | tweets | words chosen by | Jaccard | F1 |", "|---|---|---|---|---|"]
    ways = _WAYS | {"leave_one_out": f"leave-one-out by `{figures['classifier']}`"}
    for part in ("dev", "eval"):
        for name, each in figures[part].items():
            for key, way in ways.items():
                values = f"{each[key]['jaccard']:.3f} | {each[key]['f1']:.3f}"
                rows.append(f"| {name} ({part}) | {each['tweets']:,} | {way} | {values} |")
    return "\n".join(rows)
