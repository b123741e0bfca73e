import numpy as np
import pytest
import torch

from facesearch.config import AugmentConfig
from facesearch.data.augment.mix import cutmix, mix, mixup


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    """Images that are as bright as their label."""
    labels = torch.arange(6)
    return labels.float()[:, None, None, None].expand(6, 3, 16, 16).clone(), labels


@pytest.mark.parametrize("settings", [{"mixup_alpha": 0.8}, {"cutmix_alpha": 1.0}])
def test_the_mean_of_a_mixed_image_is_that_of_its_identities(settings: dict[str, float]) -> None:
    images, labels = batch()
    for seed in range(20):
        generator = torch.Generator().manual_seed(seed)
        mixed = mix(images, labels, AugmentConfig(**settings), generator)
        expected = mixed.share_B * labels + (1 - mixed.share_B) * mixed.other_B
        torch.testing.assert_close(mixed.images_BCHW.mean((1, 2, 3)), expected)
        assert sorted(mixed.other_B.tolist()) == labels.tolist()
        assert ((mixed.share_B >= 0) & (mixed.share_B <= 1)).all()


def test_cutmix_leaves_every_pixel_to_one_face_and_mixup_to_both() -> None:
    first, second = torch.zeros(2, 3, 16, 16), torch.ones(2, 3, 16, 16)
    cut, share = cutmix(first, second, 0.5, np.random.default_rng(0))
    assert set(cut.unique().tolist()) == {0.0, 1.0} and cut.mean().item() == 1 - share
    assert mixup(first, second, 0.25, np.random.default_rng(0))[0].unique().tolist() == [0.75]


def test_both_at_once_take_turns_and_the_seed_decides() -> None:
    images, labels = batch()
    settings = AugmentConfig(mixup_alpha=1.0, cutmix_alpha=1.0)
    kinds = set()
    for seed in range(30):
        one, two = (
            mix(images, labels, settings, torch.Generator().manual_seed(seed)) for _ in range(2)
        )
        assert torch.equal(one.images_BCHW, two.images_BCHW)
        whole = one.images_BCHW == one.images_BCHW.round()
        kinds.add(bool(whole.all()))
    assert kinds == {True, False}


def test_the_share_is_half_on_average() -> None:
    images, labels = batch()
    shares = [
        mix(images, labels, AugmentConfig(mixup_alpha=1.0), torch.Generator().manual_seed(s))
        .share_B[0]
        .item()
        for s in range(300)
    ]
    assert np.mean(shares) == pytest.approx(0.5, abs=0.06)
    assert np.std(shares) == pytest.approx(12**-0.5, abs=0.04)  # Beta(1, 1) is uniform
