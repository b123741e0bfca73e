import pytest
from sweeps import simulated_sweep

from facesearch.report.parallel_chart import parallel_chart
from facesearch.report.sweep_source import SweepSource, read_source


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> SweepSource:
    return read_source(simulated_sweep(tmp_path_factory.mktemp("runs")))


def test_no_trial_vanishes(source: SweepSource) -> None:
    chart = parallel_chart(source, [hole.name for hole in source.holes])
    # each trial is one line; matplotlib writes one path for each
    lines = chart.svg.split('id="parallel-coordinates-LineCollection_1"')[1].split("</g>")[0]
    assert lines.count("<path") == len(source.sweep.trials) == 24
    assert "All 24 trials, a line each, 2 of them without a score" in chart.alt
    assert ">not<" in chart.svg and ">used<" in chart.svg


def test_every_parameter_and_option_is_named(source: SweepSource) -> None:
    chart = parallel_chart(source, [hole.name for hole in source.holes])
    for text in (*source.names.values(), "softmax", "cosface", "arcface", "epochs", "score"):
        assert f">{text}<" in chart.svg


def test_what_has_no_room_is_left_out_and_told(source: SweepSource) -> None:
    order = [hole.name for hole in source.holes]
    chart = parallel_chart(source, [*order, "optim.lr"])
    assert "1 less important ones are left out" in chart.alt
