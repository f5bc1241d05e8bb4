"""Where a figure may lie, as SVG made here: a line from end to end, a mark at the figure, a rule to see it by."""

from __future__ import annotations

from markupsafe import Markup

SHARES = (0.0, 1.0, 0.5)
"""What is between 0 and 100 %: the ends of the drawing, and where its rule stands."""
DIFFERENCES = (-1.0, 1.0, 0.0)
WIDTH, HEIGHT = 100, 12


def interval(
    low: float, figure: float, high: float, *, scale: tuple[float, float, float], told: str, tone: str = "quiet"
) -> Markup:
    """The drawing of one interval; `told` says it in words, and `tone` is a class of style.css."""
    first, last, rule = scale

    def at(value: float) -> str:
        return f"{WIDTH * (value - first) / (last - first):.2f}"

    return Markup(
        '<svg class="interval tone-{tone}" viewBox="0 0 {width} {height}" preserveAspectRatio="none" role="img">'
        "<title>{told}</title>"
        '<path class="rule" d="M{rule} 0V{height}"/>'
        '<path class="span" d="M{low} {middle}H{high}"/><path class="figure" d="M{figure} 1V{bottom}"/></svg>'
    ).format(
        tone=tone,
        width=WIDTH,
        height=HEIGHT,
        told=told,
        rule=at(rule),
        low=at(low),
        high=at(high),
        figure=at(figure),
        middle=HEIGHT // 2,
        bottom=HEIGHT - 1,
    )
