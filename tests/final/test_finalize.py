import json
from pathlib import Path

import pytest
from faces_on_disk import people

from facesearch.config import RunConfig, as_plain
from facesearch.errors import InputError
from facesearch.final.bundle import load_bundle
from facesearch.final.figures import read_report
from facesearch.final.finalists import finalists_of
from facesearch.final.finalize import Choice, finalize
from facesearch.final.plan import FineTune, Plan
from facesearch.final.retrain import Listener
from facesearch.report.locate import find_subject
from facesearch.tracking.store import Store, resolve_store

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def trial_run(store: Store, config: RunConfig | None, score: float = 0.5, sweep: str = "s") -> str:
    client = store.client()
    tags = {
        "facesearch.kind": "trial", "facesearch.outcome": "completed",
        "facesearch.sweep_id": sweep, "mlflow.runName": f"trial of {score}",
    }  # fmt: skip
    if config:
        tags["facesearch.config"] = config.model_dump_json()
    run_id = str(client.create_run(store.experiment_id(client), tags=tags).info.run_id)
    client.log_metric(run_id, "best/score", score)
    client.log_metric(run_id, "val/rank1", score)
    return run_id


def test_a_trial_is_retrained_verified_logged_and_registered(
    small_config: RunConfig, tmp_path: Path
) -> None:
    store = resolve_store(None, tmp_path)
    run_id = trial_run(store, small_config)
    seen: list[tuple[int, int, int]] = []
    final = finalize(
        store, run_id[:9], Choice(Plan(seeds=2, epochs=2, fine_tune=FineTune(1, 24))),
        runs_dir=tmp_path,
        listener=Listener(lambda p: seen.append((p.member, p.stage, p.result.epoch))),
    )  # fmt: skip
    assert seen == [(0, 0, 1), (0, 0, 2), (0, 1, 1), (1, 0, 1), (1, 0, 2), (1, 1, 1)]
    model = load_bundle(final.folder / "model")
    assert len(model.members) == 2 and model.image_px == 24
    assert {"eer", "rejection", "fpir_0.1"} <= set(model.thresholds)
    assert model.provenance["trial_run_id"] == run_id and model.provenance["seeds"] == [0, 1]
    report = read_report(final.folder / "report.json")
    assert report.figures == final.report.figures
    for name in ("dev/top1", "unknown_dev/rank1", "unknown_test/rank1", "unknown_dev/eer"):
        figure = report.figures[name]
        assert figure.low <= figure.value <= figure.high
    assert len(report.tables["seeds"]) == 2
    assert report.tables["winner's curse"][0]["rank-1 in the search"] == 0.5
    client = store.client()
    run = client.get_run(final.run_id)
    assert run.info.status == "FINISHED" and run.data.tags["facesearch.kind"] == "final"
    assert run.data.metrics["final/dev/top1"] == report.figures["dev/top1"].value
    assert len(client.get_metric_history(final.run_id, "train/loss/seed1")) == 3
    logged = {file.path for file in client.list_artifacts(final.run_id, "model")}
    assert {"model/model.safetensors", "model/manifest.json", "model/README.md"} <= logged
    assert final.registered is not None and final.registered.standing == "champion"
    champion = client.get_model_version_by_alias("facesearch-generated", "champion")
    assert str(champion.version) == final.registered.version
    # the same command again trains nothing
    seen.clear()
    notes: list[str] = []
    finalize(
        store, run_id, Choice(Plan(seeds=2, epochs=2, fine_tune=FineTune(1, 24)), registers=False),
        runs_dir=tmp_path, listener=Listener(lambda p: seen.append((0, 0, 0)), notes.append),
    )  # fmt: skip
    assert seen == []
    assert notes[0].startswith(f"trial trial of 0.5 (run {run_id[:8]}): 2 networks, 2 epochs at ")
    assert "going on: 2 of 2 networks trained already" in notes


def test_the_best_of_the_sweep_follow_the_one_that_was_named(
    small_config: RunConfig, tmp_path: Path
) -> None:
    store = resolve_store(None, tmp_path)
    ids = [trial_run(store, small_config, score) for score in (0.2, 0.9, 0.4)]
    trial_run(store, small_config, 0.99, sweep="another")
    found = finalists_of(store, ids[0], top_k=3)
    assert [one.run_id for one in found] == [ids[0], ids[1], ids[2]]
    assert found[0].trials == 3 and found[0].scores["val/rank1"] == 0.2
    with pytest.raises(InputError, match="has 3 trials with a score"):
        finalists_of(store, ids[0], top_k=4)


def test_the_best_finalist_is_kept_and_it_is_said_how(
    small_config: RunConfig, tmp_path: Path
) -> None:
    store = resolve_store(None, tmp_path)
    optim = small_config.optim.model_copy(update={"lr": 1e-9})
    idle = small_config.model_copy(update={"optim": optim})
    first = trial_run(store, idle, 0.9)
    trial_run(store, small_config, 0.8)
    choice = Choice(Plan(epochs=4), top_k=2, registers=False, has_shift_control=True)
    final = finalize(store, first, choice, runs_dir=tmp_path)
    told = json.loads((final.folder / "report.json").read_text())
    assert [row["trial"] for row in told["tables"]["finalists"]] == ["trial of 0.9", "trial of 0.8"]
    best = max(told["tables"]["finalists"], key=lambda row: row["mean of the dev sets"])
    assert load_bundle(final.folder / "model").provenance["trial"] == best["trial"]
    means = [row["mean of the dev sets"] for row in told["tables"]["finalists"]]
    own = [told["figures"][f"{name}"]["value"] for name in ("dev/top1", "unknown_dev/rank1")]
    assert means[0] != means[1] and max(means) == pytest.approx(sum(own) / 2)
    assert any("2 finalists was chosen on the dev sets" in note for note in told["notes"])
    rows = told["tables"]["accuracy by shift of the face"]
    assert [row["shift"] for row in rows] == [0.0, 0.05, 0.1, 0.15, 0.2, 0.25]
    assert "unknown_dev/rank1, trained without shift" in rows[0]
    notes = " ".join(told["notes"])
    assert "accuracy by shift is of the first network alone, in one view. its control" in notes


def test_a_run_of_another_tool_is_refused(tmp_path: Path) -> None:
    store = resolve_store(None, tmp_path)
    with pytest.raises(InputError, match="holds no facesearch config"):
        finalists_of(store, trial_run(store, None))


def test_other_options_are_another_model_beside_and_share_what_is_trained(
    small_config: RunConfig, tmp_path: Path
) -> None:
    store = resolve_store(None, tmp_path)
    run_id = trial_run(store, small_config)
    notes: list[str] = []
    epochs: list[int] = []
    listener = Listener(lambda p: epochs.append(p.result.epoch), notes.append)

    def made(choice: Choice) -> Path:
        notes.clear()
        epochs.clear()
        return finalize(store, run_id, choice, runs_dir=tmp_path, listener=listener).folder

    # as an earlier version of facesearch has left it: a folder that is named after the trial only
    old = made(Choice(Plan(epochs=1), registers=False)).rename(tmp_path / f"final-{run_id[:8]}")
    before = {path: path.read_bytes() for path in old.rglob("*") if path.is_file()}
    assert epochs == [1]
    first = made(Choice(Plan(epochs=1), views="plain", registers=False))
    assert (
        epochs == []
        and f"going on: 1 of 1 networks trained already (taken over from {old})" in (notes)
    )
    second = made(Choice(Plan(seeds=2, epochs=1), views="plain", registers=False))
    assert epochs == [1] and "going on: 1 of 2 networks trained already" in notes[-1]
    again = made(Choice(Plan(seeds=2, epochs=1), views="plain", registers=False, at_once=2))
    assert again == second and epochs == []
    alone = made(Choice(Plan(seeds=2, epochs=1), views="plain", keeps_all=False, registers=False))
    assert epochs == [] and len({old, first, second, alone}) == 4
    assert {path: path.read_bytes() for path in old.rglob("*") if path.is_file()} == before
    counts = [len(load_bundle(one / "model").members) for one in (first, second, alone)]
    assert counts == [1, 2, 1]
    for folder in (first, second, alone):
        assert folder.name.startswith(f"final-{run_id[:8]}-")
        # each report is of the model that it stands beside, and each run in MLflow too
        report = read_report(folder / "report.json")
        subject = find_subject(folder.name, store, tmp_path)
        run = store.client().get_run(subject.run_id(store))
        assert run.data.metrics["final/dev/top1"] == report.figures["dev/top1"].value
        assert find_subject(run.info.run_id, store, tmp_path).folder == folder


def test_without_figures_no_model_is_a_champion(small_config: RunConfig, tmp_path: Path) -> None:
    store, root = resolve_store(None, tmp_path / "runs"), people(tmp_path / "our people", each=4)
    data = {"root": str(root), "image_px": 16, "reserve": "none"}
    config = RunConfig.model_validate({**as_plain(small_config), "data": data})
    run_id = trial_run(store, config)
    final = finalize(store, run_id, Choice(Plan(epochs=1)), runs_dir=tmp_path / "runs")
    found = final.registered
    assert found is not None and found.standing == "not measured"
    assert found.name.startswith("facesearch-our-people-")
    assert store.client().get_registered_model(found.name).aliases == {}
    version = store.client().get_model_version(found.name, found.version)
    assert version.description.startswith("not measured: ") and "reserved" in version.description
    with pytest.raises(InputError, match="registered model 'a/b': must be"):
        finalize(store, run_id, Choice(register_as="a/b"), runs_dir=tmp_path / "runs")
