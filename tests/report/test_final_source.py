import json
import shutil
from pathlib import Path

import pytest
from finals import final_folder

from facesearch.errors import InputError
from facesearch.final.figures import read_report
from facesearch.report.final_source import read_final


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return final_folder(tmp_path_factory.mktemp("final"))


@pytest.fixture
def copy(folder: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(folder, tmp_path / folder.name))


def test_a_final_folder_gives_its_report_curves_and_scores(folder: Path) -> None:
    source = read_final(folder)
    assert source.name == "final-12345678" and source.why_unseen == ""
    assert source.report.figures == read_report(folder / "report.json").figures
    assert [(c.seed, c.is_control) for c in source.curves] == [(0, False), (1, False), (0, True)]
    # an epoch that was trained again counts once, a torn line not at all
    assert source.curves[1].loss == pytest.approx((4.1, 2.1, 4 / 3 + 0.1))
    assert source.curves[0].minutes == pytest.approx(4.5 / 60)
    seen = source.seen
    assert seen is not None and seen.is_generated and seen.dev is not None
    assert [search.name for search in seen.searches] == ["unknown_dev", "unknown_test"]
    search = seen.searches[0]
    figure = source.report.figures["unknown_dev/rank1"]
    assert (search.places <= 1).mean() == figure.value
    assert search.scores.ranks.eer() == source.report.figures["unknown_dev/eer"].value


def test_the_bundle_of_a_final_folder_is_that_folder(folder: Path) -> None:
    assert read_final(folder / "model").name == "final-12345678"
    assert len(read_final(folder / "model").curves) == 3


def test_members_of_another_plan_are_no_curves_of_this_model(copy: Path) -> None:
    header = copy / "members" / "10.1" / "stage0" / "model" / "config.json"
    told = json.loads(header.read_text())
    told["config"]["optim"]["lr"] = 0.0123
    header.write_text(json.dumps(told))
    (copy / "members" / "00" / "stage0" / "model" / "config.json").write_text("{")
    assert [curve.seed for curve in read_final(copy).curves] == [0]


def test_a_bundle_alone_is_measured_on_its_faces(copy: Path, tmp_path: Path) -> None:
    told = read_report(copy / "report.json")
    alone = Path(shutil.copytree(copy / "model", tmp_path / "alone"))
    source = read_final(alone)
    assert source.report.figures["dev/top1"] == told.figures["dev/top1"]
    assert source.report.notes[0].startswith("measured just now, on generated faces")
    assert source.curves == ()


def test_a_report_alone_will_do(copy: Path) -> None:
    shutil.rmtree(copy / "model")
    source = read_final(copy)
    assert source.model is None and source.seen is None and "no model" in source.why_unseen
    assert "unknown_dev/rank1" in source.report.figures


def test_faces_that_are_gone_are_no_fault_but_those_asked_for_are(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    folder = final_folder(tmp_path)
    source = _moved(folder, gone)
    assert read_final(source).seen is None
    assert "--data" in read_final(source).why_unseen
    with pytest.raises(InputError, match="gone"):
        read_final(source, str(tmp_path / "gone too"))


def _moved(folder: Path, root: Path) -> Path:
    """Let the model say that its faces were at ``root``."""
    from dataclasses import replace

    from facesearch.final.bundle import load_bundle, save_bundle

    model = load_bundle(folder / "model")
    data = model.config.data.model_copy(update={"root": str(root)})
    save_bundle(folder / "model", replace(
        model, config=model.config.model_copy(update={"data": data})
    ))  # fmt: skip
    return folder


def test_other_faces_than_those_of_the_report_are_told(copy: Path) -> None:
    told = json.loads((copy / "report.json").read_text())
    told["figures"]["unknown_dev/rank1"]["value"] = 0.9
    (copy / "report.json").write_text(json.dumps(told))
    notes = read_final(copy).report.notes
    assert notes[0].startswith("unknown_dev/rank1 is 0.900 in the report, but 0.")
    assert sum("they are others" in note for note in notes) == 1


@pytest.mark.parametrize("text", ["{", "[]", '{"figures": {"a": 1}}', "null"])
def test_a_damaged_report_is_refused(copy: Path, text: str) -> None:
    (copy / "report.json").write_text(text)
    with pytest.raises(InputError, match=r"report\.json: not a report"):
        read_final(copy)


def test_what_is_no_final_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no final model: neither"):
        read_final(tmp_path)
