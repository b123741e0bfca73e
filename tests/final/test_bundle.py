import random
from pathlib import Path

import pytest
import torch

from facesearch.config import RunConfig
from facesearch.data.faces import load_all_faces
from facesearch.errors import InputError
from facesearch.final.bundle import Model, load_bundle, save_bundle
from facesearch.training.fit import Training


@pytest.fixture
def bundle(small_config: RunConfig, tmp_path: Path) -> tuple[Path, Training]:
    training = Training(small_config, load_all_faces(small_config.data))
    model = Model(training.network, training.head, small_config, training.faces.identities)
    save_bundle(tmp_path / "model", model)
    return tmp_path / "model", training


def test_a_bundle_gives_the_same_embeddings(bundle: tuple[Path, Training]) -> None:
    folder, training = bundle
    model, images = load_bundle(folder), torch.randn(4, 3, 16, 16)
    torch.testing.assert_close(model.network(images), training.network.eval()(images))
    assert model.identities == training.faces.identities


def test_no_altered_bundle_is_loaded(bundle: tuple[Path, Training]) -> None:
    folder, _ = bundle
    rng = random.Random(0)
    for name in ("model.safetensors", "config.json"):
        path = folder / name
        good = path.read_bytes()
        for _ in range(50):
            bad = bytearray(good)
            bad[rng.randrange(len(bad))] ^= 1 << rng.randrange(8)
            path.write_bytes(bad)
            with pytest.raises(InputError, match="damaged or altered"):
                load_bundle(folder)
        path.write_bytes(good)
    (folder / "manifest.json").unlink()
    with pytest.raises(InputError, match="not a facesearch model"):
        load_bundle(folder)
