"""A recipe: everything that makes a model, or a teacher of models, in one TOML file."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from positivity.errors import InputError
from positivity.evaluation import LABELS, labels_of
from positivity.model.registry import NAME
from positivity.text.tokenizer import TOKENIZERS
from positivity.training.recipe_files import content_of
from positivity.training.recipe_values import section

FLOORS = ("majority", "vader", "logreg")
MADE = ("variants", "negated", "phrases", "composed", "denials", "facts")
_LARGEST_SEED = 2**31 - 1
_NOT_CLASSIFIERS = ("language_model", "tagger")


def _at_least(least: int, name: str, value: int) -> None:
    if value < least:
        raise ValueError(f"{name} is {value}; it takes at least {least}")


def _share(name: str, value: float) -> None:
    if not 0 <= value <= 1:
        raise ValueError(f"{name} is {value}; it takes 0 to 1")


def _above_zero(name: str, value: float) -> None:
    if not 0 < value < math.inf:
        raise ValueError(f"{name} is {value}; it takes more than 0")


def _not_below_zero(name: str, value: float) -> None:
    if not 0 <= value < math.inf:
        raise ValueError(f"{name} is {value}; it takes 0 or more")


def _check_seed(seed: int) -> None:
    if not 0 <= seed <= _LARGEST_SEED:
        raise ValueError(f"seed is {seed}; it takes 0 to {_LARGEST_SEED}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A table of tweets and how its columns are read.

    Columns go by name, or by number from 1 on in a file without a header.
    """

    file: str = ""  # relative to the data folder
    name: str = ""  # what its figures are shown under; else the file's name
    text: str = "text"
    label: str | None = None
    # Columns with the probabilities of negative, neutral, positive, in place of a label.
    probabilities: tuple[str, ...] = ()
    # Of a development set: the column of what a tweet is about (its topic, or its author).
    topic: str = ""
    marked: str = ""  # for a tagger: the column of the part of the text that carries the label
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
    balanced: bool = False  # as many of each label as of the rarest, at random
    # In place of labels: what this model says of the texts, by its name or path.
    model: str = ""
    # For a teacher or a model to label: of all rows, the `sample` that are most like these tweets;
    # and texts made from each tweet in its place (training/variants.py), once or several times.
    like: "Source | None" = None
    made_into: str = ""  # one of MADE
    times: int = 1
    head: str = ""  # the one that labels these, in place of the teacher's mixture
    teacher: str = ""  # in place of a file: the labels of the teacher of this name

    def __post_init__(self) -> None:
        if self.made_into and self.made_into not in MADE:
            raise ValueError(f"made_into {self.made_into!r} is not one of {', '.join(MADE)}")
        if self.sample is not None:
            _at_least(1, "sample", self.sample)
        _at_least(1, "times", self.times)
        _above_zero("weight", self.weight)
        _share("smoothing", self.smoothing)
        if strange := set(self.labels.values()) - set(LABELS):
            raise ValueError(
                f"labels: {', '.join(sorted(map(repr, strange)))} is not one of {', '.join(LABELS)}"
            )
        for cue, numbers in self.cues.items():
            if len(numbers) != len(LABELS) or not all(0 <= each <= 1 for each in numbers):
                raise ValueError(
                    f"cues: {cue} is {list(numbers)}; it takes a probability, given each of "
                    f"{', '.join(LABELS)}"
                )

    @property
    def taught(self) -> bool:
        """Whether its texts have the probabilities of a teacher or a model, in place of labels."""
        return bool(self.teacher or self.model)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenizerRecipe:
    """The vocabulary and the text that it is learnt from."""

    kind: str = "subword"
    size: int = 16_000
    corpus: tuple[Source, ...] = ()  # the training tweets themselves when empty
    words: int = 40_000  # known words, by which hashtags are split
    emoji: int = 600  # the most frequent emoji are pieces of their own

    def __post_init__(self) -> None:
        _at_least(1, "size", self.size)
        for name in ("words", "emoji"):
            _at_least(0, name, getattr(self, name))
        if self.kind not in TOKENIZERS:
            raise ValueError(f"tokenizer kind {self.kind!r} is not one of {', '.join(TOKENIZERS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class EmojiRecipe:
    """What emoji mean, from the Emoji Sentiment Ranking (Kralj Novak et al. 2015)."""

    ranking: str  # the file of counts, relative to the data folder
    put_back: float = 0.0  # share of the human-labelled tweets that get a fitting emoji back
    lent: float = 0.0  # share of a teacher's texts that get any emoji, which it cannot see
    alone: int = 0  # how many tweets of nothing but emoji to add
    held_out: float = 0.0  # share of the rarer emoji that is kept to measure by

    def __post_init__(self) -> None:
        _at_least(0, "alone", self.alone)
        for name in ("put_back", "lent", "held_out"):
            _share(name, getattr(self, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingRecipe:
    """The optimization."""

    tweets: int | None = None  # train on so many, drawn by the seed; on all when absent
    epochs: int = 5
    batch_size: int = 256
    learning_rate: float = 2e-3
    warmup: float = 0.05  # share of all steps
    weight_decay: float = 0.01
    clip: float = 1.0  # largest norm of the gradient
    schedule: str = "cosine"  # from the learning rate to zero; or "constant"
    # Epochs in which each layer learns alone, the new one first, before `epochs` of all together:
    # chain-thaw (Felbo et al. 2017), for a network that was pre-trained.
    chain_thaw: int = 0
    max_length: int = 96  # tokens of a tweet that training reads
    keep: str = "start"  # which end of a longer tweet is read: "start" or "end"
    word_dropout: float = 0.05  # share of tokens made unknown
    # How much it counts to tell, too, what the teacher's encoder made of a text: a hint (Romero et
    # al. 2015, "FitNets: hints for thin deep nets").
    hints: float = 0.0
    averaging: float = 0.0  # decay of the exponential mean of the weights; 0 keeps the last ones
    # Names and groups in each other's place, other spellings, typos: the label stays.
    augmentation: bool = False
    sarcasm: float = 0.0  # share of the praise among a teacher's texts that a mark takes back
    evaluations: int = 4  # looks at the development sets in an epoch
    # The network that is kept is that of the last look instead of the best one. Where there is so
    # much to learn that nothing is learnt too well, looks differ by chance, and the best is often
    # an early one.
    keep_last: bool = False

    def __post_init__(self) -> None:
        for name in ("batch_size", "max_length", "evaluations"):
            _at_least(1, name, getattr(self, name))
        if self.epochs < 0 or self.chain_thaw < 0 or not self.epochs + self.chain_thaw:
            raise ValueError(f"epochs is {self.epochs}; it takes at least 1")
        if self.tweets is not None:
            _at_least(1, "tweets", self.tweets)
        for name in ("warmup", "word_dropout", "averaging", "sarcasm"):
            _share(name, getattr(self, name))
        for name in ("weight_decay", "hints"):
            _not_below_zero(name, getattr(self, name))
        if not self.clip > 0:  # it may be infinite: then nothing is clipped
            raise ValueError(f"clip is {self.clip}; it takes more than 0")
        _above_zero("learning_rate", self.learning_rate)
        if self.schedule not in ("cosine", "constant"):
            raise ValueError(f"schedule {self.schedule!r} is not one of cosine, constant")
        if self.keep not in ("start", "end"):
            raise ValueError(f"keep {self.keep!r} is not one of start, end")


@dataclass(frozen=True, slots=True, kw_only=True)
class PretrainingRecipe:
    """What the network learns before its own task: which emoji a tweet carried."""

    train: tuple[Source, ...]  # tables with a column `emoji` that the text is without
    training: TrainingRecipe = TrainingRecipe()


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorRecipe:
    """What stands in a network's place: the least that a network has to beat."""

    kind: str
    # Of logreg: how far its weights may go, C in scikit-learn; less is smoother.
    freedom: float = 0.1

    def __post_init__(self) -> None:
        if self.kind not in FLOORS:
            raise ValueError(f"floor kind {self.kind!r} is not one of {', '.join(FLOORS)}")
        _above_zero("freedom", self.freedom)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A model to train: its data, vocabulary, network and optimization."""

    name: str
    description: str = ""
    version: str = "1"
    seed: int = 1
    tokenizer: TokenizerRecipe = TokenizerRecipe()
    # Its `kind` (model/kinds.py), and the config of that kind less the vocabulary.
    network: Mapping[str, Any] = field(default_factory=dict)
    training: TrainingRecipe = TrainingRecipe()
    floor: FloorRecipe | None = None  # in place of the network
    emoji: EmojiRecipe | None = None
    # Of words, by the teacher of this name or from the model of this name; at random when empty.
    initial_vectors: str = ""
    # In their place, a file of word2vec's or GloVe's vectors, relative to the data folder or, where
    # it is not there, to the folder of the runs.
    embeddings: str = ""
    # Standard deviation of the numbers in words' first vectors, whatever they come from. Where
    # there is little to learn from, small ones let what is learnt count for more than chance.
    vector_spread: float = 1.0
    pretraining: PretrainingRecipe | None = None
    train: tuple[Source, ...] = ()
    dev: tuple[Source, ...] = ()  # to choose and to calibrate
    # Training tweets that are kept from training: with the development set of the same name, shares
    # are corrected by them. Nothing is chosen by them.
    held_back: tuple[Source, ...] = ()
    eval: tuple[Source, ...] = ()  # only to quote
    graded: tuple[Source, ...] = ()  # degrees instead of classes as labels; only to quote
    # The development set whose labels are what the classes mean: the temperature is fitted on it.
    # Without one, on all of them.
    reference: str = ""

    def __post_init__(self) -> None:
        _check_seed(self.seed)
        _above_zero("vector_spread", self.vector_spread)
        if not NAME.fullmatch(self.name):
            raise ValueError(
                f"name is {self.name!r}: its run has a folder of this name, so it takes letters, "
                "digits and - _ . only, and begins with neither - nor ."
            )
        classes = self.network.get("classes", len(LABELS))
        if self.network.get("kind") not in _NOT_CLASSIFIERS and classes not in (2, len(LABELS)):
            raise ValueError(f"network: classes is {classes!r}; it takes 2 or {len(LABELS)}")
        names = [source.name or Path(source.file).stem for source in self.dev]
        if self.reference and self.reference not in names:
            raise ValueError(
                f"reference {self.reference!r} is none of the development sets: "
                f"{', '.join(names) or 'none'}"
            )
        alone = {source.name for source in self.held_back} - set(names)
        if alone:
            raise ValueError(
                f"held_back {', '.join(sorted(alone))!r} is not the name of a development set"
            )
        if any((source.made_into or source.like) and not source.model for source in self.train):
            raise ValueError("made_into and like choose texts for a model to label: name its model")
        if any(source.model for source in (*self.dev, *self.held_back, *self.eval)):
            raise ValueError("what a model says is to learn from, in [[train]], not to measure by")

    @property
    def labels(self) -> tuple[str, ...]:
        """What is told apart; with two classes neutral tweets are left out everywhere."""
        return labels_of(self.network.get("classes", len(LABELS)))


@dataclass(frozen=True, slots=True, kw_only=True)
class EncoderRecipe:
    """The pre-trained encoder that becomes the teacher."""

    package: str  # a name that `encoder.find_encoder` knows, or a folder with the encoder's files
    frozen_layers: int = 0  # its first layers, with the embeddings, stay as they are
    max_pieces: int = 64  # word pieces of a tweet that it reads


@dataclass(frozen=True, slots=True, kw_only=True)
class FineTuningRecipe:
    """The optimization of the encoder; the head's rate is ten times as high."""

    epochs: int = 2
    batch_size: int = 32
    learning_rate: float = 4e-5  # of the last layer
    layer_decay: float = 0.9  # each layer below learns that much slower
    warmup: float = 0.06  # share of all steps
    weight_decay: float = 0.01
    clip: float = 1.0
    dropout: float = 0.1
    evaluations: int = 3  # looks at the development sets, over all epochs

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "evaluations"):
            _at_least(1, name, getattr(self, name))
        for name in ("learning_rate", "layer_decay", "clip"):
            _above_zero(name, getattr(self, name))
        for name in ("warmup", "dropout"):
            _share(name, getattr(self, name))
        _not_below_zero("weight_decay", self.weight_decay)


@dataclass(frozen=True, slots=True, kw_only=True)
class TeacherRecipe:
    """A teacher: an encoder, the labels it learns from, and the tweets that it labels.

    Training sources of one name share a head; `weight` is the share of a source's tweets that an
    epoch reads. The heads disagree on what neutral is: a source to label may name the one that is
    right for its kind of tweets.
    """

    name: str
    description: str = ""
    seed: int = 1
    encoder: EncoderRecipe
    training: FineTuningRecipe = FineTuningRecipe()
    mixture: Mapping[str, float]  # the heads that label, with their weights
    train: tuple[Source, ...] = ()
    dev: tuple[Source, ...] = ()
    eval: tuple[Source, ...] = ()
    unlabelled: tuple[Source, ...] = ()
    tweets: int | None = None  # label so many of these, drawn by the seed; all when absent

    def __post_init__(self) -> None:
        _check_seed(self.seed)
        if self.tweets is not None:
            _at_least(1, "tweets", self.tweets)
        heads = {source.name for source in self.train}
        if not self.mixture or not self.mixture.keys() <= heads:
            raise ValueError(
                f"mixture names {', '.join(self.mixture) or 'no head'}; "
                f"the training sources' names are {', '.join(sorted(heads))}"
            )
        unknown = {source.head for source in self.unlabelled if source.head} - heads
        if unknown:
            raise ValueError(
                f"head {', '.join(sorted(unknown))!r} labels, but none is trained; "
                f"the training sources' names are {', '.join(sorted(heads))}"
            )


def read_recipe(path: Path) -> Recipe | TeacherRecipe:
    """The recipe of a TOML file; one with an [encoder] makes a teacher.

    One that `extends` another, by the name of a file beside it or of a recipe that ships, says only
    what differs.

    Raises:
        InputError: no such file, not TOML, or a key that no recipe has.
    """
    content = content_of(path)
    try:
        return recipe_of(content)
    except (TypeError, ValueError) as error:
        raise InputError(f"{path}: {error}") from None


def recipe_of(content: Mapping[str, Any]) -> Recipe | TeacherRecipe:
    """The recipe of what a file says.

    Raises:
        ValueError: it has a key or a value that no recipe has.
    """
    return section(TeacherRecipe, content) if "encoder" in content else section(Recipe, content)
