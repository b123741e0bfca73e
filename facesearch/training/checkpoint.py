"""A training's state on disk: safetensors and JSON, each with its SHA-256, replaced atomically.

Neither safetensors nor torch.save notices a flipped bit, so a manifest does.
"""

import contextlib
import errno
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from facesearch.errors import InputError, StorageError

# A full disk, a quota, a limit on the size of a file.
_NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def flatten_state(state: Any, prefix: str, tensors: dict[str, Tensor]) -> Any:
    """Move every tensor of a nested state into ``tensors``; return the rest as plain JSON.

    A tensor leaves ``{"tensor": name}`` behind; `restore_state` puts it back.
    """
    if isinstance(state, Tensor):
        tensors[prefix] = state.detach().cpu().contiguous()
        return {"tensor": prefix}
    if isinstance(state, Mapping):
        pairs = [[k, flatten_state(v, f"{prefix}.{k}", tensors)] for k, v in state.items()]
        return {"mapping": pairs}
    if isinstance(state, (list, tuple)):
        return [flatten_state(v, f"{prefix}.{i}", tensors) for i, v in enumerate(state)]
    return state


def restore_state(plain: Any, tensors: Mapping[str, Tensor]) -> Any:
    """Undo `flatten_state`; sequences come back as lists."""
    if isinstance(plain, list):
        return [restore_state(v, tensors) for v in plain]
    if isinstance(plain, dict):
        if "tensor" in plain:
            return tensors[plain["tensor"]]
        return {k: restore_state(v, tensors) for k, v in plain["mapping"]}
    return plain


def save_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write ``state`` (nested, of tensors and JSON values) into the file ``path``.

    Raises:
        StorageError: If it cannot be written; an older file of that name is whole.

    """
    tensors: dict[str, Tensor] = {}
    plain = flatten_state(state, "state", tensors)
    weights = save(tensors)
    header = json.dumps({"sha256": hashlib.sha256(weights).hexdigest(), "state": plain})
    head = header.encode()
    digest = hashlib.sha256(head).hexdigest().encode()
    content = b"\n".join([b"facesearch checkpoint 1", digest, head, weights])
    write_atomically(path, content, "a checkpoint")


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint and prove that it is what was written.

    Raises:
        InputError: If it is missing, unreadable, truncated, altered, or not a checkpoint of ours.

    """
    try:
        parts = path.read_bytes().split(b"\n", 3)
    except OSError as error:
        raise InputError(f"{path}: no checkpoint that can be read ({error.strerror}).") from None
    if len(parts) != 4 or parts[0] != b"facesearch checkpoint 1":
        raise InputError(f"{path}: not a facesearch checkpoint.")
    _, digest, head, weights = parts
    try:
        if hashlib.sha256(head).hexdigest().encode() != digest:
            raise ValueError("its SHA-256 differs")
        header = json.loads(head)
        if hashlib.sha256(weights).hexdigest() != header["sha256"]:
            raise ValueError("its SHA-256 differs")
        state = restore_state(header["state"], load(weights))
        if not isinstance(state, dict):
            raise ValueError("its state has no names")
    except (SafetensorError, LookupError, TypeError, ValueError, RecursionError) as error:
        raise InputError(f"{path}: damaged ({error}); use an older checkpoint.") from None
    return state


def load_parts(
    state: Mapping[str, Any],
    modules: Mapping[str, nn.Module],
    order: Sequence[Tensor],
    optimizer: torch.optim.Optimizer,
) -> None:
    """Load all parts of a training's state, or change none of them.

    Args:
        state: With the state of each module under its name, and of the ``optimizer``.
        modules: Where they go.
        order: The parameters in the order of the saved optimiser's groups.
        optimizer: It keeps its own groups and rates.

    Raises:
        ValueError: If a name or a shape does not fit.

    """
    for name, module in modules.items():
        _refuse_unfitting(name, module.state_dict(), state[name])
    moved = _moved_optimizer_state(state["optimizer"], order, optimizer)
    for name, module in modules.items():
        module.load_state_dict(state[name])
    optimizer.load_state_dict(moved)


def _refuse_unfitting(what: str, own: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    shapes = [{k: tuple(v.shape) for k, v in state.items()} for state in (own, found)]
    differing = sorted(dict(shapes[0].items() ^ shapes[1].items()))
    if differing:
        first = differing[0]
        found_shape, own_shape = (str(s.get(first, "missing")) for s in reversed(shapes))
        raise ValueError(f"{what} {first} is {found_shape} in it and {own_shape} here")


def _moved_optimizer_state(
    saved: Mapping[str, Any], order: Sequence[Tensor], optimizer: torch.optim.Optimizer
) -> dict[str, Any]:
    """Return a saved state under the numbers that ``optimizer`` gives its parameters.

    They follow the groups, and a training that decays other weights has other groups.
    """
    own = [id(p) for group in optimizer.param_groups for p in group["params"]]
    places = {number: place for place, number in enumerate(own)}
    moved = {}
    for number, entry in saved["state"].items():
        parameter = order[number]
        shapes = {tuple(v.shape) for v in entry.values() if isinstance(v, Tensor) and v.ndim}
        if shapes - {tuple(parameter.shape)}:
            raise ValueError(f"the optimiser's state {number} has another shape")
        moved[places[id(parameter)]] = entry
    return {"state": moved, "param_groups": optimizer.state_dict()["param_groups"]}


def write_atomically(path: Path, content: bytes, what: str = "it") -> None:
    """Write a file so that it is whole or absent at every instant, also after a power loss.

    It is written beside, synced and renamed; then the folder that holds its name is synced.

    Args:
        path: The file; its folder is made.
        content: Its bytes.
        what: The subject of the sentence that says how much space is needed.

    Raises:
        StorageError: If it cannot be written; an older file of that name is whole.

    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        finally:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
    except OSError as error:
        if error.errno not in _NO_SPACE:
            raise StorageError(f"{path}: cannot be written ({error.strerror}).") from None
        needed = f"{what} needs {len(content) / 1e6:.3g} MB"
        raise StorageError(f"{path.name}: no space left at {path.parent}; {needed}.") from None
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    # some network file systems cannot sync a folder, and need not
    with contextlib.suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def all_finite(tensors: Mapping[str, Tensor]) -> bool:
    """Whether no number in any floating tensor is NaN or infinite."""
    return all(bool(torch.isfinite(t).all()) for t in tensors.values() if t.is_floating_point())
