"""Praise that a mark takes back.

Tweets that say "#not" or "/s" of themselves are what corpora of sarcasm were gathered by
(Liebrecht, Kunneman and van den Bosch 2013, "The perfect solution for detecting sarcasm in tweets
#not"). They are rare, and an encoder that reads words calls them praise.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from positivity.text.normalize import Normalizer

_AFTER = ("/s", "#sarcasm", "#not", "#sarcastic", "🙄", "🙄🙄", "😒", "yeah right", "...not")
_BEFORE = ("yeah,", "oh yeah,", "oh sure,", "wow,")  # together with one of those after
_LEAST_PRAISE = 0.8  # probability of positive
_TAKEN_BACK = (0.75, 0.15, 0.1)  # of the three classes: marks, too, are sometimes meant well


def taken_back(
    texts: Sequence[str],
    targets: NDArray[np.float32],
    share: float,
    normalizer: Normalizer,
    generator: np.random.Generator,
) -> tuple[list[str], NDArray[np.float32]]:
    """A share of the normalized texts that praise, once more with a mark, and their targets."""
    praise = targets[:, 2] >= _LEAST_PRAISE
    rows = np.flatnonzero(praise & (generator.random(len(texts)) < share))
    marks = [normalizer.normalize(mark) for mark in _AFTER]
    openings = ["", "", "", *(f"{normalizer.normalize(each)} " for each in _BEFORE)]
    marked = [
        f"{openings[opening]}{texts[row]} {marks[mark]}"
        for row, mark, opening in zip(
            rows.tolist(),
            generator.integers(len(marks), size=len(rows)).tolist(),
            generator.integers(len(openings), size=len(rows)).tolist(),
            strict=True,
        )
    ]
    return marked, np.tile(np.array(_TAKEN_BACK, np.float32), (len(rows), 1))
