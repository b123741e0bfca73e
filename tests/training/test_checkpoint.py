import hashlib
import json
import os
import random
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save
from torch import nn

from facesearch.errors import InputError, StorageError
from facesearch.training.checkpoint import (
    load_checkpoint,
    load_parts,
    save_checkpoint,
    write_atomically,
)

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


def rewritten(header: bytes, weights: bytes = save({})) -> bytes:
    """Return a file whose outer digest is right, as another program might have written it."""
    digest = hashlib.sha256(header).hexdigest().encode()
    return b"\n".join([b"facesearch checkpoint 1", digest, header, weights])


def header_of(state: Any, weights: bytes = save({})) -> bytes:
    return json.dumps({"sha256": hashlib.sha256(weights).hexdigest(), "state": state}).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n\n",
        b"facesearch checkpoint 1",
        rewritten(b"not JSON"),
        rewritten(b"\xff\xfe"),
        rewritten(b"[]"),
        rewritten(b"{}"),
        rewritten(b'{"sha256": 7}'),
        rewritten(b"[" * 100_000),
        rewritten(header_of({"tensor": "state.gone"})),
        rewritten(header_of({"other": 1})),
        rewritten(header_of({"mapping": 3})),
        rewritten(header_of({"mapping": [["a"]]})),
        rewritten(header_of({"mapping": [[[], 1]]})),
        rewritten(header_of([1, 2])),
        rewritten(header_of(None)),
        rewritten(header_of({"mapping": []}, b"no tensors"), b"no tensors"),
    ],
    ids=range(17),
)
def test_a_malformed_file_is_wrong_input_and_nothing_else(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c").write_bytes(content)
    with pytest.raises(InputError, match=r"damaged|not a facesearch checkpoint"):
        load_checkpoint(tmp_path / "c")


def test_what_is_no_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path, tmp_path / "gone" / "c", tmp_path / "file" / "c"):
        with pytest.raises(InputError, match=r"no checkpoint that can be read \("):
            load_checkpoint(path)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import torch
from facesearch.errors import StorageError
from facesearch.training.checkpoint import save_checkpoint
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    save_checkpoint(Path(sys.argv[1]), {"weights": torch.zeros(500_000)})
except StorageError as error:
    print(error)
"""


def test_a_full_disk_leaves_the_old_checkpoint_whole_and_says_what_is_needed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "c"
    save_checkpoint(path, STATE)
    words = [sys.executable, "-c", FULL_DISK, str(path)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    told = f"c: no space left at {tmp_path}; a checkpoint needs 2 MB."
    assert done.stdout.strip() == told, done.stderr
    assert load_checkpoint(path)["epochs_done"] == 3
    assert [p.name for p in tmp_path.iterdir()] == ["c"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match=r"c: cannot be written \((Not a directory|File exists)"):
        write_atomically(tmp_path / "file" / "c", b"x")


def test_the_name_is_synced_after_the_content(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A power loss may keep a new name without its content, and lose a name not synced."""
    calls: list[str] = []
    sync, replace = os.fsync, os.replace

    def on_sync(number: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(number).st_mode)
        calls.append("sync folder" if is_folder else "sync file")
        sync(number)

    def on_replace(source: Path, target: Path) -> None:
        calls.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", on_sync)
    monkeypatch.setattr(os, "replace", on_replace)
    write_atomically(tmp_path / "c", b"x")
    assert calls == ["sync file", "rename", "sync folder"]


def optimizer_of(weights: list[nn.Parameter], **settings: Any) -> torch.optim.Optimizer:
    groups = [{"params": [weight]} for weight in weights]
    return torch.optim.AdamW(groups, **settings)


def test_the_parts_are_loaded_all_or_none() -> None:
    torch.manual_seed(0)
    source, target = nn.Linear(2, 3), nn.Linear(2, 3)
    saved = optimizer_of([source.weight, source.bias], lr=0.5)
    source(torch.ones(1, 2)).sum().backward()
    saved.step()
    # the same parameters in another order
    own = optimizer_of([target.bias, target.weight], lr=0.1)
    state = {"layer": source.state_dict(), "optimizer": saved.state_dict()}
    before = {k: v.clone() for k, v in target.state_dict().items()}
    wrong = [
        state | {"layer": {"weight": source.weight}},
        state | {"layer": {"weight": torch.zeros(3, 3), "bias": torch.zeros(3)}},
        state | {"optimizer": {"state": {0: {"exp_avg": torch.zeros(4, 4)}}}},
    ]
    order = [target.weight, target.bias]
    for broken, reason in zip(
        wrong, ("layer bias is", "layer weight is", "another shape"), strict=True
    ):
        with pytest.raises(ValueError, match=reason):
            load_parts(broken, {"layer": target}, order, own)
        torch.testing.assert_close(target.state_dict(), before)
        assert not own.state
    load_parts(state, {"layer": target}, order, own)
    torch.testing.assert_close(target.state_dict(), source.state_dict())
    for name in ("weight", "bias"):
        theirs, ours = (m.get_parameter(name) for m in (source, target))
        torch.testing.assert_close(own.state[ours]["exp_avg"], saved.state[theirs]["exp_avg"])
    assert own.param_groups[0]["lr"] == 0.1
