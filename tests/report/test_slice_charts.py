import re

import pytest
from sweeps import simulated_sweep

from facesearch.report.slice_charts import pair_chart, slices_chart
from facesearch.report.sweep_source import SweepSource, read_source


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> SweepSource:
    return read_source(simulated_sweep(tmp_path_factory.mktemp("runs"), num_failed=3))


def test_trials_are_compared_where_nearly_all_have_been(source: SweepSource) -> None:
    chart = slices_chart(source, [hole.name for hole in source.holes])
    assert source.common_epoch() == 3
    assert "21 trials after epoch 3" in chart.alt and "score after epoch 3" in chart.svg
    for short in source.names.values():
        assert f">{short}<" in chart.svg


def test_every_trial_that_has_a_parameter_is_marked_once(source: SweepSource) -> None:
    chart = slices_chart(source, ["optim.lr"])
    marks = sum(
        group.count("<use")
        for group in re.findall(r"PathCollection_.*?</g>\s*</g>", chart.svg, re.S)
    )
    assert marks == len(source.scored()) + len(source.failed()) == 24


def test_a_pair_shows_the_trials_that_have_both(source: SweepSource) -> None:
    pair = pair_chart(source, "optim.lr", "model.depth")
    assert pair.alt.startswith("21 trials;") and pair.title == "lr and depth together"
    best = source.scored()[0]
    assert f"The best: {best.number:03d} at" in pair.alt and f">{best.number:03d}<" in pair.svg
    some = pair_chart(source, "head.arcface.margin_rad", "head")
    arcface = [t for t in source.scored() if t.point["head"] == "arcface"]
    assert some.alt.startswith(f"{len(arcface)} trials;")
