"""Run a command, and end it with all its children when whoever began it is no more.

Standard input is a pipe that the parent holds open and never writes to: its end is the end of the
parent, whatever killed that. Run by its path, so that nothing but Python is needed:
``python -I guard.py COMMAND...`` as the leader of a group.
"""

import os
import signal
import subprocess
import sys
import threading
import time

GRACE_S = 2.0


def main(command: list[str]) -> int:
    """Run the command in this process's group; return its exit status.

    A SIGTERM to the group ends the command and, by that, this process. It is caught and not
    ignored: what is ignored would be ignored by the command as well.
    """
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    is_alone = threading.Event()
    watch = threading.Thread(target=_watch, args=(is_alone,), daemon=True)
    watch.start()
    status = process.wait()
    if is_alone.is_set():
        watch.join()  # others of the group may still be there, and nobody else ends them
    return status


def _watch(is_alone: threading.Event) -> None:
    while os.read(0, 1):
        pass
    is_alone.set()
    os.killpg(0, signal.SIGTERM)
    time.sleep(GRACE_S)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
