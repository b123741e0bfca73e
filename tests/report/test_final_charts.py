import shutil
from pathlib import Path

import pytest
from finals import final_folder

from facesearch.report.final_charts import draw_charts
from facesearch.report.final_source import read_final


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return final_folder(tmp_path_factory.mktemp("final"))


def test_with_faces_every_score_is_drawn(folder: Path) -> None:
    charts = draw_charts(read_final(folder))
    assert [chart.name for chart in charts.pairs] == [
        "roc", "det", "scores_unknown_dev", "scores_unknown_test", "reliability",
    ]  # fmt: skip
    assert [chart.name for chart in charts.search] == ["cmc", "open_set"]
    assert [chart.name for chart in charts.training] == ["training", "seeds", "winners_curse"]
    assert [chart.name for chart in charts.evenness] == ["shift"]
    assert len({chart.name for chart in charts.all}) == len(charts.all) == 11
    assert all(chart.alt and chart.rows for chart in charts.all)


def test_without_faces_the_report_is_drawn(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "only").mkdir()
    shutil.copy(folder / "report.json", tmp_path / "only")
    charts = draw_charts(read_final(tmp_path / "only"))
    assert [chart.name for chart in charts.all] == [
        "roc", "reliability", "cmc", "open_set", "seeds", "winners_curse", "shift",
    ]  # fmt: skip


def test_of_an_empty_report_nothing_is_drawn(tmp_path: Path) -> None:
    (tmp_path / "report.json").write_text('{"figures": {}, "notes": [], "tables": {}}')
    assert draw_charts(read_final(tmp_path)).all == []
