"""Every way for numbers into a model: they are the image's file, or they are refused with a reason.

The reference is the embedding of the PNG file of the same pixels. Nothing else is ever accepted.
"""

import io
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from click.testing import CliRunner
from faces_on_disk import noise
from models import untrained
from PIL import Image

from facesearch.cli import cli
from facesearch.errors import InputError
from facesearch.final.bundle import save_bundle
from facesearch.final.matching import Gallery, classify_pictures, embed_pictures, verify
from facesearch.final.model import FaceModel
from facesearch.final.serving import FaceServer, png

PIXELS = np.asarray(noise(3, 16))
TENSOR = torch.from_numpy(PIXELS.copy()).permute(2, 0, 1)
MODEL = untrained(views="plain")

# --- what is accepted, and what is refused with what words ---------------------------------

_NUMPY_WHOLE = ("uint8", "uint16", "int16", "int32", "int64", "uint32", "uint64", ">u2")
_NUMPY_FLOAT = ("float16", "float32", "float64", ">f4")
ACCEPTED: dict[str, Any] = {
    **{f"numpy {kind} [0, 255]": PIXELS.astype(kind) for kind in (*_NUMPY_WHOLE, *_NUMPY_FLOAT)},
    **{f"numpy {kind} [0, 1]": (PIXELS / 255).astype(kind) for kind in _NUMPY_FLOAT},
    **{
        f"torch {kind} [0, 255]": TENSOR.to(kind)
        for kind in (torch.uint8, torch.int16, torch.int64, torch.float16, torch.float32)
    },
    **{f"torch {kind} [0, 1]": (TENSOR / 255).to(kind) for kind in (torch.float16, torch.float64)},
    "torch with gradients": (TENSOR / 255).requires_grad_(),
    "torch [H, W, C]": TENSOR.permute(1, 2, 0),
    "numpy rgba opaque": np.dstack([PIXELS, np.full((16, 16), 255, np.uint8)]),
    "numpy rgba of floats": np.dstack([PIXELS / 255, np.ones((16, 16))]),
    "nothing masked": np.ma.masked_array(PIXELS, mask=np.zeros_like(PIXELS, bool)),
    "PIL RGB": Image.fromarray(PIXELS),
    "PIL RGBA": Image.fromarray(PIXELS).convert("RGBA"),
}
_RANGE = r"write uint8 pixels in \[0, 255\], or floats in \[0, 1\]"
_WITH_NAN = np.where(PIXELS == PIXELS.max(), np.nan, PIXELS / 255)
REFUSED: dict[str, tuple[Any, str]] = {
    **{f"numpy {k} [-1, 1]": ((PIXELS / 127.5 - 1).astype(k), _RANGE) for k in _NUMPY_FLOAT},
    **{
        f"numpy {k} standardised": (((PIXELS - 114.8) / 57.4).astype(k), _RANGE)
        for k in _NUMPY_FLOAT
    },
    "torch [-1, 1]": (TENSOR / 127.5 - 1, _RANGE),
    "bool": (PIXELS > 99, f"an array of bool; {_RANGE}"),
    "torch bool": (TENSOR > 99, f"an array of bool; {_RANGE}"),
    "0 and 1": ((PIXELS > 99).astype(np.uint8), f"0 and 1 alone.*{_RANGE}"),
    "0 and 1 of floats": ((PIXELS > 99).astype(float), f"0 and 1 alone.*{_RANGE}"),
    "0 and 1, opaque": (
        np.dstack([PIXELS > 99, np.full((16, 16), 255)]).astype(np.uint8), "0 and 1 alone",
    ),
    "300": (PIXELS * (300 / 255), f"from 0 to 300: no range of pixels; {_RANGE}"),
    "300 as whole numbers": (PIXELS.astype(np.int32) + 45, f"to 300: no range.*{_RANGE}"),
    "16 bits": (PIXELS.astype(np.uint16) * 257, f"to 65535: no range of pixels; {_RANGE}"),
    "int8": (PIXELS.astype(np.int8), f"no range of pixels; {_RANGE}"),
    "NaN": (_WITH_NAN, f"no range of pixels; {_RANGE}"),
    "infinite": (np.where(np.isnan(_WITH_NAN), np.inf, _WITH_NAN), f"no range.*{_RANGE}"),
    "[0, 2]": (PIXELS / 127.5, f"neither all in .* nor surely in .*{_RANGE}"),
    "a little over 1": (PIXELS / 255 * 1.02, f"neither all in .*{_RANGE}"),
    "a little below 0": (PIXELS / 255 - 1e-6, f"no range of pixels; {_RANGE}"),
    "complex": (PIXELS.astype(complex), f"an array of complex128; {_RANGE}"),
    "objects": (PIXELS.astype(object), f"an array of object; {_RANGE}"),
    "text": (PIXELS.astype(str), f"an array of <U3; {_RANGE}"),
    "bfloat16": (TENSOR.to(torch.bfloat16), f"bfloat16, which rounds pixels; {_RANGE}"),
    "sparse": ((TENSOR / 255).to_sparse(), "a tensor without an array of values .*to_dense"),
    "meta": (TENSOR.to("meta"), "a tensor without an array of values"),
    "masked": (np.ma.masked_array(PIXELS, mask=PIXELS > 99), r"masked values.*images.filled\(0\)"),
    "alpha of another range": (
        np.dstack([PIXELS / 255, np.full((16, 16), 255.0)]), r"alpha to 255.*images\[..., :3\]",
    ),
    "alpha of 1": (np.dstack([PIXELS, np.ones((16, 16), np.uint8)]), "its alpha to 1"),
    "PIL F": (Image.fromarray(PIXELS[..., 0] / np.float32(255)), "32 bits a colour"),
    "PIL I": (Image.fromarray(PIXELS[..., 0].astype(np.int32)), "32 bits a colour"),
    "PIL I;16 of 8 bits": (
        Image.fromarray(PIXELS[..., 0].astype(np.uint16)), "16 bits a colour, but none above 255",
    ),
}  # fmt: skip

# --- the ways in --------------------------------------------------------------------------


def in_a_list(model: FaceModel, image: Any) -> np.ndarray:
    return model.embed([image])


def in_a_batch(model: FaceModel, image: Any) -> np.ndarray:
    """Beside a black image, which is black in every range."""
    if isinstance(image, Image.Image):
        return model.embed(image)
    both = (
        torch.stack([image, torch.zeros_like(image)]) if isinstance(image, torch.Tensor) else None
    )
    if isinstance(image, np.ndarray):
        first = image if image.ndim == 3 else image[..., None]
        black = np.zeros_like(first)
        if first.shape[-1] == 4:
            black[..., 3] = first[..., 3].max()
        stack = np.ma.stack if isinstance(image, np.ma.MaskedArray) else np.stack
        both = stack([first, black])  # type: ignore[operator]
    return model.embed(both)[:1]  # type: ignore[arg-type]


def in_a_gallery(model: FaceModel, image: Any) -> np.ndarray:
    return Gallery(model, {"anna": image, "bo": [image]}).unit_ND[:1]


def in_the_matching(model: FaceModel, image: Any) -> np.ndarray:
    assert verify(model, image, image).score == pytest.approx(1, abs=1e-6)
    assert classify_pictures(model, image) == classify_pictures(model, [PIXELS])
    return embed_pictures(model, image)


WAYS: dict[str, Callable[[FaceModel, Any], np.ndarray]] = {
    "alone": FaceModel.embed,
    "list": in_a_list,
    "batch": in_a_batch,
    "gallery": in_a_gallery,
    "matching": in_the_matching,
}


@pytest.fixture(scope="module")
def of_file(tmp_path_factory: pytest.TempPathFactory) -> np.ndarray:
    path = tmp_path_factory.mktemp("file") / "a.png"
    Image.fromarray(PIXELS).save(path)
    return MODEL.embed(path)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_accepted_is_what_its_file_is(way: str, of_file: np.ndarray) -> None:
    for name, image in ACCEPTED.items():
        found = WAYS[way](MODEL, image)
        np.testing.assert_allclose(found, of_file, rtol=0, atol=1e-6, err_msg=name)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_is_refused_with_what_to_write(way: str, name: str) -> None:
    image, words = REFUSED[name]
    if way == "batch" and name == "meta":
        pytest.skip("a tensor without values has no black one beside it")
    with pytest.raises(InputError, match=words):
        WAYS[way](MODEL, image)


def test_whole_numbers_are_looked_at_image_by_image() -> None:
    batch = np.stack([PIXELS, PIXELS > 99]).astype(np.int32)
    with pytest.raises(InputError, match="0 and 1 alone"):
        MODEL.embed(batch)
    with pytest.raises(InputError, match=r"\[1, 0, 16, 3\] has no pixels"):
        MODEL.embed(np.zeros((1, 0, 16, 3)))


def test_the_network_itself_takes_pixels_alone(of_file: np.ndarray) -> None:
    network, pixels = MODEL.embedder(), torch.from_numpy(PIXELS.copy())[None]
    np.testing.assert_allclose(network(pixels).detach().numpy(), of_file, atol=1e-6)
    for other in (pixels.float(), pixels / 255, pixels / 127.5 - 1, pixels > 99, pixels.int()):
        with pytest.raises(InputError, match=r"takes RGB uint8 .* write model.embed\(images\)"):
            network(other)


def test_a_server_takes_files_and_pixels_alone(tmp_path: Path, of_file: np.ndarray) -> None:
    save_bundle(tmp_path / "bundle", MODEL)
    server = FaceServer()
    server.load_context(SimpleNamespace(artifacts={"bundle": str(tmp_path / "bundle")}))
    for request in (pd.DataFrame({"image": [png(PIXELS)]}), PIXELS[None]):
        found = np.array(server.predict(None, request)["embedding"].tolist())
        np.testing.assert_allclose(found, of_file, atol=1e-6)
    arrays = [image for image, _ in REFUSED.values() if isinstance(image, np.ndarray)]
    cells = [pd.DataFrame({"image": [image.tolist()]}) for image in (PIXELS, PIXELS / 255)]
    for refused in [*(array[None] for array in arrays), *cells, (PIXELS / 255)[None]]:
        with pytest.raises(
            Exception, match=r"uint8|bytes of a picture file|0 and 1|masked"
        ) as error:
            server.predict(None, refused)
        assert error.value.get_http_status_code() == 400  # type: ignore[attr-defined]


def test_an_onnx_file_takes_pixels_alone(of_file: np.ndarray) -> None:
    pytest.importorskip("onnxscript")
    from facesearch.final.export import export_onnx, open_onnx

    session = open_onnx(export_onnx(MODEL))
    (found,) = session.run(["embeddings"], {"images": PIXELS[None]})
    np.testing.assert_allclose(found, of_file, atol=1e-5)
    floats = PIXELS[None].astype(np.float32)
    for other in (floats, floats / 255, floats / 127.5 - 1, PIXELS[None] > 99, PIXELS[None] * 1.0):
        with pytest.raises(Exception, match=r"expected: \(tensor\(uint8\)\)"):
            session.run(["embeddings"], {"images": other})
    with pytest.raises(Exception, match=r"invalid dimensions"):
        session.run(["embeddings"], {"images": PIXELS.transpose(2, 0, 1)[None]})


def test_the_command_line_takes_image_files_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save_bundle(tmp_path / "bundle", MODEL)
    for name in ("a.npy", "a.npz", "a.pt", "a.jpg"):  # numbers under any name
        content = io.BytesIO()
        np.save(content, PIXELS / 255)
        (tmp_path / name).write_bytes(content.getvalue())
        for words in (["embed"], ["classify"]):
            result = CliRunner().invoke(cli, [words[0], "bundle", name])
            assert isinstance(result.exception, InputError)
            assert f"{name}: no JPEG, PNG" in str(result.exception)
    assert not list(tmp_path.glob("embeddings*"))
