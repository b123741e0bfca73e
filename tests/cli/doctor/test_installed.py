from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from facesearch.cli.doctor import installed


def test_what_is_installed_here_is_right() -> None:
    findings = [*installed.look_at_python(), *installed.look_at_packages()]
    assert [f for f in findings if f.state == "wrong"] == []


@pytest.mark.parametrize(
    ("asked", "state", "found"),
    [
        ("click>=1000", "wrong", f"{metadata.version('click')}, needs >=1000"),
        ("no-such-package>=1", "wrong", "not installed, needs >=1"),
        ("no-such-package>=1; extra == 'export'", "note", "facesearch export"),
    ],
)
def test_a_package_outside_its_range_is_told(
    monkeypatch: pytest.MonkeyPatch, asked: str, state: str, found: str
) -> None:
    monkeypatch.setattr(installed, "_required", lambda package: [Requirement(asked)])
    (finding,) = [f for f in installed.look_at_packages() if f.about != "packages"]
    assert finding.state == state and found in finding.found and "pip install" in finding.mend


def test_extras_for_tests_are_not_asked_for() -> None:
    assert "pytest" not in {r.name for r in installed._required("facesearch")}


@pytest.mark.parametrize(
    ("torch", "torchvision", "mend"),
    [
        ("2.14.1", "0.29.1", None),
        ("2.11.0+cpu", "0.26.0+cpu", None),
        ("2.14.1", "0.28.0", "pip install 'torchvision==0.29.*'"),
    ],
)
def test_torchvision_must_be_built_for_this_torch(
    torch: str, torchvision: str, mend: str | None
) -> None:
    assert [f.mend for f in installed.look_at_pair(torch, torchvision)] == ([mend] if mend else [])


def test_the_main_packages_are_named_and_all_if_asked() -> None:
    short, whole = (
        next(f.found for f in installed.look_at_packages(is_full=full) if f.about == "packages")
        for full in (False, True)
    )
    assert "mlflow" in short and "pillow" not in short and "more are in their ranges" in short
    assert "mlflow" in whole and "pillow" in whole and "more" not in whole


def test_files_that_hide_a_library_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "optuna.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    findings = {finding.about: finding for finding in installed.look_at_hidden()}
    assert findings["optuna"].state == "note" and str(tmp_path) in findings["optuna"].found
    assert "rename" in findings["optuna"].mend
