"""What a person reads first in MLflow: a sweep and the experiment, described in Markdown."""

from collections import Counter
from collections.abc import Iterable

from facesearch.tracking.view import page
from facesearch.tuning.records import SweepRecord, TrialRecord, format_number, left_word, mean_words

NOTE = "mlflow.note.content"
# A description that begins otherwise was written by a person, and stays.
MARK = "**facesearch**"
MAX_LENGTH = 7_900
NUM_LEADERS = 5


def describe_experiment() -> str:
    """Return the description of the experiment in which all sweeps are."""
    return (
        f"{MARK} writes its sweeps here: a parent run for each sweep, a child run for each trial, "
        "and a run for each final training.\n\n"
        "- `facesearch ui SWEEP` opens the comparison page of a sweep: all trials flat and the "
        "best first, parallel coordinates, learning curves, the score by each parameter, "
        "coloured by head. The description of each sweep's own run links to the page as well.\n"
        "- `score` is of the last epoch, more is better. Trials are ranked by it among those of as "
        "many epochs; longer trained ones come first. `best/score` is the highest of a trial's "
        "epochs, by which nothing is ranked.\n"
        "- The tag `facesearch.outcome` says how a trial ended: completed, pruned, diverged, "
        "out_of_memory or failed; one that is interrupted goes on with its sweep.\n"
    )


def describe_sweep(sweep: SweepRecord, folder: str, experiment: str) -> str:
    """Return the description of a sweep's own run, at its end.

    Args:
        sweep: Whose trials have ended.
        folder: Name of its folder; empty if it is not known.
        experiment: Id of the experiment, for the links.

    """
    name = folder or sweep.name
    text = "\n\n".join(
        # MLflow shows the first lines and folds the others
        [_verdict(sweep), f"[Compare all trials]({page(experiment, sweep.sweep_id)})",
         _commands(sweep, name), _figures(sweep), *_best(sweep, experiment),
         *_leaders(sweep, experiment)]
    )  # fmt: skip
    return text if len(text) <= MAX_LENGTH else text[:MAX_LENGTH] + " ..."


def _verdict(sweep: SweepRecord) -> str:
    best = sweep.best
    how = f" It was given up: {_plain(sweep.abandoned)}" if sweep.abandoned else ""
    how = " It was interrupted; the same command goes on." if sweep.is_interrupted else how
    if best is None:
        return f"**No trial of this sweep has a score.**{how}"
    score = mean_words(sweep.scores_of(best))
    return f"**Best: trial {best.name}, score {score} after epoch {best.epochs}.**{how}"


def _figures(sweep: SweepRecord) -> str:
    trials = list(sweep.trials.values())
    outcomes = Counter(left_word(t.outcome) for t in trials)
    told = ", ".join(f"{number} {outcome}" for outcome, number in outcomes.most_common())
    possible = len(trials) * sweep.max_epochs
    share = f" of {possible} ({sweep.epochs_spent / possible:.0%})" if possible else ""
    seconds = sum(row.get("seconds", 0.0) for trial in trials for row in trial.curve)
    rows = {
        "trials": f"{len(trials)}: {told}" if trials else "0",
        "epochs": f"{sweep.epochs_spent}{share}",
        "training": f"{_duration(seconds)}, all trials added",
    }
    unscored = [trial.name for trial in trials if not trial.curve]
    if unscored:
        rows["without a finished epoch"] = f"{', '.join(unscored[:30])}: in no chart"
    return _table(("sweep", ""), rows.items())


def _best(sweep: SweepRecord, experiment: str) -> list[str]:
    best = sweep.best
    if best is None:
        return []
    metrics = {key: value for key, value in best.curve[-1].items() if "/" in key}
    return [
        f"### {_link(best, experiment)}",
        _table(("parameter", "value"), [(k, format_number(v)) for k, v in best.point.items()]),
        _table((f"after epoch {best.epochs}", ""), [(k, f"{v:.4g}") for k, v in metrics.items()]),
    ]


def _leaders(sweep: SweepRecord, experiment: str) -> list[str]:
    ranked = sweep.ranked()[:NUM_LEADERS]
    if len(ranked) < 2:
        return []
    lines = [
        f"| {_link(trial, experiment)} | {left_word(trial.outcome)} | {trial.epochs} "
        f"| {trial.score:.4f} |"
        for trial in ranked
    ]
    return ["\n".join(["| trial | outcome | epochs | score |", "|---|---|---|---|", *lines])]


def _commands(sweep: SweepRecord, name: str) -> str:
    lines = [f"facesearch ui {name}", f"facesearch extend {name} --trials {len(sweep.trials)}"]
    if sweep.best and sweep.best.run_id:
        lines.insert(0, f"facesearch finalize --run-id {sweep.best.run_id[:8]}")
    return "\n".join(["```bash", *lines, "```"])


def _link(trial: TrialRecord, experiment: str) -> str:
    title = _plain(trial.title)
    if not trial.run_id:
        return title
    return f"[{title}](#/experiments/{experiment}/runs/{trial.run_id})"


def _table(head: tuple[str, str], rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"| {_plain(key)} | {_plain(value)} |" for key, value in rows]
    return "\n".join([f"| {head[0]} | {head[1]} |", "|---|---|", *lines])


def _plain(text: str) -> str:
    """Return text that Markdown leaves as it is."""
    for mark in "\\`*_[]<>|":
        text = text.replace(mark, "\\" + mark)
    return " ".join(text.split())


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    if minutes < 2:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 120 else f"{minutes / 60:.1f} h"
