"""Pairs sorted once, whose TAR, EER and AUC can be had again and again under other weights.

Shapes: P pairs, G genuine pairs, I impostor pairs, T distinct scores, U identities.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from facesearch.metrics.evidence import effective_count
from facesearch.metrics.resampling import tar_of_weights


@dataclass(frozen=True)
class WeightedPairs:
    """Genuine and impostor pairs in rising order of their scores, with the numbers of identities.

    Attributes:
        num_units: Identities, a count.
        genuine_G: Scores.
        genuine_units_G: Number of the identity, int64 in [0, num_units).
        impostor_I: Scores.
        first_units_I: Number of the one identity.
        second_units_I: Number of the other.
        stands_for_I: How many impostor pairs this one stands for, float64.

    """

    num_units: int
    genuine_G: np.ndarray
    genuine_units_G: np.ndarray
    impostor_I: np.ndarray
    first_units_I: np.ndarray
    second_units_I: np.ndarray
    stands_for_I: np.ndarray

    @classmethod
    def prepare(
        cls,
        scores_P: np.ndarray,
        is_same_P: np.ndarray,
        first_ids_P: np.ndarray,
        second_ids_P: np.ndarray,
    ) -> "WeightedPairs":
        """Sort pairs, and number their identities.

        Raises:
            ValueError: If lengths differ, an identity is negative, or a genuine pair has two.

        """
        first_ids, second_ids = np.asarray(first_ids_P), np.asarray(second_ids_P)
        lengths = {len(scores_P), len(is_same_P), len(first_ids), len(second_ids)}
        if len(lengths) > 1:
            raise ValueError(f"scores, kinds and identities of pairs differ in length: {lengths}")
        ids, numbers = np.unique(np.concatenate([first_ids, second_ids]), return_inverse=True)
        if len(ids) and ids[0] < 0:
            raise ValueError("an identity is negative; give each stranger a number of its own")
        first, second = numbers[: len(first_ids)], numbers[len(first_ids) :]
        if (first != second)[is_same_P].any():
            raise ValueError("a pair of one person has two identities")
        order = np.argsort(scores_P, kind="stable")
        genuine, impostor = order[is_same_P[order]], order[~is_same_P[order]]
        return cls(
            num_units=len(ids),
            genuine_G=scores_P[genuine],
            genuine_units_G=first[genuine],
            impostor_I=scores_P[impostor],
            first_units_I=first[impostor],
            second_units_I=second[impostor],
            stands_for_I=np.ones(len(impostor)),
        )

    def effective_identities(self) -> float:
        """Return as how many equally frequent identities they weigh: of the kind that has fewer."""
        if not len(self.genuine_G) or not len(self.impostor_I):
            return 0.0
        impostors = np.concatenate([self.first_units_I, self.second_units_I])
        return min(effective_count(self.genuine_units_G), effective_count(impostors))

    def num_identity_pairs(self) -> int:
        """Return how many pairs of two identities the impostor pairs are of, a count."""
        ends = self.first_units_I, self.second_units_I
        # sorted here, as np.unique by hashes takes ten times as long
        numbers = np.sort(np.minimum(*ends) * self.num_units + np.maximum(*ends))
        return int(len(numbers) > 0) + int(np.count_nonzero(np.diff(numbers)))

    def thinned(self, max_pairs: int, seed: int) -> "WeightedPairs":
        """Return fewer impostor pairs, if there are more than ``max_pairs`` pairs.

        Half of those kept are the highest scores, each for itself; half are drawn from the others.
        """
        num_impostors = len(self.impostor_I)
        if len(self.genuine_G) + num_impostors <= max_pairs:
            return self
        num_kept = min(num_impostors, max(max_pairs - len(self.genuine_G), max_pairs // 2))
        num_top = num_kept // 2
        num_others = num_impostors - num_top
        rng = np.random.default_rng(seed)
        drawn = rng.choice(num_others, num_kept - num_top, replace=False, shuffle=False)
        kept = np.append(np.sort(drawn), np.arange(num_others, num_impostors))
        stands_for = np.ones(num_kept)
        stands_for[: len(drawn)] = num_others / max(len(drawn), 1)
        return WeightedPairs(
            num_units=self.num_units,
            genuine_G=self.genuine_G,
            genuine_units_G=self.genuine_units_G,
            impostor_I=self.impostor_I[kept],
            first_units_I=self.first_units_I[kept],
            second_units_I=self.second_units_I[kept],
            stands_for_I=stands_for,
        )

    def measure(self) -> "Measure":
        """Return what gives the figures for weights of the identities."""
        scores = np.unique(np.concatenate([self.genuine_G, self.impostor_I]))
        return Measure(
            pairs=self,
            below_G=np.searchsorted(self.impostor_I, self.genuine_G, side="left"),
            up_to_G=np.searchsorted(self.impostor_I, self.genuine_G, side="right"),
            genuine_T=np.searchsorted(self.genuine_G, scores, side="right"),
            impostors_T=np.searchsorted(self.impostor_I, scores, side="right"),
        )


@dataclass(frozen=True)
class Measure:
    """Places of the scores among each other, which no weight changes.

    Attributes:
        pairs: The pairs.
        below_G: Impostor pairs below each genuine score, a count.
        up_to_G: Impostor pairs at or below it.
        genuine_T: Genuine pairs at or below each distinct score.
        impostors_T: Impostor pairs at or below it.

    """

    pairs: WeightedPairs
    below_G: np.ndarray
    up_to_G: np.ndarray
    genuine_T: np.ndarray
    impostors_T: np.ndarray

    def figures(self, weights_U: np.ndarray, fars: Sequence[float]) -> list[float]:
        """Return TAR at each FAR, EER and AUC as ``verification`` defines them, under weights.

        A genuine pair weighs as its identity, an impostor pair as the product of its two. All NaN
        if a kind of pair weighs nothing.
        """
        pairs = self.pairs
        genuine = weights_U[pairs.genuine_units_G]
        impostors = weights_U[pairs.first_units_I] * weights_U[pairs.second_units_I]
        genuine_up_to = np.append(0.0, np.cumsum(genuine))
        up_to = np.append(0.0, np.cumsum(impostors * pairs.stands_for_I))
        total_genuine, total = float(genuine_up_to[-1]), float(up_to[-1])
        if total_genuine <= 0 or total <= 0:
            return [float("nan")] * (len(fars) + 2)
        wins = (up_to[self.below_G] + up_to[self.up_to_G]) / 2
        auc = float(genuine @ wins) / total_genuine / total
        eer = self._equal_error(genuine_up_to / total_genuine, up_to / total)
        return [*tar_of_weights(genuine, total_genuine, up_to, self.below_G, fars), eer, auc]

    def _equal_error(self, genuine_up_to: np.ndarray, impostors_up_to: np.ndarray) -> float:
        """Return the equal error rate; false rejects minus false accepts rises, so by bisection."""

        def rates(place: int) -> tuple[float, float]:  # place 0 lies below all scores
            if place == 0:
                return 0.0, 1.0
            rejected = float(genuine_up_to[self.genuine_T[place - 1]])
            return rejected, 1 - float(impostors_up_to[self.impostors_T[place - 1]])

        def excess(place: int) -> float:
            rejected, accepted = rates(place)
            return rejected - accepted

        count = len(self.genuine_T)
        high = min(bisect_left(range(count + 1), True, key=lambda i: excess(i) > 0), count)
        best = min((max(high - 1, 0), high), key=lambda place: abs(excess(place)))
        return sum(rates(best)) / 2
