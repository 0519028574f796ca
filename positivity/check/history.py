"""The past of an account: its verdicts, day by day and by one model, and what the last check did.

All that is compared was scored by one model, so that a new model looks like no change of mood. What
was known at an earlier check is told from the store, which numbers the checks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from positivity.account.quantify import NEGATIVE, NEUTRAL, POSITIVE
from positivity.account.report import Past, Report, StrongTweet
from positivity.account.tally import labels_of
from positivity.check.money import Prices
from positivity.check.scoring import Question, StoreAnalyzer, past_of
from positivity.store import KeptReport, Store, StoredAccount

_OF_MODEL = ("model", "normalizer")  # keys of a kept question that are about the model
_SHOWN = 5  # tweets
_FREE = Prices(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class History:
    """The line of an account's verdicts by one model, oldest first."""

    subject: str
    model: str
    past: tuple[Past, ...]
    by_others: int  # days whose reports were made by other models only
    other_question: dict[str, Any] | None = None  # the last that was asked, if this one never was


@dataclass(frozen=True, slots=True)
class Labelled:
    """How many tweets have which label; counted as the model gives them, not corrected."""

    negative: int
    neutral: int
    positive: int

    @property
    def all(self) -> int:
        return self.negative + self.neutral + self.positive


@dataclass(frozen=True, slots=True)
class LastCheck:
    """What the last check of an account changed."""

    subject: str
    since: datetime | None  # when the check before it ended
    before: Report
    now: Report
    new: Labelled  # counted tweets that were read since
    tweets: tuple[StrongTweet, ...]  # those of them that moved the net most, to where it went


def history(
    store: Store,
    analyzer: StoreAnalyzer,
    account: StoredAccount,
    question: Question,
    *,
    rescore: bool = False,
) -> History:
    """The verdicts on a question by the analyzer's model.

    Args:
        rescore: let this model also judge the days of others, by the tweets that were there then
            and still are; that is kept.
    """
    asked = analyzer.asked(question)
    own = store.reports.get(account.id, asked)
    others = _days_of_others(store, account, asked, own)
    if rescore:
        for kept in others:
            if kept.number:
                report = analyzer.judged(account, question, kept.number)
                with store.database.transaction():
                    store.accounts.get(account.id)  # another run may have forgotten it meanwhile
                    analyzer.put(account, question, report, kept.day, kept.number)
        own = store.reports.get(account.id, asked)
        others = _days_of_others(store, account, asked, own)
    return History(
        f"@{account.handle}",
        analyzer.model,
        tuple(past_of(kept) for kept in own),
        len(others),
        None if own or others else _last_question(store, account),
    )


def _last_question(store: Store, account: StoredAccount) -> dict[str, Any] | None:
    kept = store.reports.all(account.id)
    return kept[-1].question if kept else None


def _days_of_others(
    store: Store, account: StoredAccount, asked: dict[str, object], own: Sequence[KeptReport]
) -> list[KeptReport]:
    """The last report of each day that has none by this model."""
    plain = _without_model(asked)
    days = {kept.day for kept in own}
    found = {
        kept.day: kept
        for kept in store.reports.all(account.id)
        if kept.day not in days and _without_model(kept.question) == plain
    }
    return list(found.values())


def _without_model(question: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in question.items() if key not in _OF_MODEL}


def last_check(
    store: Store, analyzer: StoreAnalyzer, account: StoredAccount, question: Question
) -> LastCheck | None:
    """What the last check changed; None when there was none before it."""
    last = store.checks.last(account.id)
    if last < 2:
        return None
    before = analyzer.judged(account, question, last - 1)
    now = analyzer.report(account, question, _FREE)
    new, tweets = _new_tweets(analyzer, account, question, last, _direction(before, now))
    return LastCheck(
        f"@{account.handle}",
        store.checks.time_of(account.id, last - 1),
        before,
        now,
        new,
        tweets,
    )


def _direction(before: Report, now: Report) -> int:
    """Where the net went: 1, -1, or 0 when it did not move or is not known."""
    if before.net is None or now.net is None:
        return 0
    return (now.net.value > before.net.value) - (now.net.value < before.net.value)


def _new_tweets(
    analyzer: StoreAnalyzer, account: StoredAccount, question: Question, last: int, direction: int
) -> tuple[Labelled, tuple[StrongTweet, ...]]:
    """What was read since the check before the last: the labels, and the strongest tweets."""
    counts = [0, 0, 0]
    found: list[StrongTweet] = []
    since = range(last - 1, last + 1)  # also what came after it, in a check that failed
    for batch, probabilities, left_out in analyzer.scored(account, question, since):
        rows = [row for row, why in enumerate(left_out) if why is None]
        if not rows:
            continue
        for label in labels_of(probabilities[rows].astype(float)).tolist():
            counts[label] += 1
        times, ids = batch.column("created_at").to_pylist(), batch.column("id").to_pylist()
        texts = batch.column("text").to_pylist()
        for row in rows:
            moment = times[row]
            local = None if moment is None else moment.astimezone(question.zone).isoformat()
            score = float(probabilities[row, POSITIVE] - probabilities[row, NEGATIVE])
            found.append(StrongTweet(ids[row], local, account.handle, texts[row], round(score, 4)))
    labelled = Labelled(counts[NEGATIVE], counts[NEUTRAL], counts[POSITIVE])

    def weight(tweet: StrongTweet) -> float:
        return direction * tweet.score if direction else abs(tweet.score)

    strongest = sorted((each for each in found if weight(each) > 0), key=weight, reverse=True)
    return labelled, tuple(strongest[:_SHOWN])
