"""Series of measured points in, the text of an SVG file out: both axes logarithmic, readable on light and dark grounds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 76, 36, 40, 108
COLORS = ("#2f81f7", "#e8590c", "#2f9e44", "#ae3ec9")
STYLE = """
    text { font: 13px system-ui, sans-serif; fill: #1f2328; }
    .title { font-weight: 600; font-size: 15px; }
    .ground { fill: #ffffff; }
    .grid { stroke: #d0d7de; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; } .ground { fill: #0d1117; } .grid { stroke: #3d444d; }
    }
"""


@dataclass(frozen=True, slots=True)
class Series:
    """A line: its name, and its points, whose coordinates are above 0, from left to right."""

    name: str
    points: Sequence[tuple[float, float]]
    dashed: bool = False


def plot(title: str, x_label: str, y_label: str, series: Sequence[Series]) -> str:
    """The text of an SVG file with four lines at most. The axes end at powers of ten, of which there are two at least."""
    points = [point for each in series for point in each.points]
    across, up = _powers(x for x, _ in points), _powers(y for _, y in points)

    def place(x: float, y: float) -> tuple[float, float]:
        right = (log10(x) - across[0]) / (across[-1] - across[0])
        upward = (log10(y) - up[0]) / (up[-1] - up[0])
        return LEFT + right * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - upward * (HEIGHT - TOP - BOTTOM)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}" rx="6"/>',
        _text(WIDTH / 2, 24, title, "middle", "title"),
        _text((WIDTH + LEFT - RIGHT) / 2, HEIGHT - BOTTOM + 40, x_label, "middle"),
        f'<g transform="rotate(-90 16 {(HEIGHT + TOP - BOTTOM) / 2})">',
        _text(16, (HEIGHT + TOP - BOTTOM) / 2, y_label, "middle"),
        "</g>",
    ]
    for power in across:
        x, y = place(10**power, 10 ** up[0])
        parts += [_line((x, TOP), (x, y)), _text(x, y + 18, _number(power), "middle")]
    for power in up:
        x, y = place(10 ** across[0], 10**power)
        parts += [_line((x, y), (WIDTH - RIGHT, y)), _text(x - 6, y + 4, _number(power), "end")]
    for number, each in enumerate(series):
        parts += _drawn(each, COLORS[number % len(COLORS)], [place(*point) for point in each.points])
        parts += _named(each, COLORS[number % len(COLORS)], LEFT + number % 2 * 280, HEIGHT - 40 + number // 2 * 24)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _powers(values: Iterable[float]) -> range:
    """The powers of ten from that below the smallest value to that above the largest."""
    found = [log10(value) for value in values]
    first, last = floor(min(found) + 1e-9), ceil(max(found) - 1e-9)
    return range(first, max(last, first + 1) + 1)


def _number(power: int) -> str:
    return f"{10**power:,}" if power >= 0 else f"{10**power:.{-power}f}"


def _text(x: float, y: float, text: str, anchor: str, style: str = "label") -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _line(start: tuple[float, float], end: tuple[float, float]) -> str:
    return f'<line class="grid" x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}"/>'


def _drawn(series: Series, color: str, places: Sequence[tuple[float, float]]) -> list[str]:
    dashes = ' stroke-dasharray="6 4"' if series.dashed else ""
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    line = f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"{dashes}/>'
    return [line, *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{color}"/>' for x, y in places)]


def _named(series: Series, color: str, x: float, y: float) -> list[str]:
    dashes = ' stroke-dasharray="6 4"' if series.dashed else ""
    line = f'<line x1="{x:.1f}" y1="{y}" x2="{x + 24:.1f}" y2="{y}" stroke="{color}" stroke-width="2"{dashes}/>'
    return [line, _text(x + 30, y + 4, series.name, "start")]
