"""The README's tour, typed into a shell line by line."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TOUR = (ROOT / "README.md").read_text().split("## A tour")[1].split("```bash")[1].split("```")[0]
LINES = [line.split("#")[0].strip() for line in TOUR.strip().splitlines()]


@pytest.fixture
def shell(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has just installed it, and stands in the checkout."""
    (tmp_path / "searchspaces").symlink_to(ROOT / "searchspaces")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "COLUMNS": "80"}


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_every_line_works_as_typed(tmp_path: Path, shell: dict[str, str]) -> None:
    *lines, last = LINES
    assert len(lines) > 4 and last.startswith("facesearch ui ")
    for line in lines:
        done = subprocess.run(
            line, shell=True, cwd=tmp_path, env=shell, capture_output=True, text=True, timeout=600
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        assert done.stdout.strip() and "Traceback" not in done.stderr, line
    for folder in ("quickstart-0001", "final-*"):
        page = next((tmp_path / "runs").glob(f"{folder}/report.html")).read_text()
        assert "<svg" in page and not re.search(r"(src|href)=.https?://", page)
    look(f"{last} --no-open", tmp_path, shell)


def look(command: str, folder: Path, env: dict[str, str]) -> None:
    """Start the UI, see that it says where it is, and end it as a user does."""
    process = subprocess.Popen(
        command.split(), cwd=folder, env=env, stdout=subprocess.PIPE, text=True,
        # who runs the tests in the background has it ignored, and children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stdout is not None
    told = ""
    while "http://127.0.0.1" not in told:
        line = process.stdout.readline()
        assert line, f"{command} ended with {process.wait()}: {told}"
        told += line
    process.send_signal(signal.SIGINT)
    told += process.stdout.read()
    process.stdout.close()
    assert process.wait(timeout=60) in (0, 130) and "Traceback" not in told
