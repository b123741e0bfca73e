"""Which trials go on: each scheduler is a function of the records alone, and remembers nothing.

So what it decides after a crash rests on the same curves as before. Trials that failed are left
out of all comparisons. Not here: who runs the trials, and what pbt changes (`population.py`).
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np

from facesearch.config.sweep import SchedulerConfig, SearchConfig
from facesearch.space import Point, SearchSpace
from facesearch.tuning import pareto
from facesearch.tuning.pareto import best_first, reached
from facesearch.tuning.population import Population, check_population
from facesearch.tuning.records import PAUSED, RUNNING, WAITING, SweepRecord, TrialRecord

# The least rank correlation with the final scores at which early ones are trusted, and the fewest
# trials to measure it on.
_TRUSTED_CORRELATION = 0.7
_LEAST_PILOTS = 4
_LEAST_OTHERS = 3


class Decision(StrEnum):
    """What a trial does after an epoch."""

    GO = "go"
    STOP = "stop"
    PAUSE = "pause"


@dataclass(frozen=True)
class Wake:
    """A paused trial goes on: from its own checkpoint, or from ``parent``'s at ``point``."""

    trial: int
    point: Point | None = None
    parent: int | None = None


class Scheduler(Protocol):
    """Who decides which trials go on."""

    def after_epoch(self, sweep: SweepRecord, trial: TrialRecord) -> Decision:
        """Judge ``trial`` after the last epoch of its curve, which is not the last of all."""

    def wake(self, sweep: SweepRecord, *, can_draw: bool) -> Wake | None:
        """Return which paused trial a free worker should take up; None: a new one, or nothing.

        ``can_draw`` says whether there may be new ones.
        """


def build_scheduler(search: SearchConfig, space: SearchSpace | None = None) -> Scheduler:
    """Return the scheduler of a sweep; pbt needs the space whose numbers it changes.

    Raises:
        InputError: If pbt cannot change what the space searches.

    """
    if search.scheduler.type != "pbt":
        return _SCHEDULERS[search.scheduler.type](search.scheduler)
    if space is None:
        raise ValueError("scheduler pbt needs the space")
    check_population(space)
    holes = {hole.name: hole for hole in space.holes()}
    return Exchange(search.scheduler, Population(search.seed, holes))


def rungs(settings: SchedulerConfig, max_epochs: int, grace: int) -> list[int]:
    """Return the epochs after which a trial may be stopped or paused, ascending.

    Args:
        settings: The scheduler's type, eta and interval.
        max_epochs: Epochs of a whole training; after it there is nothing to decide.
        grace: Epochs before a trial may be stopped: as written, or as measured.

    """
    match settings.type:
        case "none":
            return []
        case "one_epoch":
            return list(range(1, min(2, max_epochs)))
        case "pbt":
            return list(range(settings.interval_epochs, max_epochs, settings.interval_epochs))
        case "median":
            return list(range(grace, max_epochs))
    epochs = [grace]
    while epochs[-1] < max_epochs:
        epochs.append(epochs[-1] * settings.eta)
    return epochs[:-1]


def measured_grace(sweep: SweepRecord, settings: SchedulerConfig) -> int | None:
    """Return the epochs after which scores tell how a trial ends, or None before the pilot's end.

    It is the least epoch from which on the scores' rank correlation with the final ones, over the
    completed pilot trials, stays at 0.7 or more; of several objectives, the worst one's. It is at
    most ``max_epochs / eta``, so that there is something to save.
    """
    pilots = [t for t in sweep.trials.values() if t.number < settings.pilot_trials]
    is_complete = len(pilots) >= min(settings.pilot_trials, sweep.planned_trials)
    if not is_complete or not all(t.has_ended for t in pilots):
        return None
    last = sweep.max_epochs
    completed = [t for t in pilots if t.outcome == "completed"]
    if len(completed) < _LEAST_PILOTS:
        return max(1, last // settings.eta**2)
    final = pareto.scores_at(completed, last)
    grace = last
    while grace > 1:
        early = pareto.scores_at(completed, grace - 1)
        if pareto.least_agreement(early, final) < _TRUSTED_CORRELATION:
            break
        grace -= 1
    return max(1, min(grace, last // settings.eta))


def current_rungs(sweep: SweepRecord, settings: SchedulerConfig) -> list[int]:
    """Return the rungs, or none while the grace is unknown: a pilot ends before it is judged."""
    written = settings.grace_epochs
    grace = measured_grace(sweep, settings) if written == "auto" else written
    return [] if grace is None else rungs(settings, sweep.max_epochs, grace)


@dataclass(frozen=True)
class _NeverPauses:
    """A scheduler under which a trial goes on or is stopped, and none is woken."""

    settings: SchedulerConfig

    def wake(self, sweep: SweepRecord, *, can_draw: bool) -> Wake | None:
        """Return None: nobody is paused."""
        return None


class TrainAll(_NeverPauses):
    """Trains all to the end."""

    def after_epoch(self, sweep: SweepRecord, trial: TrialRecord) -> Decision:
        """Go on."""
        return Decision.GO


class Halving(_NeverPauses):
    """At a rung a trial goes on if it is among the best 1/eta of those that came so far.

    Under hyperband trials take turns in brackets, which start at one rung after the other and
    judge their own trials only: a grace that is too short for slow starters harms one bracket.

    Source:
        ASHA, Li et al. 2020 (arXiv:1810.05934), in its stopping form, as in Ray Tune. Several
        objectives: MO-ASHA, Schmucker et al. 2021 (arXiv:2106.12639). Hyperband, Li et al. 2018
        (arXiv:1603.06560), whose brackets are of equal cost; here they are of equal count.

    """

    def after_epoch(self, sweep: SweepRecord, trial: TrialRecord) -> Decision:
        """Stop at a rung unless among the best ceil(trials / eta) there."""
        steps, epoch = current_rungs(sweep, self.settings), trial.epochs
        num_brackets = max(1, len(steps)) if self.settings.type == "hyperband" else 1
        bracket = trial.number % num_brackets
        if epoch not in steps[bracket:]:
            return Decision.GO
        rivals = [t for t in reached(sweep, epoch) if t.number % num_brackets == bracket]
        best = best_first(rivals, epoch)[: max(1, math.ceil(len(rivals) / self.settings.eta))]
        return Decision.GO if trial in best else Decision.STOP


class Median(_NeverPauses):
    """A trial stops whose best score is below the median of the others' means up to this epoch.

    Source:
        The median stopping rule of Vizier, Golovin et al. 2017 (KDD), sec. 3.2.2. Several
        objectives: `pareto.is_below_median`.

    """

    def after_epoch(self, sweep: SweepRecord, trial: TrialRecord) -> Decision:
        """Stop below the median of three others or more."""
        if trial.epochs not in current_rungs(sweep, self.settings):
            return Decision.GO
        others = [t for t in reached(sweep, trial.epochs) if t.number != trial.number]
        if len(others) < _LEAST_OTHERS:
            return Decision.GO
        epochs = range(1, trial.epochs + 1)
        means = np.mean([pareto.scores_at(others, epoch) for epoch in epochs], axis=0)
        best = np.max([pareto.scores_at([trial], epoch) for epoch in epochs], axis=0)
        return Decision.STOP if pareto.is_below_median(best[0], means) else Decision.GO


@dataclass(frozen=True)
class Promotion:
    """All pause at a rung; those go on that are among the best 1/eta there, the furthest first.

    Source:
        ASHA, Li et al. 2020 (arXiv:1810.05934), algorithm 2, as printed. Beyond it: if no trial
        was completed when all is paused, the best of the highest rung goes on.

    """

    settings: SchedulerConfig

    def after_epoch(self, sweep: SweepRecord, trial: TrialRecord) -> Decision:
        """Pause at each rung."""
        is_rung = trial.epochs in current_rungs(sweep, self.settings)
        return Decision.PAUSE if is_rung else Decision.GO

    def wake(self, sweep: SweepRecord, *, can_draw: bool) -> Wake | None:
        """Return a paused trial among the best floor(trials / eta) of its rung."""
        for epoch in reversed(current_rungs(sweep, self.settings)):
            ordered = best_first(reached(sweep, epoch), epoch)
            promoted = _first_paused(ordered[: len(ordered) // self.settings.eta], epoch)
            if promoted:
                return promoted
        paused = [t.epochs for t in sweep.trials.values() if t.outcome == PAUSED]
        if can_draw or _is_any_active(sweep) or sweep.count("completed") or not paused:
            return None
        return _first_paused(best_first(reached(sweep, max(paused)), max(paused)), max(paused))


@dataclass(frozen=True)
class OneEpoch:
    """All train one epoch, and the best ``keep`` of them to the end; one that fails is replaced.

    Source:
        "Is One Epoch All You Need For Multi-Fidelity Hyperparameter Optimization?", Egele et al.
        2023 (arXiv:2307.15422): the baseline that is hard to beat.

    """

    settings: SchedulerConfig

    def after_epoch(self, sweep: SweepRecord, trial: TrialRecord) -> Decision:
        """Pause after the first epoch."""
        return Decision.PAUSE if trial.epochs == 1 else Decision.GO

    def wake(self, sweep: SweepRecord, *, can_draw: bool) -> Wake | None:
        """Return one of the best ``keep`` when all have finished their first epoch."""
        if can_draw or _is_any_active(sweep, until_epoch=1):
            return None
        return _first_paused(best_first(reached(sweep, 1), 1)[: self.settings.keep], 1)


@dataclass(frozen=True)
class Exchange:
    """All pause every few epochs; then the worst quarter goes on from the best (`population.py`).

    Source:
        PBT, Jaderberg et al. 2017 (arXiv:1711.09846), here with a meeting point for all.

    """

    settings: SchedulerConfig
    population: Population

    def after_epoch(self, sweep: SweepRecord, trial: TrialRecord) -> Decision:
        """Pause every ``interval_epochs``."""
        return Decision.PAUSE if trial.epochs % self.settings.interval_epochs == 0 else Decision.GO

    def wake(self, sweep: SweepRecord, *, can_draw: bool) -> Wake | None:
        """Return a member when all have come to its epoch."""
        member = None if can_draw else self.population.next_member(sweep)
        return Wake(*member) if member else None


_SCHEDULERS: dict[str, Callable[[SchedulerConfig], Scheduler]] = {
    "asha": Halving,
    "asha_promote": Promotion,
    "hyperband": Halving,
    "median": Median,
    "one_epoch": OneEpoch,
    "none": TrainAll,
}


def _first_paused(trials: Iterable[TrialRecord], epoch: int) -> Wake | None:
    paused = (t.number for t in trials if t.outcome == PAUSED and t.epochs == epoch)
    return next(map(Wake, paused), None)


def _is_any_active(sweep: SweepRecord, until_epoch: float = math.inf) -> bool:
    trials = sweep.trials.values()
    return any(t.outcome in (WAITING, RUNNING) and t.epochs < until_epoch for t in trials)
