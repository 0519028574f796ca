"""The sources of a recipe -> examples to train on, and the sets to develop and to quote on.

What is known of one tweet from several sources is joined; what stands in a development or
evaluation set is never trained on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from positivity.errors import InputError
from positivity.evaluation import LABELS
from positivity.text import emoticons
from positivity.text.normalize import Normalizer
from positivity.text.tokenizer import Tokenizer
from positivity.training.augmentation import augment
from positivity.training.emoji_examples import EmojiExamples
from positivity.training.emoji_ranking import read_ranking
from positivity.training.examples import Examples, encode, make_examples
from positivity.training.held_out import HeldOut
from positivity.training.labelled import Data, LabelledTweets
from positivity.training.recipe import Recipe, Source
from positivity.training.sarcasm import taken_back
from positivity.training.told import told_by
from positivity.training.unlabelled import texts_of


@dataclass(frozen=True, slots=True)
class NamedSet:
    """A set to develop or to quote on."""

    name: str
    texts: list[str]
    gold: NDArray[np.int64]
    topics: list[str] | None = None  # of each tweet, where its source names a column of them


@dataclass(slots=True)
class _Pool:
    """Normalized tweets with what is known of them, while sources are joined."""

    texts: list[str] = field(default_factory=list)
    targets: list[NDArray[np.float32]] = field(default_factory=list)  # of each source [rows, 3]
    weights: list[NDArray[np.float32]] = field(default_factory=list)
    log_priors: list[NDArray[np.float32]] = field(default_factory=list)
    states: list[NDArray[np.float16]] = field(default_factory=list)
    state_rows: list[NDArray[np.int64]] = field(default_factory=list)

    def add(
        self,
        texts: Sequence[str],
        targets: NDArray[np.floating],
        weight: float,
        *,
        balanced: bool = False,
        states: NDArray[np.float16] | None = None,
    ) -> None:
        if not texts:
            return
        prior = np.ones(3) if balanced else targets.mean(axis=0, dtype=np.float64) + 1e-3
        self.texts += texts
        self.targets.append(targets.astype(np.float32))
        self.weights.append(np.full(len(texts), weight, np.float32))
        self.log_priors.append(
            np.tile(np.log(prior / prior.sum()).astype(np.float32), (len(texts), 1))
        )
        rows = np.full(len(texts), -1)
        if states is not None:
            rows = np.arange(len(texts)) + sum(map(len, self.states))
            self.states.append(states)
        self.state_rows.append(rows)


def read_sets(
    sources: Sequence[Source], data: Data, labels: Sequence[str] = LABELS
) -> list[NamedSet]:
    """The development or evaluation sets of a recipe: their tweets of these labels."""
    sets = []
    for source in sources:
        tweets = data.read(source).of(labels)
        if not tweets.texts:
            raise InputError(f"{source.file}: it has no tweets that are {' or '.join(labels)}")
        name = source.name or Path(source.file).stem
        sets.append(NamedSet(name, tweets.texts, tweets.gold, tweets.topics))
    return sets


def corpus(recipe: Recipe, data: Data) -> list[str]:
    """The texts that the vocabulary is learnt from."""
    sources = recipe.tokenizer.corpus or recipe.train
    return [text for source in sources for text in data.read(source).texts]


def build_examples(
    recipe: Recipe,
    data: Data,
    normalizer: Normalizer,
    tokenizer: Tokenizer,
    held_out: Sequence[NamedSet],
) -> Examples:
    """All training examples of a recipe.

    Args:
        held_out: the sets to develop and to quote on.

    Raises:
        InputError: a source cannot be read, or the examples hold a single class only.
    """
    generator = np.random.default_rng(recipe.seed)
    emoji: EmojiExamples | None = None
    if recipe.emoji:
        ranking = read_ranking(data.folder / recipe.emoji.ranking)
        ranking = ranking.split(recipe.emoji.held_out, seed=0)[0].with_newer()
        emoji = EmojiExamples(recipe.emoji, ranking, normalizer, generator)
    pool = _Pool()
    cue_tweets: list[tuple[list[str], NDArray[np.float32], float]] = []
    held_back = read_sets(recipe.held_back, data, recipe.labels)
    kept_out = HeldOut(
        {text for each in held_out for text in normalizer.normalize_many(each.texts)},
        {text for each in held_back for text in normalizer.normalize_many(each.texts)},
    )
    for source in recipe.train:
        if source.model:
            found = _told(source, data, generator, blind_to_emoji=recipe.emoji is not None)
        else:
            found = data.read(source)
        tweets, texts = _allowed(found.of(recipe.labels), normalizer, kept_out)
        if not texts:
            continue
        if source.strip_emoticons:
            texts = [_without_emoticons(text) for text in texts]
        if source.cues:
            cue_tweets.append((texts, _cue_targets(tweets, source), source.weight))
            continue
        targets = tweets.targets * (1 - source.smoothing) + source.smoothing / len(LABELS)
        if emoji and (source.blind_to_emoji or source.taught):
            targets = emoji.with_own(texts, targets)
        # A teacher's answers are free of its labels' prior: there is none to take out.
        pool.add(texts, targets, source.weight, balanced=source.taught, states=tweets.states)
        if source.taught and recipe.training.sarcasm:
            marked = taken_back(texts, targets, recipe.training.sarcasm, normalizer, generator)
            pool.add(*marked, source.weight, balanced=True)
        if emoji and source.taught:
            pool.add(*emoji.lent(texts, targets), source.weight, balanced=True)
        elif emoji and tweets.cues and not source.probabilities:
            pool.add(*emoji.put_back(texts, tweets.gold, targets), source.weight)
    if cue_tweets:
        _add_cues(pool, cue_tweets)
    if emoji:
        pool.add(*emoji.alone(emoji.recipe.alone), 1.0, balanced=True)
    joined = _joined(pool)
    if recipe.training.tweets is not None and recipe.training.tweets < len(joined.texts):
        joined = joined.drawn(recipe.training.tweets, generator)
    if recipe.training.augmentation:
        joined = replace(joined, texts=augment(joined.texts, generator, normalizer.words))
    ids = encode(joined.texts, tokenizer, recipe.training)
    columns = [LABELS.index(label) for label in recipe.labels]
    targets = joined.targets[:, columns]
    return make_examples(
        ids,
        targets / targets.sum(axis=1, keepdims=True) if len(columns) < len(LABELS) else targets,
        joined.weights,
        joined.log_priors[:, columns],
        joined.states,
        joined.state_rows,
    )


def _told(
    source: Source, data: Data, generator: np.random.Generator, *, blind_to_emoji: bool
) -> LabelledTweets:
    """The texts of a source, each once, with what its model says of them."""
    texts = list(dict.fromkeys(texts_of(source, data, generator)))
    return LabelledTweets(texts, told_by(source.model, texts, blind_to_emoji=blind_to_emoji), [])


def _allowed(
    tweets: LabelledTweets, normalizer: Normalizer, kept_out: HeldOut
) -> tuple[LabelledTweets, list[str]]:
    """The tweets whose normalized text is not empty and not held out, and those texts."""
    normalized = normalizer.normalize_many(tweets.texts)
    rows = [row for row, text in enumerate(normalized) if text and text not in kept_out]
    return tweets.at(rows), [normalized[row] for row in rows]


def _cue_targets(tweets: LabelledTweets, source: Source) -> NDArray[np.float32]:
    unknown = set(tweets.cues) - set(source.cues)
    if unknown:
        raise InputError(f"{source.file}: no cues given for label {', '.join(sorted(unknown))}")
    return np.array([source.cues[cue] for cue in tweets.cues], dtype=np.float32)


def _without_emoticons(text: str) -> str:
    if "<" not in text:
        return text
    return " ".join(piece for piece in text.split(" ") if piece not in emoticons.TOKENS)


def _add_cues(
    pool: _Pool, cue_tweets: Sequence[tuple[list[str], NDArray[np.float32], float]]
) -> None:
    """Joins emoticon labels: by Bayes' rule where a tweet has a target, alone elsewhere."""
    where: dict[str, int] = {text: row for row, text in enumerate(pool.texts)}
    targets = np.concatenate(pool.targets) if pool.targets else np.empty((0, 3), np.float32)
    for texts, cues, weight in cue_tweets:
        new = []
        for row, (text, cue) in enumerate(zip(texts, cues, strict=True)):
            known = where.get(text)
            if known is None:
                new.append(row)
            else:
                targets[known] *= cue
                targets[known] /= targets[known].sum()
        pool.targets = [targets]
        pool.add([texts[row] for row in new], cues[new], weight)
        targets = np.concatenate(pool.targets)
    pool.targets = [targets]


@dataclass(frozen=True, slots=True)
class _Joined:
    texts: list[str]
    targets: NDArray[np.float32]
    weights: NDArray[np.float32]
    log_priors: NDArray[np.float32]
    states: NDArray[np.float16]
    state_rows: NDArray[np.int64]

    def drawn(self, size: int, generator: np.random.Generator) -> "_Joined":
        """So many of them at random."""
        rows = np.sort(generator.choice(len(self.texts), size=size, replace=False))
        texts = [self.texts[row] for row in rows.tolist()]
        return replace(
            self,
            texts=texts,
            targets=self.targets[rows],
            weights=self.weights[rows],
            log_priors=self.log_priors[rows],
            state_rows=self.state_rows[rows],
        )


def _joined(pool: _Pool) -> _Joined:
    """One row a text: the weighted mean of its targets."""
    if not pool.texts:
        raise InputError(
            "no training tweets are left: they are empty, or all of them stand in a development "
            "or evaluation set, too"
        )
    targets = np.concatenate(pool.targets)
    weights = np.concatenate(pool.weights)
    priors = np.concatenate(pool.log_priors)
    index: dict[str, int] = {}
    rows = np.array([index.setdefault(text, len(index)) for text in pool.texts], dtype=np.int64)
    size = len(index)
    total = np.bincount(rows, weights, size)
    largest = np.zeros(size)
    np.maximum.at(largest, rows, weights)

    def mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
        sums = [np.bincount(rows, weights * values[:, i], size) for i in range(3)]
        return (np.stack(sums, axis=1) / total[:, None]).astype(np.float32)

    state_rows = np.full(size, -1)
    np.maximum.at(state_rows, rows, np.concatenate(pool.state_rows))
    joined = _Joined(
        list(index),
        mean(targets),
        largest.astype(np.float32),
        mean(priors),
        np.concatenate([np.empty((0, _numbers(pool.states)), np.float16), *pool.states]),
        state_rows,
    )
    # A class that no source has is not rare, it is no answer at all: the network has to learn so.
    joined.log_priors[:, joined.targets.max(axis=0, initial=0) == 0] = 0.0
    classes = np.unique(joined.targets.argmax(axis=1)).tolist() if size else []
    if len(classes) < 2:
        found = ", ".join(LABELS[i] for i in classes) or "no"
        raise InputError(
            f"the training data has {found} tweets only: a model would learn to say nothing else. "
            "Is the file sorted by label, and cut?"
        )
    return joined


def _numbers(states: Sequence[NDArray[np.float16]]) -> int:
    numbers = {each.shape[1] for each in states}
    if len(numbers) > 1:
        raise InputError("the teachers' states differ in size: train with one teacher's hints")
    return numbers.pop() if numbers else 0


def split_off_dev(recipe: Recipe, data: Data) -> NamedSet:
    """One of every ten training texts, drawn by the seed, for a recipe without development set.

    They leave the training data by `build_examples`, like those of any held-out set, with all their
    copies; so a text is drawn or not whatever number of them there is, and stands there once.

    Raises:
        InputError: there are too few for any to be drawn.
    """
    texts: list[str] = []
    gold: list[NDArray[np.int64]] = []
    plain = Normalizer({}, ())  # that of the model is not made yet
    known: set[str] = set()
    for source in recipe.train:
        tweets = data.read(source).of(recipe.labels)
        drawn = np.random.default_rng(recipe.seed).random(len(tweets.texts)) < 0.1
        rows = []
        for row, text in enumerate(plain.normalize_many(tweets.texts)):
            if text not in known and drawn[row]:
                rows.append(row)
            known.add(text)
        texts += [tweets.texts[row] for row in rows]
        gold.append(tweets.gold[rows])
    if not texts:
        raise InputError(
            f"too few labelled tweets, {len(known)} in all: no tenth of them can be kept to "
            "choose the network by. Some hundreds are the least to learn from"
        )
    return NamedSet("a tenth of the training data", texts, np.concatenate(gold))
