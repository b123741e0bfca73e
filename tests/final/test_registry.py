import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlflow
import numpy as np
import pytest
from faces_on_disk import hw2p2, picture
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INTERNAL_ERROR
from models import IDENTITIES, untrained

from facesearch.errors import InputError
from facesearch.final import champion as champion_module
from facesearch.final import compare as compare_module
from facesearch.final import registry as registry_module
from facesearch.final.bundle import load_bundle, save_bundle
from facesearch.final.champion import (
    CHALLENGER,
    CHAMPION,
    UNMEASURED,
    Entrant,
    judge,
    reported_on,
)
from facesearch.final.compare import INCOMPARABLE
from facesearch.final.dataset import SHARED
from facesearch.final.figures import Figure, Outcome, Report
from facesearch.final.locate import find_bundle
from facesearch.final.model import FaceModel
from facesearch.final.registry import digest_of, register
from facesearch.final.targets import Targets, read_targets
from facesearch.tracking.store import Store, resolve_store
from facesearch.tracking.tracker import single_run

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
FACES = "0123456789abcdef" * 4
REPORT = Report(
    figures={
        "unknown_dev/rank1": Figure(0.7, 0.6, 0.8, 90),
        "unknown_dev/tar": Figure(0.7, float("nan"), 0.8, 90),
        "pairs/accuracy": Figure(0.5, 0.4, 0.6, 10),
    }
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return resolve_store(None, tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Targets]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACESEARCH_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield read_targets(untrained().config.data, IDENTITIES)


def skilled(strangers: int, closed: int = 5) -> FaceModel:
    """A model that is right on so many of ten people's faces, twice each."""
    return untrained(provenance={"faces": FACES, "strangers": strangers, "closed": closed})


@pytest.fixture
def skills(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a model can do is what its provenance says; it went through MLflow with the bundle."""

    def outcomes(model: FaceModel, targets: Targets) -> dict[str, Outcome]:
        people = np.arange(20) // 2
        return {
            name: Outcome((people < model.provenance[skill]).astype(float), people)
            for name, skill in (("unknown_dev/rank1", "strangers"), ("dev/top1", "closed"))
        }

    monkeypatch.setattr(compare_module, "outcomes_of", outcomes)


def registered(
    store: Store, folder: Path, model: FaceModel, targets: Targets, name: str
) -> tuple[str, str]:
    """Save, log and register a model as finalize does; return its run and its version."""
    save_bundle(folder, model)
    with single_run(store, "final", {"facesearch.kind": "final"}) as (client, run_id):
        client.log_artifacts(run_id, str(folder), "model")
        return run_id, register(store, run_id, folder, model, REPORT, targets, name).version


def alias(store: Store, name: str, which: str) -> str:
    return str(store.client().get_registered_model(name).aliases.get(which, ""))


def test_a_first_version_is_the_champion(store: Store, targets: Targets, tmp_path: Path) -> None:
    before = mlflow.get_tracking_uri(), mlflow.get_registry_uri(), mlflow.active_run()
    run_id, number = registered(store, tmp_path / "a", skilled(5), targets, "first")
    assert (mlflow.get_tracking_uri(), mlflow.get_registry_uri(), mlflow.active_run()) == before
    assert mlflow.get_active_model_id() is None
    client = store.client()
    assert alias(store, "first", CHAMPION) == number == "1"
    assert alias(store, "first", CHALLENGER) == ""
    version = client.get_model_version("first", number)
    assert version.run_id == version.tags["facesearch.final_run_id"] == run_id
    assert version.tags["facesearch.faces"] == FACES[:36]
    assert version.description.startswith("champion: the first version with figures")
    assert "# Face model: cnn, cosface" in version.description
    found = load_bundle(find_bundle("models:/first@champion", store))
    assert found.provenance["strangers"] == 5


def test_the_logged_model_has_its_figures_and_its_faces(
    store: Store, targets: Targets, tmp_path: Path
) -> None:
    model = skilled(5)
    run_id, number = registered(store, tmp_path / "a", model, targets, "logged")
    client = store.client()
    run, version = client.get_run(run_id), client.get_model_version("logged", number)
    (output,) = run.outputs.model_outputs
    logged = client.get_logged_model(output.model_id)
    assert logged.status == "READY" and logged.source_run_id == run_id
    assert version.source == logged.artifact_location
    assert version.tags["facesearch.model_id"] == logged.model_id
    assert json.loads(logged.tags["mlflow.modelVersions"]) == [{"name": "logged", "version": 1}]
    assert logged.params["network"] == "cnn" and logged.params["image_px"] == "16"
    sets = {i.dataset.name: (i.dataset.digest, i.tags[0].value) for i in run.inputs.dataset_inputs}
    assert targets.unknown_dev is not None
    unknown = digest_of(targets.unknown_dev)
    assert sets["faces/train"] == (FACES[:36], "train")
    assert sets["faces/unknown_dev"] == (unknown, "test")
    assert all(len(digest) <= 36 for digest, _ in sets.values())
    metrics = {m.key: (m.value, m.dataset_digest) for m in logged.metrics}
    assert metrics["final/unknown_dev/rank1"] == (0.7, unknown)
    assert metrics["final/pairs/accuracy/low"] == (0.4, None)
    assert "final/unknown_dev/tar/low" not in metrics
    assert run.data.metrics["final/unknown_dev/rank1"] == 0.7
    files = {file.path for file in client.list_logged_model_artifacts(logged.model_id)}
    assert {"MLmodel", "artifacts", "code", "serving_model.py", "input_example.json"} <= files
    written = json.dumps([sets, logged.params, version.description, version.tags])
    assert not any(name in written for name in IDENTITIES)


@pytest.mark.usefixtures("skills")
def test_only_a_better_one_takes_the_place(store: Store, targets: Targets, tmp_path: Path) -> None:
    def add(name: str, model: FaceModel) -> tuple[str, Any]:
        _, number = registered(store, tmp_path / name, model, targets, "race")
        return number, store.client().get_model_version("race", number)

    add("first", skilled(2))
    number, alike = add("alike", skilled(3))
    assert (alias(store, "race", CHAMPION), alias(store, "race", CHALLENGER)) == ("1", number)
    said = "challenger: not shown to be better, compared with the champion, version 1"
    assert alike.description.startswith(said)
    assert "[" in alike.tags["facesearch.verdict"] and "p " in alike.tags["facesearch.verdict"]
    number, better = add("better", skilled(9))
    assert (alias(store, "race", CHAMPION), alias(store, "race", CHALLENGER)) == (number, "")
    assert better.tags["facesearch.replaced"] == "1"
    assert "0.900 - 0.200 = +0.700" in better.description
    _, spoilt = add("spoilt", replace(skilled(10, closed=0)))
    assert alias(store, "race", CHAMPION) == number
    _, worse = add("worse", skilled(0))
    assert alias(store, "race", CHAMPION) == number
    assert "not shown to be better" in spoilt.description and "worse" in worse.description


@pytest.mark.slow
def test_a_champion_that_cannot_be_asked_stays(
    store: Store, targets: Targets, tmp_path: Path
) -> None:
    run_id, _ = registered(store, tmp_path / "a", skilled(1), targets, "damaged")
    place = store.client().get_run(run_id).info.artifact_uri.removeprefix("file://")
    weights = Path(place) / "model" / "model.safetensors"
    assert weights.is_file()
    weights.write_bytes(b"\0" * 100)
    _, number = registered(store, tmp_path / "b", skilled(9), targets, "damaged")
    assert (alias(store, "damaged", CHAMPION), alias(store, "damaged", CHALLENGER)) == ("1", "")
    version = store.client().get_model_version("damaged", number)
    assert "version 1, could not be compared" in version.description
    assert "damaged or altered" in version.description


@pytest.mark.slow
def test_a_model_that_is_half_logged_does_not_look_ready(
    store: Store, targets: Targets, tmp_path: Path
) -> None:
    save_bundle(tmp_path / "a", skilled(1))
    path = tmp_path / "a" / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match="damaged or altered"):
        with single_run(store, "final", {}) as (client, run_id):
            register(store, run_id, tmp_path / "a", skilled(1), REPORT, targets, "half")
    client = store.client()
    experiment = store.experiment_id(client)
    found = client.search_logged_models([experiment], f"source_run_id = '{run_id}'")
    assert [one.status for one in found] == ["FAILED"]
    assert client.search_model_versions("name='half'") == []


def entrant(model: FaceModel, targets: Targets, digest: str = "new") -> Entrant:
    return Entrant(model, digest, targets, reported_on(model, targets))


def crowned(store: Store, name: str, faces: str, digest: str = "old") -> None:
    """Make a champion by hand: what stands in the registry, without its files."""
    client = store.client()
    client.create_registered_model(name)
    tags = {"facesearch.model_sha256": digest, "facesearch.reported_on": faces}
    number = client.create_model_version(name, "/nowhere", tags=tags).version
    client.set_registered_model_alias(name, CHAMPION, number)


@pytest.fixture(autouse=True)
def nobody_of_before(store: Store) -> Iterator[None]:
    """After each test the store has no champion of before data sets were told apart."""
    yield
    with suppress(MlflowException):
        store.client().delete_registered_model(SHARED)


@pytest.fixture
def champion(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The champion's files are those of a model that knows nothing."""
    monkeypatch.setattr(champion_module, "find_bundle", lambda *_: tmp_path)
    monkeypatch.setattr(champion_module, "load_model", lambda _: skilled(0))


@pytest.mark.usefixtures("skills", "champion")
def test_a_model_of_other_faces_takes_no_place(store: Store, targets: Targets) -> None:
    toy = skilled(10)
    faces = reported_on(toy, targets)
    crowned(store, "real", "unknown_test:of-real-faces")
    verdict = judge(store, "real", entrant(toy, targets))
    assert verdict.standing == INCOMPARABLE
    assert "version 1: it was reported on other faces; to make this one" in verdict.reason
    crowned(store, "old", "")
    verdict = judge(store, "old", entrant(toy, targets))
    assert verdict.standing == INCOMPARABLE and "does not say on which faces" in verdict.reason
    crowned(store, "same", faces)
    verdict = judge(store, "same", entrant(toy, targets))
    assert verdict.standing == CHAMPION and verdict.replaced == "1"
    # a version of before says which faces of unknown_dev it was reported on
    crowned(store, "before", reported_on(toy, targets, "unknown_dev"))
    assert judge(store, "before", entrant(toy, targets)).replaced == "1"


UNLABELLED = Targets()


def test_a_model_without_figures_is_never_the_champion(
    store: Store, targets: Targets, tmp_path: Path
) -> None:
    _, first = registered(store, tmp_path / "a", skilled(1), UNLABELLED, "proof")
    version = store.client().get_model_version("proof", first)
    assert version.description.startswith("not measured: no figure of this model decides")
    assert store.client().get_registered_model("proof").aliases == {}
    # the first one that was measured finds the place empty
    _, second = registered(store, tmp_path / "b", skilled(2), targets, "proof")
    assert alias(store, "proof", CHAMPION) == second
    _, third = registered(store, tmp_path / "c", skilled(9), UNLABELLED, "proof")
    assert store.client().get_registered_model("proof").aliases == {CHAMPION: int(second)}
    # the same command again says the same
    again = register(store, "any", tmp_path / "c", skilled(9), REPORT, UNLABELLED, "proof")
    assert (again.version, again.standing) == (third, UNMEASURED)
    assert "cannot become champion" in again.reason


@pytest.mark.usefixtures("skills", "champion")
def test_the_champion_of_a_store_of_before_is_compared_with(store: Store, targets: Targets) -> None:
    able, idle = entrant(skilled(10), targets), entrant(skilled(0), targets)
    crowned(store, SHARED, able.reported_on)
    before = store.client().get_registered_model(SHARED)
    verdict = judge(store, "facesearch-staff-123456", able)
    assert verdict.standing == CHAMPION and f"champion, models:/{SHARED}/1: " in verdict.reason
    verdict = judge(store, "facesearch-staff-123456", idle)
    assert verdict.standing == CHALLENGER
    # that one is left as it was, and models of other faces do not meet it
    assert store.client().get_registered_model(SHARED).aliases == before.aliases
    data = idle.model.config.data
    seeded = data.model_copy(update={"synthetic": data.synthetic.model_copy(update={"seed": 5})})
    config = idle.model.config.model_copy(update={"data": seeded})
    other = entrant(replace(idle.model, config=config), targets)
    assert judge(store, "facesearch-generated", other).reason.startswith("the first version")


def test_a_champion_of_before_that_is_lost_holds_nobody_up(store: Store, targets: Targets) -> None:
    asked = entrant(skilled(9), targets)
    crowned(store, SHARED, asked.reported_on)  # without its files
    verdict = judge(store, "facesearch-generated", asked)
    assert verdict.standing == CHAMPION
    assert f"the champion, models:/{SHARED}/1, could not be compared" in verdict.reason


@pytest.mark.usefixtures("champion")
def test_a_champion_with_an_empty_gallery_stays(store: Store, targets: Targets) -> None:
    known = targets.known
    assert known is not None
    none = replace(known, index_M=known.index_M[:0], labels_M=known.labels_M[:0])
    asked = entrant(skilled(9), replace(targets, known=none))
    crowned(store, "empty", asked.reported_on)
    verdict = judge(store, "empty", asked)
    # there is the closed set left to compare on, where untrained networks do not differ
    assert verdict.standing == CHALLENGER and "version 1: dev/top1" in verdict.reason


def test_a_place_is_empty_only_before_the_first(store: Store, targets: Targets) -> None:
    asked = entrant(skilled(9), targets)
    assert judge(store, "nobody", asked).standing == CHAMPION
    store.client().create_registered_model("bare")
    assert judge(store, "bare", asked).standing == CHAMPION
    crowned(store, "withdrawn", asked.reported_on)
    store.client().delete_registered_model_alias("withdrawn", CHAMPION)
    verdict = judge(store, "withdrawn", asked)
    assert verdict.standing == INCOMPARABLE and "none is the champion" in verdict.reason
    # its own registration that was killed before it had its alias does not count
    assert judge(store, "withdrawn", replace(asked, digest="old")).standing == CHAMPION
    store.client().set_registered_model_alias("withdrawn", CHAMPION, "1")
    verdict = judge(store, "withdrawn", replace(asked, digest="old"))
    assert verdict.standing == CHAMPION and verdict.replaced == "1"


def test_a_store_that_fails_is_no_first_version(
    store: Store, targets: Targets, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise MlflowException("the disk is gone", error_code=INTERNAL_ERROR)

    save_bundle(tmp_path / "a", skilled(1))
    monkeypatch.setattr(MlflowClient, "get_registered_model", refuse)
    logged = SimpleNamespace(model_id="m")
    monkeypatch.setattr(registry_module, "_log_model", lambda *_: logged)
    monkeypatch.setattr(registry_module, "_log_metrics", lambda *_: None)
    with pytest.raises(InputError, match=r"was not registered: .*the disk is gone; the model is"):
        with single_run(store, "final", {}) as (_, run_id):
            register(store, run_id, tmp_path / "a", skilled(1), REPORT, targets, "failing")
    monkeypatch.undo()
    assert store.client().search_model_versions("name='failing'") == []


def test_what_was_reported_on_follows_from_the_files(tmp_path: Path) -> None:
    found = set()
    for place, px in (("a", 16), ("b", 24)):
        root = hw2p2(tmp_path / place)
        data = untrained().config.data.model_copy(
            update={"root": str(root), "layout": "auto", "image_px": px}
        )
        model = untrained(identities=tuple(f"n00000{n}" for n in range(5)))
        model = replace(model, config=model.config.model_copy(update={"data": data}))
        read = read_targets(data, model.identities)
        found.add(reported_on(model, read))
    assert len(found) == 1 and next(iter(found)).startswith("unknown_dev:")
    assert reported_on(model, replace(read, known=None)).startswith("dev:")
    assert reported_on(model, Targets()) == ""
    picture(root / "verification/known/n100000/0.jpg", 999)
    assert reported_on(model, read) not in found


@pytest.mark.parametrize("name", ["../x", "-rf", "a b", "a/b", "x" * 65, "a\n"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    store = Store("sqlite:////nowhere/at/all.db")
    with pytest.raises(InputError, match="must be 1 to 64 letters"):
        register(store, "abc", Path("x"), untrained(), REPORT, Targets(), name)


def test_a_digest_follows_from_pictures_and_labels(targets: Targets) -> None:
    faces = targets.unknown_dev
    assert faces is not None
    other = replace(faces, labels_M=faces.labels_M[::-1].copy())
    fewer = replace(faces, index_M=faces.index_M[:-1], labels_M=faces.labels_M[:-1])
    digests = {digest_of(one) for one in (faces, other, fewer)}
    assert len(digests) == 3 and digest_of(replace(faces)) in digests
