"""The page that everything at a terminal is laid out on: lines, columns and marks.

Colour is never alone: every label also has a sign and a word. All strings from outside go through
`sanitize` and into `rich.text.Text`, never into markup.
"""

import os
from collections.abc import Sequence
from typing import TextIO

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from positivity.account.explanation import ExplainedTweet
from positivity.account.report import StrongTweet
from positivity.report.glyphs import ASCII, SPELLED, UNICODE
from positivity.report.links import has_hyperlinks
from positivity.report.sanitize import sanitize
from positivity.report.words import link

PLAIN_WIDTH = 80  # of pipes and files
NARROWEST = 20  # a terminal that is narrower shows the left of it
WIDEST = 120  # longer lines are hard to read
SIDE = 12  # cells of the left column with the names of the lines


STYLES = {
    "mainly positive": "green",
    "mainly negative": "red",
    "mixed": "yellow",
    "not enough tweets": "yellow",
    "undecided": "yellow",
    "positive": "green",
    "neutral": "bright_black",
    "negative": "red",
}


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


class Page:
    """Lays out lines on a console."""

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
        if self.glyphs is ASCII:
            harmless = harmless.translate(SPELLED)
        return harmless.encode(self.encoding, "replace").decode(self.encoding)

    def fit(self, text: str, width: int) -> str:
        """A harmless text, cut with an ellipsis to at most `width` cells."""
        text = self.clean(text)
        if cell_len(text) <= width:
            return text
        ellipsis = self.glyphs.ellipsis[: max(0, width)]
        return set_cell_size(text, max(0, width - len(ellipsis))).rstrip() + ellipsis

    def fit_names(self, names: Sequence[str], width: int) -> list[str]:
        """Harmless names of at most `width` cells: what tells paths apart is mostly at their ends.

        So they are cut in front or, where two would look alike then, in the middle.
        """
        in_front = [self.fit_name(name, width) for name in names]
        if len(set(in_front)) == len(set(names)):
            return in_front
        return [self.fit_name(name, width, kept=width // 2) for name in names]

    def fit_name(self, name: str, width: int, *, kept: int = 0) -> str:
        """A harmless name of at most `width` cells; a path is cut behind its first `kept` ones."""
        if not {"/", os.sep} & set(name):
            return self.fit(name, width)
        name = self.clean(name)
        if cell_len(name) <= width:
            return name
        ellipsis = self.glyphs.ellipsis[: max(0, width)]
        begin = set_cell_size(name, max(0, min(kept, width - len(ellipsis))))
        room = max(0, width - len(ellipsis) - cell_len(begin))
        end = name[len(name) - room :]
        while cell_len(end) > room:
            end = end[1:]
        return begin + ellipsis + end

    def signed(self, value: float) -> str:
        """A net positivity: +31, 0 or −8."""
        rounded = round(value)
        return f"{'+' if rounded > 0 else self.glyphs.minus if rounded < 0 else ''}{abs(rounded)}"

    def labelled(self, label: str) -> Text:
        """A verdict or label with its sign and colour."""
        return Text(f"{self.glyphs.signs.get(label, ' ')} {label}", style=STYLES.get(label, ""))

    def list_of(self, items: Sequence[str], width: int) -> str:
        """As many of the items as fit the width; the first is cut if it must be."""
        text = self.fit(items[0], width)
        for item in items[1:]:
            longer = f"{text}, {self.clean(item)}"
            if cell_len(longer) > width:
                break
            text = longer
        return text

    def hanging(self, mark: str, text: str, style: str = "") -> list[Text]:
        """The lines of a text in the panel, the first behind a mark and the others below it."""
        lines = Text(text, style=style).wrap(self.console, max(10, self.width - 8))
        return [
            Text.assemble(" " * len(mark) if number else (mark, style), line)
            for number, line in enumerate(lines)
        ]

    def bar(self, share: float, width: int) -> str:
        steps = len(self.glyphs.bar)
        full, part = divmod(round(share * width * steps), steps)
        return self.glyphs.bar[-1] * full + (self.glyphs.bar[part - 1] if part else "")

    # Links

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

    # Sentences and tables

    def limits(self, limits: Sequence[str]) -> None:
        for limit in limits:
            text = Text(self.clean(limit))
            for number, part in enumerate(text.wrap(self.console, max(10, self.width - 4))):
                mark = "    " if number else f"  {self.glyphs.dot} "
                self.line(Text.assemble(mark, part, style="dim"))

    def table(
        self,
        rows: Sequence[list[Text]],
        *,
        right: Sequence[int],
        flexible: int,
        names: bool = False,
    ) -> None:
        """Print rows in columns; the `flexible` column is cut so that the lines fit the width.

        Args:
            right: the columns that are aligned at their right.
            names: whether the flexible column has names of files and accounts; see `fit_names`.
        """
        widths = [max(row[i].cell_len for row in rows) for i in range(len(rows[0]))]
        gap = "  " if sum(widths) + 2 * len(widths) <= self.width else " "
        others = sum(widths) - widths[flexible] + len(gap) * (len(widths) - 1)
        widths[flexible] = min(widths[flexible], max(1, self.width - others))
        if names:
            fitted = self.fit_names([row[flexible].plain for row in rows], widths[flexible])
            rows = [
                [*row[:flexible], Text(name, style=row[flexible].style), *row[flexible + 1 :]]
                for row, name in zip(rows, fitted, strict=True)
            ]
        for row in rows:
            line = Text()
            for i, (cell, width) in enumerate(zip(row, widths, strict=True)):
                shown = Text(self.fit(cell.plain, width), style=cell.style)
                padding = " " * (width - shown.cell_len)
                line.append_text(Text.assemble(padding, shown) if i in right else shown)
                line.append(gap if i in right else padding + gap)
            self.line(line)
