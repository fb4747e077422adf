"""The order that parts equally good sets, drawn from a seed by arithmetic that anybody can repeat.

Where the seed is secret until the choice is made, and its commitment published before, nobody can choose a seed for what it gives:
another one, or another list, has another commitment.
"""

import hmac
import secrets
from collections.abc import Iterable, Sequence
from hashlib import sha256

LEAST_BITS = 128  # of a seed that nobody can find by trying


def fresh_seed() -> int:
    """Return a seed to commit to."""
    return secrets.randbits(256) | 1 << LEAST_BITS


def drawn(seed: int, applications: Iterable[int]) -> tuple[int, ...]:
    """Return the applications in the order of their lots: the SHA-256 of "seed:application". Who else is in the draw changes nothing."""
    return tuple(sorted(applications, key=lambda application: sha256(f"{seed}:{application}".encode()).digest()))


def commitment(seed: int, applications: Sequence[int]) -> str:
    """Return the SHA-256 of the seed and the list in its order, one a line, to be published before the choice."""
    if seed.bit_length() < LEAST_BITS:
        message = f"A seed of fewer than {LEAST_BITS} bits can be found from its commitment by trying. Use a fresh one."
        raise ValueError(message)
    return sha256("\n".join(map(str, (seed, *applications))).encode()).hexdigest()


def verify(promised: str, seed: int, applications: Sequence[int]) -> bool:
    """Return whether the seed and the list revealed are those that were committed to."""
    return seed.bit_length() >= LEAST_BITS and hmac.compare_digest(promised, commitment(seed, applications))
