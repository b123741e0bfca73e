"""Real Ray, toy trials."""

import time
from pathlib import Path
from typing import Any

import pytest
import ray
import toy

from facesearch.errors import InputError
from facesearch.space import space_from_text
from facesearch.tuning.cluster import Cluster, ray_session
from facesearch.tuning.controller import Controller
from facesearch.tuning.ledger import Ledger, MemoryLedger
from facesearch.tuning.records import SweepRecord
from facesearch.tuning.sweep import run_trials, trial_resources

# a worker process does not know the tests: it gets the toy itself
ray.cloudpickle.register_pickle_by_value(toy)

pytestmark = [
    pytest.mark.slow,
    # Ray leaves its own warnings and sockets behind when it shuts down
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

SPACE = """
head: {choice: [{type: arcface}, {type: cosface}%s]}
optim: {lr: {uniform: [0.1, 1.0]}}
train: {epochs: 3}
search: {trials: %d, sampler: random, scheduler: {grace_epochs: 1, eta: 2}}
"""


@pytest.fixture(scope="module")
def available() -> Any:
    with ray_session(Cluster()) as resources:
        yield resources


def run(
    ledger: Ledger | MemoryLedger, extra: str = "", trials: int = 8, seconds: float = 0.0,
    stall_s: float = 60.0,
) -> SweepRecord:  # fmt: skip
    space = space_from_text(SPACE % (extra, trials))
    if not ledger.events:
        ledger.append("opened", sweep_id="s", name="toy", max_epochs=3)
    ledger.append("session", trials=trials, time_s=None)
    controller = Controller(space, ledger, SweepRecord("toy", 0, 3), [])
    run_trials(controller, toy.Toy(seconds=seconds), {"cpu": 1.0, "gpu": 0.0}, 2, stall_s)
    assert controller.is_over
    return controller.sweep


def test_every_trial_ends_and_asha_stops_some(available: Any) -> None:
    sweep = run(MemoryLedger())
    assert len(sweep.trials) == 8
    assert {t.outcome for t in sweep.trials.values()} == {"completed", "pruned"}
    for trial in sweep.trials.values():
        lr = trial.point["optim.lr"]
        expected = [pytest.approx(lr * epoch) for epoch in range(1, trial.epochs + 1)]
        assert [row["score"] for row in trial.curve] == expected
        assert trial.attempts == 1 and (trial.epochs == 3) == (trial.outcome == "completed")


def test_failures_are_outcomes_and_the_sweep_goes_on(available: Any) -> None:
    sweep = run(MemoryLedger(), ", {type: softmax}, {type: normface}", trials=12)
    ends = {t.point["head"]: t for t in sweep.trials.values()}
    assert len(sweep.trials) == 12
    assert ends["softmax"].outcome == "diverged" and ends["normface"].outcome == "failed"
    # a worker that dies is tried once more
    assert ends["normface"].attempts == 2 and "worker" in ends["normface"].message
    assert sweep.best is not None and sweep.best.point["head"] in ("arcface", "cosface")


def test_a_trial_that_hangs_is_killed_and_the_sweep_goes_on(available: Any) -> None:
    start = time.monotonic()
    sweep = run(MemoryLedger(), ", {type: uniface}", trials=6, stall_s=4.0)
    hung = [t for t in sweep.trials.values() if t.point["head"] == "uniface"]
    assert hung and {t.outcome for t in hung} == {"failed"}
    assert "no epoch ended in 4 s" in hung[0].message
    assert sweep.num_ended == 6 and time.monotonic() - start < 200


def test_a_ledger_on_disk_is_enough_to_go_on(available: Any, tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        whole = run(ledger)
    lines = (tmp_path / "ledger").read_bytes().splitlines(keepends=True)
    (tmp_path / "ledger").write_bytes(b"".join(lines[: len(lines) // 2]))
    with Ledger(tmp_path) as ledger:
        again = run(ledger)
    assert {n: t.point for n, t in again.trials.items()} == {
        n: t.point for n, t in whole.trials.items()
    }
    assert again.num_ended == 8


def test_more_than_a_node_has_is_refused(available: Any) -> None:
    space = space_from_text("resources: {gpus_per_trial: 64}")
    with pytest.raises(InputError, match=r"asks for 64 GPUs, but no node .* has more than"):
        trial_resources(space, available)
