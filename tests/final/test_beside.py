import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jobs import crash, fail, killed, twice

from facesearch.errors import (
    ClusterError,
    FacesearchError,
    InputError,
    KilledError,
    StorageError,
    TrialFailure,
)
from facesearch.final.beside import _error, run_beside

pytestmark = pytest.mark.slow


def test_each_has_a_process_and_all_is_passed_on() -> None:
    told: list[tuple[int, int]] = []
    failures = run_beside([4, 7, 9], 2, twice, lambda kind, what: told.append(what))
    assert failures == {} and sorted(n for n, _ in told) == [4, 4, 7, 7, 9, 9]
    processes = {pid for _, pid in told}
    assert len(processes) == 3 and os.getpid() not in processes


def test_errors_of_ours_come_back_as_they_are() -> None:
    failures = run_beside([0, 1, 2], 3, fail, lambda kind, what: None)
    assert set(failures) == {1, 2}
    assert isinstance(failures[1], TrialFailure) and failures[1].outcome == "diverged"
    assert isinstance(failures[2], InputError) and str(failures[2]) == "no such faces"


@pytest.mark.parametrize("kind", [InputError, StorageError, ClusterError, KilledError])
def test_an_error_keeps_its_kind_and_exit_code(kind: type[FacesearchError]) -> None:
    found = _error(kind.__name__, "", "why")
    assert type(found) is kind and found.exit_code == kind.exit_code and str(found) == "why"


def test_a_process_that_dies_ends_all_at_once() -> None:
    start = time.monotonic()
    with pytest.raises(RuntimeError, match="member 1 ended with 3"):
        run_beside([0, 1], 2, crash, lambda kind, what: None)
    assert time.monotonic() - start < 50


def test_a_killed_process_is_the_machines_fault() -> None:
    with pytest.raises(KilledError, match=r"killed by signal 9\. Nothing is lost"):
        run_beside([5], 2, killed, lambda kind, what: None)


def test_nobody_outlives_a_killed_command(tmp_path: Path) -> None:
    (tmp_path / "command.py").write_text(
        "from jobs import endless\n"
        "from facesearch.final.beside import run_beside\n"
        "if __name__ == '__main__':\n"
        "    run_beside([0, 1], 2, endless, lambda kind, what: print(what, flush=True))\n"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = subprocess.Popen(
        [sys.executable, str(tmp_path / "command.py")], stdout=subprocess.PIPE, text=True, env=env
    )
    assert command.stdout is not None
    children = [int(command.stdout.readline()) for _ in range(2)]
    os.kill(command.pid, signal.SIGKILL)
    command.wait()
    command.stdout.close()
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{child}").exists() for child in children):
        assert time.monotonic() < deadline, "a child goes on without its command"
        time.sleep(0.2)
