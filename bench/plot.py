"""A plot of times against sizes as SVG, both axes logarithmic: what is linear has a slope of 45 degrees."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

WIDE, HIGH, LEFT, LOW, TOP = 720, 360, 70, 50, 30  # pixels: the picture, and what is around the axes
LEGEND = 260
COLOURS = (
    "#1b6ca8", "#c8553d", "#3f8f4f", "#8a5a9e", "#a07d1c", "#555555",
    "#5fb0d9", "#e8a08c", "#8fce9b", "#c6a3d6", "#d9c36b", "#aaaaaa",
)  # fmt: skip

Points = Sequence[tuple[float, float]]  # (size, microseconds)


class Axis:
    """A logarithmic axis between two pixels, from the power of ten below `least` to that above `most`."""

    def __init__(self, least: float, most: float, start: int, end: int) -> None:
        self.first = math.floor(math.log10(least))
        self.last = max(math.ceil(math.log10(most)), self.first + 1)
        self._start, self._scale = start, (end - start) / (self.last - self.first)

    def at(self, value: float) -> float:
        """The pixel of a value."""
        return self._start + (math.log10(value) - self.first) * self._scale

    def ticks(self) -> range:
        """The powers of ten on it."""
        return range(self.first, self.last + 1)


def draw(title: str, unit: str, series: Mapping[str, Points]) -> str:
    """The file: a line for each series, named at its right; the lower axis counts `unit`."""
    return "\n".join(_picture(title, unit, series)) + "\n"


def _picture(title: str, unit: str, series: Mapping[str, Points]) -> Iterator[str]:
    sizes = [size for points in series.values() for size, _ in points]
    times = [micros for points in series.values() for _, micros in points]
    x = Axis(min(sizes), max(sizes), LEFT, WIDE - LEGEND)
    y = Axis(min(times), max(times), HIGH - LOW, TOP)
    size = f'width="{WIDE}" height="{HIGH}" viewBox="0 0 {WIDE} {HIGH}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" {size}>'
    yield "<style>text{font:12px sans-serif}.grid{stroke:#ddd}polyline{fill:none;stroke-width:2}</style>"
    yield f'<rect width="{WIDE}" height="{HIGH}" fill="#fff"/>'
    yield _text(LEFT, TOP - 12, title)
    yield from _grid(x, y)
    yield _text((LEFT + WIDE - LEGEND) // 2, HIGH - 10, unit, "middle")
    for at, (name, points) in enumerate(series.items()):
        yield from _line(name, [(x.at(size), y.at(micros)) for size, micros in points], at)
    yield "</svg>"


def _grid(x: Axis, y: Axis) -> Iterator[str]:
    for power in x.ticks():
        at = x.at(10.0**power)
        yield f'<line class="grid" x1="{at:.1f}" y1="{TOP}" x2="{at:.1f}" y2="{HIGH - LOW}"/>'
        yield _text(at, HIGH - LOW + 16, f"{10**power:,}" if power >= 0 else f"{10.0**power:g}", "middle")
    for power in y.ticks():
        at = y.at(10.0**power)
        yield f'<line class="grid" x1="{LEFT}" y1="{at:.1f}" x2="{WIDE - LEGEND}" y2="{at:.1f}"/>'
        yield _text(LEFT - 6, at + 4, duration(10.0**power), "end")


def _line(name: str, pixels: list[tuple[float, float]], at: int) -> Iterator[str]:
    colour = COLOURS[at % len(COLOURS)]
    corners = " ".join(f"{px:.1f},{py:.1f}" for px, py in pixels)
    yield f'<polyline stroke="{colour}" points="{corners}"/>'
    for px, py in pixels:
        yield f'<circle cx="{px:.1f}" cy="{py:.1f}" r="3" fill="{colour}"/>'
    row = TOP + 12 + 18 * at
    yield f'<rect x="{WIDE - LEGEND + 10}" y="{row - 9}" width="10" height="10" fill="{colour}"/>'
    yield _text(WIDE - LEGEND + 26, row, name)


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def duration(micros: float) -> str:
    """A time with three significant digits and its unit."""
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if micros >= size:
            return f"{micros / size:.3g} {unit}"
    return f"{micros:.3g} us"
