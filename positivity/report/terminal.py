"""The report for people at a terminal: calm, aligned, and plain text when piped.

Colour is never alone: every verdict and label also has a sign and a word. All strings from outside
go through `sanitize` and into `rich.text.Text`, never into markup.
"""

import os
from collections.abc import Iterable, Sequence
from typing import TextIO, TypeAlias

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from positivity.account.explanation import ExplainedTweet
from positivity.account.report import Estimate, Month, Report, Slot, StrongTweet, Term, Week
from positivity.report.glyphs import ASCII, UNICODE
from positivity.report.links import has_hyperlinks
from positivity.report.sanitize import sanitize
from positivity.report.words import compared, line_of, link, since, tweets

PLAIN_WIDTH = 80  # of pipes and files
NARROWEST = 20  # a terminal that is narrower shows the left of it
WIDEST = 120  # longer lines are hard to read
WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
HOURS = tuple(f"{hour:02}" if hour % 6 == 0 else "" for hour in range(24))
SIDE = 12  # cells of the left column with the names of the lines

STYLES = {
    "mainly positive": "green",
    "mainly negative": "red",
    "mixed": "yellow",
    "not enough tweets": "yellow",
    "positive": "green",
    "neutral": "bright_black",
    "negative": "red",
}

Sentence: TypeAlias = tuple[str, float, float, float, str]


def make_console(out: TextIO) -> Console:
    """A console on `out`: in colour on a terminal, plain and 80 cells wide everywhere else."""
    plain = bool(os.environ.get("NO_COLOR")) or os.environ.get("TERM") == "dumb"
    console = _Console(
        file=out,
        color_system=None if plain else "auto",
        highlight=False,
        markup=False,
        emoji=False,
    )
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    return console


class _Console(Console):
    """A console that leaves it to the program what to do when its reader has gone."""

    def on_broken_pipe(self) -> None:
        """Called while a BrokenPipeError is handled: lets it go on."""
        raise


def render(report: Report, console: Console) -> None:
    """Print one report."""
    page = Page(console)
    page.verdict(report)
    page.blank()
    if report.counts.counted:
        page.shares(report)
        page.times(report)
        page.tweets("most positive", report.strongest_positive, "green")
        page.tweets("most negative", report.strongest_negative, "red")
        page.terms(report.terms_positive, report.terms_negative)
    page.origin(report)
    page.limits(report.limits)


def render_table(reports: Sequence[Report], console: Console, *, subject: str = "author") -> None:
    """Print one line for each of many subjects; `subject` is what they are."""
    page = Page(console)
    page.table(page.table_rows(reports, subject), right=(1, 2, 3, 4, 5), flexible=0)


def render_shared_limits(reports: Sequence[Report], console: Console) -> None:
    """Print what limits all of the subjects of a table, below it."""
    page = Page(console)
    first = reports[0].limits if reports else ()
    shared = [limit for limit in first if all(limit in report.limits for report in reports)]
    if shared:
        page.blank()
        page.limits(shared)


def render_limits(limits: Sequence[str], console: Console) -> None:
    """Print sentences on what was not read."""
    Page(console).limits(limits)


def render_sentences(rows: Iterable[Sentence], console: Console) -> None:
    """Print sentences with their scores: (text, negative, neutral, positive, label) each."""
    page = Page(console)
    header = ["label", "pos", "neu", "neg", "text"]
    table = [[Text(title, style="bold") for title in header]]
    table += [page.sentence_row(*row) for row in rows]
    page.table(table, right=(1, 2, 3), flexible=4)


class Page:
    """Lays out the parts of a report on a console."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.width = max(NARROWEST, min(console.width, WIDEST))
        self.encoding = console.encoding
        self.glyphs = ASCII if console.options.ascii_only else UNICODE
        self.hyperlinks = (
            console.is_terminal
            and console.color_system is not None
            and not console.legacy_windows
            and has_hyperlinks(os.environ)
        )

    # Printing

    def blank(self) -> None:
        self.console.print()

    def line(self, text: Text) -> None:
        """Print one line, cut to the width."""
        text.rstrip()
        self.console.print(text, no_wrap=True, overflow="crop", crop=True, width=self.width)

    def side(self, name: str, text: Text | str, style: str = "") -> None:
        """Print text in the right column, wrapped, with its name on the left."""
        body = text if isinstance(text, Text) else Text(self.clean(text), style=style)
        for number, part in enumerate(body.wrap(self.console, max(10, self.width - SIDE))):
            self.line(Text.assemble((f"  {'' if number else name:<{SIDE - 2}}", "bold"), part))

    # Strings

    def clean(self, text: str) -> str:
        """A harmless text of characters that the console can encode."""
        harmless = sanitize(text)
        return harmless.encode(self.encoding, "replace").decode(self.encoding)

    def fit(self, text: str, width: int) -> str:
        """A harmless text, cut with an ellipsis to at most `width` cells."""
        text = self.clean(text)
        if cell_len(text) <= width:
            return text
        ellipsis = self.glyphs.ellipsis[: max(0, width)]
        return set_cell_size(text, max(0, width - len(ellipsis))).rstrip() + ellipsis

    def signed(self, value: float) -> str:
        """A net positivity: +31, 0 or −8."""
        rounded = round(value)
        return f"{'+' if rounded > 0 else self.glyphs.minus if rounded < 0 else ''}{abs(rounded)}"

    def labelled(self, label: str) -> Text:
        """A verdict or label with its sign and colour."""
        return Text(f"{self.glyphs.signs.get(label, ' ')} {label}", style=STYLES.get(label, ""))

    # Parts of a report

    def verdict(self, report: Report) -> None:
        """A panel with the verdict in words and the net positivity."""
        label, colour = report.verdict.label, STYLES[report.verdict.label]
        headline, _, reason = self.clean(report.verdict.sentence).partition(": ")
        body = self.hanging(f"{self.glyphs.signs[label]} ", headline, f"bold {colour}")
        if reason:
            body += self.hanging("  ", reason)
        if report.net:
            body += [Text(), *self.hanging("  ", self.net(report.net), "dim")]
        self.console.print(
            Panel(
                Text("\n").join(body),
                border_style=colour,
                padding=(1, 2),
                title=Text(self.fit(report.subject, self.width - 10), style="bold"),
                title_align="left",
                width=self.width,
            )
        )

    def hanging(self, mark: str, text: str, style: str = "") -> list[Text]:
        """The lines of a text in the panel, the first behind a mark and the others below it."""
        lines = Text(text, style=style).wrap(self.console, max(10, self.width - 8))
        return [
            Text.assemble(" " * len(mark) if number else (mark, style), line)
            for number, line in enumerate(lines)
        ]

    def net(self, net: Estimate) -> str:
        return (
            f"net positivity {self.signed(net.value)}, 95% interval {self.signed(net.low)} to "
            f"{self.signed(net.high)} (scale {self.signed(-100)} to {self.signed(100)})"
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

    def bar(self, share: float, width: int) -> str:
        steps = len(self.glyphs.bar)
        full, part = divmod(round(share * width * steps), steps)
        return self.glyphs.bar[-1] * full + (self.glyphs.bar[part - 1] if part else "")

    def times(self, report: Report) -> None:
        """The net positivity by month, weekday and hour as lines of small bars."""
        unit, parts = line_of(report)
        if len(parts) >= 2:
            self.line_of_time(unit, parts)
        if report.change:
            self.side("change", compared(report.change, self.signed))
        if report.previous:
            self.side("before", since(report.previous, report, self.signed))
        if report.months:
            self.slots("by day", report.weekdays, WEEKDAYS)
            self.slots("by hour", report.hours, HOURS)
            self.blank()

    def slots(self, title: str, slots: Sequence[Slot], names: Sequence[str]) -> None:
        """One bar for each weekday or hour, gaps where there are no tweets."""
        known = [slot.net for slot in slots if slot.net is not None]
        line = Text()
        for name, slot in zip(names, slots, strict=True):
            line.append(f"{name} " if name else "", style="dim")
            line.append_text(self.spark(slot.net, min(known), max(known), 2))
        self.side(title, line)

    def line_of_time(self, unit: str, parts: Sequence[Month | Week]) -> None:
        """Months or weeks, oldest first, the first and last of them named, and the scale of all."""
        room = self.width - SIDE
        shown, cell = _last_parts(parts, room)
        known = [part.net.value for part in shown if part]
        low, high = min(known), max(known)
        spark = Text()
        for part in shown:
            spark.append_text(self.spark(part.net.value if part else None, low, high, cell))
        first = next(part for part in shown if part)
        ends = f"{'weeks of ' if unit == 'week' else ''}{first.name} to {parts[-1].name}"
        scale = f"net {self.signed(low)} to {self.signed(high)}"
        dropped = len(parts) - len(known)
        earlier = f", {dropped} earlier not shown" if dropped else ""
        self.side(f"by {unit}", spark)
        self.side("", f"{ends}  {self.glyphs.dot}  {scale}{earlier}", "dim")

    def spark(self, net: float | None, low: float, high: float, cell: int) -> Text:
        """One bar, `cell` cells wide, the last of which is a gap when there is room for one."""
        gap = " " if cell > 1 else ""
        if net is None:
            return Text(" " * cell)
        levels = self.glyphs.spark
        height = (net - low) / (high - low) if high > low else 0.5
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

    def link_style(self, tweet: StrongTweet | ExplainedTweet) -> str:
        """Makes a tweet's text a link to it, where the terminal has links."""
        address = link(tweet)
        return f"link {address}" if address and self.hyperlinks else ""

    def address(self, tweet: StrongTweet | ExplainedTweet, indent: int) -> None:
        """Where a tweet stands on X, on a line of its own, where the terminal has no links."""
        address = link(tweet)
        if address and not self.hyperlinks:
            # Cut to the width it would lead elsewhere.
            shown = Text(" " * min(indent, max(0, self.width - len(address))) + address, "dim")
            self.console.print(shown, overflow="fold", width=self.width)

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

    def list_of(self, items: Sequence[str], width: int) -> str:
        """As many of the items as fit the width; the first is cut if it must be."""
        text = self.fit(items[0], width)
        for item in items[1:]:
            longer = f"{text}, {self.clean(item)}"
            if cell_len(longer) > width:
                break
            text = longer
        return text

    def origin(self, report: Report) -> None:
        """What was read, what was left out and why, and by what it was scored."""
        counts = report.counts
        self.side("found", f"{tweets(counts.found)}, {counts.counted:,} counted{_dates(report)}")
        left_out = sum(counts.left_out.values())
        if left_out:
            reasons = ", ".join(f"{reason} {n:,}" for reason, n in counts.left_out.items())
            self.side("left out", f"{left_out:,}: {reasons}")
        for number, line in enumerate(report.read_as):
            self.side("" if number else "read", line)
        if len(report.kinds) > 1:
            kinds = (f"{kind.kind} {kind.tweets:,}" for kind in report.kinds)
            nets = (f"(net {self.signed(kind.net.value)})" for kind in report.kinds)
            self.side("by kind", ", ".join(map(" ".join, zip(kinds, nets, strict=True))))
        self.side("model", f"{report.model.name} {report.model.version}{_accuracy(report)}")
        self.blank()

    def limits(self, limits: Sequence[str]) -> None:
        for limit in limits:
            text = Text(self.clean(limit))
            for number, part in enumerate(text.wrap(self.console, max(10, self.width - 4))):
                mark = "    " if number else f"  {self.glyphs.dot} "
                self.line(Text.assemble(mark, part, style="dim"))

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
            low, high = self.signed(report.net.low), self.signed(report.net.high)
            net = f"{self.signed(report.net.value)} ({low} to {high})"
        return [
            Text(self.clean(report.subject)),
            Text(f"{report.counts.counted:,}"),
            *(Text(_percent(share.value) if share else "") for share in shares),
            Text(net),
            self.labelled(report.verdict.label),
        ]

    def sentence_row(
        self, text: str, negative: float, neutral: float, positive: float, label: str
    ) -> list[Text]:
        shares = (Text(_percent(share)) for share in (positive, neutral, negative))
        return [self.labelled(label), *shares, Text(self.clean(text))]

    def table(self, rows: Sequence[list[Text]], *, right: Sequence[int], flexible: int) -> None:
        """Print rows in columns; the `flexible` column is cut so that the lines fit the width."""
        widths = [max(row[i].cell_len for row in rows) for i in range(len(rows[0]))]
        gap = "  " if sum(widths) + 2 * len(widths) <= self.width else " "
        others = sum(widths) - widths[flexible] + len(gap) * (len(widths) - 1)
        widths[flexible] = min(widths[flexible], max(1, self.width - others))
        for row in rows:
            line = Text()
            for i, (cell, width) in enumerate(zip(row, widths, strict=True)):
                shown = Text(self.fit(cell.plain, width), style=cell.style)
                padding = " " * (width - shown.cell_len)
                line.append_text(Text.assemble(padding, shown) if i in right else shown)
                line.append(gap if i in right else padding + gap)
            self.line(line)


def _percent(share: float) -> str:
    return f"{round(100 * share):>3}%"


def _percents(share: Estimate) -> str:
    return f"{round(100 * share.low):>3} to {round(100 * share.high)}%"


def _dates(report: Report) -> str:
    return f", {report.first} to {report.last} ({report.timezone})" if report.first else ""


def _accuracy(report: Report) -> str:
    measured = ", ".join(f"{value:.3f} on {name}" for name, value in report.model.accuracy.items())
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
