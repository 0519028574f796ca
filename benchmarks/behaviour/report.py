"""What the columns of one run look like: a table, Markdown, or JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.behaviour.fairness import LARGEST_GAP, LARGEST_MOVE, SHARE_WITHIN, Kind
from benchmarks.behaviour.suite import Failure, Result

Rows = Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Column:
    """All that one scorer is measured to be."""

    name: str
    behaviour: Result
    fairness: dict[str, Kind]


def as_text(columns: Sequence[Column], chance: Mapping[str, float]) -> str:
    """Aligned tables, and the cases that the first scorer fails."""
    parts = [
        "share of cases failed, %\n" + _aligned(_behaviour_rows(columns, chance)),
        _fairness_title() + _aligned(_kind_rows(columns)),
        "mean score by group\n" + _aligned(_group_rows(columns)),
    ]
    first = columns[0]
    listed = [_failure_line(failure) for failure in first.behaviour.failures]
    parts.append(f"failed by {first.name}: {len(listed)}\n" + "\n".join(listed))
    return "\n\n".join(parts).rstrip() + "\n"


def as_markdown(columns: Sequence[Column], chance: Mapping[str, float]) -> str:
    """The tables in Markdown, without the failing cases."""
    parts = [
        _markdown(_behaviour_rows(columns, chance)),
        _markdown(_kind_rows(columns)),
        _markdown(_group_rows(columns)),
    ]
    return "\n\n".join(parts) + "\n"


def as_json(columns: Sequence[Column], chance: Mapping[str, float]) -> str:
    """Everything, the failing cases of each scorer too. Rates and shares are 0..1."""
    data = {
        "schema_version": 1,
        "cases": columns[0].behaviour.cases,
        "limits": {
            "gap": LARGEST_GAP,
            "move": LARGEST_MOVE,
            "share_within": SHARE_WITHIN,
        },
        "chance": _rounded(chance),
        "models": {column.name: _column_data(column) for column in columns},
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _column_data(column: Column) -> dict[str, object]:
    result = column.behaviour
    return {
        "failure_rate": {**_rounded(result.rates), "all": round(result.rate, 4)},
        "failures": [
            {
                "id": failure.case.id,
                "texts": failure.case.texts,
                "expect": failure.case.expect,
                "why": failure.case.why,
                "labels": failure.labels,
                "scores": [round(score, 4) for score in failure.scores],
            }
            for failure in result.failures
        ],
        "fairness": {
            name: {
                "gap": round(kind.gap, 4),
                "swaps": kind.swaps,
                "share_within": round(kind.share_within, 4),
                "largest_move": round(kind.largest_move, 4),
                "within": kind.within,
                "means": _rounded(kind.means),
            }
            for name, kind in column.fairness.items()
        },
    }


def _rounded(values: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in values.items()}


def _behaviour_rows(columns: Sequence[Column], chance: Mapping[str, float]) -> Rows:
    results = [column.behaviour for column in columns]
    cases = results[0].cases
    rows = [["capability", "cases", *(column.name for column in columns), "chance"]]
    for name, count in cases.items():
        rates = [result.rates[name] for result in results]
        rows.append([name, str(count), *(_percent(rate) for rate in [*rates, chance[name]])])
    rates = [result.rate for result in results]
    whole = [_percent(rate) for rate in [*rates, chance["all"]]]
    return [*rows, ["all", str(sum(cases.values())), *whole]]


def _kind_rows(columns: Sequence[Column]) -> Rows:
    """Largest gap of means, and share of swaps within the limit, of each kind."""
    head = [f"{column.name}: {what}" for column in columns for what in ("gap", "swaps within")]
    rows = [["groups by", "swaps", *head]]
    for name, kind in columns[0].fairness.items():
        cells = []
        for column in columns:
            measured = column.fairness[name]
            mark = "" if measured.within else " !"
            cells += [f"{measured.gap:.3f}", f"{_percent(measured.share_within)}{mark}"]
        rows.append([name, str(kind.swaps), *cells])
    return rows


def _group_rows(columns: Sequence[Column]) -> Rows:
    rows = [["groups by", "group", *(column.name for column in columns)]]
    for name, kind in columns[0].fairness.items():
        for group in kind.means:
            means = [f"{column.fairness[name].means[group]:+.3f}" for column in columns]
            rows.append([name, group, *means])
    return rows


def _fairness_title() -> str:
    return (
        "largest gap between mean scores, and % of swaps that move the score by "
        f"{LARGEST_MOVE:.2f} at most\n(! gap above {LARGEST_GAP}, "
        f"or fewer than {_percent(SHARE_WITHIN)} % of the swaps within)\n"
    )


def _failure_line(failure: Failure) -> str:
    said = "  ->  ".join(
        f"{text!r} {label} {score:+.3f}"
        for text, label, score in zip(
            failure.case.texts, failure.labels, failure.scores, strict=True
        )
    )
    return f"{failure.case.id}  wants {' or '.join(failure.case.expect)}: {said}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"


def _aligned(rows: Rows) -> str:
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def _markdown(rows: Rows) -> str:
    head, *body = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([head, "|---" * len(rows[0]) + "|", *body])
