import pytest
import torch
from augment_cases import dice, images

from facesearch.config import AugmentConfig
from facesearch.data.augment import CHANGES, Augment, build_augment

SHARED = {"strength", "changes_per_image", "mixup_alpha", "cutmix_alpha"}
STRONG = {
    "flip_probability": 1.0, "shift_fraction": 0.2, "rotate_deg": 30.0, "scale_fraction": 0.3,
    "brightness": 0.4, "contrast": 0.5, "saturation": 0.8, "hue_deg": 60.0, "grey_probability": 1.0,
    "blur_sigma_px": 1.5, "low_resolution": 0.7, "cutout_fraction": 0.5,
}  # fmt: skip


def test_every_field_of_the_config_belongs_to_one_change() -> None:
    fields = [field for _, own in CHANGES.values() for field in own]
    assert sorted(fields) == sorted(set(AugmentConfig.model_fields) - SHARED) == sorted(STRONG)


def test_the_config_builds_it() -> None:
    settings = AugmentConfig(mixup_alpha=1.0)
    assert build_augment(settings)(images(), dice()).shape == (8, 3, 20, 20)


def test_the_seed_decides() -> None:
    augment = Augment(**STRONG)
    torch.testing.assert_close(augment(images(), dice()), augment(images(), dice()))
    assert not torch.equal(augment(images(), dice()), augment(images(), dice(1)))


def test_nothing_asked_is_nothing_changed() -> None:
    assert Augment()(images(), dice()) is not None
    assert torch.equal(Augment()(images(), dice()), images())
    assert torch.equal(Augment(strength=0.0, **STRONG)(images(), dice()), images())


@pytest.mark.parametrize("name", STRONG)
def test_each_change_alone_changes_and_stays_in_range(name: str) -> None:
    changed = Augment(**{name: STRONG[name]})(images(), dice())
    assert changed.shape == (8, 3, 20, 20) and changed.dtype == torch.float32
    assert not torch.equal(changed, images())
    assert changed.min() >= -1 - 1e-6 and changed.max() <= 1 + 1e-6


@pytest.mark.parametrize("name", STRONG)
def test_no_image_depends_on_another(name: str) -> None:
    augment, others = Augment(**{name: STRONG[name]}), images()
    others[1:] = -others[1:]
    before, after = augment(images(), dice()), augment(others, dice())
    torch.testing.assert_close(before[0], after[0])


@pytest.mark.parametrize("name", STRONG)
def test_the_memory_format_stays(name: str) -> None:
    batch = images().contiguous(memory_format=torch.channels_last)
    changed = Augment(**{name: STRONG[name]})(batch, dice())
    assert changed.is_contiguous(memory_format=torch.channels_last)


def test_twice_the_strength_is_twice_the_value() -> None:
    doubled = Augment(strength=2.0, rotate_deg=10.0, blur_sigma_px=0.5)(images(), dice())
    torch.testing.assert_close(
        doubled, Augment(rotate_deg=20.0, blur_sigma_px=1.0)(images(), dice())
    )


def test_so_many_changes_are_drawn_for_each_image() -> None:
    batch = images(300).clamp(-0.5, 0.5)
    values = {k: STRONG[k] for k in ("grey_probability", "cutout_fraction", "brightness")}
    changed = Augment(changes_per_image=1, **values)(batch, dice())
    is_grey = (changed - changed.mean(1, keepdim=True)).abs().amax((1, 2, 3)) < 1e-6
    assert 0.25 < is_grey.float().mean() < 0.42
    both = Augment(changes_per_image=3, **values)(batch, dice())
    assert ((both - both.mean(1, keepdim=True)).abs().amax((1, 2, 3)) < 1e-6).all()


@pytest.mark.parametrize("added", ["rotate_deg", "brightness", "saturation", "blur_sigma_px"])
def test_a_change_that_is_switched_on_does_not_move_the_others(added: str) -> None:
    one = Augment(cutout_fraction=0.5)(torch.full((64, 3, 20, 20), 0.5), dice())
    two = Augment(cutout_fraction=0.5, **{added: 1e-9})(torch.full((64, 3, 20, 20), 0.5), dice())
    assert torch.equal(one == 0, two == 0)


@pytest.mark.parametrize("name", STRONG)
def test_a_drawn_change_is_the_one_that_the_whole_batch_would_get(name: str) -> None:
    # two changes are on, one is drawn for each image: where it is `name`, it is as if alone
    other = "cutout_fraction" if name != "cutout_fraction" else "grey_probability"
    values = {name: STRONG[name], other: STRONG[other]}
    batch = images(64)
    drawn = Augment(changes_per_image=1, **values)(batch, dice())
    alone = [Augment(**{key: value})(batch, dice()) for key, value in values.items()]
    is_alike = [(drawn - one).abs().amax((1, 2, 3)) < 1e-5 for one in alone]
    assert (is_alike[0] | is_alike[1]).all() and is_alike[0].sum() > 10 < is_alike[1].sum()


@pytest.mark.parametrize("name", STRONG)
def test_the_largest_strength_of_the_largest_value_leaves_a_picture(name: str) -> None:
    field = AugmentConfig.model_fields[name]
    largest = next(limit.le for limit in field.metadata if hasattr(limit, "le"))
    changed = Augment(strength=4.0, **{name: largest})(images(32, 32), dice())
    assert torch.isfinite(changed).all() and changed.std() > 0.05
