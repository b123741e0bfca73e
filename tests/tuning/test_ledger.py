import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facesearch.errors import InputError, StorageError
from facesearch.tuning.ledger import Ledger, decode, encode, read_events, read_ledger

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text()
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)  # fmt: skip


OPEN = """
import pathlib
from facesearch.tuning.ledger import Ledger
ledger = Ledger(pathlib.Path(%r))
"""


@given(st.dictionaries(st.text(), JSON))
def test_what_is_written_is_read_on_one_line(event: dict[str, object]) -> None:
    line = encode(event)
    assert line.count(b"\n") == 1 and line.endswith(b"\n")
    assert decode(line[:-1]) == event


@given(st.integers(0, 10**6), st.integers(0, 7))
@settings(max_examples=300)
def test_a_flipped_bit_is_never_read(place: int, bit: int) -> None:
    line = bytearray(encode({"event": "epoch", "trial": 3, "values": {"score": 0.25}}))
    line[place % (len(line) - 1)] ^= 1 << bit
    events, _ = read_events(bytes(line))
    assert events == []


def written(folder: Path, count: int) -> bytes:
    with Ledger(folder) as ledger:
        for i in range(count):
            ledger.append("epoch", trial=i)
    return (folder / "ledger").read_bytes()


def test_a_ledger_cut_at_every_byte_of_its_last_lines_goes_on(tmp_path: Path) -> None:
    content = written(tmp_path, 5)
    lines = content.splitlines(keepends=True)
    for cut in range(len(b"".join(lines[:2])), len(content) + 1):
        (tmp_path / "ledger").write_bytes(content[:cut])
        whole = content[:cut].count(b"\n")
        with Ledger(tmp_path) as ledger:
            assert [e["trial"] for e in ledger.events] == list(range(whole))
            is_torn = not content[:cut].endswith(b"\n")
            assert len(ledger.notes) == is_torn
            ledger.append("epoch", trial=99)
        assert [e["trial"] for e in read_ledger(tmp_path)] == [*range(whole), 99]
    copies = list(tmp_path.glob("ledger.corrupt-*"))
    assert len(copies) == len(content) - len(b"".join(lines[:2])) - 3  # all but the three ends


def test_damage_in_the_middle_is_told_and_the_file_is_kept(tmp_path: Path) -> None:
    content = bytearray(written(tmp_path, 5))
    content[len(content) // 2] ^= 1
    (tmp_path / "ledger").write_bytes(content)
    with Ledger(tmp_path) as ledger:
        assert [e["trial"] for e in ledger.events] == [0, 1]
        assert "3 lines were dropped" in ledger.notes[0]
    assert next(tmp_path.glob("ledger.corrupt-*")).read_bytes() == content


def test_a_second_process_is_refused_and_told_who_holds_the_sweep(tmp_path: Path) -> None:
    code = OPEN % str(tmp_path)
    with Ledger(tmp_path):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        assert "has this sweep open" in done.stderr and "process" in done.stderr
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_killed_holder_lets_the_sweep_go(tmp_path: Path) -> None:
    code = OPEN % str(tmp_path)
    code += "import time\nledger.append('a')\nprint('up', flush=True)\ntime.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert holder.stdout is not None and holder.stdout.readline() == b"up\n"
    with pytest.raises(InputError, match=f"process {holder.pid} on .* has this sweep open"):
        Ledger(tmp_path)
    holder.kill()
    holder.wait()
    holder.stdout.close()
    with Ledger(tmp_path) as ledger:
        assert [e["event"] for e in ledger.events] == ["a"]


def test_a_full_disk_keeps_the_whole_lines(tmp_path: Path) -> None:
    code = f"""
import pathlib, resource, signal
from facesearch.errors import StorageError
from facesearch.tuning.ledger import Ledger
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
ledger = Ledger(pathlib.Path({str(tmp_path)!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    for i in range(100):
        ledger.append("epoch", trial=i)
except StorageError as error:
    print(i, error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "make room" in done.stdout, done.stderr
    count = int(done.stdout.split()[0])
    assert [e["trial"] for e in read_ledger(tmp_path)] == list(range(count))
    with Ledger(tmp_path) as ledger:
        assert ledger.notes == [] and len(ledger.events) == count


def test_nan_is_refused_rather_than_written(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger, pytest.raises(ValueError, match="not JSON compliant"):
        ledger.append("epoch", value=float("nan"))
    assert list(read_ledger(tmp_path)) == []


def test_random_garbage_is_survived(tmp_path: Path) -> None:
    rng = random.Random(0)
    for _ in range(200):
        (tmp_path / "ledger").write_bytes(rng.randbytes(rng.randrange(300)))
        with Ledger(tmp_path) as ledger:
            assert ledger.events == []
            ledger.append("a")
        assert len(list(read_ledger(tmp_path))) == 1
    assert StorageError.exit_code == 4
