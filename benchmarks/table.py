"""The table of ratios, their targets, and whether they are met."""

from dataclasses import dataclass

from benchmarks.stopwatch import Timing

_COLUMNS = (72, 46, 8, 8)


@dataclass(frozen=True)
class Row:
    """One ratio: what was measured against what, and the most it may be; None where it is for information."""

    measured: str
    against: str
    ratio: float
    limit: float | None
    detail: str

    @property
    def missed(self) -> bool:
        """Whether the ratio is above its target."""
        return self.limit is not None and self.ratio > self.limit


def ratio_row(measured: str, against: str, ours: Timing, theirs: Timing, limit: float | None = None) -> Row:
    """A row from two timings of one run."""
    detail = f"{ours.words} / {theirs.words}"
    return Row(measured, against, ours.median / theirs.median, limit, detail)


def header() -> str:
    """The table's first two lines."""
    names = _line("measured", "against", "ratio", "target", "")
    return f"{names}\n{'-' * (len(names) + 24)}"


def line(row: Row) -> str:
    """One row as text."""
    limit = "" if row.limit is None else f"<={_number(row.limit)}"
    verdict = "" if row.limit is None else "MISSED" if row.missed else "met"
    return _line(row.measured, row.against, f"{_number(row.ratio)}x", limit, f"{verdict:8}{row.detail}")


def _number(ratio: float) -> str:
    return f"{ratio:.3f}" if ratio < 0.2 else f"{ratio:.2f}"


def _line(*cells: str) -> str:
    *padded, last = cells
    texts = [f"{cell:{width}}" for cell, width in zip(padded, _COLUMNS, strict=True)]
    return "".join([*texts, last]).rstrip()
