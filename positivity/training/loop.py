"""The training loop: a generator of records. Printing, plotting and saving are the caller's."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from positivity.evaluation import evaluate
from positivity.files import write_atomically
from positivity.model.engine_torch import bfloat16_is_fast
from positivity.model.network import SentimentNetwork
from positivity.text.tokenizer import UNKNOWN
from positivity.training.datasets import Batch, Examples, batches
from positivity.training.recipe import TrainingRecipe

_TOLD_EVERY = 20  # steps


@dataclass(frozen=True, slots=True)
class Encoded:
    """A development set as ids."""

    name: str
    ids: list[list[int]]
    gold: np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Record:
    """One look at the model while it trains."""

    step: int
    steps: int  # in all
    epoch: int
    loss: float  # mean of the steps since the last record
    learning_rate: float
    recalls: dict[str, float]  # macro recall of each development set
    best: bool  # the best mean recall so far

    @property
    def recall(self) -> float:
        return float(np.mean(list(self.recalls.values())))


@dataclass(frozen=True, slots=True)
class Step:
    """How far training is, between the looks."""

    step: int
    steps: int
    loss: float


class Trainer:
    """Trains a network; stopped and resumed from its checkpoint, it goes on as if it had not been.

    Trained with the prior of each source added to the logits (logit adjustment, Menon et al. 2021),
    the network learns what the words say, not how common a class was where they were gathered.
    """

    def __init__(
        self,
        network: SentimentNetwork,
        examples: Examples,
        dev: list[Encoded],
        recipe: TrainingRecipe,
        seed: int,
    ) -> None:
        self.network = network
        self.averaged = _copy(network)
        self.best = _copy(network)
        self.records: list[Record] = []
        self.examples, self._dev, self._recipe, self._seed = examples, dev, recipe, seed
        self._device = next(network.parameters()).device
        # The weights stay in float32; what is computed from them is quicker, and exact enough.
        self._quick = bfloat16_is_fast(self._device)
        self._step = 0
        per_epoch = math.ceil(len(examples) / recipe.batch_size)
        self.steps = per_epoch * recipe.epochs
        self._evaluate_every = max(1, per_epoch // recipe.evaluations)
        decayed = [p for p in network.parameters() if p.ndim > 1]
        rest = [p for p in network.parameters() if p.ndim <= 1]
        groups: list[dict[str, Any]] = [{"params": decayed}, {"params": rest, "weight_decay": 0.0}]
        self._hints = self._hint_layer()
        if self._hints is not None:
            groups.append({"params": list(self._hints.parameters())})
        self._optimizer = torch.optim.AdamW(
            groups,
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
        )

    def _hint_layer(self) -> nn.Linear | None:
        """Tells from the pooled states what the teacher made of a text; only for training."""
        numbers = self.examples.states.shape[1]
        if not self._recipe.hints or not numbers:
            return None
        return nn.Linear(self.network.pooled_size, numbers).to(self._device)

    def run(self, *, checkpoint: Path | None = None) -> Iterator[Step | Record]:
        """Trains to the end: a step now and then, and a record at each look at the development
        sets, just after its checkpoint was written."""
        done = 0
        losses: list[Tensor] = []
        for epoch in range(self._recipe.epochs):
            for batch in batches(self.examples, self._recipe.batch_size, (self._seed, epoch)):
                done += 1
                if done <= self._step:  # trained before the checkpoint
                    continue
                losses.append(self._train_step(batch))
                self._step = done
                if done % self._evaluate_every == 0 or done == self.steps:
                    record = self._look(epoch, float(torch.stack(losses).mean()))
                    losses.clear()
                    if checkpoint is not None:
                        self.save(checkpoint)
                    yield record
                elif done % _TOLD_EVERY == 0:
                    yield Step(done, self.steps, float(losses[-1]))

    def _train_step(self, batch: Batch) -> Tensor:
        self.network.train()
        rate = self._learning_rate()
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        # Random numbers of each step follow from the seed and the step: resuming changes none.
        torch.manual_seed(self._seed * 1_000_003 + self._step)
        ids = torch.from_numpy(batch.ids).to(self._device)
        lengths = torch.from_numpy(batch.lengths).to(self._device)
        ids = _drop_words(ids, self._recipe.word_dropout)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._quick):
            pooled = self.network.pooled(ids, lengths)
            logits = self.network.mlp(pooled).float()
        logits = logits + torch.from_numpy(batch.log_priors).to(self._device)
        targets = torch.from_numpy(batch.targets).to(self._device)
        weights = torch.from_numpy(batch.weights).to(self._device)
        losses = nn.functional.cross_entropy(logits, targets, reduction="none")  # [batch]
        loss = (losses * weights).sum() / weights.sum()
        if self._hints is not None:
            loss = loss + self._recipe.hints * self._hint_loss(pooled, weights, batch)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), self._recipe.clip)
        self._optimizer.step()
        self._average()
        return loss.detach()

    def _hint_loss(self, pooled: Tensor, weights: Tensor, batch: Batch) -> Tensor:
        """The mean square by which the teacher's states are missed, 1 for knowing nothing."""
        assert self._hints is not None
        rows = torch.from_numpy(batch.with_state).to(self._device)
        states = torch.from_numpy(batch.states).to(self._device)
        with torch.autocast(self._device.type, torch.bfloat16, enabled=self._quick):
            told = self._hints(pooled[rows])
        missed = (told.float() - states).square().mean(dim=1)  # [those with a state]
        loss: Tensor = (missed * weights[rows]).sum() / weights.sum()
        return loss

    def _learning_rate(self) -> float:
        """Linear warm-up, then half a cosine to zero."""
        warmup = max(1, int(self._recipe.warmup * self.steps))
        if self._step < warmup:
            return self._recipe.learning_rate * (self._step + 1) / warmup
        progress = (self._step - warmup) / max(1, self.steps - warmup)
        return self._recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))

    @torch.no_grad()
    def _average(self) -> None:
        # Early on a short memory, so that the first random weights are soon forgotten.
        decay = min(self._recipe.averaging, (1 + self._step) / (10 + self._step))
        if not self._recipe.averaging:
            decay = 0.0
        for mean, new in zip(self.averaged.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(new, 1 - decay)

    def _look(self, epoch: int, loss: float) -> Record:
        recalls = {}
        for each in self._dev:
            probabilities = predict(self.averaged, each.ids).softmax(dim=1).cpu().numpy()
            recalls[each.name] = evaluate(probabilities, each.gold).macro_recall
        mean = float(np.mean(list(recalls.values())))
        best = all(mean > record.recall for record in self.records)
        if best:
            self.best.load_state_dict(self.averaged.state_dict())
        record = Record(
            self._step, self.steps, epoch + 1, loss, self._learning_rate(), recalls, best
        )
        self.records.append(record)
        return record

    def save(self, path: Path) -> None:
        """Writes all that `restore` needs."""
        state = {
            "step": self._step,
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "best": self.best.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "hints": self._hints.state_dict() if self._hints is not None else None,
            "records": [asdict(record) for record in self.records],
        }
        with write_atomically(path) as file:
            torch.save(state, file)

    def restore(self, path: Path) -> None:
        """Goes on from a checkpoint that `save` wrote for the same recipe and data."""
        state: Mapping[str, Any] = torch.load(path, weights_only=True, map_location=self._device)
        self._step = state["step"]
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.best.load_state_dict(state["best"])
        if self._hints is not None:
            self._hints.load_state_dict(state["hints"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.records = [Record(**record) for record in state["records"]]


def _copy(network: SentimentNetwork) -> SentimentNetwork:
    copy = SentimentNetwork(network.config).to(next(network.parameters()).device)
    copy.load_state_dict(network.state_dict())
    return copy.requires_grad_(False).eval()


def _drop_words(ids: Tensor, share: float) -> Tensor:
    """Makes a share of the tokens unknown, never the padding."""
    if not share:
        return ids
    dropped = (torch.rand(ids.shape, device=ids.device) < share) & (ids != 0)
    return ids.masked_fill(dropped, UNKNOWN)


@torch.inference_mode()
def predict(network: SentimentNetwork, ids: list[list[int]], batch_size: int = 256) -> Tensor:
    """Logits [tweets, 3] of tweets of any lengths, in the order given."""
    device = next(network.parameters()).device
    order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
    logits = torch.empty(len(ids), network.config.classes)
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        lengths = torch.tensor([max(1, len(ids[row])) for row in rows])
        padded = torch.zeros(len(rows), int(lengths.max()), dtype=torch.long)
        for i, row in enumerate(rows):
            padded[i, : len(ids[row])] = torch.tensor(ids[row], dtype=torch.long)
        logits[rows] = network(padded.to(device), lengths.to(device)).cpu()
    return logits
