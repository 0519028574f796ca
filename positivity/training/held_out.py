"""What must not be trained on: the tweets that a model is chosen, corrected and measured by."""

from collections.abc import Iterable, Iterator

_WORDS = 3  # of a run
_FEWEST = 2  # runs, below which a text is too short to tell what it was made of
_SHARE = 0.5  # of a text's runs that are of held-out tweets, from which it counts as made of them


class HeldOut:
    """The tweets that are held out, and the texts that were made of some of them.

    A teacher's texts are tweets with words replaced, parts of tweets, and tweets spliced
    (training/variants.py). Where it has learnt a tweet's label, its answer on such a relative tells
    that label. So those of the tweets that were held back from training must go, too.

    Args:
        texts: tweets, normalized, of which nothing was made.
        sources: others, of which texts may have been made.
    """

    def __init__(self, texts: Iterable[str], sources: Iterable[str] = ()) -> None:
        of_sources = set(sources)
        self._texts = of_sources.union(texts)
        self._runs = {run for text in of_sources for run in _runs(text)}

    def __contains__(self, text: str) -> bool:
        """Whether a normalized text is one of the tweets, or shares half of its runs of three words
        with the sources."""
        if text in self._texts:
            return True
        if not self._runs:
            return False
        runs = list(_runs(text))
        shared = sum(run in self._runs for run in runs)
        return len(runs) >= _FEWEST and shared >= _SHARE * len(runs)


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    words = text.split(" ")
    return zip(*(words[start:] for start in range(_WORDS)), strict=False)
