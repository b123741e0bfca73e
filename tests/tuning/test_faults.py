"""Faults of the machine and of the user, done to real sweeps of the command line."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from chaos import SPACE, Sweep, check, check_mlflow
from faces_on_disk import people

from facesearch.tracking.store import Store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


def refused(sweep: Sweep, *words: str) -> str:
    """Run `tune` to its end, which must be a refusal; return what it said."""
    before = len(sweep.log)
    assert sweep.start(*words).wait(timeout=120) == 2, sweep.log[before:]
    said = sweep.log[before:]
    assert "Traceback" not in said
    return said


def test_one_sweep_that_everything_happens_to(tmp_path: Path) -> None:
    """Two at once, a kill, a torn ledger, a flipped bit and an edited space; then it goes on."""
    sweep = Sweep(tmp_path, "none")
    first = sweep.start()
    sweep.wait_for(lambda: sweep.records().epochs_spent >= 7, 300)
    first.send_signal(signal.SIGSTOP)  # it holds the sweep for as long as it lives
    assert f"process {first.pid} on" in refused(sweep)
    first.kill()
    first.wait()
    sweep.wait_gone()

    before = sweep.records()
    unfinished = next(t for t in before.trials.values() if not t.has_ended and t.epochs >= 2)
    ledger = sweep.runs / "ledger"
    whole = ledger.read_bytes()
    ledger.write_bytes(whole + whole.splitlines(keepends=True)[-1][:-9])
    newest = max((sweep.runs / f"trials/{unfinished.number:03d}").glob("epoch-*.ckpt"))
    content = bytearray(newest.read_bytes())
    content[len(content) // 2] ^= 4
    newest.write_bytes(content)

    (tmp_path / "space.yaml").write_text((SPACE % "none").replace("[0.02, 0.3]", "[0.02, 0.4]"))
    said = refused(sweep)
    assert "optim.lr.log_uniform: was [0.02, 0.3], is [0.02, 0.4]" in said and "--fresh" in said
    (tmp_path / "space.yaml").write_text(SPACE % "none")
    assert "differs" in refused(sweep, "--data", str(_other_faces(tmp_path)))

    assert sweep.start().wait(timeout=300) == 0, sweep.log[-3000:]
    sweep.wait_gone()
    records = check(sweep, planned=8)
    assert "damaged after line" in sweep.log and list(sweep.runs.glob("ledger.corrupt-*"))
    for number, trial in before.trials.items():
        # the bit flip made an older checkpoint the start: its epoch was trained again, and the
        # curve is still the first one
        assert records.trials[number].curve[: trial.epochs] == trial.curve
    assert all(trial.outcome == "completed" for trial in records.trials.values())
    kept = [list(folder.glob("*.ckpt")) for folder in (sweep.runs / "trials").iterdir()]
    assert all(1 <= len(files) <= 2 for files in kept)

    done = subprocess.run(
        [sys.executable, "-m", "facesearch.cli", "extend", "small", "--trials", "2"],
        cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "MARK": sweep.mark},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    sweep.wait_gone()
    grown = check(sweep, planned=10)
    assert all(grown.trials[n].curve == t.curve for n, t in records.trials.items())


def _other_faces(tmp_path: Path) -> Path:
    return people(tmp_path / "faces", each=6)


def test_a_full_disk_stops_the_sweep_and_with_room_it_goes_on(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path / "sweep")
    runs = sweep.folder / "runs"
    runs.mkdir()
    mount = shutil.which("mount")
    words = [str(mount), "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(runs)]
    if mount is None or subprocess.run(words, capture_output=True).returncode:
        pytest.skip("a file system in memory cannot be mounted here")
    try:
        store = Store(f"sqlite:///{tmp_path / 'mlflow.db'}")
        filler = runs / "filler"
        filler.write_bytes(bytes(950_000))
        code = sweep.start("--tracking-uri", store.uri).wait(timeout=300)
        assert code == 4, sweep.log[-2000:]
        sweep.wait_gone()
        assert "space" in sweep.log and "Traceback" not in sweep.log
        filler.unlink()
        code = sweep.start("--tracking-uri", store.uri).wait(timeout=300)
        assert code == 0, sweep.log[-3000:]
        sweep.wait_gone()
        records = sweep.records()
        assert len(records.trials) == 8
        check_mlflow(sweep, records, store)
    finally:
        subprocess.run(["umount", "-l", str(runs)], check=True)


def test_a_worker_that_was_stopped_is_replaced(tmp_path: Path) -> None:
    sweep = Sweep(tmp_path, "none")
    text = (SPACE % "none") + "resources: {stall_s: 10}\n"
    (tmp_path / "space.yaml").write_text(text)
    process = sweep.start()
    sweep.wait_for(lambda: sweep.records().epochs_spent >= 3, 300)
    workers = sorted(sweep.processes("ray::ImplicitFunc"))
    os.kill(workers[0], signal.SIGSTOP)
    assert process.wait(timeout=300) == 0, sweep.log[-3000:]
    sweep.wait_gone()
    records = check(sweep, planned=8)
    assert max(trial.attempts for trial in records.trials.values()) == 2
