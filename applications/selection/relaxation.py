"""Many linear programmes with the same columns, solved at once by the dual simplex method.

    maximise  gain z     subject to  columns z = limit,  lower <= z <= upper

A solver that takes them one by one spends most of its time around such small problems. Here one step is taken in all of them
together. This is the textbook's method for columns with two bounds (Koberstein 2005, chapter 3): the column furthest outside its
bounds leaves the basis, and what it lacks is made good by those whose prices give way first. All but the last of them go over to
their other bound, and that one enters.
"""

from itertools import count
from typing import NamedTuple

import numpy as np

from applications.selection.calibration import Indices, Numbers

TINY = 1e-7
MOST_STEPS = 500  # far more than are needed


class Corner(NamedTuple):
    """Where the method stands in each programme: which columns are in the basis, its inverse, and the value of every column."""

    basis: Indices
    inverse: Numbers
    point: Numbers


def relax(columns: Numbers, gain: Numbers, lower: Numbers, upper: Numbers, limit: Numbers, corner: Corner) -> Numbers:
    """Move the corners in place to the best ones, and return the price of each row.

    Columns outside the basis start at a bound, and those that can move at the one that their price favours. That stays so at each
    step, so that prices that are left unfinished, after too many steps or because nothing fits the bounds, are as valid as others.
    """
    prices = np.zeros(limit.shape)
    live = np.arange(len(gain))
    basis, inverse, point = corner
    for step in count(1):
        row = np.arange(len(live))
        each = row[:, None]
        point[each, basis] = 0
        inside = _times(inverse, limit - point @ columns.T)
        point[each, basis] = inside
        price = (gain[each, basis][:, None] @ inverse)[:, 0]

        below, above = lower[each, basis] - inside, inside - upper[each, basis]
        outside = np.maximum(below, above)
        leaves = (outside / np.sqrt((inverse**2).sum(axis=2))).argmax(axis=1)
        lacks, falls = outside[row, leaves], below[row, leaves] > 0
        slope = np.where(falls, 1, -1)[:, None] * (inverse[row, leaves] @ columns)

        movable = (upper > lower) & np.where(point > lower, slope > TINY, slope < -TINY)
        delay, gives = np.full(point.shape, np.inf), np.zeros(point.shape)
        np.divide(gain - price @ columns, slope, out=delay, where=movable)
        np.multiply(np.abs(slope), upper - lower, out=gives, where=movable)
        order = np.maximum(delay, 0, out=delay).argsort(axis=1)
        enough = np.take_along_axis(gives, order, axis=1).cumsum(axis=1) >= lacks[:, None] - TINY
        enters = order[row, enough.argmax(axis=1)]
        turns = movable & (delay < delay[row, enters][:, None])

        goes = (lacks > TINY) & enough[:, -1] & (step < MOST_STEPS)
        if not goes.all():
            ends = live[~goes]
            prices[ends] = price[~goes]
            for table, part in zip(corner, (basis, inverse, point), strict=True):
                table[ends] = part[~goes]
            if not goes.any():
                break
            live, basis, inverse, point, gain, lower, upper, limit, price, leaves, falls, enters, turns = (
                table[goes] for table in (live, basis, inverse, point, gain, lower, upper, limit, price, leaves, falls, enters, turns)
            )
            row = np.arange(len(live))

        turned = np.nonzero(turns)
        point[turned] = lower[turned] + upper[turned] - point[turned]
        gone = basis[row, leaves]
        point[row, gone] = np.where(falls, lower[row, gone], upper[row, gone])
        entering = _times(inverse, columns.T[enters])
        pivot = inverse[row, leaves] / entering[row, leaves][:, None]
        entering[row, leaves] = 0
        inverse -= entering[:, :, None] * pivot[:, None]
        inverse[row, leaves] = pivot
        basis[row, leaves] = enters
    return prices


def _times(matrices: Numbers, vectors: Numbers) -> Numbers:
    """Return each matrix times its own vector."""
    return np.asarray((matrices @ vectors[:, :, None])[:, :, 0])
