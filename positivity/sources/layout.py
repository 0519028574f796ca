"""How a table of tweets is laid out: which of its columns are what, known or guessed."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from positivity.errors import InputError
from positivity.sources import exports, guess, own_scores
from positivity.sources.columns import (
    CLOCK_NAMES,
    FIELD_NAMES,
    FLAG_NAMES,
    MARK_NAMES,
    MESSAGES,
    SHORT,
    WHOLE,
    ZONE_NAMES,
    chosen_names,
    is_message,
    known_names,
)
from positivity.sources.dates import DayMonth, day_month_order
from positivity.sources.exports import Export, plain_name
from positivity.tweets import Kind

if TYPE_CHECKING:
    from positivity.sources.reading import ReadOptions


# Of plain names: what tells of an account, of another tweet, or of the file's own making.
_OF_OTHERS = re.compile(
    "user|author|account|profile|follow|member|birth|join|quot|retweet|repl|conversation|parent|"
    "scrap|crawl|collect|retriev|download|fetch|import|export|insert|index|updat|modif|edit|delet|"
    "access|seen|label|annotat|list|media|place"
)


@dataclass(frozen=True)
class Layout:
    """The places of a tweet's parts in a table's rows, counted from 0."""

    names: tuple[str, ...]
    fields: Mapping[str, int]  # columns of the tweet schema, "text" among them
    flags: tuple[tuple[Kind, int], ...] = field(default=())
    marks: tuple[tuple[Kind, int], ...] = field(default=())
    clock: tuple[int, ...] = ()  # the time of day, and its zone, where the date has none
    day_first: bool = False
    dated_by_id: bool = False  # the time is in the id, and nowhere else
    export: str | None = None  # the name of the tool or data set
    remarks: tuple[str, ...] = ()  # what else was found out, or guessed
    label: str | None = None  # the column that says which tweets are positive
    short_text: int | None = None  # the column of the text where that of whole texts is empty

    @property
    def text(self) -> int:
        return self.fields["text"]

    @property
    def used(self) -> tuple[int, ...]:
        """Every column that is read."""
        kinds = (index for _, index in (*self.flags, *self.marks))
        short = () if self.short_text is None else (self.short_text,)
        return tuple(dict.fromkeys((*self.fields.values(), *kinds, *self.clock, *short)))

    def described(self, kind: str) -> str:
        """A kind of file, such as CSV, with the name of the tool that writes it."""
        return f"{self.export} {kind}" if self.export else kind

    def describe(self) -> str:
        """Where text and time come from, in a few words, and what is odd about them."""
        parts = [f"text from {called(self.names, self.text)}"]
        if "created_at" in self.fields:
            columns = (self.fields["created_at"], *self.clock)
            parts.append(f"time from {' and '.join(called(self.names, i) for i in columns)}")
        elif self.dated_by_id:
            parts.append("time from the ids")
        return ", ".join((*parts, *self.remarks))


def called(names: Sequence[str], index: int) -> str:
    """A column as people speak of it."""
    return f"'{names[index]}'" if names[index] else f"column {index + 1}"


def lay_out(
    source: str,
    header: Sequence[str] | None,
    rows: Sequence[Sequence[str]],
    width: int,
    options: "ReadOptions",
    all_cells: Callable[[int], Iterable[str]],
) -> Layout:
    """The layout of a table with this header, or without one, and these first rows below it.

    `all_cells` gives the cells of a column in all rows that can be seen before reading, for what
    the first ones leave open.
    """
    names = tuple(cell.strip() for cell in header) if header is not None else ("",) * width
    plain = [plain_name(name) for name in names]
    if is_message(plain):
        raise InputError(f"{source}: {MESSAGES}")
    if options.format == exports.SENTIMENT140 and not guess.is_sentiment140(rows):
        raise InputError(
            f"{source}: is no table of Sentiment140; that has six columns, the first of them 0, 2 "
            "or 4, and no names for them"
        )
    export = _export(source, plain, options)
    fields = _by_name(plain) if header is not None else _by_value(rows, plain)
    fields |= _of_export(export, plain) if export else {}
    chosen = _chosen(source, names, options)
    look: dict[str, int] = {}
    is_analytics = export is not None and export.key == exports.X_ANALYTICS
    if header is not None and (is_analytics or _is_foreign(header, fields | chosen)):
        look = {} if is_analytics else guess.x_analytics(rows, width)
        fields = _by_value(rows, plain) | fields | look
    own = own_scores.is_own(names)
    if own:
        fields["left_out"] = names.index("left_out")
    fields |= chosen
    if "text" not in fields:
        text = guess.text_column(rows, width, without=frozenset(fields.values()))
        if text is None:
            raise InputError(_no_text(source, names))
        fields["text"] = text
    remarks = ["columns recognised by what is in them"] if look else []
    if header is not None and not own and not is_analytics:
        found, open_questions = _by_look(fields, names, rows)
        fields |= found
        remarks += open_questions
    label = _label(names, rows)
    if options.labels and "label" not in fields:
        fields |= _label_place(label, names, header, rows)
    if "label" in fields:
        remarks.append(f"labels from {called(names, fields['label'])}")
    # What is missing from our own scores is, and what is there is right.
    if "id" not in chosen and not own and guess.has_rounded_ids(rows, fields.get("id")):
        del fields["id"]
        kept = "taken from the links" if "link" in fields else "kept as missing"
        remarks.append(f"ids were rounded by a spreadsheet: {kept}")
    dated_by_id = "created_at" not in chosen and not own and _dated_by_id(fields, rows)
    if dated_by_id:
        fields.pop("created_at", None)
    clock = _clock(plain, fields, rows)
    order = _day_month(fields.get("created_at"), rows, all_cells)
    day_first = order is DayMonth.DAY_FIRST or (order is DayMonth.OPEN and _says_day(export))
    return Layout(
        names,
        fields,
        _kinds(plain, FLAG_NAMES),
        _kinds(plain, MARK_NAMES),
        clock=clock,
        day_first=day_first,
        dated_by_id=dated_by_id,
        export="X Analytics" if look else _name(export, header, rows),
        remarks=(*remarks, *_of_dates(order, export)),
        label=label,
        short_text=None if "text" in chosen else _short_text(plain, fields["text"]),
    )


def _short_text(plain: Sequence[str], text: int) -> int | None:
    """The column of cut texts beside one of whole texts, which some tools leave empty if short."""
    return plain.index(SHORT) if plain[text] == WHOLE and SHORT in plain else None


def _is_foreign(header: Sequence[str], fields: Mapping[str, int]) -> bool:
    """Whether the columns seem to be named in another language."""
    return "text" not in fields or known_names(header) < 2


def _export(source: str, plain: Sequence[str], options: "ReadOptions") -> Export | None:
    if options.format is not None:
        return exports.demanded(source, options.format, plain)
    return exports.recognised(plain)


def _name(export: Export | None, header: Sequence[str] | None, rows: guess.Rows) -> str | None:
    if export is not None:
        return export.name
    return "Sentiment140" if header is None and guess.is_sentiment140(rows) else None


def _says_day(export: Export | None) -> bool:
    return export is not None and export.day_first is True


def _of_export(export: Export, plain: Sequence[str]) -> dict[str, int]:
    """The columns that a known tool has for the parts of a tweet."""
    return {part: plain.index(name) for part, name in export.fields.items() if name in plain}


def _dated_by_id(fields: Mapping[str, int], rows: guess.Rows) -> bool:
    """Whether times must be taken from the ids: no column has any that can be read."""
    if "id" not in fields or not guess.are_dated_ids(rows, fields["id"]):
        return False
    return "created_at" not in fields or not guess.are_times(rows, fields["created_at"])


def _clock(plain: Sequence[str], fields: Mapping[str, int], rows: guess.Rows) -> tuple[int, ...]:
    """The columns of the time of day and the zone that go with a column of bare dates."""
    date = fields.get("created_at")
    if date is None:
        return ()
    for index, name in enumerate(plain):
        if name in CLOCK_NAMES and index != date and guess.are_clocks(rows, date, index):
            zones = (zone for zone, other in enumerate(plain) if other in ZONE_NAMES)
            return (index, *(zone for zone in zones if guess.are_zones(rows, zone)))[:2]
    return ()


def _day_month(
    date: int | None, rows: guess.Rows, all_cells: Callable[[int], Iterable[str]]
) -> DayMonth:
    if date is None:
        return DayMonth.NONE
    order = day_month_order(row[date] for row in rows if date < len(row))
    if order not in (DayMonth.SAME, DayMonth.OPEN):
        return order
    further = day_month_order(all_cells(date))
    return order if further is DayMonth.NONE else further


def _of_dates(order: DayMonth, export: Export | None) -> Iterator[str]:
    if order is DayMonth.DAY_FIRST:
        yield "dates with the day first"
    elif order is DayMonth.OPEN and (export is None or export.day_first is None):
        yield "dates such as 3/4/2020 taken as month first"


def _label(names: Sequence[str], rows: guess.Rows) -> str | None:
    found = None if own_scores.is_own(names) else guess.label_column(rows, names)
    return None if found is None else names[found]


def _label_place(
    label: str | None, names: Sequence[str], header: Sequence[str] | None, rows: guess.Rows
) -> dict[str, int]:
    if label is not None:
        return {"label": names.index(label)}
    return {"label": 0} if header is None and guess.is_sentiment140(rows) else {}


def _by_name(plain: Sequence[str]) -> dict[str, int]:
    places: dict[str, int] = {}
    for index, name in enumerate(plain):
        places.setdefault(name, index)
    return {
        part: next(places[name] for name in wanted if name in places)
        for part, wanted in FIELD_NAMES.items()
        if any(name in places for name in wanted)
    }


def _by_value(rows: Sequence[Sequence[str]], plain: Sequence[str]) -> dict[str, int]:
    """The parts that a table without names for them gives away by what its cells look like."""
    if guess.is_sentiment140(rows):  # it has no header, ever
        return {"id": 1, "created_at": 2, "author": 4, "text": 5}
    fields = {}
    own = _of_tweets(plain)
    for part, column in (
        ("id", guess.id_column(rows, own)),
        ("created_at", next(iter(guess.time_columns(rows, own)), None)),
        ("link", guess.link_column(rows, len(plain))),
    ):
        if column is not None:
            fields[part] = column
    return fields


def _of_tweets(plain: Sequence[str]) -> list[int]:
    """The columns whose names do not tell of something else than the tweet."""
    return [column for column, name in enumerate(plain) if not _OF_OTHERS.search(name)]


def _by_look(
    fields: Mapping[str, int], names: Sequence[str], rows: guess.Rows
) -> tuple[dict[str, int], list[str]]:
    """Id and time by what is in the columns, where no name is known; and what that leaves open."""
    plain = [plain_name(name) for name in names]
    used = {index for table in (FLAG_NAMES, MARK_NAMES) for _, index in _kinds(plain, table)}
    used.update(fields.values())
    free = [column for column in _of_tweets(plain) if column not in used]
    found: dict[str, int] = {}
    if fields.keys().isdisjoint(("id", "link")):
        column = guess.id_column(rows, free)
        if column is not None and guess.are_dated_ids(rows, column):
            found["id"] = column
    if "created_at" in fields or _dated_by_id({**fields, **found}, rows):
        return found, []
    times = guess.time_columns(rows, free)
    if len(times) == 1:
        found["created_at"] = times[0]
    listed = " and ".join(called(names, column) for column in times)
    several = f"no time, as {listed} hold times: say which with --date-column"
    return found, [several] if len(times) > 1 else []


def _chosen(source: str, names: Sequence[str], options: "ReadOptions") -> dict[str, int]:
    flags = {"created_at": "date"}
    return {
        part: _place(source, names, wish, f"--{flags.get(part, part)}-column")
        for part, wish in chosen_names(options).items()
    }


def _place(source: str, names: Sequence[str], wish: str, flag: str) -> int:
    """The column that a user asked for by name, or by number from 1."""
    if wish in names:
        return names.index(wish)
    plain = [plain_name(name) for name in names]
    if plain_name(wish) and plain_name(wish) in plain:
        return plain.index(plain_name(wish))
    if wish.isascii() and wish.isdecimal() and 1 <= int(wish) <= len(names):
        return int(wish) - 1
    raise InputError(f"{source}: there is no column '{wish}' ({flag}); {_listed(names)}")


def _kinds(
    plain: Sequence[str], table: Mapping[Kind, tuple[str, ...]]
) -> tuple[tuple[Kind, int], ...]:
    return tuple(
        (kind, index)
        for kind, wanted in table.items()
        for index, name in enumerate(plain)
        if name in wanted
    )


def _no_text(source: str, names: Sequence[str]) -> str:
    return (
        f"{source}: no column looks like the text of tweets; {_listed(names)}; "
        "say which it is with --text-column"
    )


def _listed(names: Sequence[str]) -> str:
    if not any(names):
        one = len(names) == 1
        return f"it has {len(names)} column{'' if one else 's'} without a name: give a number"
    return "its columns are " + ", ".join(f"'{name}'" for name in names[:100])
