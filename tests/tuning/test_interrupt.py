"""A real sweep, interrupted for real: nothing is left behind."""

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from facesearch.tracking.store import resolve_store

SPACE = """
name: stop
data: {image_px: 16, synthetic: {num_identities: 12, faces_per_identity: 6}}
model: {width: 4, num_stages: 2}
optim: {lr: {log_uniform: [0.01, 0.1]}}
train: {epochs: 5000, batch_size: 8}
search: {trials: 4, scheduler: {type: none}}
"""


def marked(mark: str) -> list[str]:
    """Return the commands of all processes that inherited ``mark`` in their environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if mark.encode() in (entry / "environ").read_bytes():
                    found.append((entry / "cmdline").read_text().replace("\0", " ")[:80])
            except OSError:
                continue
    return found


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize(("number", "exit_code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_sweep_leaves_no_process_and_no_running_run(
    tmp_path: Path, number: signal.Signals, exit_code: int
) -> None:
    (tmp_path / "space.yaml").write_text(SPACE)
    mark = f"facesearch-test-{uuid.uuid4().hex}"
    log = (tmp_path / "log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "-m", "facesearch.cli", "tune", "space.yaml"],
        cwd=tmp_path, stdout=log, stderr=log, start_new_session=True,
        env={**os.environ, "MARK": mark},
        # who runs the tests in the background has it ignored, and children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while "trial 000  start" not in (tmp_path / "log").read_text() and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(2)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does: to the whole foreground group
    else:
        process.send_signal(number)
    code = process.wait(timeout=90)
    log.close()
    text = (tmp_path / "log").read_text()
    assert code == exit_code, text
    assert "Traceback" not in text
    deadline = time.monotonic() + 20
    while marked(mark) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert marked(mark) == []
    store = resolve_store(None, tmp_path / "runs")
    client = store.client()
    runs = client.search_runs([store.experiment_id(client)])
    assert {run.info.status for run in runs} == {"KILLED"} and len(runs) >= 2
