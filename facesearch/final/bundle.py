"""A trained model on disk: weights (safetensors), config and identities (JSON), a manifest."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import nn

from facesearch.config import RunConfig, as_plain
from facesearch.errors import InputError
from facesearch.heads import build_head
from facesearch.models import build_network
from facesearch.training.checkpoint import all_finite, write_atomically

_FILES = ("model.safetensors", "config.json")
# How a picture becomes the network's input; a bundle made with another stamp is refused.
PREPROCESSING = {"colours": "RGB", "range": "(value - 127.5) / 127.5", "crop": "centre square"}


@dataclass(frozen=True)
class Model:
    """A loaded bundle: network, head, config and who the head knows."""

    network: nn.Module
    head: nn.Module
    config: RunConfig
    identities: tuple[str, ...]


def save_bundle(folder: Path, model: Model, provenance: dict[str, Any] | None = None) -> None:
    """Write a bundle into ``folder``; the manifest comes last, so a half one is never loaded."""
    tensors = {f"network.{k}": v for k, v in model.network.state_dict().items()}
    tensors |= {f"head.{k}": v for k, v in model.head.state_dict().items()}
    weights = save({k: v.detach().cpu().contiguous() for k, v in tensors.items()})
    header = {
        "config": as_plain(model.config),
        "identities": model.identities,
        "preprocessing": PREPROCESSING,
        "provenance": provenance or {},
    }
    contents = dict(zip(_FILES, (weights, json.dumps(header, indent=1).encode()), strict=True))
    for name, content in contents.items():
        write_atomically(folder / name, content)
    manifest = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    write_atomically(folder / "manifest.json", json.dumps(manifest, indent=1).encode())


def load_bundle(folder: Path) -> Model:
    """Read a bundle and prove that it is what was written.

    Raises:
        InputError: If a file is missing, altered, or does not fit the config.

    """
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
        contents = {name: (folder / name).read_bytes() for name in _FILES}
    except (OSError, ValueError) as error:
        raise InputError(f"{folder}: not a facesearch model ({error}).") from None
    for name, content in contents.items():
        if hashlib.sha256(content).hexdigest() != manifest.get(name):
            raise InputError(f"{folder / name}: damaged or altered, its SHA-256 differs.")
    header = json.loads(contents["config.json"])
    config = RunConfig.model_validate(header["config"])
    if header["preprocessing"] != PREPROCESSING:
        raise InputError(f"{folder}: was made with another preprocessing.")
    identities = tuple(header["identities"])
    network = build_network(config.model, config.data.image_px)
    head = build_head(
        as_plain(config.head),
        embedding_dim=config.model.embedding_dim,
        num_identities=len(identities),
    )
    try:
        tensors = load(contents["model.safetensors"])
        for part, module in (("network.", network), ("head.", head)):
            own = {k.removeprefix(part): v for k, v in tensors.items() if k.startswith(part)}
            module.load_state_dict(own, strict=True)
    except (SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{folder}: the weights do not fit the config: {reason}") from None
    if not all_finite(tensors):
        raise InputError(f"{folder}: the weights hold NaN or infinite numbers.")
    return Model(network.eval(), head.eval(), config, identities)
