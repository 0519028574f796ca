"""The training loop: a generator of records. Printing, plotting and saving are the caller's."""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, Generic

import numpy as np
import torch
from torch import Tensor, nn

from positivity.errors import InputError, StateError
from positivity.files import write_atomically
from positivity.training.recipe import TrainingRecipe
from positivity.training.stages import HEAD, Stage, layer_of, stages_of
from positivity.training.task import BatchT, NetworkT, Task

_TOLD_EVERY = 20  # steps
_SAVED_EVERY = 120.0  # seconds, at most: what a stop may cost, where the looks are far apart
# What torch raises for files that are no whole checkpoint: of some parts it seeks a place before
# their beginning, which the system calls an invalid argument.
_DAMAGE = (
    *(RuntimeError, UnpicklingError, EOFError, LookupError, TypeError, ValueError),
    *(AttributeError, OSError),
)


@dataclass(frozen=True, slots=True)
class Record:
    """One look at the model while it trains."""

    step: int
    steps: int  # in all
    epoch: int
    loss: float  # mean of the steps since the last record
    learning_rate: float
    recalls: dict[str, float]  # macro recall of each development set, or the task's own measure
    best: bool  # the best mean so far

    @property
    def recall(self) -> float:
        return float(np.mean(list(self.recalls.values())))


@dataclass(frozen=True, slots=True)
class Step:
    """How far training is, between the looks."""

    step: int
    steps: int
    loss: float
    saved: bool = False  # its checkpoint was just written


class Trainer(Generic[NetworkT, BatchT]):
    """Trains a network at a task.

    Stopped and resumed from its checkpoint, it goes on as if it had not been.
    """

    def __init__(
        self,
        network: NetworkT,
        task: Task[NetworkT, BatchT],
        recipe: TrainingRecipe,
        seed: int,
    ) -> None:
        self.network, self.task = network, task
        self.averaged = _copy(network)
        self.kept = _copy(network)
        self.records: list[Record] = []
        self._recipe, self._seed = recipe, seed
        self._device = next(network.parameters()).device
        self._step = 0
        self._losses: list[Tensor] = []  # since the last record
        self._per_epoch = math.ceil(len(task) / recipe.batch_size)
        self._stages = stages_of(recipe, network)
        self.steps = self._per_epoch * sum(stage.epochs for stage in self._stages)
        self._evaluate_every = max(1, self._per_epoch // recipe.evaluations)
        decayed = [p for p in network.parameters() if p.ndim > 1]
        rest = [p for p in network.parameters() if p.ndim <= 1]
        groups: list[dict[str, Any]] = [{"params": decayed}, {"params": rest, "weight_decay": 0.0}]
        self.helper = task.helper(network)
        if self.helper is not None:
            self.helper.to(self._device)
            groups.append({"params": list(self.helper.parameters())})
        self._optimizer = torch.optim.AdamW(
            groups,
            lr=recipe.learning_rate,
            weight_decay=recipe.weight_decay,
        )

    def begin_with(self, pretrained: NetworkT) -> None:
        """Takes over what a network of the same layers has learnt, but for its last layers."""
        learnt = {
            name: tensor
            for name, tensor in pretrained.state_dict().items()
            if layer_of(name) != HEAD
        }
        for network in (self.network, self.averaged, self.kept):
            network.load_state_dict({**network.state_dict(), **learnt})

    def run(self, *, checkpoint: Path | None = None) -> Iterator[Step | Record]:
        """Trains to the end: a step now and then, and a record at each look at the development
        sets. A checkpoint is written just before each record, and between two far apart."""
        done = epoch = 0
        saved = time.monotonic()
        for stage in self._stages:
            first, last = done, done + stage.epochs * self._per_epoch
            if self._step <= first > 0:  # the stage before has ended: its best goes on
                self._take_kept()
            stage.thaw(self.network)
            for _ in range(stage.epochs):
                for batch in self.task.batches(self._recipe.batch_size, (self._seed, epoch)):
                    done += 1
                    if done <= self._step:  # trained before the checkpoint
                        continue
                    self._losses.append(self._train_step(batch, self._rate(stage, first, last)))
                    self._step = done
                    looks = done % self._evaluate_every == 0 or done == last
                    if looks:
                        self._look(epoch, self._rate(stage, first, last))
                    saves = looks or time.monotonic() - saved >= _SAVED_EVERY
                    if saves:
                        if checkpoint is not None:
                            self.save(checkpoint)
                        saved = time.monotonic()
                    if looks:
                        yield self.records[-1]
                    elif saves or done % _TOLD_EVERY == 0:
                        yield Step(done, self.steps, float(self._losses[-1]), saves)
                epoch += 1

    def _take_kept(self) -> None:
        self.network.load_state_dict(self.kept.state_dict())
        self.averaged.load_state_dict(self.kept.state_dict())

    def _train_step(self, batch: BatchT, rate: float) -> Tensor:
        self.network.train()
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        # Random numbers of each step follow from the seed and the step: resuming changes none.
        torch.manual_seed(self._seed * 1_000_003 + self._step)
        loss = self.task.loss(self.network, batch, self.helper)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), self._recipe.clip)
        self._optimizer.step()
        self._average()
        return loss.detach()

    def _rate(self, stage: Stage, first: int, last: int) -> float:
        """Linear warm-up, then half a cosine to zero, or the same to the end of the stage."""
        step, steps = self._step - first, last - first
        warmup = max(1, int(self._recipe.warmup * steps))
        if step < warmup:
            return stage.learning_rate * (step + 1) / warmup
        if self._recipe.schedule == "constant":
            return stage.learning_rate
        progress = (step - warmup) / max(1, steps - warmup)
        return stage.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))

    @torch.no_grad()
    def _average(self) -> None:
        # Early on a short memory, so that the first random weights are soon forgotten.
        decay = min(self._recipe.averaging, (1 + self._step) / (10 + self._step))
        if not self._recipe.averaging:
            decay = 0.0
        for mean, new in zip(self.averaged.parameters(), self.network.parameters(), strict=True):
            mean.lerp_(new, 1 - decay)

    @property
    def has_ended(self) -> bool:
        """Whether all steps are done."""
        return self._step >= self.steps

    def _look(self, epoch: int, rate: float) -> None:
        loss = float(torch.stack(self._losses).mean())
        if not math.isfinite(loss):
            raise InputError(diverged(self._step))
        recalls = self.task.scores(self.averaged)
        mean = float(np.mean(list(recalls.values())))
        best = all(mean > record.recall for record in self.records)
        if best or self._recipe.keep_last:
            self.kept.load_state_dict(self.averaged.state_dict())
        self.records.append(Record(self._step, self.steps, epoch + 1, loss, rate, recalls, best))
        self._losses.clear()

    def save(self, path: Path) -> None:
        """Writes all that `restore` needs."""
        state = {
            "step": self._step,
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "best": self.kept.state_dict(),
            "optimizer": self._optimizer.state_dict(),
            "helper": self.helper.state_dict() if self.helper is not None else None,
            "records": [asdict(record) for record in self.records],
            "losses": [float(loss) for loss in self._losses],
        }
        with write_atomically(path) as file:
            torch.save(state, file)

    def restore(self, path: Path) -> None:
        """Goes on from a checkpoint that `save` wrote for the same recipe and data.

        Raises:
            StateError: it cannot be read.
        """
        with damage_told(path):
            self._restore(torch.load(path, weights_only=True, map_location=self._device))

    def _restore(self, state: Mapping[str, Any]) -> None:
        self._step = state["step"]
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.kept.load_state_dict(state["best"])
        if self.helper is not None:
            self.helper.load_state_dict(state["helper"])
        self._optimizer.load_state_dict(state["optimizer"])
        self.records = [Record(**record) for record in state["records"]]
        self._losses = list(torch.tensor(state["losses"], device=self._device))


@contextmanager
def damage_told(checkpoint: Path) -> Iterator[None]:
    """Says of a checkpoint that is read in the block what is wrong with it.

    Raises:
        StateError: it cannot be read.
    """
    try:
        yield
    except PermissionError as error:
        raise StateError(
            f"{checkpoint}: cannot be read ({error.strerror}); make it readable, or begin again in "
            "another folder"
        ) from None
    except _DAMAGE:
        raise StateError(
            f"{checkpoint}: damaged, or not written by this training; remove it to begin again"
        ) from None


def diverged(step: int) -> str:
    """What is said where the numbers of a network have grown beyond all bounds."""
    return (
        f"training has diverged by step {step:,}: its numbers have grown too large. A smaller "
        "learning_rate helps; remove the folder of the run to begin again"
    )


def _copy(network: NetworkT) -> NetworkT:
    copy = type(network)(network.config).to(next(network.parameters()).device)
    copy.load_state_dict(network.state_dict())
    return copy.requires_grad_(False).eval()
