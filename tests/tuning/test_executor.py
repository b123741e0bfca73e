from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from facesearch.space import space_from_text
from facesearch.tuning.controller import Controller
from facesearch.tuning.executor import AttemptCallback, account
from facesearch.tuning.ledger import MemoryLedger
from facesearch.tuning.records import SweepRecord

# As Ray 2.60 writes them into a trial's error.txt.
KILLED = """Failure # 1 (occurred at 2026-11-28_14-42-01)
The actor died unexpectedly before finishing this task.
\tclass_name: ImplicitFunc
The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR Worker exit \
detail: Worker unexpectedly exits with a connection error code 2. End of file. Some common causes \
include: (1) the process was killed by the OOM killer due to high memory usage, (2) ray stop \
--force was called, or (3) the worker crashed unexpectedly due to SIGSEGV.
"""
NODE = """Failure # 1 (occurred at 2026-11-28_14-42-01)
The actor died unexpectedly before finishing this task.
The actor died because its node has died. Node Id: 8e540f1d
\tthe actor's node was terminated unexpectedly: health check failed due to missing too many
"""
MEMORY = """Failure # 1
Task was killed due to the node running low on memory.
Memory on the node (IP: 10.0.0.1) was 15.2GB / 16.0GB
"""


def test_a_killed_worker_is_told_by_its_own_detail() -> None:
    message, is_counted = account(KILLED)
    assert is_counted and "\n" not in message
    assert "(Worker unexpectedly exits with a connection error code 2. End of file.)" in message


def test_a_lost_machine_is_not_the_fault_of_a_trial() -> None:
    message, is_counted = account(NODE)
    assert not is_counted and "its machine was lost" in message


def test_a_full_memory_is_named() -> None:
    message, is_counted = account(MEMORY)
    assert is_counted and "OutOfMemoryError" in message


def test_where_nothing_is_known_that_is_said() -> None:
    assert "no reason is known" in account("")[0]


def failed(path: Path, config: dict[str, Any], text: str) -> Any:
    path.write_text(text)
    return SimpleNamespace(config=config, error_file=str(path))


@pytest.mark.parametrize(("text", "crashes"), [(KILLED, 1), (NODE, 0)])
def test_a_lost_worker_is_told_in_a_line_with_the_reason_that_ray_noted(
    text: str, crashes: int, tmp_path: Path
) -> None:
    space = space_from_text(
        "optim: {lr: {uniform: [0.1, 1.0]}}\ntrain: {epochs: 3}\nsearch: {trials: 2}"
    )
    ledger = MemoryLedger()
    ledger.append("opened", sweep_id="s", name="toy", max_epochs=3)
    ledger.append("session", trials=2, time_s=None)
    controller = Controller(space, ledger, SweepRecord("toy", 0, 3), [])
    attempt = controller.next_attempt()
    assert attempt is not None
    lines: list[str] = []
    callback = AttemptCallback(controller, 60.0, lines.append)
    trial = failed(tmp_path / "error.txt", attempt.as_config(), text)
    callback.on_trial_error(1, [trial], trial)
    callback.on_trial_error(2, [trial], trial)  # what comes late is no news
    assert len(lines) == 1 and lines[0].startswith("trial 000  its ")
    record = controller.sweep.trials[0]
    assert record.crashes == crashes and record.message in lines[0]
