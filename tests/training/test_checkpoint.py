import random
import resource
from pathlib import Path

import pytest
import torch

from facesearch.errors import InputError
from facesearch.training.checkpoint import load_checkpoint, save_checkpoint, write_atomically

STATE = {
    "epochs_done": 3,
    "weights": {"a": torch.arange(50.0), "b": [torch.ones(2, 3, dtype=torch.int64), "x"]},
    "numbered": {0: {"step": torch.tensor(4.0)}},
}


def test_a_state_comes_back_with_its_types(tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "c", STATE)
    state = load_checkpoint(tmp_path / "c")
    assert state["epochs_done"] == 3 and state["weights"]["b"][1] == "x"
    assert torch.equal(state["weights"]["a"], STATE["weights"]["a"])  # type: ignore[index]
    assert state["numbered"][0]["step"] == 4.0


def test_no_flipped_bit_and_no_truncation_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "c"
    save_checkpoint(path, STATE)
    good, rng = path.read_bytes(), random.Random(0)
    for _ in range(300):
        bad = bytearray(good)
        bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
        path.write_bytes(bad)
        with pytest.raises(InputError):
            load_checkpoint(path)
    for length in range(0, len(good), 97):
        path.write_bytes(good[:length])
        with pytest.raises(InputError):
            load_checkpoint(path)


def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "c"
    write_atomically(path, b"old")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    import signal

    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        with pytest.raises(OSError, match="too large"):
            write_atomically(path, b"x" * 5000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert path.read_bytes() == b"old" and [p.name for p in tmp_path.iterdir()] == ["c"]
