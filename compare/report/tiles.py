"""The weights of the first layer, or their gradient, as pictures: for each unit a tile, a pixel for each weight."""

import base64
import io
import math
from dataclasses import dataclass

import numpy as np

ACROSS = 16  # tiles in a row

#: Zero and, from there, the colours of ever smaller and ever larger values: those of `look_pictures.js`.
ZERO = (201, 201, 201)
BELOW = (ZERO, (107, 158, 209), (28, 92, 168), (5, 37, 89))
ABOVE = (ZERO, (240, 150, 82), (201, 84, 10), (110, 36, 0))
STEPS = 127  # shades on either side


@dataclass(frozen=True)
class Tiles:
    """A PNG as a data address, its size in pixels, the largest absolute value, and what it shows, in words."""

    title: str
    address: str
    width: int
    height: int
    largest: float
    words: str


def tiles(title: str, array: np.ndarray, image_shape: tuple[int, int]) -> Tiles:
    """array: (pixels, units), finite. Colours go with the square root of a value, so that small ones are seen, too."""
    from PIL import Image

    (rows, columns), units = image_shape, array.shape[1]
    down = math.ceil(units / ACROSS)
    largest = float(np.abs(array).max())
    part = np.sqrt(np.abs(array) / (largest or 1)) * np.sign(array)
    paper = 2 * STEPS + 1  # what lies between the tiles
    picture = np.full((down * (rows + 1) - 1, min(units, ACROSS) * (columns + 1) - 1), paper, np.uint8)
    for unit in range(units):
        top, left = unit // ACROSS * (rows + 1), unit % ACROSS * (columns + 1)
        shades = np.rint(part[:, unit] * STEPS).astype(int) + STEPS
        picture[top : top + rows, left : left + columns] = shades.reshape(rows, columns)
    image = Image.fromarray(picture, "P")
    image.putpalette([*_palette(), 255, 255, 255])
    content = io.BytesIO()
    image.save(content, "png", optimize=True, transparency=paper)
    address = "data:image/png;base64," + base64.b64encode(content.getvalue()).decode()
    height, width = picture.shape
    words = f"{title}: a tile for each of {units} units, entries from {array.min():.3g} to {array.max():.3g}"
    return Tiles(title, address, width, height, largest, words)


def _palette() -> list[int]:
    """Red, green and blue of every shade, from the smallest value to the largest."""
    below = [_mixed(BELOW, i / STEPS) for i in range(STEPS, 0, -1)]
    above = [_mixed(ABOVE, i / STEPS) for i in range(STEPS + 1)]
    return [part for shade in below + above for part in shade]


def _mixed(stops: tuple[tuple[int, int, int], ...], part: float) -> tuple[int, ...]:
    place = part * (len(stops) - 1)
    i = min(int(place), len(stops) - 2)
    return tuple(round(a + (b - a) * (place - i)) for a, b in zip(stops[i], stops[i + 1], strict=True))
