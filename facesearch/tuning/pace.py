"""How far a sweep is, how fast it goes, and what is left of its budgets."""

from dataclasses import dataclass, field

from facesearch.config import SearchConfig
from facesearch.tuning.budget import gpu_hours
from facesearch.tuning.records import SweepRecord
from facesearch.tuning.repeats import num_planned
from facesearch.tuning.tables import format_score, format_seconds
from facesearch.tuning.workload import NO_NUMBER, workload

# What a rate may be per, in seconds.
_UNITS = ((60, "a minute"), (3600, "an hour"), (86_400, "a day"))


@dataclass(frozen=True)
class Plan:
    """What a sweep was asked for, as far as it is shown.

    Args:
        search: Budgets and scheduler.
        gpus_per_trial: GPUs that a trial occupies.
        faces_per_epoch: Faces that an epoch trains on, a count; 0 if unknown.

    """

    search: SearchConfig = field(default_factory=SearchConfig)
    gpus_per_trial: float = 0.0
    faces_per_epoch: int = 0


@dataclass(frozen=True)
class Pace:
    """How fast the sweep goes, as of this session.

    Args:
        elapsed_s: Since the session began, in seconds.
        ended: Trials that ended in it.
        epochs: Epochs that were finished in it.

    """

    elapsed_s: float
    ended: int
    epochs: int

    def seconds_left(self, sweep: SweepRecord, plan: Plan) -> float | None:
        """Return an estimate: of the budgets, the one that ends first; None without a ground.

        Work is counted in epochs: what running, paused and waiting trials have left counts, and
        what those to come will take. The repeats come after the budgets of the search.
        """
        work = workload(sweep, plan.search)
        ends = []
        if self.epochs:
            an_epoch_s = self.elapsed_s / self.epochs
            ends = [an_epoch_s * left for left in epochs_of_budgets(sweep, plan)]
            if has_number(sweep):
                ends.append(max(an_epoch_s * work.of_search, work.longest_s))
        if sweep.time_s is not None:
            ends.append(sweep.time_s - sweep.past_s - self.elapsed_s)
        if not ends:
            return None
        return max(0.0, min(ends)) + (an_epoch_s * work.of_repeats if self.epochs else 0.0)

    def words(self, plan: Plan) -> str:
        """Return epochs a minute, trials an hour and faces a second, as far as there are any."""
        if not self.epochs or self.elapsed_s <= 0:
            return "no epoch yet"
        words = [_rate("epochs", self.epochs / self.elapsed_s)]
        if self.ended:
            words.append(_rate("trials", self.ended / self.elapsed_s, _UNITS[1:]))
        if plan.faces_per_epoch:
            words.append(f"{plan.faces_per_epoch * self.epochs / self.elapsed_s:,.0f} faces/s")
        return ", ".join(words)


def epochs_of_budgets(sweep: SweepRecord, plan: Plan) -> list[float]:
    """Return how many epochs each budget of epochs or of GPU hours has left for the search."""
    search, left = sweep.without_repeats(), []
    if plan.search.epochs:
        left.append(float(plan.search.epochs - (search.epochs_spent - sweep.epochs_before)))
    spent = gpu_hours(search, plan.gpus_per_trial) if plan.search.gpu_hours else 0.0
    if plan.search.gpu_hours and spent:
        an_epoch = spent / max(1, search.epochs_spent - sweep.epochs_before)
        left.append((plan.search.gpu_hours - spent) / an_epoch)
    return left


def _rate(what: str, per_s: float, units: tuple[tuple[int, str], ...] = _UNITS) -> str:
    """Return a rate in the first unit in which there is a whole one, else in the last."""
    seconds, unit = next((u for u in units if per_s * u[0] >= 1), units[-1])
    rate = per_s * seconds
    return f"{rate:.{0 if rate >= 10 else 1}f} {what} {unit}"


def has_number(sweep: SweepRecord) -> bool:
    """Whether the sweep is to end after a number of trials."""
    return sweep.planned_trials < NO_NUMBER


def planned(sweep: SweepRecord) -> int:
    """Return how many trials there are to be, with the repeats of the best."""
    return sweep.planned_trials + num_planned(sweep)


def counts(sweep: SweepRecord) -> str:
    """Return how many trials ended of how many, and the epochs that were spent."""
    of = f"/{planned(sweep)}" if has_number(sweep) else ""
    return f"{sweep.num_ended}{of} trials, {sweep.epochs_spent} epochs"


def clock(sweep: SweepRecord, pace: Pace, plan: Plan) -> str:
    """Return what time has passed in this session, and what is left."""
    left = pace.seconds_left(sweep, plan)
    told = format_seconds(pace.elapsed_s)
    return f"{told}, about {format_seconds(left)} left" if left else told


def summary(sweep: SweepRecord, pace: Pace, plan: Plan) -> str:
    """Return in one line how far the sweep is, how good the best is, and what time is left."""
    best = sweep.best
    score = f"best {format_score(best.last_scores[0])}" if best else "no score yet"
    return f"{counts(sweep)}, {score}, {clock(sweep, pace, plan)}"


def budgets_spent(sweep: SweepRecord, pace: Pace, plan: Plan) -> list[tuple[str, float]]:
    """Return each budget that can end the sweep with the part that is spent, the most first."""
    search, parts = plan.search, {}
    if has_number(sweep):
        parts["trials"] = sweep.num_ended / max(1, planned(sweep))
    if sweep.time_s:
        parts["time"] = (sweep.past_s + pace.elapsed_s) / sweep.time_s
    if search.epochs:
        spent_epochs = sweep.without_repeats().epochs_spent - sweep.epochs_before
        parts["epochs"] = spent_epochs / search.epochs
    if search.gpu_hours and plan.gpus_per_trial:
        parts["GPU hours"] = (
            gpu_hours(sweep.without_repeats(), plan.gpus_per_trial) / search.gpu_hours
        )
    spent = [(name, min(1.0, part)) for name, part in parts.items()]
    return sorted(spent, key=lambda one: -one[1])
