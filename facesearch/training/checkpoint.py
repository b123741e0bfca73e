"""A training's state on disk: safetensors and JSON, each with its SHA-256, replaced atomically.

Neither safetensors nor torch.save notices a flipped bit, so a manifest does.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from facesearch.errors import InputError


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

    The file is whole or absent at every instant: it is written beside, synced, then renamed.
    """
    tensors: dict[str, Tensor] = {}
    plain = flatten_state(state, "state", tensors)
    weights = save(tensors)
    header = json.dumps({"sha256": hashlib.sha256(weights).hexdigest(), "state": plain})
    head = header.encode()
    digest = hashlib.sha256(head).hexdigest().encode()
    write_atomically(path, b"\n".join([b"facesearch checkpoint 1", digest, head, weights]))


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint and prove that it is what was written.

    Raises:
        InputError: If it is missing, truncated, altered, or not a checkpoint of ours.

    """
    if not path.is_file():
        raise InputError(f"{path}: no such checkpoint.")
    parts = path.read_bytes().split(b"\n", 3)
    if len(parts) != 4 or parts[0] != b"facesearch checkpoint 1":
        raise InputError(f"{path}: not a facesearch checkpoint.")
    _, digest, head, weights = parts
    if hashlib.sha256(head).hexdigest().encode() != digest:
        raise InputError(f"{path}: damaged (its SHA-256 differs); use an older checkpoint.")
    header = json.loads(head)
    if hashlib.sha256(weights).hexdigest() != header["sha256"]:
        raise InputError(f"{path}: damaged (its SHA-256 differs); use an older checkpoint.")
    try:
        state: dict[str, Any] = restore_state(header["state"], load(weights))
    except SafetensorError as error:
        raise InputError(f"{path}: damaged ({error}); use an older checkpoint.") from None
    return state


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a crash or a full disk leaves the old one whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def all_finite(tensors: Mapping[str, Tensor]) -> bool:
    """Whether no number in any floating tensor is NaN or infinite."""
    return all(bool(torch.isfinite(t).all()) for t in tensors.values() if t.is_floating_point())
