"""Draws that anybody can repeat, and promises that cannot be broken unseen."""

from collections import Counter
from hashlib import sha256

import pytest

from applications.selection.lottery import commitment, drawn, fresh_seed, verify

SEED = 2**200 + 20190715
LIST = (12, 7, 30)


def test_a_commitment_is_the_hash_of_what_it_says():
    assert commitment(SEED, LIST) == sha256(f"{SEED}\n12\n7\n30".encode()).hexdigest()
    assert verify(commitment(SEED, LIST), SEED, LIST)


@pytest.mark.parametrize(("seed", "applications"), [(SEED + 1, LIST), (SEED, (7, 12, 30)), (SEED, (12, 7)), (SEED, (127, 30)), (3, LIST)])
def test_another_seed_or_list_is_found_out(seed, applications):
    assert not verify(commitment(SEED, LIST), seed, applications)


def test_a_seed_that_can_be_guessed_is_refused():
    with pytest.raises(ValueError, match="fresh"):
        commitment(20190715, LIST)
    assert len({fresh_seed() for _ in range(100)}) == 100
    assert commitment(fresh_seed(), LIST)


def test_lots_depend_on_nothing_but_the_seed_and_the_application():
    order = drawn(SEED, range(50))
    assert drawn(SEED, reversed(range(50))) == order
    assert drawn(SEED, range(20)) == tuple(one for one in order if one < 20)
    assert sorted(order, key=lambda one: sha256(f"{SEED}:{one}".encode()).hexdigest()) == list(order)


def test_everybody_is_first_as_often_as_everybody_else():
    draws = 6000
    firsts = Counter(drawn(seed, range(6))[0] for seed in range(draws))
    print(f"\nlottery: {draws} draws among 6, seeds from 0; first {sorted(firsts.values())} times")
    # The sum of squares of 5 degrees of freedom is above 20.5 once in a thousand times.
    assert sum((count - 1000) ** 2 / 1000 for count in firsts.values()) < 20.5
