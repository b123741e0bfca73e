import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from models import IDENTITIES, untrained

from facesearch.errors import InputError
from facesearch.final import tracking
from facesearch.final.bundle import save_bundle
from facesearch.final.figures import Figure, Report
from facesearch.final.finalists import Finalist
from facesearch.final.retrain import Trained
from facesearch.final.targets import read_targets
from facesearch.final.tracking import Made, log_final
from facesearch.tracking.store import Store, resolve_store
from facesearch.tracking.tracker import single_run

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SAVED = "the model and its report are saved in .*; the same command writes them again"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    yield resolve_store(None, tmp_path_factory.mktemp("runs"))


def made(folder: Path, trial: str = "abc", report: str = "# Card\n") -> Made:
    """What finalize hands over: a bundle and a report on the disk."""
    model = untrained(provenance={"faces": "0" * 32, "trial": trial, "facesearch.git": "1"})
    save_bundle(folder / "model", model)
    (folder / "report.md").write_text(report)
    finalist = Finalist(trial, f"trial {trial}", model.config, {}, 2, 1)
    curve = [{"loss": 1.0, "seconds": 2.0}, {"loss": 0.5, "seconds": 2.0}]
    figures = Report(figures={"dev/top1": Figure(0.5, 0.4, 0.6, 10)}, notes=[f"{IDENTITIES[0]}."])
    targets = read_targets(model.config.data, IDENTITIES)
    return Made(folder, model, figures, targets, finalist, [Trained(0, model, curve)])


def runs_of(store: Store, trial: str) -> list[Any]:
    client = store.client()
    where = f"tags.`facesearch.trial_run_id` = '{trial}'"
    return list(client.search_runs([store.experiment_id(client)], where))


def fails(monkeypatch: pytest.MonkeyPatch, *calls: str) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise MlflowException("the server has gone\nwith a long story")

    for call in calls:
        monkeypatch.setattr(MlflowClient, call, refuse)


def test_the_same_command_makes_one_run(store: Store, tmp_path: Path) -> None:
    one = made(tmp_path, "once")
    (tmp_path / "classification.csv").write_text("id,label\n")
    first = log_final(store, one, is_registered=False)
    assert log_final(store, one, is_registered=False) == first and first[1] is None
    (run,) = runs_of(store, "once")
    assert run.info.run_id == first[0] and run.info.status == "FINISHED"
    assert run.data.tags["facesearch.faces"] == "0" * 32
    assert run.data.tags["facesearch.git"] == "1"
    assert len(run.data.tags["facesearch.model_sha256"]) == 64
    assert run.data.metrics["final/dev/top1"] == 0.5
    client = store.client()
    # only the submission that is there
    files = {file.path for file in client.list_artifacts(first[0], "report")}
    assert files == {f"report/{n}" for n in ("report.json", "report.md", "classification.csv")}
    told = json.loads(
        Path(client.download_artifacts(first[0], "report/report.json", str(tmp_path))).read_text()
    )
    assert told["notes"] == ["(a name)."]
    # the same bundle of another trial, or another bundle, is another run
    other = log_final(store, made(tmp_path / "b", "twice"), is_registered=False)
    assert other[0] != first[0]


def test_the_same_command_makes_one_version(store: Store, tmp_path: Path) -> None:
    one = made(tmp_path, "version")
    run_id, none = log_final(store, one, is_registered=False)
    assert none is None
    # a run that was whole without it is registered now
    found = log_final(store, one, is_registered=True)
    assert found[0] == run_id and found[1] is not None
    assert found[1].address == "models:/facesearch-generated/1"
    assert log_final(store, one, is_registered=True) == found
    versions = store.client().search_model_versions("name='facesearch-generated'")
    assert [(str(v.version), v.run_id) for v in versions] == [("1", run_id)]


def test_a_run_that_was_killed_is_taken_up(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = made(tmp_path, "killed")
    with monkeypatch.context() as patch:
        # as after kill -9: nothing has ended the run
        fails(patch, "log_artifacts", "set_terminated")
        with pytest.raises(InputError):
            log_final(store, one, is_registered=False)
    (run,) = runs_of(store, "killed")
    assert run.info.status == "RUNNING"
    client, tags = store.client(), run.data.tags
    second = client.create_run(store.experiment_id(client), tags=tags).info.run_id
    found, _ = log_final(store, one, is_registered=False)
    status = {one.info.run_id: one.info.status for one in runs_of(store, "killed")}
    assert status == {found: "FINISHED", ({run.info.run_id, second} - {found}).pop(): "KILLED"}
    assert len(client.get_metric_history(found, "train/loss/seed0")) == 2
    assert {file.path for file in client.list_artifacts(found)} == {"model", "report"}


@pytest.mark.parametrize(
    "calls",
    [
        ("search_runs",), ("create_run",), ("log_batch",), ("log_artifacts",), ("log_text",),
        ("set_terminated",), ("log_batch", "set_terminated"),
    ],
)  # fmt: skip
def test_a_store_that_dies_is_one_line(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, calls: tuple[str, ...]
) -> None:
    one = made(tmp_path, "-".join(calls))
    fails(monkeypatch, *calls)
    with pytest.raises(InputError, match=SAVED) as caught:
        log_final(store, one, is_registered=False)
    said = str(caught.value)
    assert said.startswith(f"MLflow at {store.uri}: ") and "the server has gone;" in said
    assert str(tmp_path) in said and "\n" not in said


def test_the_place_of_the_files_may_die_too(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise ConnectionResetError("reset by peer")

    monkeypatch.setattr(MlflowClient, "log_artifact", refuse)
    with pytest.raises(InputError, match=f"ConnectionResetError: reset by peer; {SAVED}"):
        log_final(store, made(tmp_path, "files"), is_registered=False)
    assert [run.info.status for run in runs_of(store, "files")] == ["FAILED"]


def test_a_store_that_cannot_end_a_run_hides_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails(monkeypatch, "set_terminated")
    for error in (KeyboardInterrupt, KeyError, InputError):
        with pytest.raises(error, match="why"):
            with single_run(store, "final", {}):
                raise error("why")


def test_a_long_report_is_cut_and_it_is_said_where_the_rest_is(
    store: Store, tmp_path: Path
) -> None:
    line = "| x | " + "y" * 90 + " |\n"
    run_id, _ = log_final(store, made(tmp_path, "long", line * 200), is_registered=False)
    note = store.client().get_run(run_id).data.tags["mlflow.note.content"]
    assert 7700 < len(note) <= 7900
    *whole, empty, last = note.splitlines()
    assert set(whole) == {line.strip()} and empty == "" and "report/report.md" in last
    assert tracking._note(line) == line
