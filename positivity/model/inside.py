"""What a trained network does with the tokens of a text: gates, attention, gradients, neighbours.

All of it in float32 on the CPU, from the weights of a model, for texts that are encoded already.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from positivity.errors import UsageError
from positivity.model.cells import reach, unroll
from positivity.model.deepmoji import DeepMoji
from positivity.model.engine_torch import load_network
from positivity.model.language_model import END, LanguageModel
from positivity.model.network import Cell, NetworkConfig, RecurrentLayer, SentimentNetwork
from positivity.model.registry import ModelDirectory

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Activations:
    """The gates and values of one layer in one direction over a text, in the text's order."""

    cell: str  # elman, gru or lstm
    layer: int  # from 1
    direction: str
    gates: Mapping[str, Floats]  # name -> [tokens, hidden], 0..1
    values: Mapping[str, Floats]  # name -> [tokens, hidden], signed


@dataclass(frozen=True, slots=True)
class Pooled:
    """What each token gives to the vector that the classifier reads."""

    attention: Floats | None  # [tokens], adds up to 1; None for a network without attention
    # [tokens], the share of the states' numbers whose largest value is this token's; None for a
    # network that does not pool by the maximum.
    maximum: Floats | None


class Inside:
    """Looks into the network of one model.

    Raises:
        UsageError: the model's network is of another kind.
    """

    def __init__(self, directory: ModelDirectory) -> None:
        network = load_network(directory)
        if not isinstance(network, SentimentNetwork | DeepMoji | LanguageModel):
            raise UsageError(
                f"{directory.path}: is a {network.kind} network; what can be looked into are "
                "recurrent and deepmoji ones, and language models"
            )
        self._network = network
        # What the network reads before the first token of a text.
        self._before = [END] if isinstance(network, LanguageModel) else []

    @property
    def cell(self) -> Cell:
        """The kind of its cells."""
        return self._network.config.cell

    @property
    def layers(self) -> int:
        return self._network.config.layers

    @property
    def hidden_size(self) -> int:
        return self._network.config.hidden_size

    def activations(self, ids: Sequence[int], layer: int, direction: str) -> Activations:
        """The gates of a layer, counted from 1, at each token.

        Raises:
            UsageError: it has no such layer, or none in this direction.
        """
        cell = self._cell(layer, direction)
        inputs = self._inputs(ids, layer)
        backward = direction == "backward"
        found = unroll(cell, inputs.flip(0) if backward else inputs)

        def shown(tensors: Mapping[str, Tensor]) -> dict[str, Floats]:
            return {
                name: (each.flip(0) if backward else each)[len(self._before) :].numpy()
                for name, each in tensors.items()
            }

        return Activations(self.cell, layer, direction, shown(found.gates), shown(found.values))

    def pooled(self, ids: Sequence[int]) -> Pooled:
        """What each token gives to the classifier."""
        attention = maximum = None
        if isinstance(self._network, LanguageModel):
            return Pooled(attention, maximum)
        states = self._states(ids, self.layers)  # [tokens, states]
        if isinstance(self._network, DeepMoji):  # its attention sees what every layer has found
            below = [self._inputs(ids, layer) for layer in range(1, self.layers + 1)]
            states = torch.cat([*below, states], dim=1)
        if self._network.attention is not None:
            attention = self._network.attention(states).squeeze(1).softmax(dim=0).numpy()
        if "max" in self._network.config.pooling:
            winners = np.bincount(states.argmax(dim=0).numpy(), minlength=len(ids))
            maximum = (winners / states.shape[1]).astype(np.float32)
        return Pooled(attention, maximum)

    def reach(self, ids: Sequence[int]) -> NDArray[np.float64]:
        """`cells.reach` of the first layer, reading forward [tokens]."""
        return _reach(self._cell(1, "forward"), self._inputs(ids, 1))[: len(ids)]

    def untrained(self, cell: Cell, seed: int) -> "Untrained":
        """A layer of this network's size before any training, reading the same word vectors."""
        config = self._network.config
        reads = config.input_size if isinstance(config, NetworkConfig) else config.embedding_size
        sizes = (reads, self.hidden_size)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            layer = RecurrentLayer(*sizes, cell, bidirectional=False).requires_grad_(False)
        return Untrained(self._vectors, layer.forward_cell)

    def neighbours(self, ids: Sequence[int], most: int) -> list[tuple[int, float]]:
        """The ids whose vectors point most the same way as the mean of some, with the cosine."""
        vectors = nn.functional.normalize(self._network.embedding.weight, dim=1)
        mean = vectors[list(ids)].mean(dim=0)
        cosines = vectors @ nn.functional.normalize(mean, dim=0)
        cosines[[0, *ids]] = -2.0  # never the padding, nor the word itself
        best = cosines.topk(min(most, max(0, len(cosines) - len(set(ids)) - 1)))
        return list(zip(best.indices.tolist(), best.values.tolist(), strict=True))

    def _cell(self, layer: int, direction: str) -> nn.Module:
        if not 1 <= layer <= self.layers:
            raise UsageError(f"--layer {layer}: the network has {self.layers}, counted from 1")
        cell = getattr(self._network.layers[layer - 1], f"{direction}_cell")
        if cell is None:
            raise UsageError(f"--direction {direction}: the network reads forward only")
        assert isinstance(cell, nn.Module)
        return cell

    def _inputs(self, ids: Sequence[int], layer: int) -> Tensor:
        """What a layer reads [tokens, input]."""
        if layer > 1:
            return self._states(ids, layer - 1)
        return self._vectors(ids)

    def _vectors(self, ids: Sequence[int]) -> Tensor:
        """What the first layer reads [tokens, numbers]."""
        vectors = self._network.word_vectors(torch.tensor([[*self._before, *ids]]))[0]
        return vectors.tanh() if isinstance(self._network, DeepMoji) else vectors

    def _states(self, ids: Sequence[int], layers: int) -> Tensor:
        """The states of the layer of this number [tokens, hidden x directions]."""
        with torch.no_grad():
            states = self._vectors(ids)[None]
            for layer in self._network.layers[:layers]:
                states = layer(states, None)
            return torch.as_tensor(states[0])


class Untrained:
    """A cell with random weights, on the word vectors of a trained network."""

    def __init__(self, vectors: Callable[[Sequence[int]], Tensor], cell: nn.Module) -> None:
        self._vectors, self._cell = vectors, cell

    def reach(self, ids: Sequence[int]) -> NDArray[np.float64]:
        """`cells.reach` [tokens]."""
        return _reach(self._cell, self._vectors(ids))[: len(ids)]


def _reach(cell: nn.Module, inputs: Tensor) -> NDArray[np.float64]:
    return reach(cell, inputs).double().numpy()
