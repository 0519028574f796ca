"""A hashtag's words: `BestDayEver` by its capitals, `worstdayever` by the likeliest reading."""

import re
from collections.abc import Mapping
from math import log

_CHUNK = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_A-Za-z]+")
_LONGEST_WORD = 20
# A letter that no known word explains costs more than any known word gains.
_UNKNOWN_LETTER = 14.0


def word_costs(words: list[str]) -> dict[str, float]:
    """Cost of each word, words given most frequent first: -log of its share by Zipf's law."""
    scale = log(len(words) + 1) if words else 1.0
    return {word: log((rank + 1) * scale) for rank, word in enumerate(words)}


def split(hashtag: str, costs: Mapping[str, float]) -> list[tuple[int, int]]:
    """Spans of the words of a hashtag (given without its `#`)."""
    spans = []
    for chunk in _CHUNK.finditer(hashtag):
        word = chunk[0].lower()
        if word in costs or not word.isascii() or word.isdigit() or len(word) > 4 * _LONGEST_WORD:
            spans.append(chunk.span())
        else:
            spans += [(chunk.start() + i, chunk.start() + j) for i, j in _likeliest(word, costs)]
    return spans


def _likeliest(word: str, costs: Mapping[str, float]) -> list[tuple[int, int]]:
    """The cheapest division of `word` into words of the table (Viterbi); letters that no word
    explains stay together."""
    best: list[tuple[float, int, bool]] = [
        (0.0, 0, True)
    ]  # cost, where the last word begins, known
    for end in range(1, len(word) + 1):
        candidates = [(best[end - 1][0] + _UNKNOWN_LETTER, end - 1, False)]
        for start in range(max(0, end - _LONGEST_WORD), end):
            cost = costs.get(word[start:end])
            if cost is not None:
                candidates.append((best[start][0] + cost, start, True))
        best.append(min(candidates))
    spans: list[tuple[int, int]] = []
    end = len(word)
    merge = False
    while end:
        _, start, known = best[end]
        if merge and not known:
            spans[-1] = (start, spans[-1][1])
        else:
            spans.append((start, end))
        merge = not known
        end = start
    return spans[::-1]
