from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import ray
import torch
from ray import tune

from facesearch.space import space_from_text
from facesearch.training import fit
from facesearch.training.gradient import BatchGradient
from facesearch.training.retention import claim
from facesearch.tuning.trial import TrialTask

SPACE = """
data: {image_px: 16, synthetic: {num_identities: 8, faces_per_identity: 6}}
model: {num_stages: 2, width: {choice: [4, 8]}, embedding_dim: 8}
head: {type: cosface}
optim: {lr: {log_uniform: [0.01, 0.1]}}
train: {epochs: 3, batch_size: 8, precision: fp32}
search: {objective: {val/rank1: 1.0, cost/gflops: -100.0}}
"""
POINT = {"model.width": 4, "optim.lr": 0.01}


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    monkeypatch.setattr(tune, "report", told.append)
    context = SimpleNamespace(get_node_id=lambda: "node")
    monkeypatch.setattr(ray, "get_runtime_context", lambda: context)
    return told


def attempt(
    tmp_path: Path, number: int = 1, epochs: int = 0, space: str = SPACE, **more: Any
) -> None:
    task = TrialTask(space_from_text(space), None, 1, str(tmp_path), 600.0)
    config = {"trial": 0, "attempt": number, "point": POINT, "epochs": epochs, **more}
    task(config)


def epochs_of(reports: list[dict[str, Any]]) -> list[int]:
    return [report["epoch"] for report in reports if "scores" in report]


def test_every_epoch_is_reported_with_its_score(
    reports: list[dict[str, Any]], tmp_path: Path
) -> None:
    attempt(tmp_path)
    assert reports[0] == {"epoch": 0, "node_id": "node"} and epochs_of(reports) == [1, 2, 3]
    for report in reports[1:]:
        expected = report["val/rank1"] - 100 * report["cost/gflops"]
        assert report["scores"] == [pytest.approx(expected)] and "outcome" not in report


def test_a_second_attempt_goes_on_exactly_where_the_ledger_ends(
    reports: list[dict[str, Any]], tmp_path: Path
) -> None:
    attempt(tmp_path / "whole")
    whole = [r["train/loss"] for r in reports if "scores" in r]
    reports.clear()
    attempt(tmp_path / "cut")
    reports.clear()
    # the third epoch's checkpoint is there, but its report was lost with the driver
    attempt(tmp_path / "cut", 2, epochs=2)
    assert epochs_of(reports) == [3]
    assert [r["train/loss"] for r in reports if "scores" in r] == whole[2:]


def test_a_damaged_checkpoint_is_told_and_the_one_before_it_is_used(
    reports: list[dict[str, Any]], tmp_path: Path
) -> None:
    attempt(tmp_path)
    reports.clear()
    newest = max((tmp_path / "000").glob("epoch-0003-*.ckpt"))
    newest.write_bytes(newest.read_bytes()[:-3])
    attempt(tmp_path, 2, epochs=3)
    notes = [report["note"] for report in reports if "note" in report]
    assert len(notes) == 1 and "damaged" in notes[0]
    assert epochs_of(reports) == [3]


def test_an_attempt_that_was_replaced_writes_and_reports_nothing_more(
    reports: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = fit.Training._train_epoch

    def replaced(training: fit.Training, epoch: int) -> float:
        if epoch == 2:  # while this process was stopped, another one took the trial up
            claim(tmp_path / "000", 2)
        return real(training, epoch)

    monkeypatch.setattr(fit.Training, "_train_epoch", replaced)
    attempt(tmp_path)
    assert epochs_of(reports) == [1]
    assert [p.name[:10] for p in (tmp_path / "000").glob("*.ckpt")] == ["epoch-0001"]


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (torch.OutOfMemoryError("too large"), "out_of_memory"),
        (MemoryError(), "out_of_memory"),
        (ValueError("a bug"), "failed"),
    ],
)
def test_a_failure_is_an_outcome(
    reports: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    error: Exception, outcome: str,
) -> None:  # fmt: skip
    def fail(*_: Any) -> torch.Tensor:
        raise error

    monkeypatch.setattr(BatchGradient, "_loss", fail)
    attempt(tmp_path)
    assert [r.get("outcome") for r in reports] == [None, outcome]
    assert (str(error) or "MemoryError") in reports[1]["message"]


def test_a_batch_that_does_not_fit_is_halved_until_it_does(
    reports: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    real = BatchGradient._loss
    sizes: list[int] = []

    def small_memory(gradient: BatchGradient, positions: Any, *rest: Any) -> torch.Tensor:
        sizes.append(len(positions))
        if len(positions) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return real(gradient, positions, *rest)

    monkeypatch.setattr(BatchGradient, "_loss", small_memory)
    attempt(tmp_path)
    assert epochs_of(reports) == [1, 2, 3] and sizes[:2] == [8, 4] and set(sizes[2:]) == {2}
    assert {r["micro_batches"] for r in reports if "scores" in r} == {4}
    reports.clear()
    pairs = SPACE.replace("{type: cosface}", "{type: supcon}")
    attempt(tmp_path / "pairs", space=pairs)
    assert reports[-1]["outcome"] == "out_of_memory" and "pairs" in reports[-1]["message"]


def test_another_trials_weights_are_taken_over(
    reports: list[dict[str, Any]], tmp_path: Path
) -> None:
    attempt(tmp_path)
    reports.clear()
    task = TrialTask(space_from_text(SPACE), None, 1, str(tmp_path), 600.0)
    child = {"trial": 1, "attempt": 2, "point": {**POINT, "optim.lr": 0.02}, "epochs": 2}
    task({**child, "parent": 0})
    assert epochs_of(reports) == [3] and "note" not in str(reports)
