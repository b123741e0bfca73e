"""A model as one ONNX file: from uint8 pictures to unit embeddings, without torch or facesearch.

In the file: normalisation, views, all members, and how a picture must be cut (its metadata). Not in
it: the heads, and the names of the identities.

Shapes: N pictures, H and W pixels, V views, D embedding of one member, S members.
"""

import copy
import json
from dataclasses import asdict
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from facesearch.errors import InputError
from facesearch.final.bundle import FORMAT, PREPROCESSING
from facesearch.final.model import FaceModel, join
from facesearch.final.views import VIEWS
from facesearch.models import FaceNetwork
from facesearch.models.network import normalise

# Read by every ONNX runtime since 2022; what torch's exporter writes by itself.
_OPSET = 18
_BATCHES = (1, 3, 7)
# 1 - cosine: rounding in another order is below 1e-6, another resizing or a lost view above 1e-3.
TOLERANCE_COS = 1e-4


class ExportError(RuntimeError):
    """The exported file does not compute what the model computes: a bug, of ours or of ONNX."""


class _Graph(nn.Module):
    """`Embedder` with all views of a picture in one batch: a tenth of the nodes for ten views.

    `check_onnx` proves that it is the same.
    """

    def __init__(self, networks: list[FaceNetwork], views: str) -> None:
        super().__init__()
        self.networks = nn.ModuleList(networks)
        self.views = views

    def forward(self, images_NHWC: Tensor) -> Tensor:
        """Map RGB uint8 [N, H, W, 3] to float32 [N, S D] of length 1."""
        views = VIEWS[self.views][1](normalise(images_NHWC))
        together = torch.cat(views)
        parts = [network(together) for network in self.networks]
        return join([p.reshape(len(views), -1, p.shape[1]).mean(0).float() for p in parts])


def export_onnx(model: FaceModel) -> bytes:
    """Return the model as an ONNX file.

    Its input ``images`` is RGB uint8 [N, H, W, 3] of any N and the model's ``image_px``; its output
    ``embeddings`` is float32 [N, S D] of length 1. The metadata says how pictures are cut and
    resized, and holds the thresholds of the model as JSON; no names of identities.

    Raises:
        InputError: If the packages for it are not installed.

    """
    _onnx()
    networks = [copy.deepcopy(member.network).cpu() for member in model.members]
    graph = _Graph(networks, model.views).eval()
    side_px = model.image_px
    # two: a batch of one would be taken for a constant
    example = torch.zeros(2, side_px, side_px, 3, dtype=torch.uint8)
    program = torch.onnx.export(
        graph,
        (example,),
        dynamo=True,
        opset_version=_OPSET,
        dynamic_shapes=({0: torch.export.Dim("batch", min=1)},),
        input_names=["images"],
        output_names=["embeddings"],
        verbose=False,
    )
    assert program is not None
    proto = program.model_proto
    _forget_sources(proto.graph)
    proto.producer_name = "facesearch"
    for key, value in _metadata(model).items():
        proto.metadata_props.add(key=key, value=value)
    return bytes(proto.SerializeToString())


def check_onnx(content: bytes, model: FaceModel, images_NHWC: np.ndarray) -> float:
    """Prove that the file computes the model's embeddings, in batches of 1, 3 and 7.

    Args:
        content: What `export_onnx` returned.
        model: The model that it was made from.
        images_NHWC: RGB uint8 pictures [N, H, W, 3]; repeated where there are fewer than 7.

    Returns:
        The largest 1 - cosine of an embedding to the model's.

    Raises:
        InputError: If the packages for it are not installed, or there are no pictures.
        ExportError: If an embedding is further than 1e-4 off, in 1 - cosine, or is not finite.

    """
    if not len(images_NHWC):
        raise InputError("the check of the ONNX file needs at least one picture.")
    session = open_onnx(content)
    furthest = 0.0
    for batch in _BATCHES:
        images = np.resize(images_NHWC, (batch, *images_NHWC.shape[1:]))
        found = np.asarray(session.run(["embeddings"], {"images": images})[0], np.float64)
        wanted = model.embed(images).astype(np.float64)
        if found.shape != wanted.shape:
            raise ExportError(f"ONNX gives {found.shape} for a batch of {batch}: {wanted.shape}")
        off = float((1 - (found * wanted).sum(1)).max())
        if not off <= TOLERANCE_COS or not np.isfinite(found).all():
            raise ExportError(
                f"ONNX is {off:.2g} off in a batch of {batch}, in 1 - cosine; at most "
                f"{TOLERANCE_COS:g} is rounding."
            )
        furthest = max(furthest, off)
    return furthest


def open_onnx(content: bytes) -> Any:
    """Return an onnxruntime session on the CPU.

    Raises:
        InputError: If the packages for it are not installed.

    """
    _, runtime = _onnx()
    options = runtime.SessionOptions()
    options.log_severity_level = 3  # errors only
    return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _onnx() -> tuple[Any, Any]:
    try:
        import onnx
        import onnxruntime
        import onnxscript  # noqa: F401 - torch's exporter needs it
    except ImportError as error:
        raise InputError(
            f"ONNX needs a package that is not installed ({error.name}); write: "
            "pip install 'facesearch[export]'"
        ) from None
    return onnx, onnxruntime


def _forget_sources(graph: Any) -> None:
    """Take out what the exporter notes of each node: half the file, and paths of this machine."""
    for node in graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _forget_sources(attribute.g)
    for value in [*graph.value_info, *graph.initializer, *graph.input, *graph.output]:
        del value.metadata_props[:]
        value.doc_string = ""


def _metadata(model: FaceModel) -> dict[str, str]:
    thresholds = {name: asdict(found) for name, found in model.thresholds.items()}
    return {
        "facesearch.format": str(FORMAT),
        "facesearch.preprocessing": json.dumps({**PREPROCESSING, "image_px": model.image_px}),
        "facesearch.views": model.views,
        "facesearch.members": str(len(model.members)),
        "facesearch.thresholds": json.dumps(thresholds),
    }
