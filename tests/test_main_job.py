"""The main job as a user types it: sweep, then the command that the sweep prints."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from facesearch.final.bundle import load_bundle

SPACE = """
name: small
data: {image_px: 16, synthetic: {num_identities: 12, faces_per_identity: 6}}
model: {width: 4, num_stages: 2, embedding_dim: 16}
head: {choice: [{type: softmax}, {type: arcface, margin_rad: {uniform: [0.1, 0.3]}, scale: 16}]}
optim: {lr: {log_uniform: [0.05, 0.2]}}
train: {epochs: 3, batch_size: 16}
search: {trials: 3, scheduler: {grace_epochs: 1, eta: 2}}
"""


def facesearch(*words: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "facesearch.cli", *words],
        capture_output=True, text=True, cwd=cwd, timeout=300, env={**os.environ, "COLUMNS": "80"},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_tune_then_finalize_as_printed(tmp_path: Path) -> None:
    (tmp_path / "space.yaml").write_text(SPACE)
    out = facesearch("tune", "space.yaml", cwd=tmp_path)
    assert "generated faces; give your own with --data" in out and "\x1b" not in out
    results = json.loads((tmp_path / "runs/small-0001/results.json").read_text())
    assert len(results["trials"]) == 3
    command = shlex.split(out.rsplit("next:", 1)[1])
    out = facesearch(*command[1:], cwd=tmp_path)
    assert "dev/top1" in out and "unknown_dev/rank1" in out
    folder = next((tmp_path / "runs").glob("final-*"))
    model = load_bundle(folder / "model")
    assert len(model.identities) == 12
