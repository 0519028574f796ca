"""Integrated gradients on the embeddings (Sundararajan, Taly and Yan 2017): which token did what.

Attributions add up to the score less the score of a baseline. The baseline is the text with the
vector of padding, all zeros, in the place of every token: as long, and with nothing in it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from positivity.model.engine_torch import load_classifier
from positivity.model.registry import ModelDirectory
from positivity.model.scorer import windows_of
from positivity.text.tokenizer import TOKENIZERS

_GAP = 0.004  # half as much again is the most that a text's attributions may miss in their sum
_STEPS = 32
_MOST_HALVINGS = 6  # of a step
_TOGETHER = 2048  # tokens of a batch of steps


@dataclass(frozen=True, slots=True)
class Attribution:
    """What each token of a text did to its score: `tokens` adds up to `score - baseline`."""

    tokens: NDArray[np.float64]  # [tokens]
    score: float  # positive minus negative, -1..1, in float32 whatever the engine
    baseline: float  # the same of the empty text of this length


class IntegratedGradients:
    """Attributes scores to tokens, with the weights of a model and in float32 on the CPU."""

    def __init__(self, directory: ModelDirectory) -> None:
        self._network = load_classifier(directory)
        self._labels = directory.config.labels
        self._window_size: int = TOKENIZERS[directory.config.tokenizer].window
        self._temperature = directory.config.temperature

    def attribute(self, ids: Sequence[int]) -> Attribution:
        """The attribution of one text's ids; a text longer than a window is the mean of some."""
        if not len(ids):
            return Attribution(np.zeros(0), 0.0, 0.0)
        windows = windows_of(ids, self._window_size)
        parts = [(len(window) / len(ids), self._window(window)) for window in windows]
        return Attribution(
            np.concatenate([share * part.tokens for share, part in parts]),
            sum(share * part.score for share, part in parts),
            sum(share * part.baseline for share, part in parts),
        )

    def _window(self, ids: Sequence[int]) -> Attribution:
        row = torch.tensor([list(ids)])
        # A pair's part stands with its second token, which it is laid to.
        vectors = self._network.word_vectors(row)[0]  # [tokens, numbers]
        path = _Path(partial(self._scores, row), vectors)
        starts = torch.arange(_STEPS, dtype=torch.float64) / _STEPS
        tokens = torch.zeros(len(ids), dtype=torch.float64)
        for halvings in range(_MOST_HALVINGS + 1):
            width = 1 / (_STEPS * 2**halvings)
            by_token = path.slopes(starts + width / 2) * width  # [steps, tokens]
            rise = path.scores(starts + width) - path.scores(starts)
            # A step is done when its tokens tell how much the score rises in it; the rest is cut in
            # two. For pooling and the MLP have edges, and near nothing a score can change fast.
            missing = rise - by_token.sum(dim=1)
            done = missing.abs() <= _GAP * width
            if float(missing[~done].abs().sum()) <= _GAP / 2:
                done[:] = True
            elif halvings == _MOST_HALVINGS:
                # A jump, as long repetitions have: it is shared as the slope before it is.
                sizes = by_token.abs() + 1e-12
                by_token += missing[:, None] * sizes / sizes.sum(dim=1, keepdim=True)
                done[:] = True
            tokens += by_token[done].sum(dim=0)
            starts = torch.cat([starts[~done], starts[~done] + width / 2])
            if not len(starts):
                break
        baseline, score = path.scores(torch.tensor([0.0, 1.0], dtype=torch.float64)).tolist()
        return Attribution(tokens.numpy(), score, baseline)

    def _scores(self, row: Tensor, vectors: Tensor) -> Tensor:
        """Positive minus negative [batch] of vectors [batch, tokens, numbers] of one row's ids
        [1, tokens]."""
        ids = row.expand(len(vectors), -1)
        logits = self._network.mlp(self._network.pooled_vectors(vectors, ids=ids))
        probabilities = (logits / self._temperature).softmax(dim=1)
        negative, positive = self._labels.index("negative"), self._labels.index("positive")
        return torch.as_tensor(probabilities[:, positive] - probabilities[:, negative])


class _Path:
    """The straight way from nothing (0) to a text's vectors (1)."""

    def __init__(self, scores: Callable[[Tensor], Tensor], vectors: Tensor) -> None:
        self._scores, self._vectors = scores, vectors
        self._together = max(1, _TOGETHER // len(vectors))

    def scores(self, places: Tensor) -> Tensor:
        """The scores [n] at places [n]."""
        with torch.no_grad():
            return torch.cat([self._scores(self._at(some)).double() for some in self._few(places)])

    def slopes(self, places: Tensor) -> Tensor:
        """What each token does to the score's slope [n, tokens] at places [n]."""
        found = []
        for some in self._few(places):
            inputs = self._at(some).requires_grad_()
            (gradient,) = torch.autograd.grad(self._scores(inputs).sum(), inputs)
            found.append((gradient * self._vectors).sum(dim=2).double())
        return torch.cat(found)

    def _at(self, places: Tensor) -> Tensor:
        return places.float()[:, None, None] * self._vectors

    def _few(self, places: Tensor) -> Sequence[Tensor]:
        return torch.split(places, self._together)
