import math

import pytest
from pydantic import ValidationError

from facesearch.config import HEAD_CONFIGS, RunConfig
from facesearch.config.heads import Radians, margins_of
from facesearch.heads import HEADS


def with_head(name: str, **settings: object) -> RunConfig:
    return RunConfig.model_validate({"head": {"type": name, **settings}})


ANGLES = [
    (name, field)
    for name, head in HEAD_CONFIGS.items()
    for field in head.model_fields
    if field.endswith("_rad") and field != "margin_std_rad"
]


def test_angles_are_where_the_names_say_radians() -> None:
    assert Radians is not float and len(ANGLES) >= 7


@pytest.mark.parametrize(("name", "field"), ANGLES)
@pytest.mark.parametrize("degrees", [28.6, 90.0, 179.0])
def test_degrees_are_refused_with_what_to_write(name: str, field: str, degrees: float) -> None:
    expected = rf"must be in \[0, pi\), but got .* write {math.radians(degrees):.3f}"
    with pytest.raises(ValidationError, match=expected):
        with_head(name, **{field: degrees})


@pytest.mark.parametrize("angle", [180.0, -1.0, 1e12])
def test_nothing_is_proposed_that_would_be_refused_again(angle: float) -> None:
    with pytest.raises(ValidationError) as caught:
        with_head("arcface", margin_rad=angle)
    assert "must be in [0, pi), but got" in str(caught.value)
    assert "degrees" not in str(caught.value)


@pytest.mark.parametrize("name", HEAD_CONFIGS)
def test_the_defaults_are_those_of_the_head_itself(name: str) -> None:
    """Read from a space or built in Python, a head is the same."""
    own = {
        field: setting.default
        for field, setting in HEAD_CONFIGS[name].model_fields.items()
        if field not in ("type", "lr_factor", "center_weight")
    }
    defaults: dict[str, object] = {}
    for kind in reversed(HEADS[name].__mro__):
        defaults |= getattr(kind.__init__, "__kwdefaults__", None) or {}
        code = getattr(kind.__init__, "__code__", None)
        values = getattr(kind.__init__, "__defaults__", None) or ()
        if code is not None:
            named = code.co_varnames[: code.co_argcount]
            defaults |= dict(zip(named[len(named) - len(values) :], values, strict=True))
    assert {field: defaults[field] for field in own} == own


def test_a_pair_based_head_has_no_weights_to_give_a_rate() -> None:
    for name, head in HEAD_CONFIGS.items():
        assert ("lr_factor" in head.model_fields) != head.is_pair_based
        assert with_head(name).head.lr_factor == 1.0


# What the papers call margin, in their units. A factor on the angle (SphereFace's m, m1 of the
# combined margin) is none at 1, not at 0; ElasticFace's deviation and a warm-up are no margins.
MARGINS = {
    "softmax": {}, "normface": {}, "sphereface": {},
    "cosface": {"margin_cos": "cosine"},
    "arcface": {"margin_rad": "radians"},
    "combined": {"margin_rad": "radians", "margin_cos": "cosine"},
    "subcenter_arcface": {"margin_rad": "radians"},
    "adaface": {"margin": "radians and cosine"},
    # MagFace, eq. 5: the margin goes from l_m = low to u_m = low + rise
    "magface": {"margin_low_rad": "radians", "margin_rise_rad": "radians"},
    "curricularface": {"margin_rad": "radians"},
    "elasticface": {"margin_rad": "radians"},
    "uniface": {"margin_cos": "cosine"},
    "triplet": {"margin": "distance"},
    "supcon": {}, "circle": {}, "multi_similarity": {},
}  # fmt: skip
NO_MARGINS = {"margin_warmup", "margin_factor", "margin_std_rad"}


@pytest.mark.parametrize("name", HEAD_CONFIGS)
def test_a_head_says_which_of_its_fields_are_margins(name: str) -> None:
    assert margins_of(HEAD_CONFIGS[name]) == MARGINS[name]


def test_every_field_that_is_called_a_margin_is_decided_upon() -> None:
    called = {
        (name, field) for name, head in HEAD_CONFIGS.items() for field in head.model_fields
        if "margin" in field and field not in NO_MARGINS
    }  # fmt: skip
    declared = {(name, field) for name, fields in MARGINS.items() for field in fields}
    assert called - declared == {("sphereface", "margin")}
