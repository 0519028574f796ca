"""What a report on an account says of how much was read, and what more would bring and cost."""

from dataclasses import replace

import pytest

from positivity.account.report import Counts, Estimate, ReadTimeline, Verdict
from positivity.check.money import Prices
from positivity.check.notes import more_note
from tests.test_html import report

TIMELINE = ReadTimeline(
    *("someone", 800, 200, None, None),
    complete=False,
    capped=False,
    gaps=(),
    posts_bought=0,
    dollars=0.0,
)


def note(lasting: float) -> str:
    verdict = Verdict("not enough tweets", "undecided: …", None, undecided=True)
    shown = replace(
        report(), counts=Counts(200, 200, {}), net=Estimate(10, -30, 50), verdict=verdict
    )
    (sentence,) = more_note(shown, TIMELINE, Prices(0.005, 0.01), retweets=False, lasting=lasting)
    return sentence


@pytest.mark.parametrize(
    ("lasting", "said"),
    [
        (0.0, "600 older posts more would make that about ±20 (--all, at most $3.01)."),
        (0.5, "600 older posts more would make that about ±32 (--all, at most $3.01)."),
        (0.9, "600 older posts more would hardly narrow that."),
    ],
)
def test_what_the_classifier_leaves_in_doubt_is_not_sold(lasting: float, said: str) -> None:
    assert note(lasting) == f"From 200 counted tweets, net positivity is known to about ±40; {said}"
