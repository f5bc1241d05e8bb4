"""Charts as SVG made here: columns over days. Labels are HTML beside them, so that they stay legible at any width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from storage.totals import Totals

SLOT, BAR = 10, 7.4
"""The width of a column's place, and of the column in it, in units of the drawing."""
HEIGHT = 100
MAX_COLUMNS = 100
WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Values of one colour (a class of style.css), drawn upwards or, where `is_below`, downwards."""

    name: str
    colour: str
    values: Sequence[int]
    is_below: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing and what stands around it. Rows are (label, values), the newest first."""

    id: str
    title: str
    svg: Markup
    series: Sequence[Series]
    top: int
    bottom: int
    first: str
    last: str
    rows: Sequence[tuple[str, Sequence[int]]]

    @property
    def headers(self) -> list[str | tuple[str, str]]:
        """The heading of the numbers' table."""
        return ["Days", *((one.name, "n") for one in self.series)]


def columns(chart_id: str, title: str, days: Sequence[str], series: Sequence[Series]) -> Chart:
    """A column a day, or a week where the days are many; the series stand on one another. Below 0 counts as 0."""
    labels, series = _by_week(days, series) if len(days) > MAX_COLUMNS else (list(days), series)
    top = _ceiling(_highest(series, is_below=False))
    bottom = _ceiling(_highest(series, is_below=True)) if any(one.is_below for one in series) else 0
    rows = [(label, [one.values[number] for one in series]) for number, label in enumerate(labels)]
    return Chart(
        id=chart_id,
        title=title,
        svg=_draw(chart_id, title, rows, series, top, bottom),
        series=series,
        top=top,
        bottom=bottom,
        first=days[0],
        last=days[-1],
        rows=rows[::-1],
    )


def reactions_chart(days: Sequence[str], reactions: Sequence[Totals]) -> Chart:
    """Reactions by day, what disapproves hanging below the line."""
    return columns(
        "reactions",
        f"Reactions, {len(days)} days",
        days,
        [
            Series(name="approving", colour="positive", values=[day.positive for day in reactions]),
            Series(name="neutral", colour="neutral", values=[day.neutral for day in reactions]),
            Series(name="disapproving", colour="negative", values=[day.negative for day in reactions], is_below=True),
        ],
    )


def _by_week(days: Sequence[str], series: Sequence[Series]) -> tuple[list[str], list[Series]]:
    """Sums of seven days each, the last of which ends with the last day."""
    starts = list(range(len(days) % WEEK - WEEK if len(days) % WEEK else 0, len(days), WEEK))
    spans = [slice(max(0, start), start + WEEK) for start in starts]
    labels = [f"{days[span][0]} to {days[span][-1]}" for span in spans]
    summed = [
        Series(
            name=one.name,
            colour=one.colour,
            values=[sum(one.values[span]) for span in spans],
            is_below=one.is_below,
        )
        for one in series
    ]
    return labels, summed


def _highest(series: Sequence[Series], *, is_below: bool) -> int:
    chosen = [one.values for one in series if one.is_below is is_below]
    return max((sum(max(0, value) for value in values) for values in zip(*chosen, strict=True)), default=0)


def _ceiling(value: int) -> int:
    """The next of 1, 2, 5, 10, 20, …"""
    if value <= 1:
        return 1
    power = int(10 ** math.floor(math.log10(value)))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)


def _draw(
    chart_id: str,
    title: str,
    rows: Sequence[tuple[str, Sequence[int]]],
    series: Sequence[Series],
    top: int,
    bottom: int,
) -> Markup:
    zero = HEIGHT * top / (top + bottom)
    drawn = Markup("").join(_column(number, row, series, zero, top) for number, row in enumerate(rows))
    told = "; ".join(f"{one.name}: {sum(one.values):,} in all, at most {max(one.values):,}" for one in series)
    return Markup(
        '<svg class="chart" viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img" '
        'aria-labelledby="{id}-title {id}-told">'
        '<title id="{id}-title">{title}</title><desc id="{id}-told">{told}</desc>'
        '<path class="rule" d="M0 0H{width}M0 {height}H{width}"/>{drawn}'
        '<path class="rule zero" d="M0 {zero}H{width}"/></svg>'
    ).format(
        id=chart_id,
        title=title,
        told=told,
        width=SLOT * len(rows),
        height=HEIGHT,
        zero=f"{zero:.2f}",
        drawn=drawn,
    )


def _column(number: int, row: tuple[str, Sequence[int]], series: Sequence[Series], zero: float, top: int) -> Markup:
    label, values = row
    told = ", ".join(f"{one.name} {value:,}" for one, value in zip(series, values, strict=True))
    rects, up, down = Markup(""), zero, zero
    for one, value in zip(series, values, strict=True):
        size = max(0, value) * zero / top
        if size:
            rects += _rect(one.colour, number, down if one.is_below else up - size, size)
        up, down = (up, down + size) if one.is_below else (up - size, down)
    return Markup('<g><title>{}: {}</title><path class="hit" d="M{} 0h{}v{}h-{}z"/>{}</g>').format(
        label, told, number * SLOT, SLOT, HEIGHT, SLOT, rects
    )


def _rect(colour: str, number: int, y: float, height: float) -> Markup:
    x = number * SLOT + (SLOT - BAR) / 2
    return Markup('<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>').format(
        colour, f"{x:g}", f"{y:.2f}", BAR, f"{height:.2f}"
    )
