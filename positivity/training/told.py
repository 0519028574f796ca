"""What a trained model says of texts, for a smaller one to learn from."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from positivity.messages import say
from positivity.model.scorer import Scorer
from positivity.text.emojis import compile_table, without_emoji


def told_by(model: str, texts: Sequence[str], *, blind_to_emoji: bool) -> NDArray[np.float32]:
    """Probabilities [texts, 3] as the model's network gives them, before its temperature.

    A student is fitted a temperature of its own. What else is known of its texts, from people or
    from emoji, is joined to answers as sharp as those of a teacher, whatever labels them.

    Args:
        model: a name or a path.
        blind_to_emoji: what emoji say is joined to the answers afterwards: leave them out here.

    Raises:
        UsageError: there is no such model, or it does not classify.
        StateError: it is damaged.
    """
    scorer = Scorer.load(model)
    say(f"{scorer.config.name} labels {len(texts):,} texts")
    if blind_to_emoji:
        emoji = compile_table()
        texts = [without_emoji(text, emoji) for text in texts]
    sharp = scorer.score(texts).astype(np.float64) ** scorer.config.temperature
    return np.asarray(sharp / sharp.sum(axis=1, keepdims=True), np.float32)
