import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from facesearch.config import ModelConfig
from facesearch.errors import InputError
from facesearch.models import build_network
from facesearch.models.init import load_initial_weights


def make(init: Path | str | None = None, **model: Any) -> tuple[nn.Module, ModelConfig]:
    settings = {"width": 8, "num_stages": 2, "embedding_dim": 6, **model}
    config = ModelConfig.model_validate({**settings, "init": str(init) if init else None})
    return build_network(config, 32), config


def write(path: Path, state: dict[str, Tensor]) -> Path:
    if path.suffix == ".safetensors":
        save_file(state, path)
    else:
        torch.save({"state_dict": state}, path)
    return path


@pytest.mark.parametrize("suffix", [".safetensors", ".pth"])
@pytest.mark.parametrize("prefix", ["", "network.", "module."])
def test_weights_of_the_same_network_are_taken_over(
    tmp_path: Path, suffix: str, prefix: str
) -> None:
    torch.manual_seed(1)
    source = make()[0]
    state = {prefix + name: tensor for name, tensor in source.state_dict().items()}
    network, config = make(write(tmp_path / f"a{suffix}", state))
    loaded = load_initial_weights(network, config)
    assert loaded.skipped == () and loaded.matched == len(state)
    torch.testing.assert_close(network.state_dict(), source.state_dict())


def test_a_folder_of_finalize_is_taken_and_another_embedding_stays_new(tmp_path: Path) -> None:
    source = make()[0]
    state = {f"network.{name}": tensor for name, tensor in source.state_dict().items()}
    write(tmp_path / "model.safetensors", {**state, "head.weight": torch.zeros(3)})
    network, config = make(tmp_path, embedding_dim=9)
    before = network.state_dict()["embedding.weight"].clone()
    loaded = load_initial_weights(network, config)
    assert "embedding.weight" in loaded.skipped
    assert torch.equal(network.state_dict()["embedding.weight"], before)
    torch.testing.assert_close(
        network.state_dict()["features.0.0.weight"], source.state_dict()["features.0.0.weight"]
    )


def test_colours_become_luminance_that_answers_alike_to_grey(tmp_path: Path) -> None:
    source = make()[0].eval()
    network, config = make(write(tmp_path / "a.pth", source.state_dict()), input_channels=1)
    assert load_initial_weights(network, config).skipped == ()
    grey = torch.rand(2, 1, 32, 32)
    torch.testing.assert_close(network.eval()(grey), source(grey.expand(-1, 3, -1, -1)))


def test_another_network_is_refused_by_name(tmp_path: Path) -> None:
    network, config = make(write(tmp_path / "a.pth", make(width=16)[0].state_dict()))
    with pytest.raises(InputError, match=r"too few to start from; for example features\."):
        load_initial_weights(network, config)


class Hostile:
    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, ("touch owned",)


@pytest.mark.parametrize(
    "content", [b"", b"junk", pickle.dumps(Hostile()), pickle.dumps({"a": Hostile()})]
)
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_what_is_no_weights_is_refused_and_does_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, suffix: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / f"a{suffix}").write_bytes(content)
    network, config = make(tmp_path / f"a{suffix}")
    with pytest.raises(InputError, match="not weights that can be trusted"):
        load_initial_weights(network, config)
    assert not (tmp_path / "owned").exists()


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    network, config = make(tmp_path / "none.pth")
    with pytest.raises(InputError, match=r"no such file; write a \.safetensors"):
        load_initial_weights(network, config)


def test_torchvision_that_cannot_be_reached_is_one_message(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise OSError("no route to host")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", refuse)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", refuse)
    network, config = make("torchvision", network="resnet18", width=32, num_stages=4)
    with pytest.raises(InputError, match=r"cannot be downloaded .* Put the file into"):
        load_initial_weights(network, config)
