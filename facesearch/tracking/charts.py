"""Which charts the comparison page of a sweep holds, so that no trial is missing from them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from facesearch.space.wording import is_number
from facesearch.tracking.importance import by_importance

SCORE = "score"
MAX_AXES = 9
MAX_SCATTERS = 6
# A point an epoch is seconds of drawing where the curves are many.
MAX_TRIALS_WITH_POINTS = 40
# What MLflow calls the section of the metrics without a slash in their names.
_UNNAMED = "Model metrics"
# Further groups of trials with parameters of their own are there, folded.
MAX_OPEN_GROUPS = 4


@dataclass(frozen=True)
class Seen:
    """What the page needs to know of a trial; score is None before the first epoch."""

    params: Mapping[str, str]
    head: str
    score: float | None
    metrics: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Section:
    """Charts under one title."""

    title: str
    charts: list[dict[str, Any]]
    columns: int = 3
    height_px: int = 360
    is_open: bool = True

    def state(self, uuid: str) -> dict[str, Any]:
        """Return it as MLflow's page keeps it."""
        return {
            "uuid": uuid, "name": self.title, "display": self.is_open, "columns": self.columns,
            "cardHeight": self.height_px, "isReordered": False, "deleted": False,
            "isGenerated": False,
        }  # fmt: skip


def names(trials: Sequence[Seen]) -> list[str]:
    """Return the searched parameters, in the order of their first trials."""
    return list(dict.fromkeys(key for trial in trials for key in trial.params))


def _scored(trials: Sequence[Seen]) -> list[Seen]:
    """Return the trials with a score, or all if none has one yet."""
    return [trial for trial in trials if trial.score is not None] or list(trials)


def _shared(trials: Sequence[Seen]) -> list[str]:
    """Return the parameters that can be an axis for every trial, and that tell them apart.

    MLflow draws numbers or up to 30 words on an axis, and drops the trials that do not fit.
    """
    return [key for key in names(trials) if all(key in t.params for t in trials)
            and _is_axis(_values(trials, key))]  # fmt: skip


def _is_axis(values: set[str]) -> bool:
    numbers = sum(map(is_number, values))
    return len(values) > 1 and (numbers == len(values) or (not numbers and len(values) <= 30))


def _parallel(title: str, params: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "PARALLEL", "displayName": title, "selectedParams": list(params),
        "selectedMetrics": [SCORE], "showAllRuns": True,
    }  # fmt: skip


def _axes(trials: Sequence[Seen], params: Sequence[str]) -> list[str]:
    """Order axes for parallel coordinates: words first, the most telling beside the score."""
    ordered = by_importance(params, _points(trials))[:MAX_AXES]
    words = [key for key in ordered if not all(map(is_number, _values(trials, key)))]
    return words + [key for key in reversed(ordered) if key not in words]


def _values(trials: Sequence[Seen], key: str) -> set[str]:
    return {trial.params[key] for trial in trials if key in trial.params}


def overview(trials: Sequence[Seen]) -> list[dict[str, Any]]:
    """All trials in one picture: MLflow leaves out who lacks an axis, so none may be lacking."""
    seen = _scored(trials)
    params = _axes(seen, _shared(seen))
    return [_parallel("All trials", params)] if params else []


def _metrics(trials: Sequence[Seen]) -> list[str]:
    return sorted(set().union(*(trial.metrics for trial in trials)))


def curves(trials: Sequence[Seen]) -> list[dict[str, Any]]:
    """Return the learning curves: score, loss, and what was measured on held-out faces."""
    known = _metrics(trials)
    wanted = [SCORE, "train/loss", *(key for key in known if key.startswith("val/"))]
    has_points = len(trials) <= MAX_TRIALS_WITH_POINTS
    return [_curve(key, has_points=has_points) for key in wanted if key in known]


def objectives(trials: Sequence[Seen]) -> list[dict[str, Any]]:
    """Return the score against each further objective of the sweep."""
    others = [key for key in _metrics(trials) if key.startswith("score_")]
    return [_scatter(f"{SCORE} against {other}", other, "METRIC") for other in others]


def other_sections(trials: Sequence[Seen]) -> list[str]:
    """Return the sections that MLflow adds by itself, for metrics that are in none of ours."""
    left = [key for key in _metrics(trials) if not key.startswith(("val/", "score"))]
    prefixes = {key.rpartition("/")[0] for key in left if key != "train/loss"}
    prefixes |= {"", "best"}  # of the summary, which a trial has at its end
    return sorted(prefix or _UNNAMED for prefix in prefixes)


def _curve(metric: str, *, has_points: bool) -> dict[str, Any]:
    return {
        "type": "LINE", "displayName": f"{metric} by epoch", "metricKey": metric,
        "selectedMetricKeys": [metric], "xAxisKey": "step", "lineSmoothness": 0,
        "scaleType": "linear", "xAxisScaleType": "linear", "useGlobalXaxisKey": False,
        "range": {}, "yAxisKey": "metric", "selectedYAxisMetricKey": "", "yAxisExpressions": [],
        "displayPoints": has_points, "useGlobalLineSmoothing": False,
    }  # fmt: skip


def _scatter(title: str, key: str, kind: str) -> dict[str, Any]:
    axes = {"xaxis": {"key": key, "type": kind}, "yaxis": {"key": SCORE, "type": "METRIC"}}
    return {"type": "SCATTER", "displayName": title, **axes}


def _points(trials: Sequence[Seen]) -> list[tuple[Mapping[str, str], float]]:
    return [(trial.params, trial.score) for trial in trials if trial.score is not None]


def scatters(trials: Sequence[Seen]) -> list[dict[str, Any]]:
    """Return the score against the most telling parameters."""
    points = _points(trials)
    varied = [key for key in names(trials) if len({p.get(key) for p, _ in points} - {None}) > 1]
    most = by_importance(varied, points)[:MAX_SCATTERS]
    return [_scatter(f"{SCORE} by {key}", key, "PARAM") for key in most]


def own_parameters(trials: Sequence[Seen]) -> list[Section]:
    """One chart for each set of trials with parameters of their own: all of it are drawn."""
    seen = _scored(trials)
    having = {
        key: frozenset(i for i, trial in enumerate(seen) if key in trial.params)
        for key in names(seen)
    }
    sections: list[Section] = []
    groups = {group for group in having.values() if 1 < len(group) < len(seen)}
    for group in sorted(groups, key=lambda group: (-len(group), sorted(group))):
        inside = [seen[i] for i in sorted(group)]
        own = [key for key, who in having.items() if group <= who and len(who) < len(seen)]
        varied = [key for key in own if _is_axis(_values(inside, key))]
        if varied:
            heads = ", ".join(sorted({trial.head for trial in inside} - {""}))
            title = f"{heads or 'some trials'} alone: {', '.join(varied)}"
            charts = [_parallel(title, _axes(inside, _shared(inside)))]
            is_open = len(sections) < MAX_OPEN_GROUPS
            sections.append(Section(title, charts, columns=1, is_open=is_open))
    return sections
