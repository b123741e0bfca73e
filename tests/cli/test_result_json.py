import json
from pathlib import Path
from types import SimpleNamespace

from facesearch.cli.result_json import final_json, sweep_json
from facesearch.final.finalize import Final
from facesearch.final.registry import Registered
from facesearch.tuning.records import SweepRecord, TrialRecord
from facesearch.tuning.tune import SweepResult


def test_a_sweep_tells_its_best_and_all_its_trials() -> None:
    sweep = SweepRecord("a", planned_trials=2, max_epochs=3)
    rows = [{"score": 0.1 * n, "val/rank1": 0.1 * n, "train/loss": float("nan")} for n in (1, 2, 3)]
    best = TrialRecord(0, {"optim.lr": 0.1}, curve=rows, outcome="completed", run_id="f" * 32)
    failed = TrialRecord(1, {"optim.lr": 9.0}, outcome="diverged", message="loss is nan")
    sweep.trials = {0: best, 1: failed}
    result = SweepResult(sweep, Path("runs/a-0001"), "e" * 32, is_tracked=True, halted="")
    told = json.loads(sweep_json(result, "sqlite:////x.db"))
    assert (told["sweep"], told["epochs"], told["is_interrupted"]) == ("a-0001", 3, False)
    assert told["best"]["run_id"] == "f" * 32 and told["best"]["point"] == {"optim.lr": 0.1}
    assert told["best"]["metrics"]["train/loss"] is None  # JSON knows no nan
    assert [trial["outcome"] for trial in told["trials"]] == ["completed", "diverged"]


def test_a_sweep_without_a_usable_trial_has_no_best() -> None:
    sweep = SweepRecord("a", planned_trials=2, max_epochs=3)
    result = SweepResult(sweep, Path("runs/a-0001"), None, is_tracked=False, halted="full disk")
    assert json.loads(sweep_json(result, "x"))["best"] is None


def test_a_final_training_tells_its_report() -> None:
    report = SimpleNamespace(as_json=lambda: '{"figures": {"dev/top1": 0.5}}')
    registered = Registered("facesearch-staff-123456", "1", "champion", "the first")
    final = Final(Path("runs/final-a"), "a", report, registered)  # type: ignore[arg-type]
    told = json.loads(final_json(final))
    assert told["model"] == "runs/final-a/model" and told["report"]["figures"]["dev/top1"] == 0.5
    assert told["folder"] == "runs/final-a" and told["version"] == "1"
    assert told["registered"]["standing"] == "champion"
