"""Real Ray, toy trials."""

from pathlib import Path
from typing import Any

import pytest
import ray
import toy
from mlflow.entities import ViewType

from facesearch.config import RunConfig
from facesearch.errors import InputError
from facesearch.space import space_from_text
from facesearch.tracking.store import Store, find_run, resolve_store
from facesearch.tracking.tracker import Tracker
from facesearch.tuning.records import SweepRecord
from facesearch.tuning.sweep import Cluster, ray_session, run_trials, trial_resources

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


def run(available: Any, tmp_path: Path, extra: str = "", trials: int = 8) -> tuple[Any, Store]:
    space = space_from_text(SPACE % (extra, trials))
    sweep, store = SweepRecord("toy", trials, 3), resolve_store(None, tmp_path)
    failures: list[str] = []
    tracker = Tracker(store, sweep, {}, lambda trial: RunConfig(), failures.append)
    run_trials(space, toy.Toy(), sweep, [tracker], available)
    tracker.close()
    assert failures == []
    return sweep, store


def test_every_trial_ends_and_asha_stops_some(available: Any, tmp_path: Path) -> None:
    sweep, store = run(available, tmp_path)
    assert len(sweep.trials) == 8
    assert {t.outcome for t in sweep.trials.values()} == {"completed", "pruned"}
    assert all(t.epochs == 3 for t in sweep.trials.values() if t.outcome == "completed")
    client = store.client()
    experiment = store.experiment_id(client)
    runs = client.search_runs([experiment], run_view_type=ViewType.ALL)
    assert {r.info.status for r in runs} == {"FINISHED"} and len(runs) == 9
    for trial in sweep.trials.values():
        logged = client.get_metric_history(trial.run_id, "score")
        assert [m.step for m in logged] == list(range(1, trial.epochs + 1))
    parent = next(r for r in runs if r.data.tags["facesearch.kind"] == "sweep")
    assert find_run(store, parent.info.run_id[:8]).info.run_id == sweep.best.run_id


def test_failures_are_outcomes_and_the_sweep_goes_on(available: Any, tmp_path: Path) -> None:
    sweep, store = run(available, tmp_path, ", {type: softmax}, {type: normface}", trials=12)
    ends = {t.point["head"]: t.outcome for t in sweep.trials.values()}
    assert len(sweep.trials) == 12
    assert ends["softmax"] == "diverged" and ends["normface"] == "failed"
    assert sweep.best is not None and sweep.best.point["head"] in ("arcface", "cosface")
    runs = store.client().search_runs([store.experiment_id(store.client())])
    assert "RUNNING" not in {r.info.status for r in runs}


def test_more_than_a_node_has_is_refused(available: Any) -> None:
    space = space_from_text("resources: {gpus_per_trial: 64}")
    with pytest.raises(InputError, match=r"asks for 64 GPUs, but no node .* has more than"):
        trial_resources(space, available)


def test_an_address_where_nobody_listens_is_refused_at_once() -> None:
    with pytest.raises(InputError, match=r"--address 127.0.0.1:9: nobody answers"):
        with ray_session(Cluster("127.0.0.1:9")):
            raise AssertionError("there is no cluster")
