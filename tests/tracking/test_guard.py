"""Real processes: whoever dies, the group of the guard ends."""

import os
import signal
import subprocess
import sys

from processes import wait_for

from facesearch.tracking import guard

# begins a guard of a command that begins a further process and takes no notice of SIGTERM
PARENT = """
import subprocess, sys, time
child = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(300)"
command = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])"
group = subprocess.Popen(
    [sys.executable, "-I", sys.argv[1], sys.executable, "-c", command],
    stdin=subprocess.PIPE, start_new_session=True,
)
print(group.pid, flush=True)
time.sleep(300)
"""


def test_a_parent_that_is_killed_takes_the_group_along() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(guard.__file__)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout
    group = int(parent.stdout.readline())
    wait_for(3, group)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    wait_for(0, group)
    parent.stdout.close()


def test_the_status_is_that_of_the_command() -> None:
    code = "raise SystemExit(7)"
    command = [sys.executable, "-I", str(guard.__file__), sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as process:
        assert process.wait() == 7
