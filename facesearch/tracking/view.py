"""The comparison page of a sweep: a preset view of MLflow's page of runs, computed from plain data.

MLflow's page begins with the parent run alone, and its parallel coordinates leave out every run
that lacks one of the axes. This view lists the trials flat and gives the parameters that only some
trials have a chart of their own. The format of a view is not documented: `knows` says which
versions of MLflow read it as we write it.

Not in this module: what the store holds of a sweep (`overview.py`).
"""

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from facesearch.tracking.importance import by_importance

# Versions in whose interface a test has seen the page drawn.
KNOWN_VERSIONS = ("3.17",)
SCORE = "score"
MAX_AXES = 9
MAX_SCATTERS = 6
# MLflow takes 20,000 characters in a tag of an experiment.
MAX_TAG_LENGTH = 19_000
MAX_LOADED = 100
_TAG = "mlflow.sharedViewState."
# The menu beside the page: of trainings, not of language models.
_MENU = {"workflowType": "machine_learning"}
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


def knows(version: str) -> bool:
    """Return whether a version of MLflow is known to understand the view."""
    return ".".join(version.split(".")[:2]) in KNOWN_VERSIONS


def view_key(sweep_id: str) -> str:
    """Return the key under which the view of a sweep is shared."""
    return f"facesearch-{sweep_id[:16]}"


def view_tag(name: str, sweep_id: str, trials: Sequence[Seen]) -> tuple[str, str]:
    """Return name and value of the experiment's tag that holds the view of a sweep.

    Args:
        name: Of the sweep.
        sweep_id: What its trials are found by.
        trials: All of them.

    """
    state = view_state(name, sweep_id, trials)
    value = _packed(state)
    while len(value) > MAX_TAG_LENGTH:
        state["compareRunCharts"].pop()
        value = _packed(state)
    return _TAG + view_key(sweep_id), value


def _packed(state: Mapping[str, Any]) -> str:
    plain = json.dumps(state, separators=(",", ":"))
    return "deflate;" + base64.b64encode(zlib.compress(plain.encode(), 9)).decode()


def page(experiment: str, sweep_id: str, *, is_preset: bool = True) -> str:
    """Return the address of the comparison page after the server's own, such as ``#/...``.

    Args:
        experiment: Its id.
        sweep_id: What the trials are found by.
        is_preset: Whether the view is there and understood; if not, the plain page with the
            trials of this sweep, the best first.

    """
    if is_preset:
        asked = {"viewStateShareKey": view_key(sweep_id), "compareRunsMode": "CHART", **_MENU}
    else:
        asked = {
            **_MENU,
            "searchFilter": _filter(sweep_id),
            "orderByKey": f"metrics.`{SCORE}`",
            "orderByAsc": "false",
        }
    return f"#/experiments/{quote(experiment)}/runs?{urlencode(asked, quote_via=quote)}"


def _filter(sweep_id: str) -> str:
    wanted = {"kind": "trial", "sweep_id": sweep_id}
    return " and ".join(f"tags.`facesearch.{key}` = '{value}'" for key, value in wanted.items())


def view_state(name: str, sweep_id: str, trials: Sequence[Seen]) -> dict[str, Any]:
    """Return the view of a sweep as MLflow's page keeps it; arguments as of `view_tag`."""
    sections = [
        Section(f"{name}: {len(trials)} trials", _overview(trials), columns=1, height_px=420),
        Section("Learning curves", _curves(trials), columns=2),
        Section("Objectives", _objectives(trials), columns=2),
        Section("Score by parameter, the most telling first", _scatters(trials), columns=3),
        *_own_parameters(trials),
    ]
    sections = [section for section in sections if section.charts]
    charts = [
        _card(f"{i}-{j}", f"section-{i}", chart)
        for i, section in enumerate(sections)
        for j, chart in enumerate(section.charts)
    ]
    shown = [section.state(f"section-{i}") for i, section in enumerate(sections)]
    folded = [
        Section(title, [], is_open=False).state(f"folded-{title}") for title in _others(trials)
    ]
    columns = [f"params.`{key}`" for key in _names(trials)]
    return {
        "searchFilter": _filter(sweep_id),
        "orderByKey": f"metrics.`{SCORE}`",
        "orderByAsc": False,
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "modelVersionFilter": "All Runs",
        "datasetsFilter": [],
        "runsHiddenMode": "SHOW_ALL",
        "selectedColumns": [f"metrics.`{SCORE}`", "tags.`facesearch.outcome`", *columns],
        "runListHidden": False,
        "viewMaximized": False,
        "groupBy": None,
        "useGroupedValuesInCharts": True,
        "hideEmptyCharts": True,
        "chartsSearchFilter": "",
        "isAccordionReordered": True,
        "compareRunSections": [*shown, *folded],
        "compareRunCharts": charts,
    }


def _card(uuid: str, section: str, chart: dict[str, Any]) -> dict[str, Any]:
    base = {"uuid": uuid, "metricSectionId": section, "runsCountToCompare": 1000}
    return {**base, "deleted": False, "isGenerated": False, **chart}


def _names(trials: Sequence[Seen]) -> list[str]:
    return list(dict.fromkeys(key for trial in trials for key in trial.params))


def _scored(trials: Sequence[Seen]) -> list[Seen]:
    """Return the trials with a score, or all if none has one yet."""
    return [trial for trial in trials if trial.score is not None] or list(trials)


def _shared(trials: Sequence[Seen]) -> list[str]:
    """Return the parameters that can be an axis for every trial, and that tell them apart.

    MLflow draws numbers or up to 30 words on an axis, and drops the trials that do not fit.
    """
    return [key for key in _names(trials) if all(key in t.params for t in trials)
            and _is_axis(_values(trials, key))]  # fmt: skip


def _is_axis(values: set[str]) -> bool:
    numbers = sum(map(_is_number, values))
    return len(values) > 1 and (numbers == len(values) or (not numbers and len(values) <= 30))


def _parallel(title: str, params: Sequence[str]) -> dict[str, Any]:
    return {
        "type": "PARALLEL", "displayName": title, "selectedParams": list(params),
        "selectedMetrics": [SCORE], "showAllRuns": True,
    }  # fmt: skip


def _axes(trials: Sequence[Seen], params: Sequence[str]) -> list[str]:
    """Order axes for parallel coordinates: words first, the most telling beside the score."""
    ordered = by_importance(params, _points(trials))[:MAX_AXES]
    words = [key for key in ordered if not all(map(_is_number, _values(trials, key)))]
    return words + [key for key in reversed(ordered) if key not in words]


def _values(trials: Sequence[Seen], key: str) -> set[str]:
    return {trial.params[key] for trial in trials if key in trial.params}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _overview(trials: Sequence[Seen]) -> list[dict[str, Any]]:
    """All trials in one picture: MLflow leaves out who lacks an axis, so none may be lacking."""
    seen = _scored(trials)
    params = _axes(seen, _shared(seen))
    return [_parallel("All trials", params)] if params else []


def _metrics(trials: Sequence[Seen]) -> list[str]:
    return sorted(set().union(*(trial.metrics for trial in trials)))


def _curves(trials: Sequence[Seen]) -> list[dict[str, Any]]:
    known = _metrics(trials)
    wanted = [SCORE, "train/loss", *(key for key in known if key.startswith("val/"))]
    return [_curve(key) for key in wanted if key in known]


def _objectives(trials: Sequence[Seen]) -> list[dict[str, Any]]:
    others = [key for key in _metrics(trials) if key.startswith("score_")]
    return [_scatter(f"{SCORE} against {other}", other, "METRIC") for other in others]


def _others(trials: Sequence[Seen]) -> list[str]:
    """Return the sections that MLflow adds by itself, for metrics that are in none of ours."""
    left = [key for key in _metrics(trials) if not key.startswith(("val/", "score"))]
    prefixes = {key.rpartition("/")[0] for key in left if key != "train/loss"}
    prefixes |= {"", "best"}  # of the summary, which a trial has at its end
    return sorted(prefix or _UNNAMED for prefix in prefixes)


def _curve(metric: str) -> dict[str, Any]:
    return {
        "type": "LINE", "displayName": f"{metric} by epoch", "metricKey": metric,
        "selectedMetricKeys": [metric], "xAxisKey": "step", "lineSmoothness": 0,
        "scaleType": "linear", "xAxisScaleType": "linear", "useGlobalXaxisKey": False,
        "range": {}, "yAxisKey": "metric", "selectedYAxisMetricKey": "", "yAxisExpressions": [],
        "displayPoints": None, "useGlobalLineSmoothing": False,
    }  # fmt: skip


def _scatter(title: str, key: str, kind: str) -> dict[str, Any]:
    axes = {"xaxis": {"key": key, "type": kind}, "yaxis": {"key": SCORE, "type": "METRIC"}}
    return {"type": "SCATTER", "displayName": title, **axes}


def _points(trials: Sequence[Seen]) -> list[tuple[Mapping[str, str], float]]:
    return [(trial.params, trial.score) for trial in trials if trial.score is not None]


def _scatters(trials: Sequence[Seen]) -> list[dict[str, Any]]:
    points = _points(trials)
    varied = [key for key in _names(trials) if len({p.get(key) for p, _ in points} - {None}) > 1]
    most = by_importance(varied, points)[:MAX_SCATTERS]
    return [_scatter(f"{SCORE} by {key}", key, "PARAM") for key in most]


def _own_parameters(trials: Sequence[Seen]) -> list[Section]:
    """One chart for each set of trials with parameters of their own: all of it are drawn."""
    seen = _scored(trials)
    having = {
        key: frozenset(i for i, trial in enumerate(seen) if key in trial.params)
        for key in _names(seen)
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
