import math
import time

import pytest

from facesearch.tuning.heard import Heard, epoch_values
from facesearch.tuning.records import RUNNING, TrialRecord


def test_what_is_kept_of_a_report() -> None:
    report = {"epoch": 3, "scores": [0.5, -2.0], "seconds": 1, "train/loss": math.nan,
              "val/rank1": 0.5, "node_id": "x", "hits": [[1], [2]]}  # fmt: skip
    assert epoch_values(report) == {
        "score": 0.5, "score_1": -2.0, "seconds": 1.0, "val/rank1": 0.5,
    }  # fmt: skip


def test_only_running_trials_that_were_heard_long_ago_are_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heard, now = Heard(), 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    trials = [TrialRecord(0, {}, outcome=RUNNING), TrialRecord(1, {}), TrialRecord(2, {})]
    trials[2].outcome = RUNNING
    heard.note(0)
    heard.note(1)
    now = 111.0
    assert heard.silent(trials, 10) == [trials[0]]  # of 2 nothing is known yet: it is not blamed
    heard.note(0)
    assert heard.silent(trials, 10) == []
