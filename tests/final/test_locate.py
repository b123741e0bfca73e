import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from models import untrained

from facesearch.data.cache import cache_root
from facesearch.errors import InputError
from facesearch.final.bundle import load_bundle, save_bundle
from facesearch.final.locate import find_bundle, load_model
from facesearch.tracking.store import Store, resolve_store

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), np.uint8)


def bundle(folder: Path, seed: int = 0) -> Path:
    save_bundle(folder, untrained(provenance={"seed": seed}), {"README.md": b"a model"})
    return folder


# --- folders ----------------------------------------------------------------------------


def test_a_folder_is_a_bundle_or_holds_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = bundle(tmp_path / "final-3f2b91c0/model")
    assert find_bundle(folder) == find_bundle(str(folder)) == folder
    assert find_bundle(tmp_path / "final-3f2b91c0") == folder
    monkeypatch.chdir(tmp_path)
    # a path wins over an id
    (tmp_path / "final-3f2b91c0").rename(tmp_path / "abc123")
    assert find_bundle("abc123") == Path("abc123/model")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find_bundle("~/abc123") == tmp_path / "abc123/model"


def test_how_the_name_of_a_final_begins_is_enough(tmp_path: Path) -> None:
    first = bundle(tmp_path / "runs/final-3f2b91c0-5d07a3/model")
    for word in ("final-3f2b91c0", str(tmp_path / "runs/final-3f2"), "final-3f2b91c0/model"):
        assert find_bundle(word, runs_dir=tmp_path / "runs") == first
    bundle(tmp_path / "runs/final-3f2b91c0-99aa00/model")
    with pytest.raises(InputError, match=r"2 final models begin with .*5d07a3, .*99aa00\."):
        find_bundle("final-3f2b91c0", runs_dir=tmp_path / "runs")
    # the whole name of a folder of before is no beginning
    before = bundle(tmp_path / "runs/final-3f2b91c0/model")
    assert find_bundle("final-3f2b91c0", runs_dir=tmp_path / "runs").samefile(before)


def test_the_model_is_loaded_on_a_device(tmp_path: Path) -> None:
    model = load_model(bundle(tmp_path / "model"), device="cpu")
    np.testing.assert_array_equal(model.embed(IMAGES), untrained().embed(IMAGES))
    (tmp_path / "model/README.md").write_text("altered")
    with pytest.raises(InputError, match=r"README\.md: damaged or altered"):
        load_model(tmp_path / "model")


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("empty", r"empty: no model in it: neither manifest\.json nor model/manifest\.json"),
        ("model/config.json", "is a file; give the folder of the model, model"),
        ("a/b", "no such folder"),
        ("../x", "no such folder"),
        ("a" * 5000, "no name of a folder"),
        ("a\0b", "no such folder"),
        ("~nobody-of-that-name/x", "no name of a folder"),
        ("models:/x/y/z", "write models:/NAME@ALIAS or models:/NAME/VERSION"),
        ("abcdef", "is no folder, and no run: there is no MLflow store at"),
        (Path("abcdef"), "no such folder"),
    ],
)
def test_what_is_no_model_is_refused_and_nothing_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str | Path, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    bundle(tmp_path / "model")
    with pytest.raises(InputError, match=message):
        find_bundle(where)
    assert not (tmp_path / "runs").exists()


# --- MLflow -----------------------------------------------------------------------------


class Shelf:
    """A SQLite store with runs in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store: Store = resolve_store(None, folder / "runs")
        self.client = self.store.client()
        self.experiment = self.store.experiment_id(self.client)

    def run(self, kind: str, **tags: str) -> str:
        all_tags = {"facesearch.kind": kind, **{f"facesearch.{k}": v for k, v in tags.items()}}
        run_id = str(self.client.create_run(self.experiment, tags=all_tags).info.run_id)
        self.client.set_terminated(run_id)
        return run_id

    def final(self, name: str, trial: str = "0" * 32) -> tuple[str, Path]:
        run_id = self.run("final", trial_run_id=trial)
        folder = self.folder / name
        if not folder.exists():
            bundle(folder, len(name))
        self.client.log_artifacts(run_id, str(folder), "model")
        return run_id, folder

    def artifacts(self, run_id: str) -> Path:
        return Path(self.client.get_run(run_id).info.artifact_uri.removeprefix("file://")) / "model"

    def find(self, text: str) -> Path:
        return find_bundle(text, runs_dir=self.folder / "runs")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    return Shelf(tmp_path_factory.mktemp("shelf"))


@pytest.fixture(scope="module")
def first(shelf: Shelf) -> tuple[str, Path]:
    return shelf.final("first")


@pytest.fixture
def empty_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    monkeypatch.setenv("FACESEARCH_CACHE", str(tmp_path / "cache"))
    yield tmp_path / "cache"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_final_run_is_found_by_how_its_id_begins(
    shelf: Shelf, first: tuple[str, Path], empty_cache: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run_id, folder = first
    found = shelf.find(run_id[:16])
    assert found.parent == cache_root() == empty_cache
    assert contents(found) == contents(folder)
    assert found == shelf.find(run_id) == find_bundle(run_id, shelf.store)
    assert load_bundle(found).provenance == {"seed": len("first")}
    assert "Downloading" not in "".join(capfd.readouterr()), "no bar for every file"
    left = [path.name for path in empty_cache.iterdir() if path.suffix != ".lock"]
    assert left == [found.name]


def test_a_damaged_bundle_in_the_cache_is_fetched_again(
    shelf: Shelf, first: tuple[str, Path], empty_cache: Path
) -> None:
    run_id, folder = first
    found = shelf.find(run_id)
    (found / "config.json").write_text("{}")
    (found / "model.safetensors").unlink()
    assert contents(shelf.find(run_id)) == contents(folder)


def test_a_run_without_a_whole_bundle_is_refused(shelf: Shelf, empty_cache: Path) -> None:
    with pytest.raises(InputError, match=r"holds no model \(its status is FINISHED\)"):
        shelf.find(shelf.run("final"))
    run_id, _ = shelf.final("altered")
    there = shelf.artifacts(run_id)
    whole = (there / "config.json").read_bytes()
    (there / "config.json").write_bytes(whole.replace(b"flip", b"crop"))
    with pytest.raises(InputError, match=r"config\.json of run .* its SHA-256 differs"):
        shelf.find(run_id)
    (there / "config.json").unlink()
    with pytest.raises(InputError, match=r"MLflow at sqlite:.*config\.json"):
        shelf.find(run_id)
    (there / "manifest.json").write_text("[1, 2]")
    with pytest.raises(InputError, match=r"manifest\.json is damaged or altered"):
        shelf.find(run_id)
    assert not any(path.is_dir() for path in empty_cache.iterdir())


@pytest.mark.parametrize(
    "name",
    ["../../x.json", "/etc/passwd", "model.pkl", "model.pth", "MLmodel", ".x.json", "a/b.md"],
)
def test_only_data_that_the_manifest_lists_is_fetched(
    shelf: Shelf, empty_cache: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    run_id, folder = shelf.final("first")
    there = shelf.artifacts(run_id)
    # what is not listed stays where it is
    (there / "model.pkl").write_bytes(b"never read")
    assert contents(shelf.find(run_id)) == contents(folder)
    digests = json.loads((there / "manifest.json").read_text())
    (there / "manifest.json").write_text(json.dumps({**digests, name: "0" * 64}))
    asked: list[str] = []

    def download(run_id: str, path: str, dst: str) -> Any:
        asked.append(path)
        return shelf.client.download_artifacts(run_id, path, dst)

    class Client:
        def __getattr__(self, word: str) -> Any:
            return download if word == "download_artifacts" else getattr(shelf.client, word)

    monkeypatch.setattr(Store, "reader", lambda store: Client())
    with pytest.raises(InputError, match="no file that a model is made of"):
        shelf.find(run_id)
    assert asked == ["model/manifest.json"]


def test_an_unknown_id_is_told_with_the_nearest_runs(shelf: Shelf, first: tuple[str, Path]) -> None:
    run_id, _ = first
    wrong = run_id[:8] + ("0" if run_id[8] != "0" else "1")
    with pytest.raises(InputError, match=rf"no final run .* begins so\. It has: {run_id[:12]}"):
        shelf.find(wrong)


def test_several_runs_are_told_with_their_ids(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ids of a store are random, so the answer of the store is made up."""
    from facesearch.final import locate

    class Run:
        def __init__(self, run_id: str) -> None:
            self.info = type("Info", (), {"run_id": run_id})
            self.data = type("Data", (), {"tags": {"facesearch.kind": "final"}})

    runs = [Run(f"abcd{n}" + "0" * 27) for n in range(4)]
    monkeypatch.setattr(locate, "_runs", lambda *args: runs)
    with pytest.raises(
        InputError,
        match=r"4 final runs begin with 'abcd'; write more of it: abcd00000000, .*\.\.\.",
    ):
        shelf.find("abcd")


def test_a_trial_and_a_sweep_say_how_to_come_to_a_model(shelf: Shelf) -> None:
    trial = shelf.run("trial", outcome="completed")
    sweep = shelf.run("sweep", best_run_id=trial)
    for run_id, kind in ((trial, "trial"), (sweep, "sweep")):
        with pytest.raises(
            InputError,
            match=rf"is a {kind}, and has no model yet\. Make one: facesearch finalize --run-id "
            f"{run_id[:8]}",
        ):
            shelf.find(run_id)
    final, _ = shelf.final("of trial", trial)
    for run_id in (trial, sweep):
        with pytest.raises(InputError, match=rf"its final runs, which have models: {final[:12]}"):
            shelf.find(run_id)
    foreign = str(shelf.client.create_run(shelf.experiment).info.run_id)
    with pytest.raises(InputError, match="was not made by facesearch finalize"):
        shelf.find(foreign)


def test_a_registered_version_says_whose_bundle_it_is(
    shelf: Shelf, first: tuple[str, Path], empty_cache: Path
) -> None:
    run_id, folder = first
    other, other_folder = shelf.final("other one")
    client = shelf.client
    with pytest.raises(InputError, match=r"no registered model 'facesearch' in MLflow\. It has"):
        shelf.find("models:/facesearch@champion")
    client.create_registered_model("facesearch")
    client.create_model_version("facesearch", "file:///x", run_id)
    tags = {"facesearch.final_run_id": other}
    version = client.create_model_version("facesearch", "file:///x", run_id, tags=tags).version
    client.create_model_version("facesearch", "file:///x")
    client.set_registered_model_alias("facesearch", "champion", version)
    assert contents(shelf.find("models:/facesearch/1")) == contents(folder)
    assert contents(shelf.find("models:/facesearch/2")) == contents(other_folder)
    assert contents(shelf.find("models:/facesearch@champion")) == contents(other_folder)
    with pytest.raises(InputError, match="does not say which run made it"):
        shelf.find("models:/facesearch/3")
    for text in ("models:/facesearch/9", "models:/facesearch@best"):
        with pytest.raises(InputError, match=r"Newest versions: 3, 2, 1\. Aliases: champion\."):
            shelf.find(text)
    with pytest.raises(InputError, match=r"no registered model 'face'.* It has: facesearch\."):
        shelf.find("models:/face/1")


def test_a_store_that_does_not_answer_is_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"MLflow at http://127\.0\.0\.1:9: ") as error:
        find_bundle("abcdef", tracking_uri="http://127.0.0.1:9", runs_dir=tmp_path)
    assert "\n" not in str(error.value)


def test_a_fault_of_ours_keeps_its_traceback(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Store, "reader", lambda store: None)
    with pytest.raises(AttributeError):
        shelf.find("abcdef")
