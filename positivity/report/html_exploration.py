"""The look at some data as one HTML page; the same rules as in `report.html`."""

from typing import TextIO

from positivity.exploration.findings import Exploration
from positivity.report import words_exploration
from positivity.report.charts_exploration import lengths_chart, zipf_chart
from positivity.report.html import environment


def render_exploration_html(found: Exploration, out: TextIO) -> None:
    """Write one page."""
    template = environment().get_template("exploration.html")
    tones = {"positive": "positive", "pos": "positive", "negative": "negative", "neg": "negative"}
    page = template.render(
        found=found,
        say=words_exploration,
        tones=tones,
        lengths_chart=lengths_chart(found.lengths),
        zipf_chart=zipf_chart(found.tokens) if found.tokens.slope is not None else None,
    )
    out.write(page)
