"""What a network is trained to do: its batches, its loss, and the score that the best is chosen by.

The loop (`training/loop.py`) trains any network at any task; a `Run` gives it the task that the
network's kind is for.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

import torch
from torch import Tensor, nn

from positivity.model.engine_torch import bfloat16_is_fast
from positivity.model.network import Network
from positivity.model.registry import ModelDirectory
from positivity.text.normalize import Normalizer

NetworkT = TypeVar("NetworkT", bound=Network)
BatchT = TypeVar("BatchT")


class Task(ABC, Generic[NetworkT, BatchT]):
    """What the loop needs to know of a task."""

    measure: ClassVar[str]  # what `scores` are

    @abstractmethod
    def __len__(self) -> int:
        """How many examples an epoch has."""

    @abstractmethod
    def batches(self, size: int, seed: Sequence[int]) -> Iterator[BatchT]:
        """All examples once, in an order that the seed alone decides."""

    def helper(self, network: NetworkT) -> nn.Module | None:
        """What is trained beside the network and is no part of it; None where nothing is."""
        return None

    @abstractmethod
    def loss(self, network: NetworkT, batch: BatchT, helper: nn.Module | None) -> Tensor:
        """The loss of a batch, to be differentiated."""

    @abstractmethod
    def scores(self, network: NetworkT) -> dict[str, float]:
        """The score on each development set; the higher, the better."""


class ModelTask(Task[NetworkT, BatchT]):
    """A task whose best network becomes a model directory."""

    def reader(self, normalizer: Normalizer) -> Normalizer:
        """What normalizes tweets for the model, given what does for training."""
        return normalizer

    def temperature(self, network: NetworkT) -> float:
        """What the network's logits are divided by before they become probabilities."""
        return 1.0

    def files(self, network: NetworkT, temperature: float) -> Mapping[str, bytes]:
        """What belongs in the model directory beside config, weights, tokenizer and tables."""
        return {}

    @abstractmethod
    def figures(self, model: ModelDirectory) -> dict[str, Any]:
        """What is measured of the model as it is on disk, for `metrics.json`."""

    @abstractmethod
    def figures_table(self, figures: Mapping[str, Any]) -> str:
        """The figures in Markdown, for the model card."""

    def finished(self, model: ModelDirectory) -> str | None:
        """Adds to the saved model what is made from it; returns a line on that, if there is one."""
        return None


def in_bfloat16(device: torch.device) -> torch.autocast:
    """Computes in bfloat16 where that is quicker: exact enough for what weights in float32 give."""
    return torch.autocast(device.type, torch.bfloat16, enabled=bfloat16_is_fast(device))
