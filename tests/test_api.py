import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from faces_on_disk import people
from models import untrained

import facesearch
from facesearch.final.bundle import save_bundle
from facesearch.final.finalize import finalize
from facesearch.final.locate import load_model
from facesearch.space import load_space
from facesearch.tuning.tune import tune

HEAVY = ("torch", "ray", "mlflow", "optuna", "numpy", "pydantic")


def python(script: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], capture_output=True, text=True, cwd=cwd
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_package_loads_nothing_heavy(tmp_path: Path) -> None:
    script = (
        "import sys, facesearch; facesearch.__version__; dir(facesearch); "
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    assert python(script, tmp_path) == "[]\n"


def test_the_public_names_are_these_and_are_what_they_say() -> None:
    assert facesearch.__all__ == ["__version__", "finalize", "load_model", "load_space", "tune"]
    assert set(facesearch.__all__) <= set(dir(facesearch))
    assert facesearch.load_space is load_space
    assert facesearch.load_model is load_model
    assert facesearch.finalize is finalize
    assert facesearch.tune is tune
    assert facesearch.__version__ == version("facesearch")


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="module 'facesearch' has no attribute 'train'"):
        facesearch.train  # noqa: B018
    assert not hasattr(facesearch, "__path_of_nothing__")


def test_the_example_of_the_package_runs_as_it_is_written(tmp_path: Path) -> None:
    """On a folder that has everything that it names."""
    docs = (facesearch.__doc__ or "").splitlines()
    code = "\n".join(line.removeprefix("    ") for line in docs if line.startswith("    "))
    save_bundle(tmp_path / "runs/final-3f2b91c0/model", untrained())
    known = people(tmp_path / "known", ["anna", "bo"], 2)
    for name, source in (("a", "anna"), ("b", "bo"), ("visitor", "bo")):
        (tmp_path / f"{name}.jpg").write_bytes((known / source / f"{source}_0001.jpg").read_bytes())
    lines = python(code, tmp_path).splitlines()
    assert lines[0].endswith("undecided None")
    assert lines[1].startswith("undecided (Candidate(identity='bo', score=1.0")
