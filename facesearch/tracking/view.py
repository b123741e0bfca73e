"""The comparison page of a sweep: a preset view of MLflow's page of runs, computed from plain data.

MLflow's page begins with the parent run alone, and its parallel coordinates leave out every run
that lacks one of the axes. This view lists the trials flat and gives the parameters that only some
trials have a chart of their own. The format of a view is not documented: `knows` says which
versions of MLflow read it as we write it.

Not in this module: which charts there are (`charts.py`), what the store holds (`overview.py`).
"""

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from facesearch.tracking.charts import (
    SCORE,
    Section,
    Seen,
    curves,
    names,
    objectives,
    other_sections,
    overview,
    own_parameters,
    scatters,
)

# Versions in whose interface a test has seen the page drawn.
KNOWN_VERSIONS = ("3.17",)
# MLflow takes 20,000 characters in a tag of an experiment.
MAX_TAG_LENGTH = 19_000
MAX_LOADED = 100
_TAG = "mlflow.sharedViewState."
# The menu beside the page: of trainings, not of language models.
_MENU = {"workflowType": "machine_learning"}


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
        Section(f"{name}: {len(trials)} trials", overview(trials), columns=1, height_px=420),
        Section("Objectives", objectives(trials), columns=2),
        Section("Score by parameter, the most telling first", scatters(trials), columns=3),
        # hundreds of curves take seconds to draw: after what is in sight at first
        Section("Learning curves", curves(trials), columns=2),
        *own_parameters(trials),
    ]
    sections = [section for section in sections if section.charts]
    charts = [
        _card(f"{i}-{j}", f"section-{i}", chart)
        for i, section in enumerate(sections)
        for j, chart in enumerate(section.charts)
    ]
    shown = [section.state(f"section-{i}") for i, section in enumerate(sections)]
    folded = [
        Section(title, [], is_open=False).state(f"folded-{title}")
        for title in other_sections(trials)
    ]
    columns = [f"params.`{key}`" for key in names(trials)]
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
