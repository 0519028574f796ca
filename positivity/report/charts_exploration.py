"""The charts of an exploration: lengths and Zipf's law, for a page and for a picture."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from positivity.exploration.findings import Count, Lengths, Tokens
from positivity.report.charts import PAGE, Palette, as_svg, page_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SHOWN = 0.999  # of the tweets: the longest few would squeeze all others


def lengths_chart(lengths: Lengths) -> str:
    """How many tweets there are of each length, as SVG for a page."""
    with page_figure(7.0, 2.6) as (figure, axes):
        draw_lengths(axes, lengths, PAGE)
        return as_svg(figure)


def zipf_chart(tokens: Tokens) -> str:
    """How often each type occurs by its rank, as SVG for a page."""
    with page_figure(7.0, 2.6) as (figure, axes):
        draw_zipf(axes, tokens, PAGE)
        return as_svg(figure)


def shown_histogram(lengths: Lengths) -> tuple[int, ...]:
    """Tweets by length, up to where nearly all tweets, and the cut, are shown."""
    wanted = _SHOWN * sum(lengths.histogram)
    reached = 0
    for length, tweets in enumerate(lengths.histogram):
        reached += tweets
        if reached >= wanted:
            return lengths.histogram[: max(length, lengths.cut.length) + 1]
    return lengths.histogram


def draw_lengths(axes: "Axes", lengths: Lengths, palette: Palette) -> None:
    """Draws bars of tweets by length, those beyond the cut in another colour, and the cut."""
    tweets = shown_histogram(lengths)
    cut = lengths.cut.length
    inside, beyond = palette.positive, palette.negative
    colours = [beyond if length > cut else inside for length in range(len(tweets))]
    axes.bar(range(len(tweets)), tweets, color=colours, width=0.9)
    axes.axvline(cut + 0.5, color=palette.ink, linewidth=1, linestyle="--")
    axes.set_xlabel(f"tokens of a tweet; the line is the cut at {cut}")
    axes.set_ylabel("tweets")


def draw_zipf(axes: "Axes", tokens: Tokens, palette: Palette) -> None:
    """Draws count by rank, both axes logarithmic."""
    ranks, counts = zip(*((each.rank, each.count) for each in tokens.ranks), strict=True)
    axes.plot(ranks, counts, "o", color=palette.positive, markersize=3)
    axes.axvline(tokens.head, color=palette.ink, linewidth=1, linestyle="--")
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("rank of the type; the line is the most frequent 5 %")
    axes.set_ylabel("tokens")


def draw_labels(axes: "Axes", labels: Sequence[Count], palette: Palette) -> None:
    """Draws a bar for each label."""
    names = [each.name for each in labels]
    axes.barh(range(len(names)), [each.count for each in labels], color=palette.positive)
    axes.set_yticks(range(len(names)), names, parse_math=False)
    axes.invert_yaxis()
    axes.set_xlabel("tweets")
