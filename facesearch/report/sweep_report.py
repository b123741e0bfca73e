"""The page of a sweep: what won, by how much, why, and what it cost.

page, charts = build_sweep(Path("runs/arcface-0001"))
"""

from collections import Counter
from pathlib import Path
from typing import Any

from facesearch.report.chart import Chart
from facesearch.report.cost_charts import cost_chart, cost_rows, cost_words
from facesearch.report.decided import best_tables
from facesearch.report.failures import causes, failure_rows, reason_rows
from facesearch.report.front_charts import front_chart, objectives_chart
from facesearch.report.importance import Importance, importances
from facesearch.report.importance_chart import importance_chart
from facesearch.report.page import (
    Block,
    Commands,
    Facts,
    Prose,
    Section,
    Table,
    charts_of,
    render,
)
from facesearch.report.parallel_chart import parallel_chart
from facesearch.report.progress_charts import best_chart, curves_chart
from facesearch.report.slice_charts import pair_chart, slices_chart
from facesearch.report.sweep_source import SweepSource, read_source
from facesearch.report.sweep_verdict import verdict
from facesearch.report.sweep_words import facts, next_commands, summary
from facesearch.tuning.ranking import mean_words
from facesearch.tuning.records import describe_point

_LEADERS = 15
_MOST_FAILED = 20


def build_sweep(folder: Path, tracking_uri: str | None = None) -> tuple[str, list[Chart]]:
    """Return the page of a sweep as HTML, and its charts.

    Args:
        folder: Of the sweep; it may still be running.
        tracking_uri: Of its MLflow store as it was given, for the commands that come next.

    Raises:
        InputError: If it holds no sweep.

    """
    source = read_source(folder)
    found = importances(source)
    sections = [
        Section("Verdict", verdict(source)),
        Section(
            "Summary",
            [
                Facts(facts(source)),
                Prose(summary(source, found)),
                Commands(next_commands(source, tracking_uri)),
            ],
        ),
        Section("Leaderboard", _leaderboard(source)),
        Section("Progress", _progress(source)),
        Section("Parameters", _parameters(source, found)),
        Section("Quality against cost", _fronts(source)),
        Section("Failures", _failures(source)),
        Section("Cost", _cost(source)),
    ]
    title = f"Sweep {source.folder.name}"
    sweep = source.sweep
    repeats = len(sweep.trials) - len(source.searched())
    again = f" and {repeats} repeats" if repeats else ""
    subtitle = f"{len(source.searched())} trials{again}, {sweep.epochs_spent} epochs"
    return render(title, subtitle, sections), charts_of(sections)


def _leaderboard(source: SweepSource) -> list[Block]:
    rows, repeats = [], source.sweep.repeats()
    only = source.space.settings.search.objective  # where it is one metric, it is the score
    for place, trial in enumerate(source.scored()[:_LEADERS], start=1):
        last = trial.curve[-1]
        metrics = {
            k.removeprefix("val/"): v for k, v in last.items() if k.startswith("val/") and k != only
        }
        scores = source.sweep.scores_of(trial)
        seeds = {"mean of seeds": mean_words(scores) if len(scores) > 1 else ""} if repeats else {}
        rows.append(
            {"place": place, "trial": trial.name, "outcome": source.sweep.told(trial.outcome),
             "epochs": trial.epochs, "score": last["score"], **seeds, **metrics,
             "point": describe_point(trial.point)}
        )  # fmt: skip
    if not rows:
        return [Prose("No trial has a score yet.")]
    note = "Trials that trained longer come first: a score of an earlier epoch is no rival."
    if repeats:
        note += " Before them come those that were repeated with other seeds, by their mean."
    title = f"The best {len(rows)} of {len(source.searched())} trials"
    return [Table(title, rows, note), *best_tables(source)]


def _progress(source: SweepSource) -> list[Block]:
    return [best_chart(source), curves_chart(source)] if source.scored() else []


def _parameters(source: SweepSource, found: list[Importance]) -> list[Block]:
    if not source.holes or len(source.scored()) < 2:
        return []
    order = [one.name for one in found] or [hole.name for hole in source.holes]
    blocks: list[Block] = [parallel_chart(source, order)]
    if found:
        blocks.append(importance_chart(source, found))
    blocks.append(slices_chart(source, order))
    pair = _pair(source, order)
    return [*blocks, pair_chart(source, *pair)] if pair else blocks


def _pair(source: SweepSource, order: list[str]) -> tuple[str, str] | None:
    """Return the two first parameters that every trial has, other than the one that colours it."""
    holes = {hole.name: hole for hole in source.holes}
    common = [name for name in order if not holes[name].under and name != "head"]
    return (common[0], common[1]) if len(common) > 1 else None


def _fronts(source: SweepSource) -> list[Block]:
    charts = (objectives_chart(source), front_chart(source))
    found: list[Block] = [chart for chart in charts if chart is not None]
    if found or not source.scored():
        return found
    completed = source.sweep.count("completed")
    return [Prose(f"Too few trials trained to the end ({completed}) to compare what they cost.")]


def _failures(source: SweepSource) -> list[Block]:
    failed, refused = source.failed(), len(source.sweep.refused)
    limits = f"{refused} points were beyond the limits, and not started." if refused else ""
    if not failed:
        return [Prose(f"No trial failed. {limits}".strip())]
    counts = Counter(trial.outcome for trial in failed)
    told = ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())
    share = len(failed) / len(source.sweep.trials)
    blocks: list[Block] = [Prose(f"{told}: {share:.0%} of the trials. {limits}".strip())]
    found = causes(source)
    if found:
        words = "; ".join(cause.words for cause in found)
        blocks.append(Prose(f"What the trials that failed have in common: {words}."))
    elif len(failed) > 1:
        blocks.append(Prose("No parameter tells the trials that failed from the others."))
    if len(failed) > _MOST_FAILED:
        blocks.append(Table("Why they failed", reason_rows(failed)))
    rows = failure_rows(failed[:_MOST_FAILED])
    title = "Trials that failed" if len(rows) == len(failed) else f"The first {len(rows)} of them"
    return [*blocks, Table(title, rows)]


def _cost(source: SweepSource) -> list[Block]:
    if not source.sweep.trials:
        return []
    table = Table("By outcome", [_as_duration(row) for row in cost_rows(source)])
    return [Prose(cost_words(source)), cost_chart(source), table]


def _as_duration(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "seconds": round(row["seconds"], 1)}
