"""What the scheduler decided of each trial after its newest epoch: taken once, and kept.

A trial whose worker was lost stands at an epoch that it has passed. Rivals may have come there
since; they do not judge it again. Not here: what follows from a decision (`controller.py`).
"""

from facesearch.tuning.records import SweepRecord, TrialRecord
from facesearch.tuning.schedulers import Decision, Scheduler


class Decisions:
    """The scheduler's decisions, each from the records of the moment of the epoch.

    A rebuild from the ledger asks after the same event as the first process did, so it comes to
    the same decision; asked later, both know it.
    """

    def __init__(self, scheduler: Scheduler, sweep: SweepRecord) -> None:
        """Take a sweep up; nothing is decided yet."""
        self.scheduler, self.sweep = scheduler, sweep
        self._taken: dict[int, tuple[int, Decision]] = {}

    def after_epoch(self, trial: TrialRecord) -> Decision:
        """Return the decision after the last epoch of the trial's curve, taking it if it is due.

        A repeat goes on to the end, and is nobody's rival.
        """
        if trial.repeat_of is not None:
            return Decision.GO
        known = self._taken.get(trial.number)
        if known is None or known[0] != trial.epochs:
            decision = self.scheduler.after_epoch(self.sweep.without_repeats(), trial)
            known = self._taken[trial.number] = trial.epochs, decision
        return known[1]
