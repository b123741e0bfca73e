import base64
import json
import zlib
from typing import Any

import mlflow
import pytest

from facesearch.tracking.charts import Seen
from facesearch.tracking.view import (
    MAX_TAG_LENGTH,
    knows,
    page,
    view_key,
    view_state,
    view_tag,
)

METRICS = frozenset({"score", "seconds", "val/rank1", "val/top1", "train/loss", "cost/gflops"})


def trial(number: int, head: str, score: float | None = 0.5, **params: Any) -> Seen:
    shared = {"lr": f"{0.01 * (number + 1)}", "head": head}
    told = {key: str(value) for key, value in {**shared, **params}.items()}
    return Seen(told, head, score, METRICS if score is not None else frozenset())


def three_heads() -> list[Seen]:
    trials = [trial(n, "softmax", 0.1 * n) for n in range(4)]
    trials += [trial(n, "cosface", 0.1 * n, scale=n) for n in range(4, 8)]
    return trials + [trial(n, "arcface", 0.1 * n, scale=n, margin_rad=n / 10) for n in range(8, 12)]


def parallels(state: dict[str, Any]) -> list[dict[str, Any]]:
    return [chart for chart in state["compareRunCharts"] if chart["type"] == "PARALLEL"]


def drawn(chart: dict[str, Any], trials: list[Seen]) -> list[int]:
    """The runs that MLflow 3.17 draws: those with every axis, each of the axis's kind."""
    left = [
        n for n, seen in enumerate(trials)
        if all(key in seen.params for key in chart["selectedParams"]) and seen.score is not None
    ]  # fmt: skip
    for key in chart["selectedParams"]:
        numbers = [n for n in left if _is_number(trials[n].params[key])]
        left = numbers if len(numbers) >= len(left) / 2 else [n for n in left if n not in numbers]
    return left


def _is_number(text: str) -> bool:
    try:
        return float(text) is not None
    except ValueError:
        return False


def test_all_trials_are_drawn_and_each_with_parameters_of_its_own_once_more() -> None:
    trials = three_heads()
    state = view_state("s", "id", trials)
    whole, *groups = parallels(state)
    assert drawn(whole, trials) == list(range(12)) and set(whole["selectedParams"]) == {
        "lr",
        "head",
    }
    assert [drawn(chart, trials) for chart in groups] == [list(range(4, 12)), list(range(8, 12))]
    assert {"margin_rad", "scale"} < set(groups[1]["selectedParams"])
    titles = [section["name"] for section in state["compareRunSections"]]
    assert "arcface alone: scale, margin_rad" in titles
    assert "arcface, cosface alone: scale" in titles


def test_a_parameter_of_words_and_numbers_is_no_axis_for_all() -> None:
    trials = [trial(n, "softmax", warmup="auto" if n % 2 else n) for n in range(6)]
    (whole,) = parallels(view_state("s", "id", trials))
    assert drawn(whole, trials) == list(range(6))


def test_a_trial_without_a_score_takes_no_axis_from_the_others() -> None:
    trials = [*(trial(n, "softmax") for n in range(3)), Seen({}, "softmax", None)]
    assert drawn(parallels(view_state("s", "id", trials))[0], trials) == [0, 1, 2]


def test_trials_are_listed_flat_and_the_best_first() -> None:
    state = view_state("s", "abc", three_heads())
    kind, sweep = state["searchFilter"].split(" and ")
    assert kind == "tags.`facesearch.kind` = 'trial'"
    assert sweep == "tags.`facesearch.sweep_id` = 'abc'"
    assert (state["orderByKey"], state["orderByAsc"]) == ("metrics.`score`", False)
    assert state["runsHiddenMode"] == "SHOW_ALL"


def test_there_is_a_curve_a_metric_and_a_scatter_a_parameter() -> None:
    charts = view_state("s", "id", three_heads())["compareRunCharts"]
    curves = [chart["metricKey"] for chart in charts if chart["type"] == "LINE"]
    assert curves == ["score", "train/loss", "val/rank1", "val/top1"]
    scatters = [chart["xaxis"]["key"] for chart in charts if chart["type"] == "SCATTER"]
    assert sorted(scatters) == ["head", "lr", "margin_rad", "scale"]
    assert len({chart["uuid"] for chart in charts}) == len(charts)


def test_several_objectives_are_shown_against_each_other() -> None:
    trials = [Seen({"lr": str(n)}, "", 0.1, frozenset({"score", "score_2"})) for n in range(3)]
    charts = view_state("s", "id", trials)["compareRunCharts"]
    against = [chart for chart in charts if chart.get("xaxis", {}).get("type") == "METRIC"]
    assert [chart["xaxis"]["key"] for chart in against] == ["score_2"]


@pytest.mark.parametrize("trials", [[], [trial(0, "softmax")], [trial(0, "softmax", None)] * 2])
def test_a_sweep_that_has_just_begun_has_a_page(trials: list[Seen]) -> None:
    assert json.dumps(view_state("s", "id", trials))


def unpacked(value: str) -> Any:
    kind, _, packed = value.partition(";")
    assert kind == "deflate"
    return json.loads(zlib.decompress(base64.b64decode(packed)))


def test_the_tag_holds_the_view_and_is_the_same_each_time() -> None:
    key, value = view_tag("s", "id", three_heads())
    assert key == "mlflow.sharedViewState.facesearch-id"
    assert unpacked(value) == view_state("s", "id", three_heads())
    assert view_tag("s", "id", three_heads()) == (key, value)


def test_a_view_that_is_too_long_loses_its_last_charts() -> None:
    words = [f"{n * 7919:x}" * 3 for n in range(400)]
    metrics = frozenset({"score", *(f"val/{word}" for word in words)})
    trials = [Seen({"lr": str(n)}, "", 0.1, metrics) for n in range(3)]
    value = view_tag("s", "id", trials)[1]
    assert len(value) <= MAX_TAG_LENGTH
    assert parallels(unpacked(value))


def test_addresses() -> None:
    assert page("7", "abc") == (
        f"#/experiments/7/runs?viewStateShareKey={view_key('abc')}&compareRunsMode=CHART"
        "&workflowType=machine_learning"
    )
    plain = page("7", "abc", is_preset=False)
    assert "viewStateShareKey" not in plain
    assert "facesearch.sweep_id%60%20%3D%20%27abc%27" in plain


def test_the_installed_version_is_known_and_the_next_is_not() -> None:
    assert knows(mlflow.__version__)
    assert knows("3.17.9") and not knows("3.18.0") and not knows("3.1") and not knows("unknown")
