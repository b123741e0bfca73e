from pathlib import Path

from sweeps import simulated_sweep

from facesearch.report.importance import Importance
from facesearch.report.importance_chart import importance_chart
from facesearch.report.sweep_source import read_source


def test_it_tells_what_has_decided(tmp_path: Path) -> None:
    found = [Importance("optim.lr", 0.9, 0.8, 0.95), Importance("head", 0.1, -0.1, 0.2)]
    chart = importance_chart(read_source(simulated_sweep(tmp_path, trials=3)), found)
    assert chart.alt.startswith("Decided: lr 0.90 [0.80, 0.95]. ")
    assert [row["parameter"] for row in chart.rows] == ["optim.lr", "head"]
    assert ">lr<" in chart.svg and ">head<" in chart.svg
