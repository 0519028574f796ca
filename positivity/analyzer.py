"""The Python interface: `Analyzer` scores texts and analyzes tweets as the commands do."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from positivity.account.report import Report
from positivity.account.tally import labels_of
from positivity.analysis import Tallies, model_info, quantifier_of
from positivity.errors import InputError
from positivity.evaluation import LABELS
from positivity.explanation import explained
from positivity.model.registry import DEFAULT, load
from positivity.model.scorer import Scorer
from positivity.selection import Selection
from positivity.stream.stages import score_batches
from positivity.text.language import EnglishDetector
from positivity.text.terms import TermFinder
from positivity.tweets import SCHEMA, TweetBatch, tweet_batch

if TYPE_CHECKING:
    import pandas as pd

_BATCH = 8192


class Analyzer:
    """Scores texts and analyzes tweets with one model, loaded once.

    >>> from positivity import Analyzer
    >>> analyzer = Analyzer()
    >>> analyzer.score(["What a lovely day!", "worst. service. ever."]).label.tolist()
    ['positive', 'negative']
    >>> analyzer.analyze(["I love this place", "so happy today :)"]).counts.counted
    2
    """

    def __init__(self, model: str = DEFAULT, *, device: str = "auto", engine: str = "auto") -> None:
        """Loads a model by name or path onto a device (auto, cpu, cuda or mps), for an engine
        (auto, torch or onnx)."""
        directory = load(model)
        self.model = model_info(directory)
        self._quantifier = quantifier_of(directory)
        self._scorer = Scorer.load(directory, device=device, engine=engine)
        self._detector = EnglishDetector.load()

    def score(self, texts: Iterable[str]) -> "pd.DataFrame":
        """A row for each text: text, label, negative, neutral, positive and score, which is
        positive minus negative."""
        import pandas as pd

        rows = list(texts)
        probabilities = self._scorer.score(rows).astype(float).round(4)
        frame = pd.DataFrame(probabilities, columns=list(LABELS))
        frame.insert(0, "text", pd.Series(rows, dtype="str"))
        frame.insert(1, "label", [LABELS[i] for i in labels_of(probabilities)])
        frame["score"] = (frame["positive"] - frame["negative"]).round(4)
        return frame

    def analyze(
        self,
        tweets: "Sequence[str] | pd.DataFrame | pa.Table | Iterable[TweetBatch]",
        *,
        name: str = "tweets",
        timezone: str = "UTC",
        include_retweets: bool = False,
        language: str | None = None,
    ) -> Report:
        """The report on tweets: texts, a table with a `text` column, or batches of a source.

        A table may have any column of `positivity.tweets.SCHEMA`; others are not looked at.
        `language="en"` says that all are in English, so that none is left out for its language.

        Raises:
            InputError: a table without a `text` column.
        """
        terms = TermFinder(self._scorer.normalizer)
        tallies = Tallies(name, ZoneInfo(timezone), terms, by_author=False)
        selection = Selection(self._detector.is_english, include_retweets, language)
        for scored in score_batches(_batches(tweets), self._scorer, selection):
            tallies.add(scored)
        ((report, _),) = tallies.reports([], self.model, quantifier=self._quantifier)
        return explained([report], self._scorer)[0]


def _batches(tweets: Any) -> Iterable[TweetBatch]:
    if isinstance(tweets, pa.Table):
        return _from_table(tweets)
    if hasattr(tweets, "columns"):  # a pandas frame
        return _from_table(pa.Table.from_pandas(tweets, preserve_index=False))
    if isinstance(tweets, Sequence) and all(isinstance(each, str) for each in tweets):
        return _from_table(pa.table({"text": pa.array(tweets, pa.string())}))
    batches: Iterable[TweetBatch] = tweets
    return batches


def _from_table(table: pa.Table) -> Iterable[TweetBatch]:
    if "text" not in table.column_names:
        raise InputError(f"no column 'text' in the table; it has {', '.join(table.column_names)}")
    known = table.select([name for name in SCHEMA.names if name in table.column_names])
    for batch in known.combine_chunks().to_batches(max_chunksize=_BATCH):
        columns = {name: batch.column(name) for name in batch.schema.names}
        columns["text"] = columns["text"].cast(pa.string()).fill_null("")
        yield tweet_batch(columns, length=len(batch))
