"""The report for programs: JSON, described by the JSON Schema in `report.schema.json`."""

import codecs
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.resources import files
from typing import Any, TextIO

from positivity.account.explanation import Explanation
from positivity.account.report import Comparison, Report

SCHEMA_VERSION = 1
# What JSON need not escape and a terminal may obey: DEL, C1 controls, direction marks.
_STEERING = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def to_dict(report: Report) -> dict[str, Any]:
    """One report in plain lists, dicts, strings and numbers."""
    plain: dict[str, Any] = _plain(asdict(report))
    return plain


def render_json(reports: Report | Sequence[Report], out: TextIO) -> None:
    """Write one document of one or several reports, always of the same shape.

    Characters that `out` cannot encode are written as JSON escapes.
    """
    reports = [reports] if isinstance(reports, Report) else reports
    write_json(
        {
            "schema_version": SCHEMA_VERSION,
            "reports": [to_dict(report) for report in reports],
        },
        out,
    )


def render_explanation_json(explanation: Explanation, out: TextIO) -> None:
    """Write one document of one explanation, its report included."""
    plain = {
        "schema_version": SCHEMA_VERSION,
        "explanation": _plain(asdict(explanation)) | {"report": to_dict(explanation.report)},
    }
    write_json(plain, out)


def render_comparison_json(comparison: Comparison, out: TextIO) -> None:
    """Write a comparison: the document of its reports and what was found between them."""
    found: dict[str, Any] = _plain(asdict(replace(comparison, reports=())))
    del found["reports"]
    write_json(
        {
            "schema_version": SCHEMA_VERSION,
            "reports": [to_dict(report) for report in comparison.reports],
            "comparison": found,
        },
        out,
    )


def write_json(document: Any, out: TextIO) -> None:
    """Write a document.

    Characters that could steer a terminal become JSON escapes, and all that are not ASCII where
    `out` is not in UTF-8, which JSON must be.
    """
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2)
    text = _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
    if not _is_utf8(out) or not _encodable(text):
        text = json.dumps(document, ensure_ascii=True, allow_nan=False, indent=2)
    out.write(text + "\n")


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that every document of `render_json` follows."""
    return _schema("report.schema.json")


def comparison_schema() -> dict[str, Any]:
    """That of `render_comparison_json`; it names parts of the schema of reports."""
    return _schema("comparison.schema.json")


def explanation_schema() -> dict[str, Any]:
    """The JSON Schema that every document of `render_explanation_json` follows, in one piece."""
    schema = _schema("explanation.schema.json")
    # In the file the report is a reference to the schema beside it.
    schema["$defs"] |= json_schema()["$defs"]
    return schema


def _schema(name: str) -> dict[str, Any]:
    text = files("positivity.report").joinpath(name).read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def _plain(value: Any) -> Any:
    """The same value with lists for tuples."""
    match value:
        case dict():
            return {key: _plain(entry) for key, entry in value.items()}
        case tuple():
            return [_plain(entry) for entry in value]
        case _:
            return value


def _is_utf8(out: TextIO) -> bool:
    return codecs.lookup(out.encoding or "utf-8").name == "utf-8"


def _encodable(text: str) -> bool:
    """Whether a text has no half of a pair of characters in it."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
