"""Sweeps of real processes that are killed with SIGKILL and started again.

FACESEARCH_CHAOS_ROUNDS=20 pytest tests/tuning/test_chaos.py -s     prints the table of the README
"""

import os
import random
import time
from pathlib import Path

import pytest
from chaos import Sweep, check

from facesearch.tuning.records import TrialRecord

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore::ResourceWarning")]
ROUNDS = int(os.environ.get("FACESEARCH_CHAOS_ROUNDS", "3"))
VICTIMS = ("driver", "worker", "raylet")
KINDS = ("asha", "asha_promote", "none")


@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(ROUNDS))
def test_killed_at_a_random_moment_the_same_command_ends_whole(seed: int, tmp_path: Path) -> None:
    rng = random.Random(seed)
    victim, kind = VICTIMS[seed % 3], KINDS[seed // 3 % 3]
    sweep = Sweep(tmp_path, kind)
    process = sweep.start()
    # a moment is a number of finished epochs: the same on a fast machine and on a slow one
    moment = rng.randrange(1, 25)
    sweep.wait_for(
        lambda: sweep.records().epochs_spent >= moment or process.poll() is not None, 300
    )
    time.sleep(rng.random() * 0.5)
    before = sweep.records()
    is_killed = sweep.kill(victim, rng)
    code = process.wait(timeout=300)
    after = sweep.records()
    sessions = 1
    if code != 0 or not all(trial.has_ended for trial in after.trials.values()):
        sessions += 1
        # at once, while the workers of the killed one may still be at work
        assert sweep.start().wait(timeout=300) == 0, sweep.log[-3000:]
    sweep.wait_gone()
    records = check(sweep, planned=8)
    finished = {n: t for n, t in before.trials.items() if t.has_ended}
    lost = sum(records.trials[n].curve != t.curve for n, t in finished.items())
    attempts = sum(trial.attempts for trial in records.trials.values())
    assert lost == 0
    print(
        f"| {seed} | {kind} | {victim if is_killed else 'none'} | {after.epochs_spent} | {code} | "
        f"{sessions} | {len(records.trials)} | {records.epochs_spent} | {attempts} | {lost} |"
    )


@pytest.mark.timeout(900)
@pytest.mark.parametrize("victim", ["driver", "worker"])
def test_killed_while_the_best_are_repeated_the_same_command_ends_whole(
    victim: str, tmp_path: Path
) -> None:
    words = ("--trials", "4", "--repeat-top", "2", "--seeds", "2")
    sweep = Sweep(tmp_path, "none")
    process = sweep.start(*words)

    def repeated() -> list[TrialRecord]:
        return [t for t in sweep.records().trials.values() if t.repeat_of is not None]

    sweep.wait_for(lambda: any(t.epochs > 1 for t in repeated()) or process.poll() is not None, 300)
    before = sweep.records()
    assert sweep.kill(victim, random.Random(0))
    code = process.wait(timeout=300)
    if code != 0 or not all(trial.has_ended for trial in sweep.records().trials.values()):
        assert sweep.start(*words).wait(timeout=300) == 0, sweep.log[-3000:]
    sweep.wait_gone()
    records = check(sweep, planned=6)
    assert sorted(t.seed_offset for t in repeated()) == [1, 1]
    assert {t.number for t in records.ranked()[:2]} == {t.repeat_of for t in repeated()}
    for trial in repeated():
        first = records.trials[trial.repeat_of or 0]
        assert trial.point == first.point and trial.epochs == first.epochs == 9
        assert trial.curve != first.curve and trial.hits != first.hits and trial.hits is not None
    for number, trial in before.trials.items():  # what was known is kept
        assert records.trials[number].curve[: trial.epochs] == trial.curve
