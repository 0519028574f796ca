"""Texts that were decoded wrongly before they came here, such as "cafÃ©": noticed and mended."""

import pyarrow as pa
import pyarrow.compute as pc

from positivity.tweets import SCHEMA, TweetBatch

# Two characters in a row that mojibake is made of, as text of Windows or of the Mac shows the bytes
# of UTF-8. Any mojibake has them; so have some texts that are as they should be.
_SUSPICIOUS = (
    "[\u0080-\u00ff\u0152\u0153\u0160\u0161\u0178\u017d\u017e\u0192\u02c6\u02dc\u2013\u2014"
    "\u2018-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2122\u03a9\u03c0\u2202\u2206\u220f"
    "\u2211\u221a\u221e\u222b\u2248\u2260\u2264\u2265\u25ca\ufb01\ufb02\u0131\u02c7\u02d8-\u02dd]{2}"
)
_MOST_CLEAN = 0.2  # of the texts with more than ASCII in them


class Mender:
    """Mends the batches of a file if the first of them shows that much of it is mojibake."""

    def __init__(self) -> None:
        self.active: bool | None = None  # None: nothing has been seen yet
        self.mended = 0

    def mend(self, batch: TweetBatch) -> TweetBatch:
        """The batch with its texts mended, if that is needed in this file."""
        texts = batch.column("text")
        if self.active is None and batch.num_rows:
            self.active = _is_mojibake(texts)
        if not self.active:
            return batch
        rows = _suspicious_rows(texts)
        mended = dict(zip(rows, _mended(texts, rows), strict=True))
        if not mended:
            return batch
        old = texts.to_pylist()
        new = [mended.get(row, text) for row, text in enumerate(old)]
        self.mended += sum(new[row] != old[row] for row in rows)
        place = SCHEMA.get_field_index("text")
        return batch.set_column(place, SCHEMA.field(place), pa.array(new, pa.string()))


def _is_mojibake(texts: pa.Array) -> bool:
    """Whether mending helps more than a fifth of the texts that have letters beyond ASCII."""
    beyond = pc.sum(pc.invert(pc.string_is_ascii(texts))).as_py() or 0
    needed = _MOST_CLEAN * beyond
    rows = _suspicious_rows(texts)
    if not beyond or len(rows) <= needed:  # mostly so; then ftfy need not be imported
        return False
    changed = sum(
        new != texts[row].as_py() for row, new in zip(rows, _mended(texts, rows), strict=True)
    )
    return bool(changed > needed)


def _suspicious_rows(texts: pa.Array) -> list[int]:
    found = pc.match_substring_regex(texts, _SUSPICIOUS)
    rows: list[int] = pc.indices_nonzero(found).to_pylist()
    return rows


def _mended(texts: pa.Array, rows: list[int]) -> list[str]:
    from ftfy import fix_encoding

    return [fix_encoding(texts[row].as_py()) for row in rows]
