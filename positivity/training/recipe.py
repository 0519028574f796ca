"""A recipe: everything that makes a model, in one TOML file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from positivity.errors import InputError
from positivity.text.tokenizer import TOKENIZERS

Section = TypeVar("Section")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A table of tweets and how its columns are read.

    Columns go by name, or by number from 1 on in a file without a header.
    """

    file: str  # relative to the data folder
    name: str = ""  # what its figures are shown under; else the file's name
    text: str = "text"
    label: str | None = None
    # Columns with the probabilities of negative, neutral, positive, in place of a label.
    probabilities: tuple[str, ...] = ()
    # Only rows whose column has this value, or one of these.
    keep: Mapping[str, Any] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)  # the file's words -> our three
    header: bool = True
    delimiter: str = ","
    encoding: str = "utf-8-sig"
    weight: float = 1.0  # how much a tweet of this source counts in training
    smoothing: float = 0.0  # share of a label's certainty that is spread over the three classes
    # The label is a cue (an emoticon), not a judgement: probability of the cue given each class.
    cues: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    strip_emoticons: bool = False  # where the cue is still in the text
    blind_to_emoji: bool = False  # whoever labelled could not see the emoji: they add their part
    sample: int | None = None  # that many rows at random


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenizerRecipe:
    """The vocabulary and the text that it is learnt from."""

    kind: str = "subword"
    size: int = 16_000
    corpus: tuple[Source, ...] = ()  # the training tweets themselves when empty
    words: int = 40_000  # known words, by which hashtags are split
    emoji: int = 600  # the most frequent emoji are pieces of their own

    def __post_init__(self) -> None:
        if self.kind not in TOKENIZERS:
            raise ValueError(f"tokenizer kind {self.kind!r} is not one of {', '.join(TOKENIZERS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmojiRecipe:
    """What emoji mean, from the Emoji Sentiment Ranking (Kralj Novak et al. 2015)."""

    ranking: str  # the file of counts, relative to the data folder
    put_back: float = 0.0  # share of the human-labelled tweets that get a fitting emoji back
    alone: int = 0  # how many tweets of nothing but emoji to add


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecipe:
    """The optimization."""

    epochs: int = 5
    batch_size: int = 256
    learning_rate: float = 2e-3
    warmup: float = 0.05  # share of all steps
    weight_decay: float = 0.01
    clip: float = 1.0  # largest norm of the gradient
    max_length: int = 96  # tokens of a tweet that training reads
    word_dropout: float = 0.05  # share of tokens made unknown
    averaging: float = 0.0  # decay of the exponential mean of the weights; 0 keeps the last ones
    evaluations: int = 4  # looks at the development sets in an epoch


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A model to train: its data, vocabulary, network and optimization."""

    name: str
    description: str = ""
    version: str = "1"
    seed: int = 1
    tokenizer: TokenizerRecipe = TokenizerRecipe()
    network: Mapping[str, Any] = field(default_factory=dict)  # NetworkConfig less the vocabulary
    training: TrainingRecipe = TrainingRecipe()
    emoji: EmojiRecipe | None = None
    train: tuple[Source, ...] = ()
    dev: tuple[Source, ...] = ()  # to choose and to calibrate
    eval: tuple[Source, ...] = ()  # only to quote


def read_recipe(path: Path) -> Recipe:
    """The recipe of a TOML file.

    Raises:
        InputError: no such file, not TOML, or a key that no recipe has.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot read the recipe ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not a TOML file: {error}") from None
    try:
        return _recipe(content)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: {error}") from None


def _recipe(content: dict[str, Any]) -> Recipe:
    parts = dict(content)
    tokenizer = dict(parts.pop("tokenizer", {}))
    tokenizer["corpus"] = _sources(tokenizer.get("corpus", []))
    emoji = parts.pop("emoji", None)
    return _section(
        Recipe,
        parts
        | {
            "tokenizer": _section(TokenizerRecipe, tokenizer),
            "training": _section(TrainingRecipe, parts.get("training", {})),
            "emoji": _section(EmojiRecipe, emoji) if emoji is not None else None,
            "train": _sources(parts.get("train", [])),
            "dev": _sources(parts.get("dev", [])),
            "eval": _sources(parts.get("eval", [])),
        },
    )


def _sources(tables: list[dict[str, Any]]) -> tuple[Source, ...]:
    return tuple(_section(Source, table) for table in tables)


def _section(kind: type[Section], table: Mapping[str, Any]) -> Section:
    known = [each.name for each in fields(kind)]  # type: ignore[arg-type]
    unknown = table.keys() - set(known)
    if unknown:
        raise ValueError(
            f"{', '.join(sorted(unknown))}: not known here; there are {', '.join(known)}"
        )
    values = {key: tuple(v) if isinstance(v, list) else v for key, v in table.items()}
    return kind(**values)
