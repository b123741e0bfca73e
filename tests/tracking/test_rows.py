import math

import pytest

from facesearch.tracking.rows import Detail, Row, figures_of, in_order, iso_time, plain_value


@pytest.mark.parametrize(
    "value", [3, 0.25, 1e-05, True, False, None, "arcface", "adam w", math.inf]
)
def test_a_param_is_read_back_as_it_was(value: object) -> None:
    read = plain_value(str(value))
    assert read == value and type(read) is type(value)
    assert plain_value(value) == value


def test_a_param_with_the_name_of_a_field_hides_nothing() -> None:
    row = Row(
        "id", "s", 3, "pruned", 2, 0.5, None, {"epochs": 20, "lr": 0.1}, {"score": 0.4, "a": 1.0}
    )
    fields = row.fields()
    assert (fields["epochs"], fields["param.epochs"], fields["lr"]) == (2, 20, 0.1)
    assert (fields["score"], fields["a"], fields["started"]) == (0.5, 1.0, "")


def test_params_stand_in_the_order_of_the_title() -> None:
    params = {"depth": 3, "head": "softmax", "head.cosface.scale": 2.0, "width": 26, "unknown": 1}
    title = "023 width=26 depth=3 softmax scale=2"
    order = ["width", "depth", "head", "head.cosface.scale", "unknown"]
    assert list(in_order(params, title)) == order


def test_figures_have_their_intervals() -> None:
    metrics = {"final/dev/top1": 0.5, "final/dev/top1/low": 0.4, "final/dev/top1/high": 0.6,
               "final/pairs/eer": 0.1, "train/loss/seed0": 3.0}  # fmt: skip
    found = figures_of(metrics)
    assert found["dev/top1"] == (0.5, 0.4, 0.6)
    assert set(found) == {"dev/top1", "pairs/eer"} and math.isnan(found["pairs/eer"][1])


def test_a_label_can_be_typed() -> None:
    assert Detail("trial", "", Row("0123456789ab", "s", 3, "pruned")).label == "01234567"
    assert Detail("trial", "", Row("", "s-0001", 3, "pruned")).label == "s-0001/003"
    assert iso_time(None) == "" and iso_time(0.0).startswith("19")
