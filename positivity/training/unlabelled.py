"""The texts that a teacher, or a trained model, is to label."""

from dataclasses import replace

import numpy as np

from positivity.training.labelled import Data
from positivity.training.likeness import most_alike
from positivity.training.recipe import Source
from positivity.training.variants import MAKERS


def texts_of(source: Source, data: Data, generator: np.random.Generator) -> list[str]:
    """The texts of a source, those that are most like another's, or what is made from each.

    Raises:
        InputError: a source cannot be read.
    """
    texts = _read(source, data)
    if not source.made_into:
        return texts
    make = MAKERS[source.made_into]
    return [text for _ in range(source.times) for text in make(texts, generator)]


def _read(source: Source, data: Data) -> list[str]:
    if source.like is None:
        return data.read(source).texts
    texts = data.read(replace(source, sample=None)).texts
    reference = data.read(source.like).texts
    rows = most_alike(texts, reference, source.sample or len(texts))
    return [texts[row] for row in rows]
