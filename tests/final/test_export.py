import json
import sys
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from models import CONFIG, IDENTITIES, untrained

from facesearch.config import ModelConfig, RunConfig
from facesearch.errors import InputError
from facesearch.final.export import ExportError, check_onnx, export_onnx, open_onnx
from facesearch.final.model import FaceModel, Threshold, build_member
from facesearch.models import NETWORKS
from facesearch.models.cost import network_cost
from facesearch.models.network import Pixels, normalise

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), np.uint8)
THRESHOLDS = {"eer": Threshold(0.25, "eer", "unknown_dev")}
# Every block, stem, pooling, activation, number of channels, set of views.
CASES: dict[str, tuple[dict[str, Any], str, int]] = {
    "plain": ({"block": "plain", "pooling": "gap", "activation": "silu"}, "plain", 1),
    "residual": ({"block": "residual", "pooling": "flatten", "stem": "resnet"}, "crops", 2),
    "bottleneck": ({"block": "bottleneck", "pooling": "gem", "squeeze_excite": True}, "flip", 1),
    "ir": ({"block": "ir", "pooling": "gdc", "input_channels": 1, "stem": "large"}, "flip", 1),
    "inverted": ({"block": "inverted", "activation": "hardswish", "drop_path": 0.1}, "plain", 1),
    "convnext": ({"block": "convnext", "stem": "patch", "embedding_norm": False}, "flip", 1),
}


def model_of(model: dict[str, Any], views: str, members: int) -> FaceModel:
    """A model whose batch norms have seen pictures: their statistics are not 0 and 1."""
    shape = {"embedding_dim": 8, **model}
    if "network" not in model:
        shape = {"num_stages": 2, "width": 4, **shape}
    config = RunConfig.model_validate({**CONFIG, "data": {"image_px": 32}, "model": shape})
    torch.manual_seed(0)
    made = tuple(build_member(config, len(IDENTITIES)) for _ in range(members))
    for member in made:
        with torch.no_grad():
            member.network.train()(normalise(torch.from_numpy(IMAGES)))
        member.network.eval()
    return FaceModel(made, config, IDENTITIES, views, THRESHOLDS)


@pytest.mark.parametrize(
    "case", [case if case == "ir" else pytest.param(case, marks=pytest.mark.slow) for case in CASES]
)
def test_onnx_computes_what_the_model_computes(case: str) -> None:
    model = model_of(*CASES[case])
    before = model.embed(IMAGES)
    assert check_onnx(export_onnx(model), model, IMAGES) <= 1e-5
    np.testing.assert_array_equal(model.embed(IMAGES), before)


def test_onnx_has_what_the_network_does_to_its_pixels() -> None:
    model = model_of({}, "plain", 1)
    plain = model.embed(IMAGES)
    network = model.members[0].network
    network.pixels = Pixels(3)
    network.pixels.scale.fill_(2.2)
    network.pixels.shift.fill_(0.4)
    assert not np.allclose(model.embed(IMAGES), plain, atol=1e-3)
    assert check_onnx(export_onnx(model), model, IMAGES) <= 1e-5


def small(name: str) -> bool:
    return network_cost(ModelConfig(network=name, embedding_dim=8), 32).parameters < 30e6


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "cnn" and small(name)])
@pytest.mark.parametrize("input_channels", [1, 3])
def test_named_networks(name: str, input_channels: int) -> None:
    model = model_of({"network": name, "input_channels": input_channels}, "flip", 1)
    assert check_onnx(export_onnx(model), model, IMAGES) <= 1e-5


@pytest.fixture(scope="module")
def exported() -> tuple[bytes, FaceModel]:
    model = model_of({}, "flip", 1)
    return export_onnx(model), model


def test_the_file_says_how_to_use_it_and_nothing_of_people(
    exported: tuple[bytes, FaceModel],
) -> None:
    content, model = exported
    proto = onnx.load_from_string(content)
    onnx.checker.check_model(proto, full_check=True)
    told = {entry.key: entry.value for entry in proto.metadata_props}
    assert json.loads(told["facesearch.preprocessing"])["image_px"] == 32
    assert json.loads(told["facesearch.thresholds"])["eer"]["value"] == 0.25
    assert told["facesearch.views"] == "flip" and told["facesearch.members"] == "1"
    assert not any(name.encode() in content for name in model.identities)
    assert b"/facesearch/" not in content  # no paths of the machine that made it
    (given,), (got,) = open_onnx(content).get_inputs(), open_onnx(content).get_outputs()
    assert (given.name, given.shape[1:], given.type) == ("images", [32, 32, 3], "tensor(uint8)")
    assert (got.name, got.shape[1:], got.type) == ("embeddings", [8], "tensor(float)")
    assert isinstance(given.shape[0], str) and given.shape[0] == got.shape[0]


def test_another_model_is_not_taken_for_this_one(exported: tuple[bytes, FaceModel]) -> None:
    content, model = exported
    assert check_onnx(content, model, IMAGES[:1]) <= 1e-5
    with pytest.raises(ExportError, match=r"off in a batch of 1, in 1 - cosine"):
        check_onnx(content, replace(model, views="plain"), IMAGES)
    with pytest.raises(ExportError, match=r"gives \(1, 8\) for a batch of 1: \(1, 16\)"):
        check_onnx(content, model_of({}, "flip", 2), IMAGES)
    with pytest.raises(InputError, match="at least one picture"):
        check_onnx(content, model, IMAGES[:0])


@pytest.mark.parametrize("package", ["onnx", "onnxruntime", "onnxscript"])
def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError, match=rf"{package}.*pip install 'facesearch\[export\]'"):
        export_onnx(untrained())
