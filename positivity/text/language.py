"""Is a tweet in English? A linear model over hashed byte n-grams, vectorised over whole batches.

The manner is fastText's (Joulin et al. 2017, "Bag of tricks for efficient text classification"):
character n-grams hashed into a table and one linear layer. With two classes and no hidden layer
the table holds one number per bucket, the weight of evidence for English, so a tweet costs some
lookups and a sum. Mentions, links, digits, punctuation and emoji belong to no language and are
taken out; the evidence is divided by the root of the tweet's length, because neighbouring n-grams
overlap and are far from independent; what little is left in "lol 😂" cannot outweigh the bias,
which is in favour of English.

`positivity.training.language` fits the weights and measures them; see docs/language.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray

from positivity.errors import StateError

ORDERS = (2, 3, 4, 5)  # lengths of the n-grams, in bytes
BUCKET_BITS = 18
SCRIPT_WEIGHT = 2.0  # log-odds against English of one letter of a script other than Latin

_BLOCK_TEXTS = 512  # about 50 KB of tweets: every temporary array stays in the processor's cache
_MULTIPLIER = np.uint32(0x9E3779B1)  # 2^32 / golden ratio, Knuth's multiplicative hashing
_SPACE, _SEPARATOR = 0x20, 0x00

_MENTION_OR_LINK = re.compile(r"@\w+|http[^\s\x00]*")
# ASCII letters and the apostrophe stay; other ASCII says nothing about the language.
_KEPT_ASCII = b"abcdefghijklmnopqrstuvwxyz'\x00"
_TO_SPACE = bytes(b if b >= 0x80 or b in _KEPT_ASCII else _SPACE for b in range(256))


def _foreign_lead_bytes() -> NDArray[np.bool_]:
    """Which first bytes of a UTF-8 sequence begin a letter of a script other than Latin, (256,).

    0xCE-0xDF are Greek, Cyrillic, Armenian, Hebrew, Arabic, Syriac and Thaana; 0xE0 the scripts
    of India and Thai; 0xE3-0xED kana, Han and Hangul. 0xE1 stays out: Vietnamese lies there.
    """
    foreign = np.zeros(256, dtype=np.bool_)
    foreign[0xCE:0xE1] = True
    foreign[0xE3:0xEE] = True
    return foreign


_FOREIGN = _foreign_lead_bytes()


@dataclass(frozen=True)
class Block:
    """Some texts as one run of bytes, ready to be cut into n-grams.

    Each text is lower-cased and cleaned, begins and ends with a space, and is followed by a zero.

    codes: (bytes,) uint8. starts, ends: (texts,) where each text begins, and where its zero is.
    """

    codes: NDArray[np.uint8]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Sequence[str]) -> Block:
        """Clean `texts` (at least one) and lay them end to end."""
        codes = _squeeze(_blank_symbols(_join(texts)))
        ends = np.flatnonzero(codes == _SEPARATOR)
        starts = np.concatenate([np.zeros(1, dtype=np.int64), ends[:-1] + 1])
        return cls(codes, starts, ends)

    @property
    def root_lengths(self) -> NDArray[np.float64]:
        """The root of each text's length in bytes, (texts,): what its evidence is divided by."""
        roots: NDArray[np.float64] = np.sqrt(self.ends - self.starts)
        return roots

    def foreign_evidence(self) -> NDArray[np.float64]:
        """Log-odds against English from letters of other scripts, (texts,), none negative.

        A rule, so that scripts which no training text holds are known too. One or two such
        letters, as in kaomoji, stay within what the bias forgives.
        """
        counts = np.add.reduceat(_FOREIGN[self.codes], self.starts, dtype=np.int64)
        evidence: NDArray[np.float64] = SCRIPT_WEIGHT * np.sqrt(counts)
        return evidence

    def ngrams(self) -> Iterator[tuple[NDArray[np.uint32], NDArray[np.int64]]]:
        """For each order: the bucket of the n-gram at every byte, and where it leaves its text.

        A rolling hash: an n-gram's is its head's times a constant plus its last byte, so each
        order costs one multiplication and one addition per byte.
        """
        padded = np.concatenate([self.codes, np.zeros(max(ORDERS), dtype=np.uint8)])
        size = len(self.codes)
        rolling = padded[:size].astype(np.uint32)
        for order in range(2, max(ORDERS) + 1):
            rolling *= _MULTIPLIER
            rolling += padded[order - 1 : order - 1 + size]
            if order in ORDERS:
                across = (self.ends[:, None] - np.arange(order)).ravel()
                yield (rolling * _MULTIPLIER) >> np.uint32(32 - BUCKET_BITS), across[across >= 0]


def blocks(texts: Sequence[str]) -> Iterator[Block]:
    """`texts` in order, some hundred at a time."""
    for first in range(0, len(texts), _BLOCK_TEXTS):
        yield Block.of(texts[first : first + _BLOCK_TEXTS])


def _join(texts: Sequence[str]) -> NDArray[np.uint8]:
    """Lower-cased UTF-8 of all texts, a zero after each, without mentions, links, ASCII symbols."""
    joined = " \0 ".join(texts)
    if joined.count("\0") != len(texts) - 1:  # a text with a zero of its own would count as two
        joined = " \0 ".join(text.replace("\0", " ") for text in texts)
    joined = _MENTION_OR_LINK.sub(" ", joined.replace("’", "'"))
    # A lone surrogate has no UTF-8; it becomes a question mark, then a space.
    raw = f" {joined} \0".lower().encode("utf-8", "replace").translate(_TO_SPACE)
    return np.frombuffer(raw, dtype=np.uint8).copy()


def _blank_symbols(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Put spaces for emoji, dashes, full-width forms and the like: U+2000-2FFF and U+F000 up."""
    three = np.flatnonzero((codes == 0xE2) | (codes >= 0xEF))
    four = three[codes[three] >= 0xF0]
    for offset in range(3):
        codes[three + offset] = _SPACE
    codes[four + 3] = _SPACE
    return codes


def _squeeze(codes: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One space for many, and two of the same letter for more ("soooo" is "soo")."""
    same = codes[1:] == codes[:-1]
    drop = np.zeros(len(codes), dtype=np.bool_)
    drop[2:] = same[1:] & same[:-1]
    drop[1:] |= same & (codes[1:] == _SPACE)
    return codes[~drop]


@dataclass(frozen=True)
class EnglishDetector:
    """Tells English tweets from others.

    weights: (2**BUCKET_BITS,) int8, the evidence for English of each bucket, in units of `scale`.
    bias: log-odds of English without any evidence.
    """

    weights: NDArray[np.int8]
    scale: float
    bias: float

    @staticmethod
    def load() -> EnglishDetector:
        """The detector that is shipped, read from disk the first time."""
        return _shipped()

    def scores(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Log-odds that each text is English, (texts,). A text's score is its own, in any batch."""
        parts = [self._score_block(block) for block in blocks(texts)]
        return np.concatenate(parts) if parts else np.zeros(0)

    def is_english(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """Whether each text is English, (texts,). With next to nothing to go by, it is."""
        return self.scores(texts) >= 0.0

    def _score_block(self, block: Block) -> NDArray[np.float64]:
        evidence = np.zeros(len(block.codes), dtype=np.int32)
        for buckets, across in block.ngrams():
            found = self.weights[buckets]
            found[across] = 0
            evidence += found
        # Whole numbers are summed, so the order of summation cannot show.
        sums = np.add.reduceat(evidence, block.starts, dtype=np.int64)
        return self.bias + self.scale * sums / block.root_lengths - block.foreign_evidence()


@cache
def _shipped() -> EnglishDetector:
    try:
        with (
            as_file(files("positivity.text") / "data" / "english.npz") as path,
            np.load(path, allow_pickle=False) as stored,
        ):
            detector = EnglishDetector(
                weights=stored["weights"], scale=float(stored["scale"]), bias=float(stored["bias"])
            )
    except (OSError, ValueError, KeyError) as error:
        raise StateError(
            "the table that tells English from other languages cannot be read; "
            "install positivity again"
        ) from error
    if detector.weights.shape != (2**BUCKET_BITS,) or detector.weights.dtype != np.int8:
        raise StateError(
            "the table that tells English from other languages belongs to another version; "
            "install positivity again"
        )
    return detector
