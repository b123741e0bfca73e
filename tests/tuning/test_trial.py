import math
from typing import Any

import pytest
import torch
from ray import tune

from facesearch.training import fit
from facesearch.tuning.trial import TrialTask

SPACE = """
data: {image_px: 16, synthetic: {num_identities: 8, faces_per_identity: 6}}
model: {num_stages: 2, width: {choice: [4, 8]}, embedding_dim: 8}
head: {type: cosface}
optim: {lr: {log_uniform: [0.01, 0.1]}}
train: {epochs: 2, batch_size: 8, precision: fp32}
search: {objective: {val/rank1: 1.0, cost/gflops: -100.0}}
"""
POINT = {"model.width": 4, "optim.lr": 0.01}


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(tune, "report", told.append)
    return told


def task() -> TrialTask:
    return TrialTask(SPACE, "space", None, cpus=1)


def test_every_epoch_is_reported_with_its_score(reports: list[dict[str, Any]]) -> None:
    task()(POINT)
    assert [report["epoch"] for report in reports] == [1, 2]
    for report in reports:
        expected = report["val/rank1"] - 100 * report["cost/gflops"]
        assert report["score"] == pytest.approx(expected) and report["outcome"] == ""


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (torch.OutOfMemoryError("too large"), "out_of_memory"),
        (ValueError("a bug"), "failed"),
    ],
)
def test_a_failure_is_an_outcome_with_the_least_score(
    reports: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    outcome: str,
) -> None:
    task()(POINT)
    success = reports.pop()
    reports.clear()

    def fail(*_: Any) -> torch.Tensor:
        raise error

    monkeypatch.setattr(fit.Training, "_loss", fail)
    task()(POINT)
    (report,) = reports
    assert report["outcome"] == outcome and str(error) in report["message"]
    # the same network with no face right: never better than a success, which pays the same cost
    assert report["score"] == pytest.approx(-100 * success["cost/gflops"])
    assert math.isfinite(report["score"]) and report["score"] <= success["score"]
