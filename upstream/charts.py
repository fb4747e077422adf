"""Numbers as shapes: where each goes, how dark a tile is and how long a bar. Templates under admin/charts draw them as SVG."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, NamedTuple

STEPS = 5
# For each nation and region what fits on a tile, and its column and row: as near to the map as a grid of four by five comes.
TILES = {
    "scotland": ("Scotland", 1, 0),
    "northern-ireland": ("N Ireland", 0, 1),
    "north-east": ("North East", 2, 1),
    "north-west": ("North West", 1, 2),
    "yorkshire-and-the-humber": ("Yorkshire", 2, 2),
    "wales": ("Wales", 0, 3),
    "west-midlands": ("W Midlands", 1, 3),
    "east-midlands": ("E Midlands", 2, 3),
    "east-of-england": ("East", 3, 3),
    "south-west": ("South West", 1, 4),
    "london": ("London", 2, 4),
    "south-east": ("South East", 3, 4),
}
PITCH_X, PITCH_Y = 104, 94


@dataclass(frozen=True)
class Share:
    """One line of a distribution. `percent` is of the longest line, for its bar."""

    label: str
    number: int
    percent: int
    url: str


@dataclass(frozen=True)
class Part:
    """One line of a distribution within another. The percentages are of the longest whole, for the two bars."""

    label: str
    number: int
    whole: int
    percent: int
    whole_percent: int


class Tile(NamedTuple):
    """One square of the map, in the units of the SVG. `step` is 1 for none and 5 for the most."""

    label: str
    number: int
    step: int
    x: int
    y: int


def shares(labels: Iterable[tuple[Any, str]], numbers: Mapping[Any, int], url: Callable[[Any], str]) -> list[Share]:
    """Return a line for each label, with the address of the list that it counts."""
    most = max(numbers.values(), default=0) or 1
    return [Share(label, numbers.get(value, 0), round(100 * numbers.get(value, 0) / most), url(value)) for value, label in labels]


def parts(labels: Iterable[tuple[Any, str]], numbers: Mapping[Any, int], wholes: Mapping[Any, int]) -> list[Part]:
    """Return a line for each label that the wholes hold, the longest first: how many of how many."""
    most = max(wholes.values(), default=0) or 1
    lines = [
        Part(label, number := numbers.get(value, 0), wholes[value], round(100 * number / most), round(100 * wholes[value] / most))
        for value, label in labels
        if value in wholes
    ]
    return sorted(lines, key=lambda line: -line.whole)


def longest_first(lines: list[Share]) -> list[Share]:
    """Return the lines in the order of their numbers."""
    return sorted(lines, key=lambda line: -line.number)


def tiles(numbers: Mapping[str, int]) -> list[Tile]:
    """Return the twelve nations and regions as a map."""
    most = max(numbers.values(), default=0) or 1
    return [
        Tile(label, number := numbers.get(region, 0), 1 + ceil((STEPS - 1) * number / most), column * PITCH_X, row * PITCH_Y)
        for region, (label, column, row) in TILES.items()
    ]


class Dot(NamedTuple):
    """A value on a strip: how far along it lies and how high, in the units of the SVG."""

    value: float
    x: int
    y: int


# A scale from 0 to 100: where it begins and ends, the height of its line, and how near two dots may come before one goes above.
STRIP_LEFT, STRIP_RIGHT, STRIP_BASE, DOT = 12, 388, 50, 11


def along_strip(value: float) -> int:
    """Return how far along the strip a value of 0 to 100 lies."""
    return round(STRIP_LEFT + value / 100 * (STRIP_RIGHT - STRIP_LEFT))


def strip(values: Iterable[float]) -> list[Dot]:
    """Return a dot for each value. Those that would cover each other are piled up."""
    dots: list[Dot] = []
    for value in sorted(values):
        x = along_strip(value)
        level = sum(abs(x - other.x) < DOT for other in dots)
        dots.append(Dot(value, x, STRIP_BASE - level * DOT))
    return dots
