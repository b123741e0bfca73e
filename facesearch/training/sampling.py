"""Who is in a batch: every face once, every identity as often, or P identities with K faces.

Shapes: M faces, B faces in a batch.
"""

from collections import deque
from collections.abc import Callable

import numpy as np


def shuffled(
    labels_M: np.ndarray, batch_size: int, faces_each: int, rng: np.random.Generator
) -> np.ndarray:
    """Return positions [steps, B]: every face once, in random order.

    A last batch of another size would weigh its faces more and disturb batch norm: it is left out.
    """
    steps = len(labels_M) // batch_size
    return rng.permutation(len(labels_M))[: steps * batch_size].reshape(steps, batch_size)


def balanced(
    labels_M: np.ndarray, batch_size: int, faces_each: int, rng: np.random.Generator
) -> np.ndarray:
    """Return positions [steps, B]: every identity as often as any other.

    There are as many steps as in `shuffled`. An identity's faces are drawn in turns, so that one
    with few faces repeats them evenly.
    """
    steps = len(labels_M) // batch_size
    decks = _decks(labels_M, rng)
    turns = -(-steps * batch_size // len(decks))
    order = np.concatenate([rng.permutation(len(decks)) for _ in range(turns)])
    taken = np.zeros(len(decks), dtype=np.int64)
    positions = np.empty(steps * batch_size, dtype=np.int64)
    for place, number in enumerate(order[: len(positions)]):
        positions[place] = decks[number][taken[number] % len(decks[number])]
        taken[number] += 1
    return positions.reshape(steps, batch_size)


def identities(
    labels_M: np.ndarray, batch_size: int, faces_each: int, rng: np.random.Generator
) -> np.ndarray:
    """Return positions [steps, P K]: P different identities a batch, K faces of each.

    K is ``faces_each``, less where the batch would not hold two persons, and P as many as it
    holds. An identity with fewer than K faces
    repeats them; every identity comes about as often as any other.

    Source:
        Hermans et al. 2017 (arXiv:1703.07737), sec. 2: batches of P persons with K images.
    """
    decks = _decks(labels_M, rng)
    # two persons at least: a batch of one has nothing to tell apart
    faces_each = max(1, min(faces_each, batch_size // 2))
    persons = min(batch_size // faces_each, len(decks))
    steps = max(1, len(labels_M) // (persons * faces_each))
    queue: deque[int] = deque()
    batches = []
    taken = np.zeros(len(decks), dtype=np.int64)
    for _ in range(steps):
        if len(queue) < persons:
            # those still waiting come first, and nobody twice in a batch
            waiting = set(queue)
            queue += [n for n in rng.permutation(len(decks)).tolist() if n not in waiting]
        batch = [queue.popleft() for _ in range(persons)]
        for number in batch:
            deck = decks[number]
            turn = (taken[number] + np.arange(faces_each)) % len(deck)
            batches.append(deck[turn])
            taken[number] += faces_each
    return np.concatenate(batches).reshape(steps, persons * faces_each)


def _decks(labels_M: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    """Return the positions of each identity's faces, each in random order."""
    shuffled_M = rng.permutation(len(labels_M))
    by_label = shuffled_M[np.argsort(labels_M[shuffled_M], kind="stable")]
    cuts = np.flatnonzero(np.diff(labels_M[by_label])) + 1
    return np.split(by_label, cuts)


Sampling = Callable[[np.ndarray, int, int, np.random.Generator], np.ndarray]
SAMPLINGS: dict[str, Sampling] = {
    "shuffle": shuffled,
    "balanced": balanced,
    "identities": identities,
}
