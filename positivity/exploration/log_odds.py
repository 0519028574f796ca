"""Which words go with a label: log-odds with an informative Dirichlet prior.

Monroe, Colaresi and Quinn (2008), "Fightin' words: lexical feature selection and evaluation for
identifying the content of political conflict", equations 16, 18, 20 and 22. The prior is the
frequency of each word in all of the data: what is common is not taken for telling, and what is rare
has to occur more than by chance.
"""

import math
from collections.abc import Mapping

from positivity.exploration.findings import TiedWord

PRIOR = 0.1  # tokens of the prior for each token of the data
LEAST = 1.96  # standard deviations; what is tied by less may be so by chance
_RARE = 5  # tokens; fewer say nothing


def tied_words(
    inside: Mapping[str, int], everything: Mapping[str, int], most: int
) -> tuple[TiedWord, ...]:
    """The words that go with a label, the most tied first.

    Args:
        inside: tokens of each word in the tweets of the label.
        everything: the same in all tweets with a label.
    """
    total, within = sum(everything.values()), sum(inside.values())
    without = total - within
    if not within or not without:
        return ()
    prior_total = PRIOR * total
    found = []
    for word, count in inside.items():
        overall = everything[word]
        if overall < _RARE:
            continue
        prior = PRIOR * overall
        here, there = count + prior, overall - count + prior
        odds = math.log(here / (within + prior_total - here))
        other = math.log(there / (without + prior_total - there))
        z = (odds - other) / math.sqrt(1 / here + 1 / there)
        if z >= LEAST:
            found.append(TiedWord(word, round(z, 2), count, overall - count))
    found.sort(key=lambda each: (-each.z, each.word))
    return tuple(found[:most])
