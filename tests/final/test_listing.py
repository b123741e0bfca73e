from pathlib import Path

import pytest
from finals import final_folder, in_registry, small_final

from facesearch.errors import InputError
from facesearch.final.listing import FinalModel, final_models, find_model
from facesearch.tracking.store import Store, resolve_store

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def by_name(models: list[FinalModel]) -> dict[str, FinalModel]:
    return {model.name: model for model in models}


def test_folders_are_listed_without_a_store(tmp_path: Path) -> None:
    final_folder(tmp_path)
    small_final(tmp_path / "final-a-unproven", None)
    damaged = small_final(tmp_path / "final-b-damaged")
    (damaged / "model" / "config.json").write_text("{")
    (tmp_path / "arcface-0001" / "ledger").mkdir(parents=True)
    (tmp_path / "final-empty").mkdir()
    found = by_name(final_models(tmp_path, None))
    assert set(found) == {"final-12345678", "final-a-unproven", "final-b-damaged"}
    whole = found["final-12345678"]
    assert whole.is_measured and whole.main == "unknown_test/rank1" and whole.problem == ""
    low, high = whole.figures["dev/top1"][1:]
    assert low <= whole.figures["dev/top1"][0] <= high
    assert whole.faces == "generated faces" and whole.aliases == whole.versions == ()
    assert (whole.about["members"], whole.about["image_px"]) == (2, 16)
    weights = (tmp_path / "final-12345678/model/model.safetensors").stat().st_size
    assert whole.about["size_mb"] == pytest.approx(weights / 1e6, abs=0.01)
    assert not found["final-a-unproven"].is_measured
    assert "cannot be read" in found["final-b-damaged"].problem
    assert final_models(tmp_path / "nowhere", None) == []


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def store(runs: Path) -> Store:
    store = resolve_store(None, runs)
    for name, aliases in (("final-aaaa0000-111111", ["champion"]), ("final-aaaa0000-222222", [])):
        in_registry(store, small_final(runs / name), "facesearch-staff", *aliases)
    away = small_final(runs.parent / "elsewhere" / "final-cccc")
    in_registry(store, away, "facesearch-staff")
    small_final(runs / "final-bbbb0000")  # never logged
    return store


def test_a_folder_has_its_run_and_its_versions(runs: Path, store: Store) -> None:
    found = by_name(final_models(runs, store))
    assert len(found) == 4
    first, second = found["final-aaaa0000-111111"], found["final-aaaa0000-222222"]
    assert first.aliases == ("champion",) and second.aliases == ()
    assert [v.address for v in first.versions] == ["models:/facesearch-staff@champion"]
    assert [v.address for v in second.versions] == ["models:/facesearch-staff/2"]
    assert first.versions[0].verdict == "because of the figures"
    assert first.run_id and first.run_id != second.run_id
    assert found["final-bbbb0000"].run_id == ""
    (away,) = [model for model in found.values() if model.folder is None]
    assert away.run_id.startswith(away.name) and away.faces == "generated faces"
    assert [v.number for v in away.versions] == ["3"]


def test_a_model_is_found_by_each_of_its_names(runs: Path, store: Store) -> None:
    models = final_models(runs, store)
    first = by_name(models)["final-aaaa0000-111111"]
    for word in (
        first.name, "final-aaaa0000-1", str(runs / first.name), str(runs / first.name / "model"),
        first.run_id, first.run_id[:12], "models:/facesearch-staff@champion",
        "models:/facesearch-staff/1",
    ):  # fmt: skip
        assert find_model(word, models, runs) == first, word
    with pytest.raises(
        InputError, match=r"2 final models begin with 'final-aaaa0000'.*111111.*222"
    ):
        find_model("final-aaaa0000", models, runs)
    for word in ("nobody", "models:/facesearch-staff@best", "", "final-zzz", "../x"):
        with pytest.raises(InputError, match=r"no final model in .* known: "):
            find_model(word, models, runs)


def test_a_store_that_does_not_answer_is_told(runs: Path) -> None:
    with pytest.raises(InputError, match=r"MLflow at http://127\.0\.0\.1:9"):
        final_models(runs, Store("http://127.0.0.1:9"))
