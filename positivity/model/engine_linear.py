"""A linear classifier over a bag of words, in numpy: what networks have to beat."""

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from positivity.model.registry import WEIGHTS, ModelDirectory
from positivity.text.tokenizer import PAD

WORDS, BIAS = "words", "bias"  # the tensors


class LinearEngine:
    """Adds up what each different word of a tweet says for each class; their order is lost."""

    precision = "float32"
    same_in_any_batch = True
    texts_together = 6_000
    workers = 1
    batch_sizes: tuple[int, ...] = (4096,)

    def __init__(self, directory: ModelDirectory) -> None:
        tensors = load_file(directory.path / WEIGHTS)
        self._words = tensors[WORDS].astype(np.float32)  # [vocabulary, 3]
        self._bias = tensors[BIAS].astype(np.float32)  # [3]

    def logits(self, ids: NDArray[np.int64], lengths: NDArray[np.int64]) -> NDArray[np.float32]:
        """Logits [batch, 3] of padded ids [batch, time]."""
        ordered = np.sort(ids, axis=1)
        counts = ordered != PAD  # [batch, time]
        counts[:, 1:] &= ordered[:, 1:] != ordered[:, :-1]  # a word that comes twice says it once
        said = self._words[ordered] * counts[:, :, None]  # [batch, time, 3]
        return np.asarray(said.sum(axis=1) + self._bias, np.float32)
