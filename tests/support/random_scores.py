"""Scores at random, for what is ranked by several objectives."""

import random


def random_scores(seed: int, objectives: int) -> list[tuple[float, ...]]:
    """Return scores of 1 to 25 trials."""
    rng = random.Random(seed)
    levels = rng.choice([2, 5, 1000])  # few levels make many equals
    return [
        tuple(rng.randrange(levels) / levels for _ in range(objectives))
        for _ in range(rng.randint(1, 25))
    ]
