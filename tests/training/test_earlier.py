"""What earlier versions have saved goes on as it was. Averages without a head: `test_average`."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor

from facesearch.config import RunConfig
from facesearch.data.faces import load_faces
from facesearch.models.network import Pixels
from facesearch.training.checkpoint import save_checkpoint
from facesearch.training.earlier import upgraded
from facesearch.training.fit import Training
from facesearch.training.retention import Checkpoints, claim

CPU = torch.device("cpu")
PIXELS = ("pixels.scale", "pixels.shift")


@pytest.fixture
def pretrained(monkeypatch: pytest.MonkeyPatch, small_config: RunConfig) -> RunConfig:
    """Return a config that starts from weights as torchvision's: nothing is downloaded."""
    torch.manual_seed(3)
    state = torchvision.models.resnet18().state_dict()
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", lambda *_, **__: state)
    raw = small_config.model_dump()
    raw["model"] = {"network": "resnet18", "embedding_dim": 8, "init": "torchvision"}
    raw["optim"]["ema_decay"] = 0.9
    raw["train"] |= {"epochs": 2, "batch_size": 8}
    return RunConfig.model_validate(raw)


def without_pixels(state: dict[str, Tensor], prefix: str = "") -> dict[str, Tensor]:
    return {k: v.clone() for k, v in state.items() if k.removeprefix(prefix) not in PIXELS}


def of_before(training: Training) -> dict[str, Any]:
    """Return the state as it was saved when networks had no `Pixels` and heads no average."""
    average = {"n_averaged": torch.tensor(3)} | {
        f"module.{name}": tensor
        for name, tensor in without_pixels(training.best_network.state_dict()).items()
    }
    network = without_pixels(training.network.state_dict())
    return {**training.state(), "network": network, "average": average}


def test_a_training_from_torchvision_goes_on_with_the_pixels_that_it_had(
    pretrained: RunConfig, tmp_path: Path
) -> None:
    faces = load_faces(pretrained.data)
    old, new = (Training(pretrained, faces, CPU) for _ in range(2))
    images = torch.rand(4, 3, 16, 16) * 2 - 1
    state = of_before(old)
    notes = new.take_over(state, "an old one")
    assert len(notes) == 2 and "keeps to that" in notes[0] and "EMA" in notes[1]
    for network in (new.network, new.best_network):
        assert isinstance(network.pixels, Pixels)
        assert torch.equal(network.pixels(images), images)
        before = old.network.eval()
        expected = before.norm(before.embedding(before.pooling(before.features(images))))
        assert torch.equal(network.eval()(images), expected)
    # and so it stays, without a further word
    claim(tmp_path / "trial", 1)
    next(new.epochs())
    Checkpoints(tmp_path / "trial", 1).save(new, 0.5)
    third = Training(pretrained, faces, CPU)
    assert Checkpoints(tmp_path / "trial", 1).load(third, most_epochs=9) == []
    assert torch.equal(third.best_network.pixels(images), images)


def test_the_note_is_told_with_the_checkpoint(pretrained: RunConfig, tmp_path: Path) -> None:
    training = Training(pretrained, load_faces(pretrained.data), CPU)
    claim(tmp_path, 1)
    path = Checkpoints(tmp_path, 1).save(training, 0.5)
    save_checkpoint(path, of_before(training))
    notes = Checkpoints(tmp_path, 1).load(training, most_epochs=9)
    assert [("pixels" in note, "EMA" in note) for note in notes] == [(True, False), (False, True)]


def test_pixels_that_were_saved_are_loaded(pretrained: RunConfig) -> None:
    faces = load_faces(pretrained.data)
    first, second = (Training(pretrained, faces, CPU) for _ in range(2))
    assert second.take_over(first.state(), "a new one") == []
    for network in (second.network, second.best_network):
        assert network.pixels.state_dict()["scale"].ravel().tolist() == pytest.approx(
            [0.5 / deviation for deviation in (0.229, 0.224, 0.225)]
        )


def test_what_needs_nothing_stays_as_it_is(small_config: RunConfig) -> None:
    training = Training(small_config, load_faces(small_config.data), CPU)
    found, notes = upgraded(training.state(), training.network.state_dict())
    assert notes == [] and found.keys() == training.state().keys()
    torch.testing.assert_close(found["network"], dict(training.network.state_dict()))
