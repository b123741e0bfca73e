"""Every command that reads faces tells what it passes over, as text and as JSON."""

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner
from faces_on_disk import hw2p2, people
from finals import small_final
from models import untrained

from facesearch.cli import cli
from facesearch.config import RunConfig
from facesearch.data.faces import load_faces
from facesearch.errors import InputError
from facesearch.final.bundle import save_bundle
from facesearch.space import load_space
from facesearch.tracking.store import resolve_store
from facesearch.tuning.folder import open_sweep
from facesearch.tuning.records import SweepRecord

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SPACE = """
name: a
data: {image_px: 16}
model: {num_stages: 2, width: {choice: [4, 8]}}
search: {trials: 2, scheduler: {type: none}}
"""
# How each command that reads faces is called in the folder below.
READERS: dict[str, str] = {
    "tune": "tune space.yaml --data faces",
    "extend": "extend a --trials 1",
    "baseline": "baseline space.yaml --data faces",
    "preview": "preview space.yaml --data faces --no-measure",
    "finalize": "finalize --run-id RUN",
    "evaluate": "evaluate model --data faces",
    "compare": "compare model model --data faces",
    "models compare": "models compare model model --data faces",
    "report": "report final-3f2b91c0 --data faces --no-log --runs runs",
    "identify": "identify model --gallery faces 0.jpg --threshold 0.5",
    "embed": "embed model faces --out e.npz",
    "classify": "classify model faces",
    "predict": "predict model --data course --out out",
    "data check": "data check faces",
    "data show": "data show faces --out faces.png",
    "data geometry": "data geometry faces others",
    "data reserve": "data reserve faces",
    "init": "init faces --out first.yaml",
}
# These read no folder of faces: files alone, or none at all.
OTHERS = {
    "sync", "runs", "show", "diff", "ui", "models", "models show", "models remove", "verify",
    "export", "validate", "schema", "list", "data", "data download-lfw", "doctor", "completion",
}  # fmt: skip
# What the rest of such a command would do is no matter here.
CUT_SHORT = {
    "extend": "facesearch.tuning.tune.tune",
    "baseline": "facesearch.tuning.tune.tune",
    "finalize": "facesearch.final.finalize._retrain",
}


def every_command(group: click.Group = cli, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        yield f"{prefix}{name}", command
        if isinstance(command, click.Group):
            yield from every_command(command, f"{prefix}{name} ")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Faces of which some are passed over, in every way; models, a sweep and a trial of them."""
    top = tmp_path_factory.mktemp("everywhere")
    faces = people(top / "faces", [f"p{i:02d}" for i in range(12)], 6)
    others = people(top / "others", [f"q{i:02d}" for i in range(12)], 5)
    course = hw2p2(top / "course")
    for place in (faces / "p00", others / "q00", faces / "zoe", course / "verification/known/n1"):
        place.mkdir(exist_ok=True)
        (place / "1.heic").write_bytes(b"x")
    (faces / "p01/out.jpg").symlink_to(others / "q01/q01_0001.jpg")
    (top / "0.jpg").write_bytes((others / "q01/q01_0001.jpg").read_bytes())
    (top / "space.yaml").write_text(SPACE)
    save_bundle(top / "model", untrained())
    small_final(top / "runs/final-3f2b91c0")
    return top


@pytest.fixture
def run_id(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: Any) -> str:
    """A sweep and a trial of it."""
    monkeypatch.chdir(folder)
    root, runs = folder / "faces", folder / "runs"
    config = RunConfig.model_validate({"data": {"root": str(root), "image_px": 16}})
    if not (runs / "a-0001").exists():
        faces = load_faces(config.data)
        with open_sweep(load_space(Path("space.yaml")), faces.fingerprint, runs, root=str(root)
                        ).ledger:  # fmt: skip
            pass
    store = resolve_store(None, runs)
    client = store.client()
    tags = {
        "facesearch.kind": "trial", "facesearch.outcome": "completed",
        "facesearch.config": config.model_dump_json(),
    }  # fmt: skip
    return str(client.create_run(store.experiment_id(client), tags=tags).info.run_id)


def stopped(*_: Any, **__: Any) -> None:
    raise InputError("enough")


def called(name: str, folder: Path, run_id: str, *more: str) -> tuple[str, str]:
    """Standard output and standard error of a command."""
    words = READERS[name].replace("RUN", run_id).split()
    result = CliRunner().invoke(cli, [*words, *more])
    wanted = (InputError, SystemExit, type(None))
    assert isinstance(result.exception, wanted), result.exception
    if name not in CUT_SHORT and name != "data check":
        assert result.exit_code == 0, (result.output, result.exception)
    return result.stdout, result.stderr


def test_every_command_reads_faces_or_does_not() -> None:
    assert {*READERS} | OTHERS == {name for name, _ in every_command()}
    assert not {*READERS} & OTHERS


@pytest.fixture(autouse=True)
def cut(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    name = request.node.callspec.params.get("name") if hasattr(request.node, "callspec") else None
    if name in CUT_SHORT:
        monkeypatch.setattr(CUT_SHORT[name], stopped)
    if name == "tune":
        told = SimpleNamespace(
            sweep=SweepRecord("a", planned_trials=2, max_epochs=3), folder=Path("runs/a-0001"),
            run_id=None, is_tracked=True, halted="",
        )  # fmt: skip
        monkeypatch.setattr("facesearch.tuning.tune.tune", lambda *_, **__: told)


@pytest.mark.parametrize("name", READERS)
def test_what_is_passed_over_is_told(folder: Path, run_id: str, name: str) -> None:
    out, err = called(name, folder, run_id)
    lines = [line for line in (out + err).splitlines() if "1.heic" in line]
    assert lines, out + err
    if name != "data check":
        assert all("facesearch data check " in line for line in lines)
        # a line of each folder of faces, and the other lists of names are not among them
        assert len(lines) == (2 if name == "data geometry" else 1)


WITH_JSON = [
    name for name, command in every_command()
    if name in READERS and any("--json" in one.opts for one in command.params)
]  # fmt: skip


@pytest.mark.parametrize("name", sorted(set(WITH_JSON) - set(CUT_SHORT) - {"data check"}))
def test_json_tells_it_too(folder: Path, run_id: str, name: str) -> None:
    out, _ = called(name, folder, run_id, "--json")
    told = json.loads(out)
    first = told[0] if isinstance(told, list) else told
    lines = first["left_out"] if "left_out" in first else first["notes"]
    assert any("1.heic" in line and "facesearch data check " in line for line in lines)


def test_quiet_is_quiet_and_json_still_tells(folder: Path, run_id: str) -> None:
    out, err = called("embed", folder, run_id, "--json", "-q")
    assert err == "" and json.loads(out)["left_out"]


def test_who_is_not_in_the_gallery_is_in_every_answer(folder: Path, run_id: str) -> None:
    out, _ = called("identify", folder, run_id)
    assert "NOT in the gallery: 1 identity has no usable image: zoe." in out.splitlines()[1]
    out, _ = called("identify", folder, run_id, "--json")
    assert [answer["not_in_gallery"] for answer in json.loads(out)] == [["zoe"]]
