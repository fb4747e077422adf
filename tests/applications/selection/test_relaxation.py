"""Linear programmes beside another solver's answers."""

import numpy as np
from scipy.optimize import linprog

from applications.selection import relaxation
from applications.selection.relaxation import Corner, relax

SEED = 20190715
PROGRAMMES, COLUMNS, ROWS = 300, 12, 4


def random_programmes():
    """Columns between bounds, some of them fixed, and one more for each row to take up what is left, at a loss."""
    dice = np.random.default_rng(SEED)
    table = dice.integers(-2, 3, (ROWS, COLUMNS)).astype(float)
    spare, nothing = np.eye(ROWS), np.zeros((PROGRAMMES, ROWS))
    gain = np.hstack([dice.integers(-9, 10, (PROGRAMMES, COLUMNS)), nothing - 10, nothing - 10])
    lower = np.hstack([dice.integers(-2, 1, (PROGRAMMES, COLUMNS)), nothing, nothing])
    upper = lower + np.hstack([dice.integers(0, 4, (PROGRAMMES, COLUMNS)), nothing + np.inf, nothing + np.inf])
    return np.hstack([table, spare, -spare]), gain, lower, upper, dice.integers(-9, 10, (PROGRAMMES, ROWS)).astype(float)


def start(columns, gain, lower, upper):
    """At the prices of the first spare columns, all others at the bound that is better."""
    basis = np.tile(np.arange(COLUMNS, COLUMNS + ROWS), (len(gain), 1))
    price = np.full(ROWS, -10.0)
    point = np.where((gain - price @ columns > 0) & np.isfinite(upper), upper, lower)
    return Corner(basis, np.tile(np.eye(ROWS), (len(gain), 1, 1)), point)


def bound(columns, gain, lower, upper, limit, prices):
    """What Lagrange says that no point is above at these prices."""
    reduced = gain - prices @ columns
    best = np.where(reduced > 1e-9, upper, lower)
    return (np.where(np.isfinite(best), best, 1e9) * np.where(np.abs(reduced) > 1e-9, reduced, 0)).sum(axis=1) + (prices * limit).sum(
        axis=1
    )


def test_points_and_prices_are_those_of_another_solver():
    columns, gain, lower, upper, limit = random_programmes()
    corner = start(columns, gain, lower, upper)
    prices = relax(columns, gain, lower, upper, limit, corner)
    worth = (gain * corner.point).sum(axis=1)
    best = [
        -linprog(-gain[row], A_eq=columns, b_eq=limit[row], bounds=np.stack([lower[row], upper[row]], axis=1)).fun
        for row in range(PROGRAMMES)
    ]
    assert np.allclose(corner.point @ columns.T, limit)
    assert (corner.point > lower - 1e-6).all()
    assert (corner.point < upper + 1e-6).all()
    assert np.allclose(worth, best)
    assert np.allclose(bound(columns, gain, lower, upper, limit, prices), best)


def test_prices_left_unfinished_still_give_a_bound(monkeypatch):
    columns, gain, lower, upper, limit = random_programmes()
    best = bound(columns, gain, lower, upper, limit, relax(columns, gain, lower, upper, limit, start(columns, gain, lower, upper)))
    monkeypatch.setattr(relaxation, "MOST_STEPS", 2)
    early = bound(columns, gain, lower, upper, limit, relax(columns, gain, lower, upper, limit, start(columns, gain, lower, upper)))
    assert (early >= best - 1e-6).all()
    assert (early > best + 1e-6).any()
