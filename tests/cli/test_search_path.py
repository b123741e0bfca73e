import os
import subprocess
import sys
from pathlib import Path

import pytest

from facesearch.cli.search_path import hidden_libraries

SPACE = "name: tiny\ntrain: {epochs: 1}\nsearch: {trials: 1}\n"
OWN = ("torch", "ray", "numpy", "random", "queue", "logging", "yaml")


def command(folder: Path, *words: str, path: str = "") -> subprocess.CompletedProcess[str]:
    root = str(Path(__file__).parents[2])
    return subprocess.run(
        [sys.executable, "-m", "facesearch.cli", *words],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (path, root)))},
    )  # fmt: skip


def test_files_named_like_libraries_in_the_working_directory_harm_nothing(tmp_path: Path) -> None:
    for name in OWN:
        (tmp_path / f"{name}.py").write_text("raise RuntimeError('the wrong one')\n")
    (tmp_path / "space.yaml").write_text(SPACE)
    done = command(tmp_path, "preview", "space.yaml", "--no-measure")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("text", ["raise RuntimeError('the wrong one')", "def add(): ..."])
def test_where_the_user_has_them_searched_first_the_file_is_named(
    text: str, tmp_path: Path
) -> None:
    (tmp_path / "torch.py").write_text(text)
    (tmp_path / "space.yaml").write_text(SPACE)
    done = command(tmp_path, "preview", "space.yaml", "--no-measure", path=str(tmp_path))
    assert done.returncode == 2, done.stderr
    assert f"{tmp_path}/torch.py is taken for the library 'torch'" in done.stderr
    assert "Traceback" not in done.stderr and "rename it" in done.stderr


def test_another_bug_keeps_its_traceback(tmp_path: Path) -> None:
    (tmp_path / "torch.py").write_text("")
    script = (
        "import sys, facesearch.cli as c\n"
        "c.cli.main = lambda **_: 1 / 0\n"
        "c.main()\n"
    )  # fmt: skip
    path = os.pathsep.join((str(tmp_path), str(Path(__file__).parents[2])))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60,
        env={**os.environ, "PYTHONPATH": path}, cwd="/",
    )  # fmt: skip
    assert done.returncode == 1 and "ZeroDivisionError" in done.stderr


def test_hidden_libraries_are_files_and_packages_of_the_first_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = hidden_libraries()
    (tmp_path / "ray").mkdir()
    (tmp_path / "ray/__init__.py").write_text("")
    (tmp_path / "random.py").write_text("")
    (tmp_path / "mine.py").write_text("")
    (tmp_path / "torch").mkdir()  # a folder alone is found after the library
    monkeypatch.syspath_prepend(tmp_path)
    found = {name: path for name, path in hidden_libraries().items() if name not in before}
    assert found == {
        "ray": str(tmp_path / "ray/__init__.py"), "random": str(tmp_path / "random.py"),
    }  # fmt: skip


def test_a_working_directory_that_was_deleted_does_not_matter(tmp_path: Path) -> None:
    script = (
        "import os, sys; os.rmdir(os.getcwd()); sys.argv = ['facesearch', '--help']\n"
        "from facesearch.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60,
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
