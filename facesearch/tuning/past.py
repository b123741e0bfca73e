"""What a sampler may know: the points so far, and what became of each.

Not here: what a sampler makes of it (`samplers.py`).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from facesearch.errors import InputError
from facesearch.space import Point, SearchSpace
from facesearch.space.fillers import Replay
from facesearch.tuning.records import FAILED, TrialRecord


@dataclass
class Told:
    """A point and what became of it: of its trial, or by how much it was beyond the limits."""

    point: Point
    trial: TrialRecord | None = None
    excess: Mapping[str, float] = field(default_factory=dict)

    @property
    def finite(self) -> dict[int, tuple[float, ...]]:
        """The scores by the epoch, from 1, where all of them are numbers."""
        epochs = range(1, self.trial.epochs + 1) if self.trial else ()
        rows = {epoch: self.trial.scores(epoch) for epoch in epochs if self.trial}
        return {epoch: row for epoch, row in rows.items() if all(map(math.isfinite, row))}

    @property
    def has_failed(self) -> bool:
        """Whether its trial failed, or ended well with a score that is no number."""
        if self.trial is None:
            return False
        is_unsound = self.trial.outcome == "completed" and self.trial.epochs not in self.finite
        return self.trial.outcome in FAILED or is_unsound

    @property
    def scores(self) -> tuple[float, ...] | None:
        """The last scores that are numbers; None for what failed and what has none."""
        finite = {} if self.has_failed else self.finite
        return finite[max(finite)] if finite else None

    @property
    def is_under_way(self) -> bool:
        """Whether nothing is known yet."""
        return self.trial is None and not self.excess

    @property
    def is_known(self) -> bool:
        """Whether something is known; not of a trial that was killed in its first epoch."""
        return self.has_failed or bool(self.excess) or self.scores is not None


class Past:
    """All points of a sweep so far, and those of other sweeps that it learnt from."""

    def __init__(self, space: SearchSpace) -> None:
        """Take a space with its settings; nothing has happened yet."""
        self.space, self.search = space, space.settings.search
        self.holes, self.first = space.holes(), space.first_points()
        self.learned: list[Told] = []
        self.draws: dict[int, Told] = {}
        # draws that ended or were refused, in the order in which they did
        self._order: dict[int, None] = {}

    def add(self, draw: int, point: Point) -> None:
        """Take note that ``point`` is under way; raises InputError if it is none of the space."""
        self.draws[draw] = Told(self.checked(point))

    def end(self, trial: TrialRecord) -> None:
        """Take note of how a trial ended, or of how far it came until now."""
        if trial.draw not in self.draws:
            self.add(trial.draw, trial.point)
        self.draws[trial.draw].trial = trial
        self._order[trial.draw] = None

    def refuse(self, draw: int, point: Point, excess: Mapping[str, float]) -> None:
        """Take note that a point was not started."""
        self.draws[draw] = Told(self.checked(point), excess=excess)
        self._order[draw] = None

    def learn(self, trial: TrialRecord) -> bool:
        """Take a trial of another sweep over; see `Proposer.learn`."""
        try:
            told = Told(self.checked(trial.point), trial)
        except InputError:
            return False
        if told.scores is None:
            is_of_use = trial.outcome == "diverged"
        else:
            is_of_use = len(told.scores) == self.num_objectives
        if is_of_use:
            self.learned.append(told)
        return is_of_use

    @property
    def num_objectives(self) -> int:
        """Numbers that are maximised, a count."""
        return len(self.search.objectives) if self.search.has_several else 1

    def all(self) -> list[Told]:
        """Return everything: other sweeps first, then by the number of the draw."""
        return [*self.learned, *(self.draws[draw] for draw in sorted(self.draws))]

    def known(self) -> list[Told]:
        """Return the own points of which something is known, in the order it became known."""
        return [told for draw in self._order if (told := self.draws[draw]).is_known]

    def penalty(self) -> tuple[float, ...]:
        """Return scores for a failure: below all that were seen by as much as those differ.

        The least possible ones would be safe too, but a cost's lies so far off that a Gaussian
        process saw no difference between the successes.
        """
        least = np.array(self.search.least_scores({}))
        seen = [told.scores for told in self.all() if told.scores is not None]
        if not seen:
            return tuple(map(float, least))
        worst, best = np.min(seen, axis=0), np.max(seen, axis=0)
        least = np.minimum(least, worst)
        lower = np.where(best > worst, np.maximum(least, 2 * worst - best), least)
        # below the worst success also where that is as bad as can be
        lower = np.minimum(lower, np.nextafter(worst, -np.inf))
        return tuple(map(float, lower))

    def typical_excess(self) -> dict[str, float]:
        """Return by how much refused points are beyond each limit on average, relative."""
        refused = [told.excess for told in self.draws.values() if told.excess]
        names = sorted({name for excess in refused for name in excess})
        return {n: float(np.mean([e[n] for e in refused if n in e])) for n in names}

    def checked(self, point: Point) -> Point:
        """Return a point of the space with its values in their types.

        Raises:
            InputError: If it lacks a hole, has one too many, or a value is out of range.

        """
        filled = self.space.fill(Replay(point))[0]
        for name, value in point.items():
            if name not in filled:
                raise InputError(f"'{name}' is no hole of this point; it was drawn elsewhere.")
            low, high = self._ends.get(name, (value, value))
            if not low <= filled[name] <= high:
                raise InputError(f"'{name}' must be in [{low}, {high}], but got {value}.")
        return filled

    @cached_property
    def _ends(self) -> dict[str, tuple[float, float]]:
        return {h.name: (h.values[0], h.values[1]) for h in self.holes if h.kind != "choice"}
