import subprocess
import sys
from pathlib import Path

import pytest

from facesearch.tuning.ray_log import ray_log

# In a process of its own: pytest has taken the streams of this one over.
SCRIPT = """
import logging, os, sys
from pathlib import Path
import ray
from facesearch.tuning.ray_log import ray_log

def speak(when):
    os.write(2, f"native {when}\\n".encode())
    logging.getLogger("ray.tune").error("logger %s", when)
    ray._private.worker.print_to_stdstream(
        {"pid": "raylet", "lines": [f"report {when}"], "is_err": False}, ignore_prefix=False)
    print("our own", when, file=sys.stderr)
    print("answer", when)

speak("before")
with ray_log(Path(sys.argv[1])):
    speak("inside")
speak("after")
try:
    with ray_log(Path(sys.argv[1])):
        os.write(2, b"native again\\n")
        raise KeyboardInterrupt
except KeyboardInterrupt:
    print("stopped", file=sys.stderr)
raise SystemExit("the end")
"""


def test_what_ray_says_is_in_the_file_and_what_we_say_on_the_screen(tmp_path: Path) -> None:
    log = tmp_path / "new/ray.log"
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(log)], capture_output=True, text=True, check=False
    )
    screen, file = done.stdout + done.stderr, log.read_text()
    for way in ("native", "logger", "report"):
        assert f"{way} before" in screen and f"{way} after" in screen
        assert f"{way} inside" not in screen and file.count(f"{way} inside") == 1
        assert "before" not in file and "after" not in file
    for when in ("before", "inside", "after"):
        assert f"our own {when}" in done.stderr and f"answer {when}" in done.stdout
    assert "native again" in file
    assert done.stderr.endswith("stopped\nthe end\n")


def test_without_a_word_there_is_no_file(tmp_path: Path) -> None:
    with ray_log(tmp_path / "ray.log"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("place", ["/dev/full", "/dev/null/ray.log"])
def test_a_disk_that_takes_nothing_does_not_matter(place: str) -> None:
    import logging

    with ray_log(Path(place)):
        logging.getLogger("ray.tune").error("lost words")
