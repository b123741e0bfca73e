import pytest

from facesearch.config import HEAD_CONFIGS, ModelConfig, RunConfig
from facesearch.config.seen import UNKNOWN, NotKnown, Seen, part_in


def test_what_is_right_is_read_as_the_part_reads_it() -> None:
    raw = {"head": {"type": "triplet"}, "train": {"batch_size": 32}}
    seen, config = Seen(RunConfig, raw, []), RunConfig.model_validate(raw)
    assert seen.sampling == config.sampling == "identities"
    assert seen.train.batch_size == 32 and seen.train.epochs == config.train.epochs
    assert seen.head.is_pair_based and seen.head.margin == 0.2
    assert seen.train.model_fields_set == {"batch_size"}


@pytest.mark.parametrize(
    "wrong", [("model",), ("model", "depth"), ("model", "depth", 1), ("model", "dept")]
)
def test_what_is_wrong_or_below_it_is_not_known(wrong: tuple[str | int, ...]) -> None:
    raw = {"model": {"width": 8, **({"depth": [1, "x"]} if wrong[-1] != "dept" else {"dept": 1})}}
    seen = Seen(RunConfig, raw, [wrong])
    with pytest.raises(NotKnown):
        assert seen.model.depth
    if len(wrong) > 1:
        assert seen.model.width == 8


def test_what_stands_for_a_value_is_not_known() -> None:
    with pytest.raises(NotKnown):
        assert Seen(ModelConfig, {"width": UNKNOWN}, []).width


def test_a_field_that_must_be_written_has_no_default() -> None:
    with pytest.raises(NotKnown):
        assert Seen(HEAD_CONFIGS["softmax"], {}, []).type


def test_the_part_of_a_field_is_that_of_its_type() -> None:
    head = RunConfig.model_fields["head"]
    assert part_in(head, {"type": "softmax"}) is HEAD_CONFIGS["softmax"]
    assert part_in(head, {"type": ["softmax"]}) is part_in(head, 3) is None
    assert part_in(RunConfig.model_fields["model"], 3) is ModelConfig
    assert part_in(ModelConfig.model_fields["depth"], [1]) is None


def test_every_rule_is_checked_but_those_that_read_what_is_not_known() -> None:
    raw = {
        "model": {"network": "resnet18", "width": 64, "drop_path": 0.1, "init": "x"},
        "head": {"type": "magface", "norm_low": 3.0, "margin_low_rad": 3.0},
        "augment": {"mixup_alpha": 1.0},
    }
    every = {place for place, _ in Seen(RunConfig, raw, []).contradictions()}
    assert every == {
        ("model", "width"), ("model", "drop_path"), ("head", "norm_high"),
        ("head", "margin_rise_rad"), ("augment", "mixup_alpha"),
    }  # fmt: skip
    some = Seen(RunConfig, raw, [("model", "drop_path"), ("head", "norm_low")]).contradictions()
    assert {place for place, _ in some} == {
        ("model", "width"), ("head", "margin_rise_rad"), ("augment", "mixup_alpha"),
    }  # fmt: skip
