"""How right the shares, their intervals and the verdict are, on labelled bags of tweets.

    python -m benchmarks.quantify LABELLED.parquet --topics TOPICS.parquet [--model base] [--fill]
    python -m benchmarks.quantify LABELLED.parquet --timelines TIMELINES.parquet [--fill]
    python -m benchmarks.quantify LABELLED.parquet --model base --store

LABELLED has the columns dataset, split, text and label. Its dev and eval tweets are scored once and
the probabilities kept in the scratch folder. What is fitted is fitted on dev, what is quoted is
quoted on eval. TOPICS has SemEval's topics (year, split, subtask, topic, label, text): its dev and
eval tweets are on different ones, which a fit on dev allows for. Their shares are told, too.

The protocol is APP (Forman 2008): bags of tweets whose shares are drawn uniformly from the simplex,
without replacement, of at most a third of the rarest class of the pool. Larger bags (marked "sim")
are drawn from the distributions of the log-ratios by class, as a kernel density estimate has them.
The settings stand in `bags.py`.

`--timelines` (user, created_at, text) measures on real accounts how often a change is called where
there is none, and where one was planted.

`--store` fits on all of dev and writes `quantification.json` into the model's directory. `--fill`
writes the figures into docs/how-sure.md and README.md.
"""

import argparse
from pathlib import Path

import pandas as pd

from benchmarks import documents
from benchmarks.quantify.bags import INTERVALS, cases
from benchmarks.quantify.changes import changes
from benchmarks.quantify.moods import moods
from benchmarks.quantify.tables import draw, table, verdict_summary, verdicts
from benchmarks.quantify.topics import topics
from benchmarks.quantify.tweets import Tweets, by_set, fitted, scored
from positivity.model import registry
from positivity.training.quantification import to_json


def store(model: registry.ModelDirectory, sets: dict[str, dict[str, Tweets]]) -> None:
    """Writes what is fitted on all of dev into the model's directory."""
    fit = {name: each["dev"].without_topics() for name, each in sets.items()}
    registry.add_files(model, {registry.QUANTIFICATION: to_json(fitted(fit))})


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("labelled", type=Path)
    parser.add_argument("--topics", type=Path, help="SemEval's topics")
    parser.add_argument("--model", default="base")
    parser.add_argument("--scratch", type=Path, default=Path("scratch"))
    parser.add_argument("--splits", type=int, default=100)
    parser.add_argument("--bags", type=int, default=5, help="of each size in each split")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timelines", type=Path, help="real accounts: only how changes are called")
    parser.add_argument("--store", action="store_true", help="only fit, and keep it in the model")
    parser.add_argument("--fill", action="store_true", help="write the figures into the documents")
    options = parser.parse_args()
    model = registry.load(options.model)
    if options.timelines:
        blocks = {"changes": changes(options.timelines, model, options.seed)}
    else:
        sets = by_set(scored(options.labelled, model, options.scratch, options.topics))
        if options.store:
            store(model, sets)
            return
        rows = pd.DataFrame(cases(sets, options.splits, options.bags, options.seed))
        rows[INTERVALS] = rows[INTERVALS].astype(float)
        tables = [table(rows, setting) for setting in rows.setting.unique()]
        blocks = {
            "quantify": "\n\n".join([*tables, verdicts(rows)]),
            "moods": moods(options.splits * options.bags, options.seed),
        }
        if options.topics:
            blocks["topics"] = topics(options.topics, model)
        if options.fill:
            documents.fill(documents.README, "verdict", verdict_summary(rows))
            draw(rows, documents.PICTURE)
    for name, text in blocks.items():
        print(f"{text}\n")
        if options.fill:
            documents.fill(documents.HOW_SURE, name, text)


if __name__ == "__main__":
    main()
