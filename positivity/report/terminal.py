"""The report for people at a terminal: calm, aligned, and plain text when piped."""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from positivity.account.origin import Origin, origin_of
from positivity.account.report import (
    LEAST_IN_SLOT,
    Estimate,
    ModelInfo,
    Month,
    Report,
    Slot,
    StrongTweet,
    Term,
    Week,
)
from positivity.report.scale import drawn, scale
from positivity.report.terminal_page import SIDE, STYLES, Page
from positivity.report.words import (
    compared,
    first_read,
    limits_of_table,
    line_of,
    net_interval,
    period,
    since,
    tweets,
)

WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
HOURS = tuple(f"{hour:02}" if hour % 6 == 0 else "" for hour in range(24))
Sentence: TypeAlias = tuple[str, float, float, float, str]


def render(report: Report, console: Console) -> None:
    """Print one report."""
    page = ReportPage(console)
    page.verdict(report)
    page.blank()
    if report.counts.counted:
        page.shares(report)
        page.times(report)
        page.tweets("most positive", report.strongest_positive, "green")
        page.tweets("most negative", report.strongest_negative, "red")
        page.terms(report.terms_positive, report.terms_negative)
    page.origin(origin_of([report]))
    page.limits(report.limits)


def render_table(reports: Sequence[Report], console: Console, *, subject: str = "author") -> None:
    """Print one line for each of many subjects; `subject` is what they are."""
    page = ReportPage(console)
    page.table(page.table_rows(reports, subject), right=(1, 2, 3, 4, 5), flexible=0, names=True)


def render_below_table(reports: Sequence[Report], console: Console) -> None:
    """Print what was read for the subjects of a table, and what limits all of them."""
    page = ReportPage(console)
    page.blank()
    page.origin(origin_of(reports))
    page.limits(limits_of_table(reports))


def render_limits(limits: Sequence[str], console: Console) -> None:
    """Print sentences on what was not read."""
    Page(console).limits(limits)


def render_sentences(rows: Iterable[Sentence], console: Console) -> None:
    """Print sentences with their scores: (text, negative, neutral, positive, label) each."""
    page = ReportPage(console)
    header = ["label", "pos", "neu", "neg", "text"]
    table = [[Text(title, style="bold") for title in header]]
    table += [page.sentence_row(*row) for row in rows]
    page.table(table, right=(1, 2, 3), flexible=4)


class ReportPage(Page):
    """Lays out the parts of a report."""

    def verdict(self, report: Report) -> None:
        """A panel with the verdict in words and the net positivity."""
        word, colour = report.verdict.word, STYLES[report.verdict.word]
        headline, _, reason = self.clean(report.verdict.sentence).partition(": ")
        body = self.hanging(f"{self.glyphs.signs[word]} ", headline, f"bold {colour}")
        if reason:
            body += self.hanging("  ", reason)
        if report.net:
            body += [Text(), *self.hanging("  ", self.net(report.net), "dim")]
        self.console.print(
            Panel(
                Text("\n").join(body),
                border_style=colour,
                padding=(1, 2),
                title=Text(self.fit_name(report.subject, self.width - 10), style="bold"),
                title_align="left",
                width=self.width,
            )
        )

    def net(self, net: Estimate) -> str:
        return (
            f"net positivity {self.signed(net.value)}, 95% interval "
            f"{net_interval(net, self.signed)} "
            f"(scale {self.signed(-100)} to {self.signed(100)})"
        )

    def shares(self, report: Report) -> None:
        """A bar for each label with its percentage and interval."""
        room = max(0, self.width - SIDE - len(" 100%   100 to 100%"))
        for label, share in (
            ("positive", report.positive),
            ("neutral", report.neutral),
            ("negative", report.negative),
        ):
            if share is not None:
                bar = self.bar(share.value, room)
                self.line(
                    Text.assemble(
                        f"  {label:<{SIDE - 2}}",
                        (bar + " " * (room - len(bar)), STYLES[label]),
                        f" {_percent(share.value)}",
                        (f"   {_percents(share)}", "dim"),
                    )
                )
        self.blank()

    def times(self, report: Report) -> None:
        """The net positivity by month, weekday and hour as lines of small bars."""
        unit, parts = line_of(report)
        slots = drawn(report.weekdays) or drawn(report.hours)
        if not (len(parts) >= 2 or report.change or report.previous or slots):
            return
        if len(parts) >= 2:
            self.line_of_time(unit, parts)
        if report.change:
            self.side("change", compared(report.change, report, self.signed))
        if report.previous:
            self.side("before", since(report.previous, report, self.signed))
        self.slots("day", report.weekdays, WEEKDAYS)
        self.slots("hour", report.hours, HOURS)
        self.blank()

    def slots(self, unit: str, slots: Sequence[Slot], names: Sequence[str]) -> None:
        """A bar for each weekday or hour, gaps where there are hardly any tweets; their range."""
        nets = drawn(slots)
        if not nets:
            return
        known = [net for net in nets if net is not None]
        low, high = scale(min(known), max(known))
        line = Text()
        for name, net in zip(names, nets, strict=True):
            line.append(f"{name} " if name else "", style="dim")
            line.append_text(self.spark(net, low, high, 2))
        self.side(f"by {unit}", line)
        few = any(0 < slot.tweets < LEAST_IN_SLOT for slot in slots)
        left_out = f"; {unit}s of fewer than {LEAST_IN_SLOT} tweets left out" if few else ""
        self.side("", f"{self.range_of(known)}{left_out}", "dim")

    def range_of(self, nets: Sequence[float]) -> str:
        """The lowest and the highest of some nets: "net −3 to +40"."""
        low, high = self.signed(min(nets)), self.signed(max(nets))
        return f"net {low}" if low == high else f"net {low} to {high}"

    def line_of_time(self, unit: str, parts: Sequence[Month | Week]) -> None:
        """Months or weeks, oldest first, the first and last of them named, and their range."""
        room = self.width - SIDE
        shown, cell = _last_parts(parts, room)
        known = [part.net.value for part in shown if part]
        low, high = scale(min(known), max(known))
        spark = Text()
        for part in shown:
            spark.append_text(self.spark(part.net.value if part else None, low, high, cell))
        first = next(part for part in shown if part)
        ends = f"{'weeks of ' if unit == 'week' else ''}{first.name} to {parts[-1].name}"
        dropped = len(parts) - len(known)
        earlier = f", {dropped} earlier not shown" if dropped else ""
        self.side(f"by {unit}", spark)
        self.side("", f"{ends}  {self.glyphs.dot}  {self.range_of(known)}{earlier}", "dim")

    def spark(self, net: float | None, low: float, high: float, cell: int) -> Text:
        """One bar, `cell` cells wide, the last of which is a gap when there is room for one."""
        gap = " " if cell > 1 else ""
        if net is None:
            return Text(" " * cell)
        levels = self.glyphs.spark
        height = (net - low) / (high - low)
        bar = levels[round(height * (len(levels) - 1))] * (cell - len(gap))
        return Text(bar + gap, style="red" if net < 0 else "green")

    def tweets(self, title: str, tweets: Sequence[StrongTweet], style: str) -> None:
        """The strongest tweets of a side, a line each: date, probability, text."""
        if not tweets:
            return
        self.line(Text(f"  {title}", style=f"bold {style}"))
        for tweet in tweets:
            date = (tweet.created_at or "").split("T")[0]
            facts = f"  {date:<10}  {_percent(tweet.score)}  "
            text = self.fit(tweet.text, self.width - len(facts))
            self.line(Text.assemble((facts, "dim"), (text, self.link_style(tweet))))
            self.address(tweet, len(facts))
        self.blank()

    def terms(self, positive: Sequence[Term], negative: Sequence[Term]) -> None:
        """The words, hashtags and emoji of each side, a line each."""
        if not positive and not negative:
            return
        room = self.width - 2 - len("goes with positive  ")
        for label, terms in (("positive", positive), ("negative", negative)):
            if terms:
                line = Text.assemble("  goes with ", (label, STYLES[label]), "  ")
                self.line(line.append(self.list_of([term.text for term in terms], room)))
        self.blank()

    def origin(self, origin: Origin) -> None:
        """What was read, what was left out and why, and by what it was scored."""
        counts = origin.counts
        self.side("found", f"{tweets(counts.found)}, {counts.counted:,} counted{_dates(origin)}")
        left_out = sum(counts.left_out.values())
        if left_out:
            reasons = ", ".join(f"{reason} {n:,}" for reason, n in counts.left_out.items())
            self.side("left out", f"{left_out:,}: {reasons}")
        for number, line in enumerate(first_read(origin.read_as)):
            self.side("" if number else "read", line)
        if len(origin.kinds) > 1:
            kinds = (f"{kind.kind} {kind.tweets:,}" for kind in origin.kinds)
            nets = (f"(net {self.signed(kind.net.value)})" for kind in origin.kinds)
            self.side("by kind", ", ".join(map(" ".join, zip(kinds, nets, strict=True))))
        self.side("model", f"{origin.model.name} {origin.model.version}{_accuracy(origin.model)}")
        self.blank()

    # Tables

    def table_rows(self, reports: Sequence[Report], subject: str) -> list[list[Text]]:
        """A head and a row for each report; `subject` is what they are about."""
        header = [subject, "tweets", "pos", "neu", "neg", "net (95% interval)", "verdict"]
        rows = [[Text(title, style="bold") for title in header]]
        return rows + [self.table_row(report) for report in reports]

    def table_row(self, report: Report) -> list[Text]:
        shares = (report.positive, report.neutral, report.negative)
        net = ""
        if report.net:
            interval = net_interval(report.net, self.signed)
            net = f"{self.signed(report.net.value)} ({interval})"
        return [
            Text(self.clean(report.subject)),
            Text(f"{report.counts.counted:,}"),
            *(Text(_percent(share.value) if share else "") for share in shares),
            Text(net),
            self.labelled(report.verdict.word),
        ]

    def sentence_row(
        self, text: str, negative: float, neutral: float, positive: float, label: str
    ) -> list[Text]:
        shares = (Text(_percent(share)) for share in (positive, neutral, negative))
        return [self.labelled(label), *shares, Text(self.clean(text))]


def _percent(share: float) -> str:
    return f"{round(100 * share):>3}%"


def _percents(share: Estimate) -> str:
    low, high = share.in_hundred()
    return f"{low:>3} to {high}%"


def _dates(origin: Origin) -> str:
    if origin.first is None or origin.last is None:
        return ""
    return f", {period(origin.first, origin.last)} ({origin.timezone})"


def _accuracy(model: ModelInfo) -> str:
    measured = ", ".join(f"{value:.3f} on {name}" for name, value in model.accuracy.items())
    return f"; macro recall {measured}" if measured else ""


def _last_parts(parts: Sequence[Month | Week], room: int) -> tuple[list[Month | Week | None], int]:
    """The last months or weeks that fit the room, None without tweets, and the cells for each."""
    numbers = {part.number: part for part in parts}
    last = max(numbers)
    span = min(room, last - min(numbers) + 1)
    cell = max(1, min(4, room // span))
    shown = [numbers.get(number) for number in range(last - span + 1, last + 1)]
    first = next(i for i, part in enumerate(shown) if part)
    return shown[first:], cell
