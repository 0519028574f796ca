"""The tally: scored tweets stream in, batch by batch, and a `Report` comes out.

Memory stays flat however many tweets there are, and the report depends on the tweets alone: not
on their order, nor on how they were cut into batches or dealt out to tallies that were merged.
"""

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from positivity.account.change import change
from positivity.account.comparison import Sample
from positivity.account.evidence import CLEAR, Strongest, TermCounts, Terms
from positivity.account.posterior import BayesianQuantifier, cells_of
from positivity.account.quantifiers import Floats, Ints
from positivity.account.quantify import (
    NEGATIVE,
    NEUTRAL,
    POSITIVE,
    Shares,
    Tallied,
    quantify,
    tally_by,
)
from positivity.account.report import Counts, KindShare, ModelInfo, Report
from positivity.account.summary import Summary
from positivity.account.timeline import Timeline
from positivity.account.verdict import decide, limits
from positivity.tweets import Kind, LeftOut, TweetBatch, dates_only

SCORE_DIGITS = 4  # scores are rounded so that no engine or batch size can tip a result
UNKNOWN_KIND = "unknown"


class Tally:
    """Counts the scored tweets of one subject (a handle, a file, an author)."""

    def __init__(self, subject: str, timezone: ZoneInfo, terms: Terms) -> None:
        self.subject = subject
        self.timezone = timezone
        self._found = 0
        self._left_out: Counter[str] = Counter()
        self._all = Tallied()
        self._kinds: dict[str, Tallied] = {}
        self._digest = 0
        self._timeline = Timeline(timezone)
        self._strongest = {NEGATIVE: Strongest(), POSITIVE: Strongest()}
        self._terms = TermCounts(terms)

    def add(
        self,
        batch: TweetBatch,
        probabilities: npt.NDArray[np.float32],
        left_out: Sequence[str | None],
    ) -> None:
        """Count a batch of n tweets.

        `probabilities` [n, 3] are those of negative, neutral and positive; `left_out` [n] says why
        a tweet does not count (then its probabilities are not looked at), or None.
        """
        size = batch.num_rows
        if probabilities.shape != (size, 3) or len(left_out) != size:
            raise ValueError(f"{size} tweets need {size} x 3 probabilities and {size} reasons")
        self._found += size
        self._left_out.update(str(reason) for reason in left_out if reason is not None)
        rows = np.flatnonzero(np.array([reason is None for reason in left_out], np.bool_))
        if rows.size:
            self._count(batch, rows, probabilities[rows])

    def merge(self, other: "Tally") -> None:
        """Count what another tally in the same time zone has counted, too."""
        if str(other.timezone) != str(self.timezone):
            raise ValueError("tallies in different time zones cannot be merged")
        self._found += other._found
        self._left_out.update(other._left_out)
        self._all.merge(other._all)
        for kind, tallied in other._kinds.items():
            self._kinds.setdefault(kind, Tallied()).merge(tallied)
        self._digest = (self._digest + other._digest) % 2**64
        self._timeline.merge(other._timeline)
        for side, strongest in self._strongest.items():
            strongest.merge(other._strongest[side])
        self._terms.merge(other._terms)

    def _count(self, batch: TweetBatch, rows: Ints, probabilities: npt.NDArray[np.float32]) -> None:
        if not np.isfinite(probabilities).all():
            raise ValueError("a probability is not a number")
        scores = probabilities.astype(np.float64).round(SCORE_DIGITS)
        labels = labels_of(scores)
        times = _milliseconds(batch)[rows]
        cells = cells_of(scores)
        self._all.add(labels, cells)
        bare = dates_only(batch)
        self._timeline.add(times, labels, cells, None if bare is None else bare[rows])
        self._count_kinds(batch, rows, labels, cells)
        self._digest = (self._digest + digest(batch, rows, times)) % 2**64
        texts = batch.column("text").to_pylist()
        for side in (NEGATIVE, POSITIVE):
            of_side = labels == side
            self._strongest[side].add(batch, rows[of_side], scores[of_side, side])
            clear = rows[of_side & (scores[:, side] >= CLEAR)].tolist()
            self._terms.add([texts[row] for row in clear], positive=side == POSITIVE)

    def _count_kinds(self, batch: TweetBatch, rows: Ints, labels: Ints, cells: Ints) -> None:
        kinds = batch.column("kind").to_pylist()
        numbers = {kind: number for number, kind in enumerate(dict.fromkeys(kinds))}
        by_number: dict[int, Tallied] = {}
        tally_by(by_number, np.array([numbers[kind] for kind in kinds])[rows], labels, cells)
        for kind, number in numbers.items():
            if number in by_number:
                name = UNKNOWN_KIND if kind is None else kind
                self._kinds.setdefault(name, Tallied()).merge(by_number[number])

    def report(
        self,
        read_as: Sequence[str],
        model: ModelInfo,
        extra_limits: Sequence[str] = (),
        *,
        quantifier: BayesianQuantifier | None = None,
        unreadable: int = 0,
        all_weeks: bool = True,
    ) -> Report:
        """The answer so far; `unreadable` rows are added to those found and left out.

        Without a `quantifier` labels are counted as they are, and the limits say so. Without
        `all_weeks` there are weeks only where reports show them, which is quicker.
        """
        summary = Summary(self._all, self._timeline, quantifier, seed=self._digest)
        shares = summary.shares
        verdict = decide(int(self._all.labels.sum()), shares)
        terms_positive, terms_negative = self._terms.top()
        return Report(
            subject=self.subject,
            read_as=tuple(read_as),
            counts=self._tallied(unreadable),
            first=self._timeline.first,
            last=self._timeline.last,
            negative=shares.negative if shares else None,
            neutral=shares.neutral if shares else None,
            positive=shares.positive if shares else None,
            net=shares.net if shares else None,
            opinion=shares.opinion if shares else None,
            verdict=verdict,
            months=self._timeline.months(summary.of_month),
            weeks=(
                self._timeline.weeks(summary.of_week)
                if all_weeks or self._timeline.is_short
                else ()
            ),
            change=change(
                self._timeline.last_days,
                quantifier,
                seed=self._digest,
                effect=self._timeline.design_effect,
            ),
            hours=self._timeline.hours(summary.net_by_label),
            weekdays=self._timeline.weekdays(summary.net_by_label),
            timezone=str(self.timezone),
            kinds=self._kind_shares(summary),
            strongest_positive=self._strongest[POSITIVE].top(self.timezone),
            strongest_negative=self._strongest[NEGATIVE].top(self.timezone),
            terms_positive=terms_positive,
            terms_negative=terms_negative,
            model=model,
            method=summary.method,
            limits=self._limits(
                [*limits(verdict, shares), *summary.limits(), *_lacking(model, shares)],
                extra_limits,
            ),
        )

    def lasting(self, quantifier: BayesianQuantifier | None) -> float:
        """The part in 0..1 of the variance of the net that more tweets would not remove."""
        effect = self._timeline.design_effect
        shares = quantify(self._all, quantifier, seed=self._digest, effect=effect)
        return shares.net_lasting if shares else 0.0

    def sample(self) -> Sample:
        """What this account is compared with others by."""
        return Sample(self._all, self._timeline.design_effect, self._digest)

    def _tallied(self, unreadable: int) -> Counts:
        left_out = self._left_out + Counter({str(LeftOut.UNREADABLE): unreadable})
        frequent_first = sorted(left_out.items(), key=lambda item: (-item[1], item[0]))
        return Counts(
            found=self._found + unreadable,
            counted=int(self._all.labels.sum()),
            left_out=dict(frequent_first),
        )

    def _kind_shares(self, summary: Summary) -> tuple[KindShare, ...]:
        """The kinds that occur, in the order of `Kind`, then those it does not know."""
        order = [str(kind) for kind in Kind]
        names = sorted(
            self._kinds,
            key=lambda name: (order.index(name) if name in order else len(order), name),
        )
        return tuple(_kind_share(name, self._kinds[name], summary) for name in names)

    def _limits(self, of_figures: Sequence[str], extra: Sequence[str]) -> tuple[str, ...]:
        sentences = [*of_figures, *extra]
        undated = self._timeline.undated
        if undated:
            has = "tweet has" if undated == 1 else "tweets have"
            sentences.append(
                f"{undated:,} {has} no usable date: counted, but not in the months and weeks."
            )
        future = self._timeline.future
        if future:
            has = "tweet is" if future == 1 else "tweets are"
            sentences.append(
                f"{future:,} {has} dated in the future, as late as {self._timeline.last}: counted, "
                "but these dates are wrong, or this machine's clock is."
            )
        without_time = self._timeline.without_time
        if without_time:
            has = "tweet has" if without_time == 1 else "tweets have"
            sentences.append(f"{without_time:,} {has} a date but no time: left out of the hours.")
        return tuple(sentences)


def labels_of(scores: Floats) -> Ints:
    """The label of the highest score [n] of [n, 3]; a tie for the highest is neutral."""
    negative, neutral, positive = scores[:, NEGATIVE], scores[:, NEUTRAL], scores[:, POSITIVE]
    labels = np.full(len(scores), NEUTRAL, np.int64)
    labels[(negative > neutral) & (negative > positive)] = NEGATIVE
    labels[(positive > neutral) & (positive > negative)] = POSITIVE
    return labels


def digest(batch: TweetBatch, rows: Ints, times: Ints) -> int:
    """A 64-bit sum over the tweets at `rows` [n] with `times` [n], the same in any order.

    A tweet enters by its id or, without one, by its author, time and text.
    """
    names = _taken(batch, "id", rows)
    if not all(names):
        told = zip(
            _taken(batch, "author", rows), times.tolist(), _taken(batch, "text", rows), strict=True
        )
        names = [
            name or f"{author or ''}\n{time}\n{text}"
            for name, (author, time, text) in zip(names, told, strict=True)
        ]
    digests = b"".join([blake2b(name.encode(), digest_size=8).digest() for name in names])
    return int(np.frombuffer(digests, ">u8").sum(dtype=np.uint64))


def _taken(batch: TweetBatch, column: str, rows: Ints) -> list[Any]:
    # Not by `take`, which reads all of pyarrow.compute first.
    values = batch.column(column).to_pylist()
    return [values[row] for row in rows.tolist()]


def _milliseconds(batch: TweetBatch) -> Ints:
    """The times of a batch [n] in milliseconds since 1970; `timeline.NO_DATE` where unknown."""
    times = batch.column("created_at").to_numpy(zero_copy_only=False)
    milliseconds: Ints = times.view(np.int64)  # numpy marks what is no time with the same number
    return milliseconds


def _kind_share(kind: str, tallied: Tallied, summary: Summary) -> KindShare:
    counts = tallied.labels
    return KindShare(
        kind=kind,
        tweets=int(counts.sum()),
        negative=int(counts[NEGATIVE]),
        neutral=int(counts[NEUTRAL]),
        positive=int(counts[POSITIVE]),
        net=summary.of_part(tallied).net,
    )


def _lacking(model: ModelInfo, shares: Shares | None) -> list[str]:
    """What a reader must know of a model that has no neutral."""
    if shares is None or "neutral" in model.labels:
        return []
    return [
        f"{model.name} tells {' and '.join(model.labels)} apart, and no more: what is neutral is "
        "counted as one of them."
    ]
