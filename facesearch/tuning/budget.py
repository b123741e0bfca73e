"""When a sweep has had enough: budgets, patience, and trials that all fail alike."""

from collections import Counter

from facesearch.config import SearchConfig
from facesearch.tuning.failures import counted, reasons
from facesearch.tuning.ranking import has_place, is_as_good
from facesearch.tuning.records import FAILED, SweepRecord, TrialRecord

# A sweep is given up when so many trials have ended and so large a part of them failed alike.
_LEAST_ENDED, _HOPELESS_PART = 6, 0.8


def spent_budget(
    sweep: SweepRecord, search: SearchConfig, seconds: float, gpus_per_trial: float
) -> str:
    """Return which budget is spent, or nothing.

    Args:
        sweep: With its limit of time.
        search: With the other limits.
        seconds: Of all sessions together.
        gpus_per_trial: GPUs that a trial occupies.

    """
    if sweep.time_s is not None and seconds >= sweep.time_s:
        return "the time is up"
    epochs = sweep.epochs_spent - sweep.epochs_before
    if search.epochs is not None and epochs >= search.epochs:
        return "the epochs are spent"
    if search.gpu_hours is not None and gpu_hours(sweep, gpus_per_trial) >= search.gpu_hours:
        return "the GPU hours are spent"
    return ""


def has_room(sweep: SweepRecord, search: SearchConfig) -> bool:
    """Whether the number of trials and the patience allow for a new one."""
    patience = search.patience_trials
    is_patient = not patience or ended_since_best(sweep) < patience
    return is_patient and len(sweep.trials) < sweep.planned_trials


def gpu_hours(sweep: SweepRecord, gpus_per_trial: float) -> float:
    """Return the GPU hours of all finished epochs since the last extension."""
    rows = (row for trial in sweep.trials.values() for row in trial.curve)
    return gpus_per_trial * (sum(row["seconds"] for row in rows) - sweep.gpu_s_before) / 3600


def ended_since_best(sweep: SweepRecord) -> int:
    """Return how many trials in a row ended without an improvement on the best before them.

    Of several objectives each may improve.
    """
    count = 0
    best: list[TrialRecord] = []
    for place, number in enumerate(sweep.ended_order):
        trial = sweep.trials[number]
        is_better = has_place(trial) and not any(is_as_good(other, trial) for other in best)
        best += [trial] if is_better else []
        count = 0 if is_better or place < sweep.ended_before else count + 1
    return count


def hopeless(sweep: SweepRecord) -> str:
    """Return why the sweep should be given up, as most trials failed alike; or nothing.

    The reason is the most frequent one, with its count; what ended otherwise is counted after it.
    """
    ended = [sweep.trials[number] for number in sweep.ended_order]
    told = reasons(ended)
    if not told or len(ended) < _LEAST_ENDED or told[0].count < _HOPELESS_PART * len(ended):
        return ""
    first, *others = told
    rest = [f"{number} {outcome}" for outcome, number in _not_failed(ended).items()]
    rest += [counted(others)] if others else []
    return (
        f"{first.count} of {len(ended)} trials failed alike, so the sweep was given up. {first}"
        + (f" (besides: {'; '.join(rest)})" if rest else "")
    )


def _not_failed(ended: list[TrialRecord]) -> Counter[str]:
    return Counter(trial.outcome for trial in ended if trial.outcome not in FAILED)
