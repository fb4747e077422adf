"""Contests small enough to look at every set there is, and all their sets in the order in which they are preferred."""

import functools
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from applications.selection.portfolio import Bound, Candidate, Rules

SEED = 20190715


def random_contest(dice, most=14):
    """Candidates with ties and in any number of groups, and rules of which nobody has asked whether they can be met."""
    groups = [f"group {number}" for number in range(dice.randint(0, 6))]
    top, crowded = dice.choice([1, 3, 10, 50, 1000, 100_000]), dice.choice([0.2, 0.4, 0.7])
    candidates = [
        Candidate(100 + number, dice.randint(0, top), frozenset(group for group in groups if dice.random() < crowded))
        for number in range(most - min(dice.randrange(most + 1), dice.randrange(most + 1)))
    ]
    dice.shuffle(candidates)
    bounds = []
    for group in [*groups, *dice.sample(groups, len(groups) // 3), *(["nobody's"] if dice.random() < 0.1 else [])]:
        low = dice.choice([0, 0, 1, 1, 2, 3]) if dice.random() < 0.97 else 99
        bounds.append(Bound(group, low, dice.choice([None, None, 0, 1, 2, low, low + 1, low + 2])))
    names = [candidate.application for candidate in candidates]
    locked_in = {*dice.sample(names, min(len(names), dice.choice([0, 0, 0, 1, 2, 4]))), *([999] if dice.random() < 0.03 else [])}
    locked_out = dice.sample(names, min(len(names), dice.choice([0, 0, 0, 1, 2])))
    places = dice.choice([-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 20])
    return candidates, Rules(places, tuple(bounds), frozenset(locked_in), frozenset(locked_out)), dice.randrange(10**6)


class Sets(Sequence):
    """Sets by rank, each made only when it is asked for: there are thousands."""

    def __init__(self, names, rows):
        self.names, self.rows = names, rows

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, rank):
        if isinstance(rank, slice):
            return [self[one] for one in range(len(self))[rank]]
        return frozenset(self.names[self.rows[rank] == 1].tolist())


@dataclass
class Ranking:
    """Every set that places and locks allow, the best first."""

    broken: np.ndarray
    totals: np.ndarray
    sets: Sets

    def first(self, condition):
        """The rank of the first set that meets a condition."""
        return next(rank for rank, those in enumerate(self.sets) if condition(those))


@functools.cache
def all_sets(size):
    """Counted down in binary, the first lot being the highest digit: those with the first lot come first, and so on."""
    return (np.arange(2**size)[::-1, None] >> np.arange(size)[::-1]) & 1


def every_set(candidates, rules, seed):
    lots = {one.application: hashlib.sha256(f"{seed}:{one.application}".encode()).hexdigest() for one in candidates}
    ordered = sorted(candidates, key=lambda one: lots[one.application])
    sets = all_sets(len(ordered))
    names = np.array([one.application for one in ordered], dtype=int)
    locked_in = np.isin(names, list(rules.locked_in - rules.locked_out))
    allowed = (sets[:, locked_in] == 1).all(axis=1) & (sets[:, np.isin(names, list(rules.locked_out))] == 0).all(axis=1)
    sets = sets[allowed & (sets.sum(axis=1) <= max(rules.places, locked_in.sum()))]
    totals = sets @ np.array([one.value for one in ordered], dtype=int)
    broken = np.zeros(len(sets), dtype=int)
    for bound in rules.bounds:
        counts = sets @ np.array([bound.group in one.groups for one in ordered], dtype=int)
        broken += np.maximum(bound.low - counts, 0) + (0 if bound.high is None else np.maximum(counts - bound.high, 0))
    order = np.lexsort((-totals, broken))
    return Ranking(broken[order], totals[order], Sets(names, sets[order]))


def unmet_by(candidates, rules, chosen):
    """By how much a set misses each rule: its kind, whom it is about, and its limit."""
    sizes = Counter(group for one in candidates if one.application in chosen for group in one.groups)
    missed = Counter({("places", "", rules.places): len(chosen) - rules.places})
    missed |= Counter({("locked in", application, 0): 1 for application in rules.locked_in - chosen})
    for bound in rules.bounds:
        missed["at least", bound.group, bound.low] = bound.low - sizes[bound.group]
        missed["at most", bound.group, bound.high] = 0 if bound.high is None else sizes[bound.group] - bound.high
    return +missed
