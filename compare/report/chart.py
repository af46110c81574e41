"""Small charts as plain data: where the template draws lines, ticks and the band of each epoch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from matplotlib.ticker import MaxNLocator

WIDTH, HEIGHT = 320, 190
LEFT, RIGHT, TOP, BOTTOM = 52, 10, 10, 30


@dataclass(frozen=True)
class Series:
    """One line: `points` as SVG has them, `dots` as (epoch, x, y); `style` names a class in the style sheet."""

    style: str
    points: str
    dots: list[tuple[int, float, float]]


@dataclass(frozen=True)
class Chart:
    """A chart of values by epoch. Ticks are (position, text); `bands` are (epoch, x, width), side by side."""

    title: str
    style: str  # a class in the style sheet: an implementation's name, or "wide"
    description: str
    y_ticks: list[tuple[float, str]]
    x_ticks: list[tuple[float, str]]
    bands: list[tuple[int, float, float]]
    series: list[Series]
    rule: tuple[float, str] | None = None  # a horizontal line and what it stands for
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    bottom: float = field(default=HEIGHT - BOTTOM)


def percent(value: float) -> str:
    """0.975 as 97.5%."""
    return f"{100 * value:g}%"


def linear_chart(
    title: str, style: str, values: Sequence[float], limits: tuple[float, float], as_percent: bool = False
) -> Chart:
    """One value an epoch, on an axis from limits[0] to limits[1]."""
    ticks = MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]).tick_values(*limits)
    low, high = float(ticks[0]), float(ticks[-1])
    named = [(_height(tick, low, high), percent(round(tick, 6)) if as_percent else f"{tick:.5g}") for tick in ticks]
    line = _series(style, list(enumerate(values, start=1)), len(values), low, high)
    first, last = (percent(round(v, 4)) if as_percent else f"{v:.4f}" for v in (values[0], values[-1]))
    described = f"{title}: {first} after the first epoch, {last} after the last."
    return Chart(title, style, described, named, _x_ticks(len(values)), _bands(len(values)), [line])


def log_chart(
    title: str, lines: Sequence[tuple[str, Sequence[float]]], floor: float, floor_text: str, description: str
) -> Chart:
    """Several series of positive values by epoch, from epoch 1; zeros, which a log scale has not, are left out."""
    epochs = max(len(values) for _, values in lines)
    wide = 2 * WIDTH  # the style sheet gives it smaller letters where there is room, larger ones where there is not
    low, high = math.floor(math.log10(floor)) - 2, 1
    powers = range(low + (low % 3), high + 1, 3)
    ticks = [(_height(power, low, high), f"1e{power:+03d}" if power else "1") for power in powers]
    series = [
        _series(style, [(e, math.log10(v)) for e, v in enumerate(values, start=1) if v > 0], epochs, low, high, wide)
        for style, values in lines
    ]
    rule = (_height(math.log10(floor), low, high), floor_text)
    return Chart(title, "wide", description, ticks, _x_ticks(epochs, wide), _bands(epochs, wide), series, rule, wide)


def _height(value: float, low: float, high: float) -> float:
    return round(HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM), 2)


def _across(epoch: float, epochs: int, width: int = WIDTH) -> float:
    """Where an epoch is: in the middle of its band."""
    return round(LEFT + (epoch - 0.5) / epochs * (width - LEFT - RIGHT), 2)


def _series(
    style: str, values: Sequence[tuple[int, float]], epochs: int, low: float, high: float, width: int = WIDTH
) -> Series:
    dots = [(epoch, _across(epoch, epochs, width), _height(value, low, high)) for epoch, value in values]
    return Series(style, " ".join(f"{x},{y}" for _, x, y in dots), dots)


def _x_ticks(epochs: int, width: int = WIDTH) -> list[tuple[float, str]]:
    every = math.ceil(epochs / 10)
    return [(_across(epoch, epochs, width), str(epoch)) for epoch in range(every, epochs + 1, every)]


def _bands(epochs: int, width: int = WIDTH) -> list[tuple[int, float, float]]:
    each = (width - LEFT - RIGHT) / epochs
    return [(epoch, round(LEFT + (epoch - 1) * each, 2), round(each, 2)) for epoch in range(1, epochs + 1)]
