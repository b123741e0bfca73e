import hashlib
import json
import pickle
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from drawn_faces import drawn_faces
from models import CONFIG, IDENTITIES, untrained
from safetensors.torch import load_file, save_file

from facesearch.config import RunConfig
from facesearch.data.geometry import STAMP, MeanFace, mean_of_images
from facesearch.data.geometry.gradients import correlation_in
from facesearch.errors import InputError
from facesearch.final.bundle import HEADER, MANIFEST, WEIGHTS, load_bundle, save_bundle
from facesearch.final.model import FaceModel, Temperature, Threshold, build_member
from facesearch.metrics.thresholds import Calibration

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 3), np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    model = untrained(
        2,
        thresholds={"eer": Threshold(0.25, "eer", "unknown_dev")},
        calibration=Calibration(9.0, -3.0),
        temperature=Temperature(1.5, "dev"),
        provenance={"faces": "abc"},
    )
    save_bundle(tmp_path / "model", model, {"README.md": b"# a model"})
    return tmp_path / "model"


def seal(folder: Path) -> None:
    """Write a manifest that fits whatever is in the folder, as a forger would."""
    files = [path for path in folder.iterdir() if path.name != MANIFEST]
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    (folder / MANIFEST).write_text(json.dumps(digests, indent=1, sort_keys=True))


def test_what_is_loaded_is_what_was_saved(folder: Path) -> None:
    model, saved = load_bundle(folder), untrained(2)
    np.testing.assert_array_equal(model.embed(IMAGES), saved.embed(IMAGES))
    numbers, shares = model.classify(IMAGES, top=3)
    np.testing.assert_array_equal(numbers, saved.classify(IMAGES, top=3)[0])
    assert (np.diff(shares, axis=1) <= 0).all() and (shares.sum(1) <= 1 + 1e-6).all()
    assert model.identities == saved.identities and model.views == "flip"
    assert model.with_threshold_of("eer") == 0.25
    assert model.calibration == Calibration(9.0, -3.0)
    assert model.temperature == Temperature(1.5, "dev")
    assert model.provenance == {"faces": "abc"}


def of_torchvision() -> FaceModel:
    """Return a model of a network that begins with a step of its own."""
    config = RunConfig.model_validate(
        {**CONFIG, "model": {"network": "resnet18", "embedding_dim": 8, "init": "torchvision"}}
    )
    torch.manual_seed(0)
    member = build_member(config, len(IDENTITIES))
    member.network.eval()
    return FaceModel((member,), config, IDENTITIES)


def test_what_a_network_does_to_its_pixels_is_in_the_bundle(tmp_path: Path) -> None:
    model = of_torchvision()
    plain = model.embed(IMAGES)
    pixels = model.members[0].network.pixels
    pixels.load_state_dict({"scale": torch.full((3, 1, 1), 2.2), "shift": torch.ones(3, 1, 1)})
    save_bundle(tmp_path / "model", model)
    found = load_bundle(tmp_path / "model").embed(IMAGES)
    np.testing.assert_array_equal(found, model.embed(IMAGES))
    assert not np.allclose(found, plain, atol=1e-3)


def test_a_bundle_from_before_there_were_pixels_gives_what_it_gave(tmp_path: Path) -> None:
    """Its config says torchvision as well: the weights decide, not the config."""
    model = of_torchvision()
    save_bundle(tmp_path / "model", model)
    state = load_file(tmp_path / "model" / WEIGHTS)
    kept = {name: tensor for name, tensor in state.items() if "pixels" not in name}
    assert len(kept) == len(state) - 2
    save_file(kept, tmp_path / "model" / WEIGHTS)
    seal(tmp_path / "model")
    np.testing.assert_array_equal(
        load_bundle(tmp_path / "model").embed(IMAGES), model.embed(IMAGES)
    )
    # another tensor that is missing is still a fault
    del kept["member0.network.features.0.0.weight"]
    save_file(kept, tmp_path / "model" / WEIGHTS)
    seal(tmp_path / "model")
    with pytest.raises(InputError, match=r"features\.0\.0\.weight is missing in it"):
        load_bundle(tmp_path / "model")


def test_names_of_an_older_bundle_are_spelled_as_those_of_folders_are(tmp_path: Path) -> None:
    names = ("Jose\u0301", "b ", "c")
    save_bundle(tmp_path / "old", untrained(identities=names), {})
    assert load_bundle(tmp_path / "old").identities == ("Jos\xe9", "b", "c")
    both = ("Jose\u0301", "Jos\xe9", "c")
    save_bundle(tmp_path / "both", untrained(identities=both), {})
    assert load_bundle(tmp_path / "both").identities == both, "its head tells them apart"


def test_a_bundle_from_before_there_were_temperatures_is_read(folder: Path) -> None:
    with_header(lambda header: header.pop("temperature"))(folder)
    seal(folder)
    assert load_bundle(folder).temperature is None
    for value in (0.0, -1.0, float("nan"), float("inf")):
        change = {"temperature": {"value": value, "fitted_on": "dev"}}
        with_header(lambda header, change=change: header.update(change))(folder)
        seal(folder)
        with pytest.raises(InputError, match="temperature"):
            load_bundle(folder)


def test_every_flipped_bit_is_refused(folder: Path) -> None:
    rng = random.Random(0)
    files = sorted(folder.iterdir())
    for _ in range(300):
        path = rng.choice(files)
        good = path.read_bytes()
        bad = bytearray(good)
        bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
        path.write_bytes(bad)
        with pytest.raises(InputError, match=r"damaged or altered|no file of this|not a whole"):
            load_bundle(folder)
        path.write_bytes(good)
    load_bundle(folder)


@pytest.mark.parametrize("name", [WEIGHTS, HEADER, MANIFEST, "README.md"])
@pytest.mark.parametrize("kept", [0.0, 0.5, 0.99])
def test_a_truncated_or_missing_file_is_refused(folder: Path, name: str, kept: float) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(kept * len(content))])
    with pytest.raises(InputError, match="damaged or altered"):
        load_bundle(folder)
    (folder / name).unlink()
    with pytest.raises(InputError, match="not a whole facesearch model"):
        load_bundle(folder)


def with_tensors(change: Callable[[dict[str, torch.Tensor]], object]) -> Callable[[Path], None]:
    def forge(folder: Path) -> None:
        tensors = load_file(folder / WEIGHTS)
        change(tensors)
        save_file(tensors, folder / WEIGHTS)

    return forge


def with_header(change: Callable[[dict[str, object]], object]) -> Callable[[Path], None]:
    def forge(folder: Path) -> None:
        header = json.loads((folder / HEADER).read_text())
        change(header)
        (folder / HEADER).write_text(json.dumps(header))

    return forge


def any_name(tensors: dict[str, torch.Tensor]) -> str:
    return next(name for name in sorted(tensors) if tensors[name].ndim == 4)


class Evil:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[str]]:
        return (Path.touch, (Path("evil"),))  # type: ignore[return-value]


def pickled(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes(pickle.dumps(Evil()))


FORGERIES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a pickle in the place of the weights": (pickled, "not a safetensors file"),
    "no class names": (with_header(lambda h: h.pop("identities")), "has no 'identities'"),
    "class names twice": (
        with_header(lambda h: h.update(identities=["a"] * 8)), "must be different names"),
    "a class name too few": (
        with_header(lambda h: h["identities"].pop()),  # type: ignore[attr-defined]
        "does not fit the config"),
    "NaN": (
        with_tensors(lambda t: t[any_name(t)].view(-1)[:1].fill_(float("nan"))), "NaN or infinite"),
    "a tensor too many": (
        with_tensors(lambda t: t.update({"../../etc/passwd": torch.ones(1)})), "does not fit"),
    "a tensor too few": (with_tensors(lambda t: t.pop(any_name(t))), "does not fit the config"),
    "another kind of number": (
        with_tensors(lambda t: t.update({any_name(t): t[any_name(t)].half()})), "does not fit"),
    "another shape": (
        with_tensors(lambda t: t.update({any_name(t): t[any_name(t)][:1].clone()})),
        "does not fit"),
    "colours in another order": (
        with_header(lambda h: h["preprocessing"].update(colours="BGR")),  # type: ignore[attr-defined]
        "pictures are made otherwise"),
    "another format": (with_header(lambda h: h.update(format=9)), "this version reads"),
    "members without end": (with_header(lambda h: h.update(num_members=10**9)), "must be 1 to"),
    "an unknown view": (with_header(lambda h: h.update(views="all")), "known: plain, flip, crops"),
    "a field that no config has": (
        with_header(lambda h: h["config"].update(os="rm")), "not the config"),  # type: ignore[attr-defined]
}  # fmt: skip


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forged_bundle_is_refused_though_its_manifest_fits(folder: Path, what: str) -> None:
    forge, message = FORGERIES[what]
    forge(folder)
    seal(folder)
    with pytest.raises(InputError, match=message):
        load_bundle(folder)
    assert not Path("evil").exists()


def test_a_file_that_is_not_of_it_is_refused(folder: Path) -> None:
    (folder / "extra.pkl").write_bytes(pickle.dumps(Evil()))
    with pytest.raises(InputError, match=r"extra\.pkl: no file of this model"):
        load_bundle(folder)


def test_a_manifest_cannot_name_a_file_elsewhere(folder: Path) -> None:
    digests = json.loads((folder / MANIFEST).read_text())
    (folder.parent / "outside").write_bytes(b"")
    digests["../outside"] = hashlib.sha256(b"").hexdigest()
    (folder / MANIFEST).write_text(json.dumps(digests, indent=1, sort_keys=True))
    with pytest.raises(InputError, match="damaged or altered"):
        load_bundle(folder)


def test_an_unknown_threshold_names_those_there_are(folder: Path) -> None:
    with pytest.raises(InputError, match="no threshold 'far'; it has: eer"):
        load_bundle(folder).with_threshold_of("far")


# --- the mean face of the training ------------------------------------------------------


def mean_of(count: int) -> MeanFace:
    return mean_of_images(drawn_faces(count), [str(row) for row in range(count)])


def test_the_mean_face_is_kept_with_the_model(tmp_path: Path) -> None:
    save_bundle(tmp_path, untrained(mean_face=mean_of(30)))
    found = load_bundle(tmp_path)
    assert found.mean_face is not None and found.mean_face.num_identities == 30
    assert correlation_in(found.mean_face.grey_HH, mean_of(30).grey_HH) > 0.99
    # written again, it stays what it is
    save_bundle(tmp_path / "again", found)
    assert (tmp_path / "again" / STAMP).read_bytes() == (tmp_path / STAMP).read_bytes()


def test_the_mean_face_of_few_is_not_kept(tmp_path: Path) -> None:
    save_bundle(tmp_path, untrained(mean_face=mean_of(19)))
    assert not (tmp_path / STAMP).exists() and load_bundle(tmp_path).mean_face is None


def test_an_altered_mean_face_is_refused(tmp_path: Path) -> None:
    save_bundle(tmp_path, untrained(mean_face=mean_of(30)))
    (tmp_path / STAMP).write_text("{}")
    with pytest.raises(InputError, match="its SHA-256 differs"):
        load_bundle(tmp_path)
    seal(tmp_path)
    with pytest.raises(InputError, match=r"mean-face\.json: not a mean face"):
        load_bundle(tmp_path)
