"""Who proposes the points: a `Proposer`, which knows what became of those before.

What a draw gives hangs only on its number, the seed, and what the proposer was told so far. So a
new proposer that is told the same, in the same order, continues a sweep exactly, and no draw of
its beginning comes again.

Not here: how each sampler draws (`samplers.py`), whether a point is within the limits
(`limits.py`), and when to draw (`controller.py`).
"""

from collections.abc import Mapping

import optuna

from facesearch.errors import InputError
from facesearch.space import Point, SearchSpace
from facesearch.space.fillers import Prefer
from facesearch.tuning.past import Past
from facesearch.tuning.records import TrialRecord
from facesearch.tuning.samplers import SOURCES, dice


class Proposer:
    """Proposes points, and learns from what became of them.

    The same calls serve a live sweep and a rebuild from its ledger. `propose` changes nothing, so
    a rebuild leaves it out. Each point that is started is told with `drawn`, each other one with
    `refused`, and the end of a trial with `ended`. A paused trial may be told with `ended` too,
    and again later.
    """

    def __init__(self, space: SearchSpace) -> None:
        """Take a space with its settings; use `build_proposer`, which checks them."""
        self.space, self.past = space, Past(space)

    def propose(self, draw: int) -> Point | None:
        """Return the point of a draw, or None when nothing is left (grid).

        Args:
            draw: Its number from 0; those of refused points count. The first ones are
                `search.first_points`; what these do not name is drawn.

        """
        suggest = SOURCES[self.past.search.sampler](self.past, draw)
        if draw < len(self.past.first):
            suggest = Prefer(self.past.first[draw], suggest or dice(self.past, draw))
        return None if suggest is None else self.space.fill(suggest)[0]

    def drawn(self, draw: int, point: Point) -> None:
        """Take note that a trial of ``point`` is under way; others keep away from it meanwhile.

        Raises:
            InputError: If the point is none of this space.

        """
        self.past.add(draw, point)

    def ended(self, trial: TrialRecord) -> None:
        """Learn what a trial gave; nothing if it was killed in its first epoch."""
        self.past.end(trial)

    def refused(self, draw: int, point: Point, excess: Mapping[str, float]) -> None:
        """Learn that a point was not started.

        Args:
            draw: Its number.
            point: The point.
            excess: By how much it is beyond each limit that it breaks, relative, above 0.

        Raises:
            InputError: If the point is none of this space.

        """
        self.past.refuse(draw, point, excess)

    def learn(self, trial: TrialRecord) -> bool:
        """Learn from an ended trial of another sweep, if its point is one of this space.

        Returns:
            Whether it was of use: it has as many scores as this sweep's objective, or diverged.
            What found no memory on another machine, or crashed there, says nothing.

        """
        return self.past.learn(trial)


def build_proposer(space: SearchSpace) -> Proposer:
    """Return the proposer of a space, by the sampler in its settings.

    Raises:
        InputError: If the sampler cannot serve the objective.

    """
    search = space.settings.search
    if search.sampler == "cmaes" and search.has_several:
        raise InputError("search.sampler: cmaes maximises one number; write nsga2, tpe or gp.")
    # its warnings are about samplers built by hand
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return Proposer(space)
