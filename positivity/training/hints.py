"""What a student sees of the states of its teacher's encoder (Romero et al. 2015, "FitNets")."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_NUMBERS = 128  # of a state that a student sees


@dataclass(frozen=True, slots=True)
class View:
    """The encoder's states brought down to the directions in which they differ most.

    Directions of little spread are raised, so that more than the first few count; the numbers have
    a mean of 0 and a mean square of 1.
    """

    mean: NDArray[np.float32]  # [hidden]
    directions: NDArray[np.float32]  # [hidden, numbers]

    @classmethod
    def of(cls, states: NDArray[np.float32]) -> "View":
        mean = states.mean(axis=0)
        _, spread, found = np.linalg.svd((states - mean).astype(np.float64), full_matrices=False)
        numbers = min(_NUMBERS, len(found))
        directions = found[:numbers].T / spread[:numbers] ** 0.5
        size = np.sqrt(np.mean(((states - mean) @ directions) ** 2))
        return cls(mean, (directions / size).astype(np.float32))

    def __call__(self, states: NDArray[np.float32]) -> NDArray[np.float16]:
        return np.asarray((states - self.mean) @ self.directions, np.float16)
