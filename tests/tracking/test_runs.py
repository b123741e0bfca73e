"""The steps, on a real store; the tracker's tests hold them together."""

from typing import Any

import pytest

from facesearch.tracking.agenda import SWEEP
from facesearch.tracking.runs import STEPS, adopt, create, find_runs
from facesearch.tracking.targets import Target

FIRST = {"facesearch.sweep_id": "s1", "facesearch.kind": "trial", "facesearch.trial": "3"}


def target(first: dict[str, str], epochs: int, status: str = "RUNNING") -> Target:
    curve = [{"score": 0.1 * epoch, "seconds": 2.0} for epoch in range(epochs)]
    tags = {"facesearch.outcome": status.lower()}
    return Target(first, tags, status, {"epochs": epochs}, curve, {"lr": "1"}, "p", {"c": "{}"})


@pytest.fixture
def client(store: Any) -> Any:
    return store.client()


@pytest.fixture
def experiment(store: Any, client: Any) -> str:
    return str(store.experiment_id(client))


def test_what_was_written_is_read_back_the_same(client: Any, experiment: str) -> None:
    wanted = target(FIRST, 3)
    written = create(client, experiment, wanted)
    for step in STEPS:
        step(client, written, wanted)
    (run,) = find_runs(client, experiment, "s1")[3]
    read = adopt(client, [run])
    assert read is not None
    assert {key: read.tags[key] for key in written.tags} == written.tags
    assert {key: read.summary[key] for key in written.summary} == written.summary
    for name in ("run_id", "start_ms", "status", "params", "epochs", "num_summaries"):
        assert getattr(read, name) == getattr(written, name)


def test_what_is_equal_is_not_written_again(client: Any, experiment: str) -> None:
    wanted = target(FIRST, 3, "FINISHED")
    written = create(client, experiment, wanted)
    for step in STEPS:
        step(client, written, wanted)
    for step in STEPS:
        step(None, written, wanted)  # a call would fail


def test_a_call_that_is_done_twice_doubles_nothing(client: Any, experiment: str, rows: Any) -> None:
    wanted = target(FIRST, 3)
    written = create(client, experiment, wanted)
    for _ in range(2):
        read = adopt(client, [client.get_run(written.run_id)])
        assert read is not None
        for step in STEPS:
            step(client, read, wanted)
            if step.__name__ == "write_curve":
                read.epochs = set()  # forgets what it did
                step(client, read, wanted)
    assert rows("select count(*) from metrics where key = 'score'") == [(3,)]
    assert rows("select count(*) from metrics where key = 'epochs'") == [(1,)]


def test_runs_are_found_by_sweep_and_trial(client: Any, experiment: str) -> None:
    parent = {"facesearch.sweep_id": "s1", "facesearch.kind": "sweep"}
    create(client, experiment, target(parent, 0))
    create(client, experiment, target(FIRST, 0))
    create(client, experiment, target({**FIRST, "facesearch.trial": "33"}, 0))
    create(client, experiment, target({**FIRST, "facesearch.sweep_id": "s2"}, 0))
    assert set(find_runs(client, experiment, "s1")) == {SWEEP, 3, 33}
    assert set(find_runs(client, experiment, "s1", 3)) == {3}
    assert set(find_runs(client, experiment, "s1", SWEEP)) == {SWEEP}
    assert find_runs(client, experiment, "s3") == {} and adopt(client, []) is None


def test_of_two_runs_of_a_trial_the_first_stays(client: Any, experiment: str) -> None:
    made = [create(client, experiment, target(FIRST, 0)) for _ in range(2)]
    first = min(made, key=lambda written: (written.start_ms, written.run_id))
    read = adopt(client, find_runs(client, experiment, "s1")[3])
    assert read is not None and read.run_id == first.run_id
    assert len(find_runs(client, experiment, "s1")[3]) == 1
