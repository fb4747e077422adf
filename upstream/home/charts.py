"""Numbers as shapes: where each goes, how dark a tile is and how long a bar. Templates under admin/charts draw them as SVG."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any, NamedTuple

from cohort.states import Region

STEPS = 5
# What fits on a tile, and its column and row: as near to the map as a grid of four by five comes.
TILES = {
    Region.SCOTLAND: ("Scotland", 1, 0),
    Region.NORTHERN_IRELAND: ("N Ireland", 0, 1),
    Region.NORTH_EAST: ("North East", 2, 1),
    Region.NORTH_WEST: ("North West", 1, 2),
    Region.YORKSHIRE_HUMBER: ("Yorkshire", 2, 2),
    Region.WALES: ("Wales", 0, 3),
    Region.WEST_MIDLANDS: ("W Midlands", 1, 3),
    Region.EAST_MIDLANDS: ("E Midlands", 2, 3),
    Region.EAST: ("East", 3, 3),
    Region.SOUTH_WEST: ("South West", 1, 4),
    Region.LONDON: ("London", 2, 4),
    Region.SOUTH_EAST: ("South East", 3, 4),
}
PITCH_X, PITCH_Y = 104, 94


@dataclass(frozen=True)
class Share:
    """One line of a distribution. `percent` is of the longest line, for its bar."""

    label: str
    number: int
    percent: int
    url: str


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
