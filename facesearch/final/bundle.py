"""A model on disk: weights (safetensors), what they mean (JSON), and a SHA-256 of every file.

    model.safetensors   member0.network.*, member0.head.*, member1...
    config.json         config, identities, preprocessing, views, thresholds, provenance
    mean-face.json      how the training faces are cropped; not of few identities
    manifest.json       the SHA-256 of every other file; written last

Neither safetensors nor torch.load notices a flipped bit. A manifest that was forged along with a
file is caught by what follows: names, shapes and kinds of all tensors, and finite numbers.
"""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from facesearch.config import RunConfig, as_plain
from facesearch.data.geometry import STAMP, read_stamp, stamp_of
from facesearch.data.layouts.names import plain
from facesearch.errors import InputError
from facesearch.final.model import FaceModel, Temperature, Threshold, build_member
from facesearch.final.views import VIEWS
from facesearch.metrics.thresholds import Calibration
from facesearch.models.network import with_plain_pixels
from facesearch.training.checkpoint import all_finite, write_atomically

WEIGHTS, HEADER, MANIFEST = "model.safetensors", "config.json", "manifest.json"
FORMAT = 2
# How a picture becomes the network's input; a bundle made with another stamp is refused.
PREPROCESSING = {
    "colours": "RGB",
    "range": "(value - 127.5) / 127.5",
    "crop": "centre square",
    "resize": "bilinear, antialiased",
}
_MOST_MEMBERS = 64
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def save_bundle(folder: Path, model: FaceModel, extra: Mapping[str, bytes] | None = None) -> None:
    """Write a bundle into ``folder``; the manifest comes last, so a half one is never loaded.

    Args:
        folder: Made if it is missing; what else it holds must not be there, or is in ``extra``.
        model: What to write.
        extra: Further files that belong to it, by name.

    Raises:
        StorageError: If it cannot be written.

    """
    stamp = None if model.mean_face is None else stamp_of(model.mean_face)
    files = {**(extra or {}), WEIGHTS: _weights(model), HEADER: _header(model)}
    if stamp is not None:
        files[STAMP] = stamp
    (folder / MANIFEST).unlink(missing_ok=True)
    for killed in folder.glob(".*.tmp"):  # what a writer that was killed has left
        killed.unlink(missing_ok=True)
    for name, content in files.items():
        write_atomically(folder / name, content, "the model")
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    write_atomically(folder / MANIFEST, _manifest_text(digests))


def load_bundle(folder: Path) -> FaceModel:
    """Read a bundle and prove that it is what was written.

    Raises:
        InputError: If a file is missing, altered or none of it, or the parts do not fit together.

    """
    files = _read_whole(folder)
    header = _read_header(folder, files[HEADER])
    model = FaceModel(
        members=tuple(
            build_member(header.config, len(header.identities)) for _ in range(header.num_members)
        ),
        config=header.config,
        identities=header.identities,
        views=header.views,
        thresholds=header.thresholds,
        calibration=header.calibration,
        temperature=header.temperature,
        provenance=header.provenance,
        mean_face=read_stamp(files[STAMP], str(folder / STAMP)) if STAMP in files else None,
    )
    _fill(folder, model, files[WEIGHTS])
    return model


def model_digest(folder: Path) -> str:
    """Return the SHA-256 of a bundle's manifest: of every file of it."""
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()


# --- writing ----------------------------------------------------------------------------


def _weights(model: FaceModel) -> bytes:
    tensors = {
        name: tensor.detach().cpu().contiguous() for name, tensor in _own_tensors(model).items()
    }
    return bytes(save(tensors))


def _own_tensors(model: FaceModel) -> dict[str, Tensor]:
    own: dict[str, Tensor] = {}
    for number, member in enumerate(model.members):
        for part in ("network", "head"):
            state = getattr(member, part).state_dict()
            own |= {f"member{number}.{part}.{name}": tensor for name, tensor in state.items()}
    return own


def _header(model: FaceModel) -> bytes:
    header = {
        "format": FORMAT,
        "config": as_plain(model.config),
        "identities": model.identities,
        "num_members": len(model.members),
        "preprocessing": {**PREPROCESSING, "image_px": model.image_px},
        "views": model.views,
        "thresholds": {name: asdict(found) for name, found in model.thresholds.items()},
        "calibration": asdict(model.calibration) if model.calibration else None,
        "temperature": asdict(model.temperature) if model.temperature else None,
        "provenance": dict(model.provenance),
    }
    return json.dumps(header, indent=1).encode()


def _manifest_text(digests: Mapping[str, str]) -> bytes:
    return json.dumps(digests, indent=1, sort_keys=True).encode()


# --- reading ----------------------------------------------------------------------------


class _Header:
    """The checked content of config.json."""

    def __init__(self, header: Any) -> None:
        if header["format"] != FORMAT:
            raise ValueError(f"format {header['format']!r}; this version reads {FORMAT}")
        self.config = RunConfig.model_validate(header["config"])
        self.identities = TypeAdapter(tuple[str, ...]).validate_python(header["identities"])
        if not self.identities or len(set(self.identities)) != len(self.identities):
            raise ValueError("identities must be different names, at least one")
        # older ones have names as folders are spelled; now they are compared in one spelling
        spelled = tuple(map(plain, self.identities))
        if len(set(spelled)) == len(spelled):
            self.identities = spelled
        self.num_members = int(header["num_members"])
        if not 1 <= self.num_members <= _MOST_MEMBERS:
            raise ValueError(f"num_members must be 1 to {_MOST_MEMBERS}")
        stamp = {**PREPROCESSING, "image_px": self.config.data.image_px}
        if header["preprocessing"] != stamp:
            raise ValueError(f"pictures are made otherwise: {header['preprocessing']}")
        self.views = str(header["views"])
        if self.views not in VIEWS:
            raise ValueError(f"views '{self.views}'; known: {', '.join(VIEWS)}")
        of_thresholds = TypeAdapter(dict[str, Threshold])
        self.thresholds = of_thresholds.validate_python(header["thresholds"])
        of_calibration = TypeAdapter(Calibration | None)
        self.calibration = of_calibration.validate_python(header["calibration"])
        # bundles of before have none
        of_temperature = TypeAdapter(Temperature | None)
        self.temperature = of_temperature.validate_python(header.get("temperature"))
        if self.temperature is not None and not 0 < self.temperature.value < math.inf:
            raise ValueError(f"temperature {self.temperature.value}; must be above 0")
        self.provenance: dict[str, Any] = dict(header["provenance"])


def _read_whole(folder: Path) -> dict[str, bytes]:
    """Return all files of a bundle, each with the SHA-256 that the manifest states."""
    text = _read(folder / MANIFEST)
    try:
        digests = TypeAdapter(dict[str, str]).validate_json(text)
    except ValidationError:
        raise InputError(f"{folder / MANIFEST}: damaged or altered.") from None
    is_named = all(_NAME.fullmatch(name) for name in digests)
    if not is_named or _manifest_text(digests) != text or not {WEIGHTS, HEADER} <= set(digests):
        raise InputError(f"{folder / MANIFEST}: damaged or altered.")
    present = {path.name for path in folder.iterdir()} - {MANIFEST}
    for name in sorted(present - set(digests)):
        raise InputError(f"{folder / name}: no file of this model; remove it.")
    files = {name: _read(folder / name) for name in sorted(digests)}
    for name, content in files.items():
        if hashlib.sha256(content).hexdigest() != digests[name]:
            raise InputError(f"{folder / name}: damaged or altered, its SHA-256 differs.")
    return files


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or "unreadable"
        raise InputError(f"{path}: not a whole facesearch model ({reason}).") from None


def _read_header(folder: Path, text: bytes) -> _Header:
    try:
        return _Header(json.loads(text))
    except KeyError as error:
        raise InputError(f"{folder / HEADER}: has no {error}; not a whole model.") from None
    except (ValueError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:300]
        raise InputError(f"{folder / HEADER}: not the config of a model: {reason}") from None


def _fill(folder: Path, model: FaceModel, weights: bytes) -> None:
    """Load the weights into ``model``: the same names, kinds and shapes, and finite numbers."""
    path = folder / WEIGHTS
    try:
        found: dict[str, Tensor] = load(weights)
    except (SafetensorError, ValueError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path}: not a safetensors file: {reason}") from None
    own = _own_tensors(model)
    found = with_plain_pixels(found, own)
    kinds = [{k: (v.dtype, tuple(v.shape)) for k, v in s.items()} for s in (own, found)]
    differing = sorted(dict(kinds[0].items() ^ kinds[1].items()))
    if differing:
        first = differing[0]
        said = [str(side.get(first, "missing")) for side in reversed(kinds)]
        raise InputError(
            f"{path}: does not fit the config: {first} is {said[0]} in it, but must be {said[1]}"
        )
    if not all_finite(found):
        raise InputError(f"{path}: holds NaN or infinite numbers.")
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(found[name])
    for member in model.members:
        member.network.eval()
        member.head.eval()
