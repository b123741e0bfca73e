import pytest

from facesearch.config import RunConfig
from facesearch.tracking.store import Store
from facesearch.tracking.tracker import Tracker
from facesearch.tuning.records import SweepRecord, TrialRecord


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_dead_store_is_told_of_once_and_nothing_is_raised() -> None:
    told: list[str] = []
    sweep = SweepRecord("s", 1, 1)
    store = Store("http://127.0.0.1:9")  # nobody listens on the discard port
    tracker = Tracker(store, sweep, {}, lambda trial: RunConfig(), told.append)
    trial = TrialRecord(0, "a", {}, [{"score": 0.1, "seconds": 1.0}])
    tracker.trial_started(trial)
    tracker.epoch_done(trial)
    trial.outcome = "completed"
    tracker.trial_ended(trial)
    tracker.close()
    assert len(told) == 1 and trial.run_id is None
