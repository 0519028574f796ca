"""Conditions on a report, such as `net < -20 and verdict == negative`: read once, then asked.

A small language of its own: names of figures, comparisons, `and`, `or`, `not` and parentheses. What
a report does not know, such as the change of an account with few tweets, is neither true nor false,
and a condition that hangs on it neither holds nor does not.
"""

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from positivity.account.report import Estimate, Report
from positivity.account.verdict import MAINLY_NEGATIVE, MAINLY_POSITIVE, MIXED, NOT_ENOUGH
from positivity.errors import UsageError

Value: TypeAlias = float | str | bool | None
Values: TypeAlias = Mapping[str, Value]

# The words for a verdict in a condition; its own label in quotes does as well.
VERDICTS = {
    "positive": MAINLY_POSITIVE,
    "negative": MAINLY_NEGATIVE,
    "mixed": MIXED,
    "unsettled": NOT_ENOUGH,
}
ESTIMATES = ("net", "positive", "neutral", "negative", "opinion", "change")
NUMBERS = (
    *(f"{name}{end}" for name in ESTIMATES for end in ("", ".low", ".high")),
    *("tweets", "found"),
)
NAMES = ("verdict", *ESTIMATES, "tweets", "found", "changed")

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_TOKEN = re.compile(
    r"\s*(?:(?P<number>[-+−]?(?:\d+(?:\.\d*)?|\.\d+))(?![\w.])"
    r"|(?P<word>[A-Za-z_]+(?:\.[A-Za-z_]+)?)"
    r"""|"(?P<double>[^"]*)"|'(?P<single>[^']*)'"""
    r"|(?P<sign>==|!=|<=|>=|[<>()]))"
)
_LONGEST, _DEEPEST = 1000, 50


class _Part(Protocol):
    """A part of a condition."""

    def holds(self, values: Values) -> bool | None: ...


@dataclass(frozen=True, slots=True)
class _Comparison:
    name: str
    sign: str
    value: float | str

    def holds(self, values: Values) -> bool | None:
        found = values[self.name]
        if found is None:
            return None
        return _COMPARISONS[self.sign](found, self.value)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class _Fact:
    name: str

    def holds(self, values: Values) -> bool | None:
        found = values[self.name]
        return None if found is None else bool(found)


@dataclass(frozen=True, slots=True)
class _Not:
    part: _Part

    def holds(self, values: Values) -> bool | None:
        found = self.part.holds(values)
        return None if found is None else not found


@dataclass(frozen=True, slots=True)
class _Several:
    """Parts of which a `decisive` one decides alone: False among `and`, True among `or`."""

    parts: tuple[_Part, ...]
    decisive: bool

    def holds(self, values: Values) -> bool | None:
        found = {part.holds(values) for part in self.parts}
        if self.decisive in found:
            return self.decisive
        return None if None in found else not self.decisive


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition as it was written, and what it means."""

    text: str
    _part: _Part
    names: tuple[str, ...]  # of the figures that it asks for, in the order of the text

    def holds(self, report: Report) -> bool | None:
        """Whether it holds of a report; None when that is not known."""
        return self._part.holds(values_of(report))

    def why(self, report: Report) -> str:
        """The figures that it asks for, as the report has them: "net -31.4, change unknown"."""
        values = values_of(report) | {"verdict": report.verdict.word}
        return ", ".join(f"{name} {_shown(values[name])}" for name in dict.fromkeys(self.names))


def parse_condition(text: str) -> Condition:
    """Read a condition.

    Raises:
        UsageError: it is none; the message says where and what is known.
    """
    if len(text) > _LONGEST:
        raise UsageError(f"a condition has at most {_LONGEST:,} characters")
    parser = _Parser(text)
    part = parser.whole()
    return Condition(" ".join(text.split()), part, tuple(parser.names))


def values_of(report: Report) -> dict[str, Value]:
    """The figures of a report by the names of conditions: shares and nets in points of 100."""
    change = report.change
    values: dict[str, Value] = {
        "verdict": report.verdict.label,
        "tweets": report.counts.counted,
        "found": report.counts.found,
        "changed": None if change is None else change.changed,
    }
    estimates: dict[str, tuple[Estimate | None, float]] = {
        "net": (report.net, 1),
        "positive": (report.positive, 100),
        "neutral": (report.neutral, 100),
        "negative": (report.negative, 100),
        "opinion": (report.opinion, 100),
        "change": (None if change is None else change.difference, 1),
    }
    for name, (estimate, scale) in estimates.items():
        for suffix, field in (("", "value"), (".low", "low"), (".high", "high")):
            number = None if estimate is None else round(scale * getattr(estimate, field), 6)
            values[name + suffix] = number
    return values


def _shown(value: Value) -> str:
    if value is None:
        return "unknown"
    return f"{value:g}" if isinstance(value, float) else str(value)


class _Parser:
    """Reads a condition from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._split(text)
        self._at = self._depth = 0
        self.names: list[str] = []

    def _split(self, text: str) -> Sequence[tuple[str, str]]:
        tokens, place = [], 0
        while text[place:].strip():
            found = _TOKEN.match(text, place)
            if found is None:
                rest = text[place:].strip()
                hint = "; to compare write ==" if rest.startswith("=") else ""
                raise self._error(f"cannot be read from {rest[:20]!r} on{hint}")
            kind = str(found.lastgroup)
            tokens.append((kind, found[kind]))
            place = found.end()
        return tokens

    def _error(self, what: str) -> UsageError:
        return UsageError(f"the condition {self._text!r} {what}")

    def _next(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take(self, *texts: str) -> bool:
        """Whether the next token is a word or a sign of these; then it is taken."""
        kind, text = self._next()
        if kind in ("word", "sign") and text in texts:
            self._at += 1
            return True
        return False

    def whole(self) -> _Part:
        part = self._either()
        kind, text = self._next()
        if kind != "end":
            raise self._error(f"has {text!r} where 'and' or 'or' or its end should be")
        return part

    def _either(self) -> _Part:
        return self._several(self._all, "or", decisive=True)

    def _all(self) -> _Part:
        return self._several(self._one, "and", decisive=False)

    def _several(self, read: Callable[[], _Part], word: str, *, decisive: bool) -> _Part:
        parts = [read()]
        while self._take(word):
            parts.append(read())
        return parts[0] if len(parts) == 1 else _Several(tuple(parts), decisive)

    def _one(self) -> _Part:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._error("is nested too deep")
        try:
            if self._take("not"):
                return _Not(self._one())
            if self._take("("):
                part = self._either()
                if not self._take(")"):
                    raise self._error("lacks a ')'")
                return part
            return self._comparison()
        finally:
            self._depth -= 1

    def _comparison(self) -> _Part:
        name = self._name()
        if name == "changed":
            return _Fact(name)
        kind, sign = self._next()
        if kind != "sign" or sign not in _COMPARISONS:
            raise self._error(f"lacks a comparison after {name!r}: one of {' '.join(_COMPARISONS)}")
        self._at += 1
        kind, text = self._next()
        self._at += 1
        if name == "verdict":
            return _Comparison(name, self._equality(sign), self._verdict(kind, text))
        if kind != "number":
            raise self._error(f"lacks a number after {name} {sign}")
        return _Comparison(name, sign, float(text.replace("−", "-")))

    def _name(self) -> str:
        kind, text = self._next()
        if kind != "word" or text not in (*NAMES, *NUMBERS):
            what = f"has {text!r}" if text else "ends"
            raise self._error(f"{what} where the name of a figure should be: {', '.join(NAMES)}")
        self._at += 1
        self.names.append(text)
        return text

    def _equality(self, sign: str) -> str:
        if sign not in ("==", "!="):
            raise self._error("compares the verdict with other than == or !=")
        return sign

    def _verdict(self, kind: str, text: str) -> str:
        label = VERDICTS.get(text, text)
        if kind not in ("word", "single", "double") or label not in VERDICTS.values():
            raise self._error(f"lacks a verdict after ==: {', '.join(VERDICTS)}")
        return label
