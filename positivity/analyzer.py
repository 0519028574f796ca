"""The Python interface: `Analyzer` scores texts and analyzes tweets as the commands do."""

from collections.abc import Iterable, Mapping
from datetime import date
from itertools import chain, islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
from positivity.sources.dates import DayMonth, day_month_order, parse_moment
from positivity.stream.stages import score_batches
from positivity.text.language import EnglishDetector
from positivity.text.terms import TermFinder
from positivity.tweets import SCHEMA, TweetBatch, tweet_batch

if TYPE_CHECKING:
    import pandas as pd

_BATCH = 8192


class Analyzer:
    """Scores texts and analyzes tweets with one model, loaded once.

    Pickled, as `multiprocessing` does, it takes along what it was made with, and loads the model
    where it arrives.

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
        self._made_with = {"model": model, "device": device, "engine": engine}
        directory = load(model)
        self.model = model_info(directory)
        self._quantifier = quantifier_of(directory)
        self._scorer = Scorer.load(directory, device=device, engine=engine)
        self._detector = EnglishDetector.load()

    def __getstate__(self) -> dict[str, str]:
        return self._made_with

    def __setstate__(self, made_with: dict[str, str]) -> None:
        self.__init__(**made_with)  # type: ignore[misc]

    def score(self, texts: Iterable[str]) -> "pd.DataFrame":
        """A row for each text: text, label, negative, neutral, positive and score, which is
        positive minus negative.

        Raises:
            InputError: it is one string instead of several, or a table instead of a column of
                texts, or something in it is no string.
        """
        import pandas as pd

        rows = _strings(texts)
        probabilities = self._scorer.score(rows).astype(float).round(4)
        frame = pd.DataFrame(probabilities, columns=list(LABELS))
        frame.insert(0, "text", pd.Series(rows, dtype="str"))
        labels = [LABELS[i] for i in labels_of(probabilities)]
        frame.insert(1, "label", pd.Series(labels, dtype="str"))
        frame["score"] = (frame["positive"] - frame["negative"]).round(4)
        return frame

    def analyze(
        self,
        tweets: "Iterable[str] | pd.DataFrame | pa.Table | Iterable[TweetBatch]",
        *,
        name: str = "tweets",
        timezone: str = "UTC",
        include_retweets: bool = False,
        language: str | None = None,
    ) -> Report:
        """The report on tweets: texts, a table with a `text` column, or batches of a source.

        A table may have any column of `positivity.tweets.SCHEMA`; others are not looked at. Times
        may be spelled out, as they are in a CSV file; one that cannot be read is unknown.
        `language="en"` says that all are in English, so that none is left out for its language.

        Raises:
            InputError: a table without a `text` column, or with a column of another type than a
                tweet's; one string instead of several; something in a list that is no string; no
                such time zone.
        """
        terms = TermFinder(self._scorer.normalizer)
        tallies = Tallies(name, _zone(timezone), terms, by_author=False)
        selection = Selection(self._detector.is_english, include_retweets, language)
        for scored in score_batches(_batches(tweets), self._scorer, selection):
            tallies.add(scored)
        ((report, _),) = tallies.reports([], self.model, quantifier=self._quantifier)
        return explained([report], self._scorer)[0]


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InputError(
            f"timezone {name!r}: no such time zone; give one like UTC or Europe/Lisbon"
        ) from None


def _strings(texts: Iterable[str]) -> list[str]:
    """The texts, in characters that UTF-8 can hold: half of a surrogate pair is replaced."""
    if isinstance(texts, str):
        raise InputError("texts: one string was given; give a list of them, such as [text]")
    if isinstance(texts, Mapping) or hasattr(texts, "columns"):
        raise InputError("texts: a table was given; give its column of texts, as table['text']")
    rows = list(_of_python(texts))
    for place, text in enumerate(rows):
        if not isinstance(text, str):
            raise InputError(
                f"texts: {text!r} at place {place} is no string; where there is no text give ''"
            )
    return [text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in rows]


def _batches(tweets: Any) -> Iterable[TweetBatch]:
    if isinstance(tweets, pa.RecordBatch):
        return _complete(tweets)
    if isinstance(tweets, pa.Table):
        return _from_table(tweets)
    if hasattr(tweets, "columns"):  # a pandas frame
        try:
            return _from_table(pa.Table.from_pandas(tweets, preserve_index=False))
        except (pa.ArrowException, ValueError) as error:  # a column of several types, or two alike
            why = ": ".join(map(str, error.args))
            raise InputError(f"the frame cannot be read: {why}") from None
    if isinstance(tweets, Mapping):
        raise InputError("tweets: a table is given as a frame of pandas or a table of arrow")
    if not isinstance(tweets, str):
        each = iter(_of_python(tweets))
        first = list(islice(each, 1))
        tweets = chain(first, each)
        if first and isinstance(first[0], pa.RecordBatch):
            return chain.from_iterable(map(_complete, tweets))
    return _from_table(pa.table({"text": pa.array(_strings(tweets), pa.string())}))


def _of_python(values: Any) -> Iterable[Any]:
    """Values of arrow, of numpy or a series of pandas as those of Python; others as they are."""
    as_list = getattr(values, "to_pylist", None) or getattr(values, "tolist", None)
    several: Iterable[Any] = as_list() if as_list else values
    return several


def _complete(batch: pa.RecordBatch) -> Iterable[TweetBatch]:
    """A batch with all the columns of tweets."""
    if set(SCHEMA.names) <= set(batch.schema.names):
        return [batch]
    return _from_table(pa.Table.from_batches([batch]))


def _from_table(table: pa.Table) -> Iterable[TweetBatch]:
    if "text" not in table.column_names:
        raise InputError(f"no column 'text' in the table; it has {', '.join(table.column_names)}")
    columns = {
        name: _as_in_a_tweet(name, table.column(name).combine_chunks())
        for name in SCHEMA.names
        if name in table.column_names
    }
    for start in range(0, table.num_rows, _BATCH):
        part = {name: values[start : start + _BATCH] for name, values in columns.items()}
        yield tweet_batch(part, length=len(part["text"]))


def _as_in_a_tweet(name: str, values: pa.Array) -> "pa.Array | list[date | None]":
    """A column in the type that tweets have; dates stay dates, which have no time of day.

    Raises:
        InputError: it holds something else.
    """
    wanted = SCHEMA.field(name).type
    try:
        if pa.types.is_dictionary(values.type):  # pandas' categories
            values = values.dictionary_decode()
        if name == "text":
            return values.cast(wanted).fill_null("")
        if name == "created_at" and pa.types.is_date(values.type):
            return values
        if name == "created_at" and not pa.types.is_timestamp(values.type):
            return _moments(values.cast(pa.string()).to_pylist())
        if name == "id" and pa.types.is_floating(values.type):
            raise InputError("column 'id': numbers with a point lose digits; read ids as text")
        # Of a time less than a millisecond is left out.
        return values.cast(wanted, safe=name != "created_at")
    except pa.ArrowException as error:
        raise InputError(f"column {name!r} cannot be read as {wanted}: {error}") from None


def _moments(spelled: "list[str | None]") -> "list[date | None]":
    """The times or dates that are spelled, in the order of day and month that they tell."""
    day_first = day_month_order(filter(None, spelled)) is DayMonth.DAY_FIRST
    return [parse_moment(each, day_first=day_first) if each else None for each in spelled]
