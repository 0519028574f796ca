"""An inspection for programs: JSON with every gate of every unit, to four digits."""

from dataclasses import asdict
from typing import Any, TextIO

from positivity.inspection.findings import GateMap, Inspection, TextFindings
from positivity.report.machine import SCHEMA_VERSION, write_json

_DIGITS = 4


def render_inspection_json(found: Inspection, out: TextIO) -> None:
    """Write one document of one inspection."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "model": {
            "name": found.model,
            "version": found.version,
            "cell": found.cell,
            "layers": found.layers,
            "units": found.units,
        },
        "texts": [_text(each) for each in found.texts],
        "gradients": {
            "texts": found.reach_texts,
            "cells": [asdict(each) for each in found.reach],
        },
        "neighbours": [asdict(each) for each in found.neighbourhoods],
    }
    write_json(document, out)


def _text(found: TextFindings) -> dict[str, Any]:
    return {
        "text": found.text,
        "tokens": found.tokens,
        "left_out": found.left_out,
        "words": [_rounded(asdict(each)) for each in found.words],
        "gates": None if found.gates is None else _gates(found.gates),
    }


def _rounded(word: dict[str, Any]) -> dict[str, Any]:
    return {k: round(v, _DIGITS) if isinstance(v, float) else v for k, v in word.items()}


def _gates(found: GateMap) -> dict[str, Any]:
    """Matrices [tokens][units], their columns in the order of `units`."""

    def plain(matrices: Any) -> dict[str, Any]:
        return {name: each.astype(float).round(_DIGITS).tolist() for name, each in matrices.items()}

    return {
        "cell": found.cell,
        "layer": found.layer,
        "direction": found.direction,
        "units": found.units,
        "gates": plain(found.gates),
        "values": plain(found.values),
    }
