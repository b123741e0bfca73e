import pytest
from broken_spaces import told_of

from facesearch.space.wording import flow, nearly_a_hole, shown, unknown_field


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("model: {width: [24, 32]}", "width: must be a whole number, but got [24, 32]; to search "
         "them write {choice: [24, 32]}."),
        ("model: {width: [24]}", "width: must be a whole number, but got [24]; write 24."),
        ("model: {width: [a]}", "width: must be a whole number, but got ['a']; write one value."),
        ("model: {width: '24'}", "must be a whole number, but got '24'; write it without quotes."),
        ("model: {width: }", "but got nothing; write a value, or remove it."),
        ("model: {width: {log_uniform: [8.5, 64]}}",
         "must be a whole number, but got log_uniform; write {log_int: [8.5, 64]}."),
        ("model: {block: {int: [1, 3]}}", "model.block: must be text, but got int."),
        ("model: {squeeze_excite: yes}", "must be true or false, but got 'yes'; write true."),
        ("model: resnet18", "a mapping of fields, but got 'resnet18'; write {network: resnet18}."),
        ("model: resnet19", "a mapping of fields, but got 'resnet19'."),
        ("head: softmax", "a mapping of fields, but got 'softmax'; write {type: softmax}."),
        ("head: [{type: softmax}, {type: arcface}]",
         "to search them write {choice: [{type: softmax}, {type: arcface}]}."),
        ("head: {scale: 3}", "head.type: is missing; write one. Known: adaface,"),
        ("head: {type: }", "head.type: is missing; write one. Known: adaface,"),
        ("head: {type: [softmax, arcface]}", "head.type: must be a name, but got ['softmax', "
         "'arcface']; to search them write {choice: [softmax, arcface]}. Known: adaface,"),
        ("train: {precision: [fp32]}", "'fp32' or 'bf16', but got ['fp32']; write one value."),
        ("model: {input_channels: {uniform: [1, 3]}}", "must be 1 or 3, but got uniform."),
        ("head: {chioce: [{type: softmax}]}", "unknown distribution 'chioce'; did you mean"),
        ("model: {CHOICE: [{width: 8}]}", "unknown distribution 'CHOICE'; did you mean 'choice'?"),
        ("optim: {lr: {values: [0.1, 1]}}", "write one value, or {choice: [0.1, 1]}."),
        ("search: {trials: [1, 3]}", "must be a whole number, but got [1, 3]; write one value."),
        ("search: {trials: {a: 1}}", "must be a whole number, but got {'a': 1}; write one value."),
        ("search: {scheduler: asha}", "but got 'asha'; write {type: asha}."),
        ("train: {epochs: [3, 4]}", "must be a whole number, but got [3, 4]; write one value."),
        ("model: {depth: []}", "model.depth: must have 1 or more, but got []."),
    ],
)  # fmt: skip
def test_what_to_write_instead_is_said_where_it_can_be_guessed(text: str, told: str) -> None:
    (sentence,) = told_of(text)
    assert told in sentence


def test_an_unknown_field_may_have_been_meant_to_be_a_distribution() -> None:
    assert "unknown field; did you mean 'init'" in unknown_field("a.inti", ["init"], is_alone=True)
    alone = unknown_field("model.choise", ["width"], is_alone=True)
    assert alone.startswith("model: unknown distribution 'choise'; did you mean 'choice'?")
    assert "unknown field" in unknown_field("model.choise", ["width"], is_alone=False)


def test_a_distribution_is_not_nearly_one() -> None:
    assert nearly_a_hole("unifrm") and not nearly_a_hole("uniform") and not nearly_a_hole("lr")


def test_values_are_shown_as_they_are_written() -> None:
    assert [shown(v) for v in (None, True, "a", 0.5)] == ["nothing", "true", "'a'", "0.5"]
    assert len(shown(list(range(999)))) == 80
    assert flow({"choice": ["a-b", "x#2", 1, True]}) == '{choice: [a-b, "x#2", 1, true]}'
