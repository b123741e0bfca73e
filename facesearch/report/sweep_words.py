"""A sweep in words: what was asked, what won and by how much, what it cost, what comes next."""

import math
import statistics
from collections.abc import Sequence

import numpy as np

from facesearch.report.decided import decided
from facesearch.report.importance import Importance
from facesearch.report.sweep_source import SweepSource, best_so_far
from facesearch.tracking.address import said_again
from facesearch.tuning.pareto import pareto_front
from facesearch.tuning.ranking import mean_words
from facesearch.tuning.records import FINALIZABLE, TrialRecord, describe_point, format_number
from facesearch.tuning.tables import format_seconds, outcome_counts

# A shorter curve is too steep to tell chance from course.
_LEAST_EPOCHS = 9


def summary(source: SweepSource, found: Sequence[Importance]) -> str:
    """Return the paragraphs at the head of the report, separated by empty lines."""
    parts = [_asked(source), _won(source), decided(source, found), _spent(source)]
    return "\n\n".join(part for part in parts if part)


def _asked(source: SweepSource) -> str:
    search = source.space.settings.search
    heads = [h for h in source.holes if h.name == "head"]
    options = f", over {len(heads[0].values)} heads" if heads else ""
    return (
        f"Asked: the best {search.objective_words} among {len(source.holes)} parameters{options}, "
        f"by sampler {search.sampler} and scheduler {search.scheduler.type}, at most "
        f"{source.sweep.max_epochs} epochs a trial."
    )


def _won(source: SweepSource) -> str:
    best, ranked = source.sweep.best, source.scored()
    if best is None:
        return "No trial has a score yet."
    words = f"Won: trial {best.name} with {mean_words(source.sweep.scores_of(best))} "
    words += f"({describe_point(best.point)})"
    words += ", trained to the end." if best.outcome == "completed" else _not_whole(best)
    rivals = [t for t in ranked[1:] if t.epochs == best.epochs]
    if rivals:
        words += (
            f" The next of as many epochs is trial {rivals[0].name} with "
            f"{mean_words(source.sweep.scores_of(rivals[0]))}."
        )
        words += _scatter_words(scatter_of(ranked))
    words += (
        " This is the best of several scores on faces that the search looked at, so it is too "
        "high: what the model is worth, finalize says."
    )
    edges = at_edges(source, best)
    if edges:
        words += (
            f" At the end of its range: {', '.join(edges)}; a wider range may hold a better one."
        )
    front = pareto_front(source.sweep) if source.space.settings.search.has_several else []
    if front:
        words += f" {len(front)} trials are on the Pareto front."
    return words


def scatter_of(trials: Sequence[TrialRecord]) -> float | None:
    """Return how far a score strays from the course of its curve, as a standard deviation.

    It is taken from the second differences of the last third of every curve of at least nine
    epochs: they do not know the course, which is nearly straight over three epochs. It says nothing
    of what another seed would change, which is more. None without such a curve.
    """
    found: list[float] = []
    for trial in trials:
        scores = [row["score"] for row in trial.curve]
        late = np.array(scores[-max(3, len(scores) // 3) :], dtype=np.float64)
        if len(scores) >= _LEAST_EPOCHS:
            found += np.diff(late, 2).tolist()
    # a second difference of independent errors has six times their variance
    return math.sqrt(float(np.mean(np.square(found))) / 6) if found else None


def _scatter_words(scatter: float | None) -> str:
    if not scatter:
        return ""
    return f" From epoch to epoch alone scores stray by {scatter:.4f}."


def _not_whole(best: TrialRecord) -> str:
    return f", after {best.epochs} epochs: no trial has trained to the end."


def at_edges(source: SweepSource, trial: TrialRecord, part: float = 0.03) -> list[str]:
    """Return the numbers of a trial that lie within ``part`` of an end of their range."""
    found = []
    for hole in source.holes:
        value = trial.point.get(hole.name)
        if hole.kind == "choice" or value is None:
            continue
        low, high = hole.values
        ends = np.array([low, value, high], dtype=np.float64)
        scaled = np.log(ends) if hole.is_log else ends
        place = (scaled[1] - scaled[0]) / (scaled[2] - scaled[0])
        if min(place, 1 - place) < part:
            found.append(
                f"{source.names[hole.name]} = {format_number(value)} "
                f"of {format_number(low)} to {format_number(high)}"
            )
    return found


def _spent(source: SweepSource) -> str:
    sweep = source.sweep
    spent, whole = sweep.epochs_spent, sweep.max_epochs * len(sweep.trials)
    seconds = sum(row.get("seconds", 0.0) for t in sweep.trials.values() for row in t.curve)
    words = (
        f"Spent: {spent} epochs in {len(sweep.trials)} trials ({outcome_counts(sweep)}), "
        f"{spent / max(1, whole):.0%} of what all to the end would take; "
        f"{format_seconds(seconds)} of training"
    )
    wall = sweep.past_s + sweep.session_s
    words += f" in {format_seconds(wall)}." if wall else "."
    course = best_so_far(source.events)
    if len(course) > 1:
        at = course[-2] if course[-1]["best score"] == course[-2]["best score"] else course[-1]
        words += f" Nothing better came after {at['epochs spent']} of them."
    return words


def next_commands(source: SweepSource, tracking_uri: str | None = None) -> list[tuple[str, str]]:
    """Return what to type next, each with what it does; ``tracking_uri`` as it was given."""
    name, planned = source.folder.name, max(1, source.sweep.planned_trials)
    again = said_again(source.folder.parent, tracking_uri)
    further = (f"facesearch extend {name} --trials {planned}{again}", "search on")
    if not any(source.sweep.told(trial.outcome) in FINALIZABLE for trial in source.scored()):
        return [further]
    retrain = f"facesearch finalize --run-id {name}{again}"
    told = "retrain the best on all but the reserved faces, and verify it"
    commands = [(retrain, told), further]
    if not source.baselines:
        compare = "compare with random search, in as many trials"
        commands.append((f"facesearch baseline SPACE{again}", compare))
    return commands


def facts(source: SweepSource) -> list[tuple[str, str]]:
    """Return the few values that one looks for first."""
    sweep, best = source.sweep, source.sweep.best
    whole = max(1, sweep.max_epochs * len(sweep.trials))
    seconds = sum(row.get("seconds", 0.0) for t in sweep.trials.values() for row in t.curve)
    failed, searched = len(source.failed()), source.searched()
    repeats = len(sweep.trials) - len(searched)
    scores = sweep.scores_of(best) if best else []
    of_seeds = f", mean of {len(scores)} seeds" if len(scores) > 1 else ""
    whole_trials = sum(t.outcome == "completed" for t in searched)
    return [
        (f"best score, trial {best.name}{of_seeds}" if best else "best score",
         f"{statistics.mean(scores):.4f}" if scores else "none yet"),
        (f"trials, {whole_trials} to the end", str(len(searched))),
        (f"epochs, {sweep.epochs_spent / whole:.0%} of all to the end", str(sweep.epochs_spent)),
        ("of training", format_seconds(seconds)),
        ("trials failed", str(failed)),
        *([("repeats with other seeds", str(repeats))] if repeats else []),
    ]  # fmt: skip
