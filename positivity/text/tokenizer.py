"""Normalized text -> ids and back: subwords, words or characters, behind one small interface.

A tokenizer is trained on normalized tweets, saved as data beside the weights, and loaded with them.
Id 0 pads, id 1 stands for what the tokenizer does not know.
"""

import io
import json
import re
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

from positivity.errors import InputError, StateError

PAD, UNKNOWN = 0, 1


class Tokenizer(Protocol):
    """What every tokenizer does."""

    kind: ClassVar[str]
    file_name: ClassVar[str]
    # Longer texts than networks are trained on are read in windows of this many ids; no text is
    # cut. Tweets of 280 characters fit in one.
    window: ClassVar[int]

    def __len__(self) -> int:
        """Number of ids."""

    def encode_many(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each normalized text; none for an empty one."""

    def decode(self, ids: Sequence[int]) -> str:
        """The normalized text of some ids, as far as they tell it."""

    def pieces(self) -> list[str]:
        """What each id stands for; a piece that begins a word begins with a space."""

    def to_bytes(self) -> bytes:
        """The content of the file that `load` reads."""


class SubwordTokenizer:
    """SentencePiece unigram (Kudo 2018): frequent words whole, rare ones in parts."""

    kind: ClassVar[str] = "subword"
    file_name: ClassVar[str] = "tokenizer.model"
    window: ClassVar[int] = 96

    def __init__(self, model: bytes) -> None:
        from sentencepiece import SentencePieceProcessor

        self._model = model
        self._processor = SentencePieceProcessor(model_proto=model)

    @classmethod
    def train(cls, texts: Iterable[str], *, size: int, whole: Sequence[str] = ()) -> Self:
        """At most `size` pieces from normalized tweets; the words `whole` are never cut."""
        from sentencepiece import SentencePieceTrainer

        model = io.BytesIO()
        try:
            SentencePieceTrainer.train(
                sentence_iterator=iter(texts),
                model_writer=model,
                model_type="unigram",
                vocab_size=size,
                hard_vocab_limit=False,  # a small file has fewer pieces to give
                character_coverage=0.9998,
                normalization_rule_name="identity",  # the normalizer has done it
                # With the mark of a word's beginning, else an id of its own before each.
                user_defined_symbols=[f"\u2581{word}" for word in whole],
                pad_id=PAD,
                unk_id=UNKNOWN,
                bos_id=-1,
                eos_id=-1,
                num_threads=1,  # the same vocabulary on every machine
                minloglevel=2,
            )
        except RuntimeError as error:
            raise InputError(
                f"no vocabulary of {size:,} pieces can be learnt from these texts: "
                f"{str(error).splitlines()[0]}"
            ) from None
        return cls(model.getvalue())

    @classmethod
    def load(cls, path: Path) -> Self:
        return cls(path.read_bytes())

    def __len__(self) -> int:
        return int(self._processor.get_piece_size())

    def encode_many(self, texts: Sequence[str]) -> list[list[int]]:
        ids: list[list[int]] = self._processor.encode(list(texts), num_threads=1)
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        return str(self._processor.decode(list(ids)))

    def pieces(self) -> list[str]:
        return [
            str(self._processor.id_to_piece(i)).replace("\u2581", " ") for i in range(len(self))
        ]

    def to_bytes(self) -> bytes:
        return self._model


class _ListTokenizer(ABC):
    """A tokenizer that is a list of units, the most frequent first."""

    kind: ClassVar[str]
    file_name: ClassVar[str] = "vocabulary.json"
    window: ClassVar[int] = 96
    _joint: ClassVar[str]

    def __init__(self, units: Sequence[str]) -> None:
        self._units = list(units)
        self._ids = {unit: i for i, unit in enumerate(self._units, start=UNKNOWN + 1)}

    @classmethod
    def train(cls, texts: Iterable[str], *, size: int, whole: Sequence[str] = ()) -> Self:
        """The `size` - 2 most frequent units of normalized tweets; those of `whole` come first."""
        counts = Counter(unit for text in texts for unit in cls._split(text))
        kept = [unit for unit in whole if cls._split(unit) == [unit]]
        frequent = sorted(counts.keys() - set(kept), key=lambda unit: (-counts[unit], unit))
        return cls((kept + frequent)[: size - UNKNOWN - 1])

    @classmethod
    def load(cls, path: Path) -> Self:
        return cls(json.loads(path.read_text(encoding="utf-8")))

    @staticmethod
    @abstractmethod
    def _split(text: str) -> list[str]:
        """The units of a normalized text."""

    def __len__(self) -> int:
        return len(self._units) + UNKNOWN + 1

    def encode_many(self, texts: Sequence[str]) -> list[list[int]]:
        find = self._ids.get
        return [[find(unit, UNKNOWN) for unit in self._split(text)] for text in texts]

    def decode(self, ids: Sequence[int]) -> str:
        units = ["", "\ufffd", *self._units]
        return self._joint.join(units[i] for i in ids if i != PAD)

    def pieces(self) -> list[str]:
        return ["<pad>", "<unk>", *self._units]

    def to_bytes(self) -> bytes:
        return json.dumps(self._units, ensure_ascii=False, indent=0).encode()


class WordTokenizer(_ListTokenizer):
    """One id a word."""

    kind: ClassVar[str] = "word"
    _joint: ClassVar[str] = " "

    @staticmethod
    def _split(text: str) -> list[str]:
        return text.split()

    def pieces(self) -> list[str]:
        return ["<pad>", "<unk>", *(f" {unit}" for unit in self._units)]


# As torchtext's tokenizer of this name does, which many tutorials use: each of some marks is a
# token, others are dropped. But the name of an emoji is one token.
_BASIC_ENGLISH = re.compile(r":[^\s:]+:|[.,!?()']|[^\s.,!?()'\";:]+")


class BasicEnglishTokenizer(WordTokenizer):
    """One id a word, cut as `basic_english` of torchtext cuts."""

    kind: ClassVar[str] = "basic_english"

    @staticmethod
    def _split(text: str) -> list[str]:
        return _BASIC_ENGLISH.findall(text.lower())


class CharacterTokenizer(_ListTokenizer):
    """One id a character."""

    kind: ClassVar[str] = "character"
    window: ClassVar[int] = 384  # normalizing writes emoji and hashtags out in words
    _joint: ClassVar[str] = ""

    @staticmethod
    def _split(text: str) -> list[str]:
        return list(text)


TOKENIZERS: dict[str, Any] = {
    each.kind: each
    for each in (SubwordTokenizer, WordTokenizer, BasicEnglishTokenizer, CharacterTokenizer)
}


def load_tokenizer(kind: str, folder: Path) -> Tokenizer:
    """The tokenizer of a model directory.

    Raises:
        StateError: this program has no such kind of tokenizer.
    """
    if kind not in TOKENIZERS:
        raise StateError(f"{folder}: written by a newer positivity (tokenizer {kind!r}); update it")
    tokenizer: Tokenizer = TOKENIZERS[kind].load(folder / TOKENIZERS[kind].file_name)
    return tokenizer
