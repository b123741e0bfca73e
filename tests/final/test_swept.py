import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from faces_on_disk import people, picture

from facesearch.config import RunConfig
from facesearch.data.faces import load_faces, read_reserve
from facesearch.final.finalists import Finalist, finalists_of
from facesearch.final.finalize import Choice, finalize
from facesearch.final.plan import Plan
from facesearch.final.retrain import Listener
from facesearch.final.swept import other_faces
from facesearch.space import load_space
from facesearch.tracking.provenance import provenance
from facesearch.tracking.store import Store, resolve_store
from facesearch.tuning.folder import open_sweep, opening

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
NAMES = [f"p{i:02d}" for i in range(40)]


def config_of(root: Path) -> RunConfig:
    return RunConfig.model_validate({
        "data": {"root": str(root), "image_px": 16},
        "model": {"num_stages": 2, "width": 4, "embedding_dim": 8},
        "head": {"type": "cosface", "scale": 16.0}, "train": {"epochs": 1, "batch_size": 32},
    })  # fmt: skip


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return people(tmp_path / "faces", NAMES, 3)


@pytest.fixture
def searched(tmp_path: Path, root: Path) -> tuple[Store, Path]:
    """A sweep of these faces with one trial: its ledger, and its run."""
    config, runs_dir = config_of(root), tmp_path / "runs"
    (tmp_path / "space.yaml").write_text(
        "name: a\ndata: {image_px: 16}\noptim: {lr: {uniform: [0.1, 0.2]}}"
    )
    faces = load_faces(config.data)
    assert faces.reserve is not None
    sweep = open_sweep(
        load_space(tmp_path / "space.yaml"), faces.fingerprint, runs_dir, root=str(root),
        reserved=faces.reserve.about(),
    )  # fmt: skip
    with sweep.ledger:
        tags: dict[str, Any] = provenance("", faces.fingerprint, sweep.path.name)
    tags |= {
        "facesearch.kind": "trial", "facesearch.outcome": "completed", "mlflow.runName": "t",
        "facesearch.sweep_id": opening(sweep.path)["sweep_id"],
        "facesearch.config": config.model_dump_json(),
    }  # fmt: skip
    store = resolve_store(None, runs_dir)
    client = store.client()
    run_id = str(client.create_run(store.experiment_id(client), tags=tags).info.run_id)
    client.log_metric(run_id, "best/score", 0.5)
    return store, runs_dir


def trial(store: Store, root: Path | None = None) -> Finalist:
    run = store.client().search_runs([store.client().get_experiment_by_name("facesearch")
                                      .experiment_id])[0]  # fmt: skip
    return finalists_of(store, run.info.run_id, root=None if root is None else str(root))[0]


def test_the_same_faces_are_the_same_wherever_they_are(
    searched: tuple[Store, Path], root: Path, tmp_path: Path
) -> None:
    store, runs_dir = searched
    assert other_faces(store, trial(store), runs_dir) == []
    moved = Path(shutil.copytree(root, tmp_path / "moved"))
    assert other_faces(store, trial(store, moved), runs_dir) == []


@pytest.mark.parametrize("has_ledger", [True, False])
def test_other_faces_are_told_in_a_line(
    searched: tuple[Store, Path], tmp_path: Path, has_ledger: bool
) -> None:
    store, runs_dir = searched
    others = people(tmp_path / "others", [f"q{i:02d}" for i in range(40)], 3)
    found = other_faces(store, trial(store, others), runs_dir if has_ledger else tmp_path)
    what = "neither the training faces of others nor its reserve are those of the sweep (faces)"
    without = "the training faces of others are not those of the sweep"  # the run knows no more
    assert found == [
        f"OTHER FACES: {what if has_ledger else without}: its scores are of other faces, what was "
        f"best there need not be best here"
        f"{', and the search may have seen what is reported on' if has_ledger else ''}."
    ]


@pytest.mark.parametrize(
    ("part", "line"),
    [
        ("train", "the training faces of faces are not those of the sweep: "),
        ("known_test", "what is reserved of faces is not what was reserved in the sweep: "),
    ],
)
def test_one_image_more_is_told(
    searched: tuple[Store, Path], root: Path, part: str, line: str
) -> None:
    store, runs_dir = searched
    folder = read_reserve(config_of(root).data).folder
    name = getattr(folder, part).identities[0]
    picture(root / name / "more.jpg", 99_999)
    (found,) = other_faces(store, trial(store), runs_dir)
    assert found.startswith(f"OTHER FACES: {line}")


def test_of_a_sweep_that_knew_no_reserve_only_the_faces_are_compared(
    searched: tuple[Store, Path], root: Path
) -> None:
    store, runs_dir = searched
    old = replace(trial(store), knew_reserve=False)
    (found,) = other_faces(store, old, runs_dir)
    assert "the training faces of faces are not" in found  # it was searched without the reserved
    everything = old.config.data.model_copy(update={"reserve": {"images": 0, "dev": 0, "test": 0}})
    whole = config_of(root).model_validate({**old.config.model_dump(), "data": {
        **old.config.data.model_dump(), "reserve": everything.reserve,
    }})  # fmt: skip
    fingerprint = load_faces(whole.data).fingerprint
    client = store.client()
    client.set_tag(old.run_id, "facesearch.faces_sha256", fingerprint[:16])
    client.set_tag(old.run_id, "facesearch.sweep_id", "of a ledger that is gone")
    assert other_faces(store, old, runs_dir) == []


def test_a_run_that_notes_nothing_is_compared_with_nothing(
    searched: tuple[Store, Path], tmp_path: Path
) -> None:
    store, runs_dir = searched
    others = people(tmp_path / "others", [f"q{i:02d}" for i in range(40)], 3)
    found = trial(store, others)
    for tag in ("facesearch.faces_sha256", "facesearch.folder"):
        store.client().delete_tag(found.run_id, tag)
    assert other_faces(store, found, runs_dir) == []


def test_finalize_tells_it_on_the_way_and_in_the_report(
    searched: tuple[Store, Path], tmp_path: Path
) -> None:
    store, runs_dir = searched
    others = people(tmp_path / "others", [f"q{i:02d}" for i in range(40)], 3)
    (others / "q00/1.heic").write_bytes(b"x")
    notes: list[str] = []
    final = finalize(
        store, trial(store).run_id, Choice(Plan(epochs=1), registers=False), runs_dir=runs_dir,
        root=str(others), listener=Listener(on_note=notes.append),
    )  # fmt: skip
    for told in (notes, final.report.notes):
        assert sum(line.startswith("OTHER FACES: neither the training faces") for line in told) == 1
    assert any("1 of a kind that is not read (q00/1.heic)" in line for line in notes)
    # what goes to MLflow names neither files nor folders in the faces
    (line,) = [line for line in final.report.notes if "passed over" in line]
    assert line.startswith("others: passed over: 1 file, and 0 folders") and "q00" not in line
