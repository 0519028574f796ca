"""Texts that a language model writes."""

from collections.abc import Sequence

import numpy as np

from positivity.model.engine_torch import load_network
from positivity.model.language_model import LanguageModel, sample
from positivity.model.registry import ModelDirectory


class Writer:
    """Writes with the language model of a directory, in float32 on the CPU."""

    def __init__(self, directory: ModelDirectory) -> None:
        network = load_network(directory)
        if not isinstance(network, LanguageModel):
            raise ValueError(f"{directory.path} is no language model")
        self._network = network
        self._normalizer, self._tokenizer = directory.normalizer(), directory.tokenizer()

    def write(self, prompt: str, *, length: int, temperature: float, seed: Sequence[int]) -> str:
        """The prompt, normalized, and at most `length` characters that follow.

        A space at the end of the prompt says that its last word is whole.
        """
        begun = self._normalizer.normalize(prompt)
        if begun and prompt[-1:].isspace():
            begun += " "
        (ids,) = self._tokenizer.encode_many([begun])
        written = sample(
            self._network,
            ids,
            length=length,
            temperature=temperature,
            generator=np.random.default_rng(list(seed)),
        )
        return begun + self._tokenizer.decode(written)
