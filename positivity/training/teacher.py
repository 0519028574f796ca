"""Fine-tunes a pre-trained encoder on human labels, and lets it label many tweets: a teacher.

Each way of labelling has a head of its own on the one encoder, so that sets which disagree on where
neutral begins do not blur one another. The heads learn with the prior of their labels added to the
logits (logit adjustment, Menon et al. 2021): what they answer is what the words say, whatever a
class's share was.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from positivity.errors import InputError
from positivity.evaluation import LABELS, evaluate
from positivity.files import write_atomically
from positivity.model.engine_torch import choose_device
from positivity.text.emojis import compile_table
from positivity.training.encoder import Teacher, encoder_text, find_encoder, load_tokenizer, padded
from positivity.training.hints import View
from positivity.training.labelled import ENCODER, SOFT_LABELS, SOFT_STATES, Data
from positivity.training.loop import Record, Step, damage_told
from positivity.training.mixed_precision import MixedOptimizer
from positivity.training.recipe import Source, TeacherRecipe
from positivity.training.run_folder import begin_or_go_on
from positivity.training.unlabelled import texts_of

_BUCKET_BATCHES = 40  # batches that are sorted by length together
_TOLD_EVERY = 20  # steps
_SAVED_EVERY = 600
_SHARD = 25_600  # tweets that are labelled between two savings
_VIEWED = 8_192  # tweets whose states show in which directions they differ


class TeacherRun:
    """One run of a teacher's recipe; stopped, it goes on where it was.

    Args:
        data: where the recipe's sources lie.
        folder: where the run keeps its files.

    Raises:
        InputError: the recipe names no tweets to label, the data cannot be read, or a package is
            not installed.
        StateError: the folder holds a run of another recipe, or on other data.
    """

    def __init__(
        self, recipe: TeacherRecipe, data: Data, folder: Path, *, device: str = "auto"
    ) -> None:
        if not recipe.unlabelled:
            raise InputError(
                f"{recipe.name}: no [[unlabelled]] source; name tweets for the teacher to label"
            )
        self.recipe, self.folder, self._data = recipe, folder, data
        self._device = choose_device(device)
        encoder = find_encoder(recipe.encoder.package)
        self._tokenizer = load_tokenizer(encoder)
        # What it labels may grow: that is no other recipe.
        begin_or_go_on(folder, replace(recipe, unlabelled=(), tweets=None), data)
        self.records: list[Record] = []
        self._emoji = compile_table()
        self.dev = [self._named_set(source) for source in recipe.dev]
        self.eval = [self._named_set(source) for source in recipe.eval]
        self._heads = sorted({source.name for source in recipe.train})
        self._read_training_tweets()
        torch.manual_seed(recipe.seed)
        self.teacher = Teacher(encoder, self._heads, recipe.training.dropout)
        self.teacher.freeze(recipe.encoder.frozen_layers)
        self.teacher.to(self._device, torch.bfloat16)
        self._optimizer = MixedOptimizer(self.teacher, recipe.training)
        self._step = 0
        self._losses: list[float] = []  # since the last record
        if self.checkpoint.exists():
            self._restore()

    @property
    def checkpoint(self) -> Path:
        return self.folder / "checkpoint.pt"

    @property
    def labels(self) -> Path:
        return self.folder / SOFT_LABELS

    def _read_training_tweets(self) -> None:
        held_out = {_letters(text) for each in [*self.dev, *self.eval] for text in each[1]}
        pieces: list[list[int]] = []
        labels, heads, rates = [], [], []
        for source in self.recipe.train:
            tweets = self._data.read(source)
            rows = [i for i, text in enumerate(tweets.texts) if _letters(text) not in held_out]
            pieces += self._pieces([tweets.texts[i] for i in rows])
            labels.append(tweets.gold[rows])
            heads.append(np.full(len(rows), self._heads.index(source.name)))
            rates.append(np.full(len(rows), source.weight))
        self._train_pieces = pieces
        self._labels, self._head_of = np.concatenate(labels), np.concatenate(heads)
        self._rates = np.concatenate(rates)
        priors = np.zeros((len(self._heads), len(LABELS)))
        for head in range(len(self._heads)):
            counts = np.bincount(self._labels[self._head_of == head], minlength=len(LABELS))
            # A class that no source of a head has is not rare, it is no answer at all.
            priors[head, counts > 0] = np.log(counts[counts > 0] / counts.sum())
        self._log_priors = torch.from_numpy(priors).float().to(self._device)
        self._plan = self._batches()
        self.steps = len(self._plan)

    def _batches(self) -> list[NDArray[np.int64]]:
        """The rows of every batch of the run, as the seed decides; alike lengths together."""
        generator = np.random.default_rng(self.recipe.seed)
        size = self.recipe.training.batch_size
        lengths = np.array([len(each) for each in self._train_pieces])
        plan: list[NDArray[np.int64]] = []
        for _ in range(self.recipe.training.epochs):
            kept = np.flatnonzero(generator.random(len(lengths)) < self._rates)
            kept = generator.permutation(kept)
            rows = []
            for start in range(0, len(kept), size * _BUCKET_BATCHES):
                part = kept[start : start + size * _BUCKET_BATCHES]
                part = part[np.argsort(lengths[part], kind="stable")]
                rows += [part[i : i + size] for i in range(0, len(part), size)]
            plan += [rows[i] for i in generator.permutation(len(rows))]
        return plan

    def _named_set(self, source: Source) -> tuple[str, list[str], NDArray[np.int64]]:
        tweets = self._data.read(source)
        return source.name or Path(source.file).stem, tweets.texts, tweets.gold

    def _pieces(self, texts: Sequence[str]) -> list[list[int]]:
        cleaned = [encoder_text(text, self._emoji) for text in texts]
        longest = self.recipe.encoder.max_pieces
        ids = self._tokenizer(cleaned, truncation=True, max_length=longest)["input_ids"]
        return [list(each) for each in ids]

    def train(self) -> Iterator[Step | Record]:
        """Trains to the end: a step now and then, and a record at each look at the dev sets."""
        count = self.recipe.training.evaluations
        at = {round(self.steps * k / count) for k in range(1, count + 1)}
        while self._step < self.steps:
            self._losses.append(self._train_step(self._plan[self._step]))
            self._step += 1
            looks = self._step in at
            if looks:
                self._look()
            saves = looks or self._step % _SAVED_EVERY == 0
            if saves:
                self._save()
            if looks:
                yield self.records[-1]
            elif saves or self._step % _TOLD_EVERY == 0:
                yield Step(self._step, self.steps, self._losses[-1], saves)
        self.teacher.encoder.save_pretrained(self.folder / ENCODER)
        self._tokenizer.save_pretrained(self.folder / ENCODER)

    def _look(self) -> None:
        loss = float(np.mean(self._losses))
        recalls = self._recalls(self.dev)
        mean = float(np.mean(list(recalls.values())))
        best = all(mean > record.recall for record in self.records)
        epoch = math.ceil(self._step * self.recipe.training.epochs / self.steps)
        self.records.append(
            Record(self._step, self.steps, epoch, loss, self._optimizer.rate, recalls, best)
        )
        self._losses.clear()

    def _train_step(self, rows: NDArray[np.int64]) -> float:
        self.teacher.train()
        # Random numbers of each step follow from the seed and the step: resuming changes none.
        torch.manual_seed(self.recipe.seed * 1_000_003 + self._step)
        answers = self._answers([self._train_pieces[row] for row in rows])  # [heads, batch, 3]
        heads = torch.from_numpy(self._head_of[rows]).to(self._device)
        own = answers[heads, torch.arange(len(rows), device=self._device)]  # [batch, 3]
        gold = torch.from_numpy(self._labels[rows]).to(self._device)
        loss = nn.functional.cross_entropy(own + self._log_priors[heads], gold)
        loss.backward()  # type: ignore[no-untyped-call]
        self._optimizer.step(self._step, self.steps)
        return loss.item()

    def _answers(self, pieces: Sequence[Sequence[int]]) -> Tensor:
        return self._by_head(self._states(pieces))

    def _states(self, pieces: Sequence[Sequence[int]]) -> Tensor:
        ids, mask = padded(pieces, self._tokenizer.pad_token_id)
        states: Tensor = self.teacher.states(ids.to(self._device), mask.to(self._device))
        return states

    def _by_head(self, states: Tensor) -> Tensor:
        answers = self.teacher.answers(states)
        return torch.stack([answers[head] for head in self._heads])

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """What the recipe's mixture of heads says of tweets: [tweets, 3]."""
        return self._read(texts)[0]

    @torch.inference_mode()
    def _read(
        self, texts: Sequence[str], heads: Sequence[str] = (), batch_size: int = 64
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The probabilities [tweets, 3] of tweets, and the encoder's states [tweets, hidden].

        Args:
            heads: whose answer each tweet gets, where it is not empty; the mixture's elsewhere.
        """
        self.teacher.eval()
        pieces = self._pieces(texts)
        order = sorted(range(len(pieces)), key=lambda row: len(pieces[row]))
        mixture = self._shares(self.recipe.mixture)
        shares = np.tile(mixture, (len(texts), 1))
        for row, head in enumerate(heads):
            shares[row] = self._shares({head: 1.0}) if head else mixture
        probabilities = np.empty((len(texts), len(LABELS)), np.float32)
        states = np.empty((len(texts), self.teacher.encoder.config.hidden_size), np.float32)
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            read = self._states([pieces[row] for row in rows])
            answers = self._by_head(read).softmax(dim=2)
            weights = torch.from_numpy(shares[rows].T).to(self._device)  # [heads, batch]
            probabilities[rows] = (answers * weights[:, :, None]).sum(dim=0).cpu().numpy()
            states[rows] = read.float().cpu().numpy()
        return probabilities, states

    def _shares(self, mixture: Mapping[str, float]) -> NDArray[np.float32]:
        """What each head has a part in an answer."""
        shares = np.array([mixture.get(head, 0.0) for head in self._heads], np.float32)
        return np.asarray(shares / shares.sum())

    def _recalls(
        self, sets: Sequence[tuple[str, list[str], NDArray[np.int64]]]
    ) -> dict[str, float]:
        return {
            name: evaluate(self.probabilities(texts), gold).macro_recall
            for name, texts, gold in sets
        }

    def label(self) -> Iterator[tuple[int, int]]:
        """Labels the recipe's unlabelled tweets; yields how many are done, and of how many.

        What it has labelled before stays: a recipe may name more tweets than it did then, and one
        that asks for no more than there are ends here.

        Raises:
            InputError: every tweet that it names is one of the development or evaluation sets.
        """
        shards = self.folder / "labels"
        shards.mkdir(exist_ok=True)
        before = sorted(shards.glob("*.parquet"))
        known = {text for path in before for text in pd.read_parquet(path).text}
        number = int(before[-1].stem) + 1 if before else 0
        named = self._texts_to_label()
        if not named:
            raise InputError(
                f"{self.recipe.name}: all tweets of its [[unlabelled]] sources are held out for "
                "development or evaluation; name others"
            )
        texts = [text for text in named if text not in known]
        if self.recipe.tweets is not None:
            texts = texts[: max(0, self.recipe.tweets - len(known))]
        view = self._view(texts, shards / "view.npz")
        for start in range(0, len(texts), _SHARD):
            part = texts[start : start + _SHARD]
            probabilities, states = self._read(part, [named[text] for text in part])
            path = shards / f"{number + start // _SHARD:04}.parquet"
            with write_atomically(path.with_suffix(".npy")) as file:
                np.save(file, view(states))
            frame = pd.DataFrame({"text": part})
            frame[list(LABELS)] = probabilities.astype(np.float16)
            with write_atomically(path) as file:
                frame.to_parquet(file, index=False)
            yield len(known) + start + len(part), len(known) + len(texts)
        paths = sorted(shards.glob("*.parquet"))
        frames = [pd.read_parquet(path) for path in paths]
        views = [np.load(path.with_suffix(".npy")) for path in paths]
        with write_atomically(self.folder / SOFT_STATES) as file:
            np.save(file, np.concatenate(views))
        with write_atomically(self.labels) as file:
            pd.concat(frames).to_parquet(file, index=False)

    def _view(self, texts: Sequence[str], path: Path) -> View:
        """The directions in which the states of some of the texts differ most."""
        if not path.exists():
            view = View.of(self._read(texts[:_VIEWED])[1])
            with write_atomically(path) as file:
                np.savez(file, mean=view.mean, directions=view.directions)
        with np.load(path) as kept:
            return View(kept["mean"], kept["directions"])

    def _texts_to_label(self) -> dict[str, str]:
        """Each text once and the head that is to label it, if not the mixture.

        In an order that the seed decides: a part of them is a fair sample. A text of two sources is
        labelled as the first one's.
        """
        held_out = {_letters(text) for each in [*self.dev, *self.eval] for text in each[1]}
        texts: dict[str, str] = {}
        generator = np.random.default_rng(self.recipe.seed)
        for source in self.recipe.unlabelled:
            for text in texts_of(source, self._data, generator):
                texts.setdefault(text, source.head)
        kept = [text for text in texts if _letters(text) and _letters(text) not in held_out]
        return {kept[i]: texts[kept[i]] for i in generator.permutation(len(kept))}

    def figures(self) -> dict[str, dict[str, float]]:
        """Macro recall of the trained teacher on every set, kept in `metrics.json` as well."""
        figures = {"dev": self._recalls(self.dev), "eval": self._recalls(self.eval)}
        with write_atomically(self.folder / "metrics.json") as file:
            file.write(json.dumps(figures, indent=1).encode())
        return figures

    def _save(self) -> None:
        state = {
            "step": self._step,
            "optimizer": self._optimizer.state(),
            "records": [asdict(record) for record in self.records],
            "losses": self._losses,
        }
        with write_atomically(self.checkpoint) as file:
            torch.save(state, file)

    def _restore(self) -> None:
        with damage_told(self.checkpoint):
            state = torch.load(self.checkpoint, weights_only=True, map_location=self._device)
            self._step = state["step"]
            self._optimizer.restore(state["optimizer"])
            self.records = [Record(**record) for record in state["records"]]
            self._losses = list(state["losses"])


def _letters(text: str) -> str:
    """What is compared to find a text again: its letters and digits."""
    return "".join(char for char in text.lower() if char.isalnum())
