import pytest
import torch

from facesearch.config import AugmentConfig, as_plain
from facesearch.data.augment import Augment


def images() -> torch.Tensor:
    return torch.rand(8, 3, 20, 20, generator=torch.Generator().manual_seed(0)) * 2 - 1


def dice(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


ALL = {**as_plain(AugmentConfig()), "grey_probability": 0.5, "cutout_fraction": 0.4}


def test_the_seed_decides() -> None:
    augment = Augment(**ALL)
    torch.testing.assert_close(augment(images(), dice()), augment(images(), dice()))
    assert not torch.equal(augment(images(), dice()), augment(images(), dice(1)))


def test_nothing_asked_is_nothing_changed() -> None:
    assert torch.equal(Augment()(images(), dice()), images())


@pytest.mark.parametrize("name", ALL)
def test_each_change_alone_changes_and_stays_in_range(name: str) -> None:
    changed = Augment(**{name: 1.0 if name == "flip_probability" else ALL[name]})(images(), dice())
    assert changed.shape == (8, 3, 20, 20) and not torch.equal(changed, images())
    assert changed.min() >= -1 and changed.max() <= 1


def test_a_flip_is_a_mirror() -> None:
    flipped = Augment(flip_probability=1.0)(images(), dice())
    torch.testing.assert_close(flipped, images().flip(3), atol=1e-5, rtol=0)


def test_a_shift_moves_by_the_fraction_of_the_side_at_most() -> None:
    spot = torch.full((200, 1, 40, 40), -1.0)
    spot[:, :, 19:21, 19:21] = 1.0
    moved = Augment(shift_fraction=0.2)(spot, dice()) + 1
    place = torch.linspace(-0.5, 0.5, 40)
    centre = (moved[:, 0].sum(1) * place).sum(1) / moved.sum((1, 2, 3))
    assert 0.17 < centre.abs().max() < 0.22


def test_grey_has_equal_channels() -> None:
    grey = Augment(grey_probability=1.0)(images(), dice())
    torch.testing.assert_close(grey[:, 0], grey[:, 2])
