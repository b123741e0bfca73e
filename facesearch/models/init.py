"""Starting from trained weights: of a file, of a model that was finalized, or of torchvision.

Only tensors are read: safetensors, or torch's own files with ``weights_only``.
"""

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from facesearch.config import ModelConfig, RunConfig
from facesearch.config.model import weights_file
from facesearch.data.faces import Faces
from facesearch.errors import InputError
from facesearch.models.torchvision_networks import pretrained_state

# the first member of a finalized model, and what others put before their names
_PREFIXES = ("member0.network.", "network.", "module.", "backbone.")


@dataclass(frozen=True)
class Loaded:
    """How many tensors were taken over, and the names of those that were not.

    ``trained_on`` is the fingerprint of the faces that a finalized model has seen, "" if unknown.
    """

    matched: int
    skipped: tuple[str, ...]
    trained_on: str = ""


def load_initial_weights(network: nn.Module, model: ModelConfig) -> Loaded:
    """Copy the weights that ``model.init`` names into ``network``, by name and shape.

    Raises:
        InputError: If they cannot be read, or fewer than half of the network's numbers fit.

    """
    if model.init is None:
        return Loaded(0, ())
    source = _read(model)
    stripped = {_strip(name): tensor for name, tensor in source.items()}
    own = network.state_dict()
    matched, skipped = {}, []
    for name, tensor in own.items():
        found = stripped.get(name)
        if found is not None:
            found = _fit_colours(name, found, tensor)
        if found is not None and found.shape == tensor.shape:
            matched[name] = found
        else:
            skipped.append(name)
    fitting = sum(own[name].numel() for name in matched)
    whole = sum(tensor.numel() for name, tensor in own.items() if name.startswith("features."))
    if fitting < whole / 2:
        raise InputError(
            f"model.init {model.init}: {len(matched)} of {len(own)} tensors fit the network, too "
            f"few to start from; for example {', '.join(skipped[:3])} do not. Give weights of the "
            "same model, or remove init."
        )
    network.load_state_dict(matched, strict=False)
    return Loaded(len(matched), tuple(skipped), _trained_on(model))


def refuse_known_strangers(loaded: Loaded, config: RunConfig, faces: Faces) -> None:
    """Refuse to rank by strangers whom the first weights have been trained on.

    Raises:
        InputError: If a finalized model of the same faces is to be started from.

    """
    if loaded.trained_on == faces.fingerprint and len(faces.strangers):
        raise InputError(
            f"model.init {config.model.init}: was trained on all people of {faces.source}, also on "
            "those that are held out here as strangers, so every score would be too good. Start "
            "from weights of other faces, or remove init."
        )


def _trained_on(model: ModelConfig) -> str:
    """Return which faces the model of a folder was trained on, if it says so."""
    try:
        header = json.loads((Path(str(model.init)).expanduser() / "config.json").read_text())
        return str(header["provenance"]["faces"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _strip(name: str) -> str:
    prefix = next((p for p in _PREFIXES if name.startswith(p)), "")
    return name.removeprefix(prefix)


def _fit_colours(name: str, found: Tensor, wanted: Tensor) -> Tensor:
    """Make what is of three colours one of the luminance, if that is what is wanted."""
    if wanted.ndim == found.ndim == 4 and (wanted.shape[1], found.shape[1]) == (1, 3):
        # for a grey picture all three colours are equal, so their kernels add up
        return found.sum(1, keepdim=True)
    if name.startswith("pixels.") and (len(wanted), len(found)) == (1, 3):
        # and get the mean of what each would have got, which is nearly the same
        return found.mean(0, keepdim=True)
    return found


def _read(model: ModelConfig) -> dict[str, Tensor]:
    path = weights_file(str(model.init))
    if path is None:
        try:
            return pretrained_state(model.network)
        except (URLError, OSError, RuntimeError) as error:
            raise InputError(
                f"model.init torchvision: the weights of {model.network} cannot be downloaded "
                f"({error}). Put the file into {torch.hub.get_dir()}/checkpoints, or remove init."
            ) from None
    if not path.is_file():
        raise InputError(
            f"model.init {model.init}: no such file; write a .safetensors, .pt or .pth file, a "
            "folder of facesearch finalize, or torchvision."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of pickle protocols
            loaded: Any = _load(path)
    except Exception as error:
        # a broken or hostile file raises nearly anything
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(f"model.init {path}: not weights that can be trusted: {reason}") from None
    state = loaded.get("state_dict", loaded) if isinstance(loaded, dict) else {}
    return {name: value for name, value in state.items() if isinstance(value, Tensor)}


def _load(path: Path) -> Any:
    if path.suffix == ".safetensors":
        return load_file(path)
    return torch.load(path, map_location="cpu", weights_only=True)
