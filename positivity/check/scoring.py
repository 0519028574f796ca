"""From the store to a report. Only tweets without a score are scored; else no model is loaded."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from positivity.account.comparison import Sample
from positivity.account.report import Estimate, Past, Report
from positivity.account.tally import SCORE_DIGITS, Tally
from positivity.analysis import ScoredBatch, model_info, quantifier_of
from positivity.check.fetch import Reading
from positivity.check.money import Prices
from positivity.check.notes import (
    days_notes,
    gap_notes,
    more_note,
    newer_notes,
    read_as,
    reading_notes,
    timeline_of,
)
from positivity.model.registry import load
from positivity.report.machine import to_dict
from positivity.selection import Selection
from positivity.store import KeptReport, ScoredBy, Store, StoredAccount
from positivity.store.accounts import ALWAYS
from positivity.text.language import EnglishDetector
from positivity.text.terms import TermFinder
from positivity.tweets import TweetBatch

if TYPE_CHECKING:
    from positivity.explainer import Watcher
    from positivity.model.scorer import Scorer


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a report is to be about. Dates are moments; `until` is the first that does not count."""

    zone: ZoneInfo
    since: datetime | None = None
    until: datetime | None = None
    include_retweets: bool = False
    language: str | None = None


class StoreAnalyzer:
    """Reports on accounts of the store with one model, which is loaded when a tweet needs it."""

    def __init__(self, store: Store, model: str, *, device: str, engine: str = "auto") -> None:
        self._store, self._model = store, model
        self._device, self._engine = device, engine
        directory = load(model, weights=False)
        self._info, self._quantifier = model_info(directory), quantifier_of(directory)
        self._by = ScoredBy(directory.digest, directory.config.normalizer_version)
        self._normalizer = directory.normalizer()
        self._terms = TermFinder(self._normalizer)
        self._is_english = EnglishDetector.load().is_english
        self._scorer: Scorer | None = None

    @property
    def model(self) -> str:
        """The name and version of the model."""
        return f"{self._info.name} {self._info.version}"

    def selection(self, question: Question) -> Selection:
        """What decides which tweets count; raises UsageError for an option that cannot be used."""
        return Selection(
            self._is_english,
            question.include_retweets,
            question.language,
            question.since,
            question.until,
            unique=True,
        )

    def report(
        self,
        account: StoredAccount,
        question: Question,
        prices: Prices,
        *,
        reading: Reading | None = None,
        watcher: "Watcher | None" = None,
        all_weeks: bool = True,
    ) -> Report:
        """The report on all tweets of an account in the store, and on how much of it they are.

        Args:
            reading: what has just been read of it.
            watcher: sees all its tweets with their scores.
            all_weeks: quantify every week; else only where weeks are shown, which is quicker.
        """
        return self.compared(
            account, question, prices, reading=reading, watcher=watcher, all_weeks=all_weeks
        )[0]

    def compared(
        self,
        account: StoredAccount,
        question: Question,
        prices: Prices,
        *,
        reading: Reading | None = None,
        watcher: "Watcher | None" = None,
        all_weeks: bool = True,
    ) -> tuple[Report, Sample]:
        """The same with what the account is compared with others by."""
        retweets = question.include_retweets
        timeline = timeline_of(self._store, account, question.zone, retweets=retweets)
        if reading is not None:
            timeline = replace(
                timeline, posts_bought=reading.spent.posts, dollars=reading.spent.dollars
            )
        tally = self._tally(account, question, ALWAYS, watcher)
        report = tally.report(
            [read_as(timeline)], self._info, quantifier=self._quantifier, all_weeks=all_weeks
        )
        notes = [*gap_notes(timeline), *reading_notes(reading or Reading())]
        newer = newer_notes(
            *(self._store, account, question.zone), until=question.until, retweets=retweets
        )
        notes += newer
        if question.since is None and question.until is None and not newer:
            lasting = tally.lasting(self._quantifier)
            notes += more_note(report, timeline, prices, retweets=retweets, lasting=lasting)
        else:
            notes += days_notes(
                *(self._store, account, timeline, question.zone),
                since=question.since,
                until=question.until,
                retweets=retweets,
            )
        report = replace(
            report,
            timeline=timeline,
            limits=(*report.limits, *notes),
            previous=self._previous(account, question),
        )
        return report, tally.sample()

    def with_effects(self, report: Report) -> Report:
        """The report with the words that made its strongest tweets so; that loads the model."""
        from positivity.explanation import explained

        return explained([report], self._loaded())[0]

    def _previous(self, account: StoredAccount, question: Question) -> Past | None:
        today = datetime.now(UTC).date().isoformat()
        kept = self._store.reports.before(account.id, self.asked(question), today)
        return None if kept is None else past_of(kept)

    def _tally(
        self,
        account: StoredAccount,
        question: Question,
        checks: range,
        watcher: "Watcher | None" = None,
    ) -> Tally:
        if watcher is not None:
            watcher.begin(self._loaded())
        tally = Tally(f"@{account.handle}", question.zone, self._terms)
        for scored in self.scored(account, question, checks):
            tally.add(*scored)
            if watcher is not None:
                watcher.add(ScoredBatch(*scored))
        return tally

    def scored(
        self, account: StoredAccount, question: Question, checks: range = ALWAYS
    ) -> Iterator[tuple[TweetBatch, NDArray[np.float32], Sequence[str | None]]]:
        """Tweets first read after so many checks, their probabilities, and why not to count them.

        The probabilities, [tweets, 3], are NaN for tweets that do not count.
        """
        selection = self.selection(question)
        for batch in self._store.accounts.batches(account.id, checks=checks):
            normalized = self._normalizer.normalize_many(batch.column("text").to_pylist())
            left_out = selection.left_out(batch, normalized)
            yield batch, self._probabilities(batch, normalized, left_out), left_out

    def _probabilities(
        self, batch: TweetBatch, normalized: Sequence[str], left_out: Sequence[str | None]
    ) -> NDArray[np.float32]:
        """Those of the tweets that count, [tweets, 3]: kept ones, and new ones, which are kept."""
        ids = [int(each) for each in batch.column("id").to_pylist()]
        rows = [row for row, why in enumerate(left_out) if why is None]
        known = self._store.scores.get([ids[row] for row in rows], self._by)
        new = [row for row in rows if ids[row] not in known]
        if new:
            scorer = self._loaded()
            found = scorer.score_ids(scorer.encode_normalized([normalized[row] for row in new]))
            rounded = found.astype(np.float64).round(SCORE_DIGITS).tolist()
            scores = {ids[row]: tuple(each) for row, each in zip(new, rounded, strict=True)}
            self._store.scores.put(scores, self._by)
            known |= scores
        probabilities = np.full((len(ids), 3), np.nan, np.float32)
        if rows:
            probabilities[rows] = [known[ids[row]] for row in rows]
        return probabilities

    def _loaded(self) -> "Scorer":
        if self._scorer is None:
            from positivity.model.scorer import Scorer

            self._scorer = Scorer.load(load(self._model), device=self._device, engine=self._engine)
        return self._scorer

    def judged(self, account: StoredAccount, question: Question, check: int) -> Report:
        """The report that a check would have made: on what had been read by its end and is there.

        It does not tell how much of the timeline that was.
        """
        tally = self._tally(account, question, range(check))
        return tally.report([], self._info, quantifier=self._quantifier)

    def keep(self, account: StoredAccount, question: Question, report: Report) -> None:
        """Note that an account has been checked, and keep the report for later.

        Raises:
            StateError: another run has forgotten the account meanwhile.
        """
        now = datetime.now(UTC)
        with self._store.database.transaction():
            self._store.accounts.get(account.id)
            number = self._store.checks.add(account.id, now=now)
            self.put(account, question, report, now.date().isoformat(), number)

    def put(
        self, account: StoredAccount, question: Question, report: Report, day: str, check: int
    ) -> None:
        """Keep a check's report, without tweets: they may be deleted, and then must be gone."""
        bare = replace(report, strongest_positive=(), strongest_negative=(), previous=None)
        asked = self.asked(question)
        self._store.reports.put(account.id, asked, day, to_dict(bare), number=check)

    def asked(self, question: Question) -> dict[str, Any]:
        """What a report of the store answers: a question, and the model that was asked."""
        dates = {
            name: None if moment is None else moment.astimezone(UTC).isoformat()
            for name, moment in (("since", question.since), ("until", question.until))
        }
        return {
            **dates,
            "timezone": str(question.zone),
            "include_retweets": question.include_retweets,
            "language": question.language,
            **asdict(self._by),
        }


def past_of(kept: KeptReport) -> Past:
    """What a kept report said."""
    report = kept.report
    net = report["net"]
    return Past(
        kept.day,
        report["verdict"]["label"],
        None if net is None else Estimate(**net),
        report["counts"]["counted"],
        report["verdict"].get("undecided", False),  # not known of old reports
    )
