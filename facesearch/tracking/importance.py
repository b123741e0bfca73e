"""Which parameters the score seems to depend on most: only the order of charts follows from it.

The report's importance, with intervals, is computed from the sweep's own records.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

NUM_BINS = 4


def by_importance(
    names: Sequence[str], points: Sequence[tuple[Mapping[str, str], float]]
) -> list[str]:
    """Return the parameters, the most important first.

    Args:
        names: Of the parameters.
        points: Values of the parameters and score, of each trial.

    """
    explained = {name: explained_share(name, points) for name in names}
    return sorted(names, key=lambda name: -explained[name])


def explained_share(name: str, points: Sequence[tuple[Mapping[str, str], float]]) -> float:
    """Return how much of the variance of the score's ranks a parameter explains, at most 1.

    Numbers are cut into four bins of equally many trials, so a best value in the middle counts;
    chance alone explains 0 on average (epsilon squared). What only some trials have explains that
    much less.
    """
    having = [(params[name], score) for params, score in points if name in params]
    groups = _groups([value for value, _ in having])
    if len(groups) < 2 or len(having) <= len(groups):
        return 0.0
    ranks = _ranks([score for _, score in having])
    mean = sum(ranks) / len(ranks)
    total = sum((rank - mean) ** 2 for rank in ranks)
    within = 0.0
    for members in groups:
        centre = sum(ranks[i] for i in members) / len(members)
        within += sum((ranks[i] - centre) ** 2 for i in members)
    if not total:
        return 0.0
    share = 1 - (within / (len(ranks) - len(groups))) / (total / (len(ranks) - 1))
    return share * len(having) / len(points)


def _groups(values: Sequence[str]) -> list[list[int]]:
    """Return the positions of equal words, or of numbers of about the same size."""
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        numbers = []
    if not numbers or len(set(numbers)) <= NUM_BINS:
        equal: dict[str, list[int]] = defaultdict(list)
        for i, value in enumerate(values):
            equal[value].append(i)
        return list(equal.values())
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    size = len(order) / NUM_BINS
    return [order[round(i * size) : round((i + 1) * size)] for i in range(NUM_BINS)]


def _ranks(scores: Sequence[float]) -> list[float]:
    ranks = [0.0] * len(scores)
    for rank, i in enumerate(sorted(range(len(scores)), key=scores.__getitem__)):
        ranks[i] = float(rank)
    return ranks
