"""Population-based training: what a bad trial takes over from a good one, and what it changes.

Source: PBT, Jaderberg et al. 2017 (arXiv:1711.09846), sec. 4: truncation selection and a
perturbation by 1.2 or 0.8. There the best fifth is copied without waiting for others; here a
quarter, and all are compared at the same epoch, so that the order of arrival changes nothing.
Not here: when trials pause and wake (`schedulers.py`).
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from facesearch.errors import InputError
from facesearch.space import Hole, Point, SearchSpace
from facesearch.space.holes import NUMERIC, may_change_in_training
from facesearch.tuning.pareto import best_first, reached
from facesearch.tuning.records import PAUSED, RUNNING, WAITING, SweepRecord, TrialRecord

_PERTURBATIONS = (0.8, 1.2)


def check_population(space: SearchSpace) -> None:
    """Refuse a space with holes that must not change while weights are trained.

    A file is told so by line when it is read; this is for settings that were replaced since.

    Raises:
        InputError: With the names of these holes.

    """
    wrong = [hole.name for hole in space.holes() if not may_change_in_training(hole.name)]
    if wrong:
        raise InputError(
            f"{space.document.source}: scheduler pbt goes on from another trial's weights, which "
            f"would not fit after a change of {', '.join(wrong)}. Write one value there, or "
            "scheduler: {type: asha}; pbt takes holes in optim, augment and the numbers of one "
            "head."
        )


@dataclass(frozen=True)
class Population:
    """Members that were all trained to the same epoch, and who of them goes on how.

    ``holes`` are the space's, by their name; ``seed`` is the sampler's.
    """

    seed: int
    holes: Mapping[str, Hole]

    def next_member(self, sweep: SweepRecord) -> tuple[int, Point | None, int | None] | None:
        """Return a paused trial, with its new point and parent if it has one; None: wait.

        The worst go first, and a parent waits until its children have finished an epoch: its
        checkpoint must not move on before it was taken over.
        """
        trials = list(sweep.trials.values())
        paused = [t for t in trials if t.outcome == PAUSED]
        active = [t for t in trials if t.outcome in (WAITING, RUNNING)]
        epoch = min((t.epochs for t in paused), default=0)
        if not paused or any(t.epochs < epoch for t in active):
            return None
        meeting = {t.number for t in paused if t.epochs == epoch}
        best, worst = quarters(best_first(reached(sweep, epoch), epoch))
        for trial in worst:
            if trial.number in meeting:
                return self._take_over(trial, best, meeting, epoch)
        parents = {t.parent for t in active if t.epochs == epoch}
        return next(((number, None, None) for number in sorted(meeting - parents)), None)

    def _take_over(
        self, trial: TrialRecord, best: Sequence[TrialRecord], meeting: set[int], epoch: int
    ) -> tuple[int, Point | None, int | None]:
        # the same dice whenever they are asked for, so that a crash changes nothing
        rng = random.Random(f"{self.seed}/{trial.number}/{epoch}")
        parent = rng.choice(best)
        if parent.number not in meeting:  # it was ended meanwhile: its checkpoint is another's
            return trial.number, None, None
        return trial.number, perturbed(parent.point, self.holes, rng), parent.number


def quarters(ordered: Sequence[TrialRecord]) -> tuple[Sequence[TrialRecord], Sequence[TrialRecord]]:
    """Return the best and the worst quarter of ``ordered``, best first; none of fewer than 4."""
    size = len(ordered) // 4
    return (ordered[:size], ordered[-size:]) if size else ((), ())


def perturbed(point: Point, holes: Mapping[str, Hole], rng: random.Random) -> Point:
    """Return ``point`` with each number times 0.8 or 1.2, inside its hole; choices stay.

    Args:
        point: A parent's point.
        holes: The space's holes by their name.
        rng: Decides which of the two, number by number.

    """
    changed = dict(point)
    for name in sorted(set(point) & set(holes)):
        hole = holes[name]
        if hole.kind in NUMERIC:
            low, high = hole.values
            value = min(max(point[name] * rng.choice(_PERTURBATIONS), low), high)
            changed[name] = round(value) if hole.kind.endswith("int") else float(value)
    return changed
