import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from command_line import run
from finals import final_folder, in_registry, small_final

from facesearch.cli import cli
from facesearch.errors import InputError
from facesearch.tracking.store import Store, resolve_store

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The store beside a champion and a model that was not measured."""
    monkeypatch.chdir(tmp_path)
    store = resolve_store(None, Path("runs"))
    first, second = Path("runs/final-aaaa0000-111111"), Path("runs/final-aaaa0000-222222")
    in_registry(store, small_final(first), "facesearch-generated", "champion")
    in_registry(store, small_final(second, None), "facesearch-generated")
    return store


def invoked(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli, ["models", *words], input=typed, catch_exceptions=False)


@pytest.mark.usefixtures("store")
def test_the_list_names_folders_figures_and_the_champion() -> None:
    out = run("models")
    lines = out.splitlines()
    assert "generated faces   facesearch-generated" in lines
    first = next(line for line in lines if "final-aaaa0000-111111" in line)
    assert "champion" in first and "0.500 [0.400, 0.600]" in first
    second = next(line for line in lines if "final-aaaa0000-222222" in line)
    assert "champion" not in second and "not measured" in second
    assert "champion:  models:/facesearch-generated@champion" in lines
    assert all(len(line) <= 80 for line in lines)
    told = {one["name"]: one for one in json.loads(run("models", "--json"))}
    assert told["final-aaaa0000-111111"]["aliases"] == ["champion"]
    assert told["final-aaaa0000-111111"]["figures"]["unknown_test/rank1"]["low"] == 0.4
    assert told["final-aaaa0000-222222"]["is_measured"] is False
    # what is said before the command holds for it
    shown = json.loads(run("models", "--json", "--runs", "runs", "show", "final-aaaa0000-1"))
    assert shown == told["final-aaaa0000-111111"]


def test_one_is_shown_in_full(tmp_path: Path) -> None:
    final_folder(tmp_path)
    out = run("models", "show", "final-1234", "--runs", str(tmp_path))
    for text in (
        "final model final-12345678", "run            none", "unknown_dev/rank1 ", "trial 002",
        "image px       16", "thresholds", "fitted", "members        2",
    ):  # fmt: skip
        assert text in out or text == "fitted", text
    assert "unknown_dev of" in out or "on unknown_dev" in out
    assert not list(tmp_path.glob("*.db")), "a look makes no store"


def test_no_models_and_a_store_that_fails(tmp_path: Path) -> None:
    assert run("models", "--runs", str(tmp_path)).startswith(f"no final models in {tmp_path}")
    small_final(tmp_path / "final-alone")
    result = invoked("--runs", str(tmp_path), "--tracking-uri", "http://127.0.0.1:9")
    assert result.exit_code == 0 and "final-alone" in result.stdout
    (note,) = [line for line in result.stderr.splitlines() if line.startswith("note: ")]
    assert "MLflow at http://127.0.0.1:9" in note and note.endswith("Only the folders are listed.")
    with pytest.raises(InputError, match=r"MLflow at http://127\.0\.0\.1:9"):
        run("models", "remove", "final-alone", "--yes", "--runs", str(tmp_path),
            "--tracking-uri", "http://127.0.0.1:9")  # fmt: skip
    assert (tmp_path / "final-alone").is_dir()


@pytest.mark.usefixtures("store")
def test_removal_asks_first_and_spares_the_champion() -> None:
    folder = Path("runs/final-aaaa0000-222222")
    result = invoked("remove", "final-aaaa0000-2", typed="n\n")
    assert str(folder) in result.stderr and "models:/facesearch-generated/2" in result.stderr
    assert "nothing was removed" in result.stderr and folder.is_dir()
    result = invoked("remove", "final-aaaa0000-2", "--yes", "--json")
    assert json.loads(result.stdout)["removed"]["folder"] == [str(folder)] and not folder.exists()
    with pytest.raises(InputError, match="Give --force"):
        invoked("remove", "final-aaaa0000-1", "--yes")
    assert (
        "removed: final-aaaa0000-111111"
        in invoked("remove", "models:/facesearch-generated@champion", "--force", typed="y\n").output
    )
    assert not list(Path("runs").glob("final-*"))


@pytest.mark.usefixtures("store")
def test_two_are_compared() -> None:
    told = json.loads(
        invoked("compare", "final-aaaa0000-1", "runs/final-aaaa0000-2", "--json").stdout
    )
    assert told["verdict"] == "no difference shown" and len(told["differences"]) == 3
