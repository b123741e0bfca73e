import pytest

from facesearch.errors import InputError
from facesearch.space import space_from_text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("data: {imge_px: 64}", r"line 1 +data.imge_px: unknown field; did you mean 'image_px'\?"),
        ("serch: {trials: 3}", "serch: unknown field; did you mean 'search'"),
        ("head: {type: arcfce}", "did you mean 'arcface'"),
        ("model: {pooling: {choices: [gap]}}", "distribution 'choices'; did you mean 'choice'"),
        ("optim: {lr: {loguniform: [1, 2]}}", "'loguniform'; did you mean 'log_uniform'"),
        ("head: {type: arcface, margin_rad: 28.6}", "If you meant degrees, write 0.499"),
        ("optim: {lr: {log_uniform: [0.1, 500]}}", "must be <= 100, but got 500"),
        ("search: {trials: 0}", "must be >= 1, but got 0"),
        ("search: {objective: val/rank2}", "did you mean 'val/rank1'"),
        (
            "optim: {lr: {uniform: [0.1, 1]}}\ntrain: {epochs: 2}\n"
            "search: {scheduler: {grace_epochs: 5}}",
            r"grace_epochs: must be <= train.epochs \(2\), but got 5",
        ),
        ("search: {scheduler: {eta: 1}}", "eta: must be >= 2, but got 1"),
        ("name: ../../x", "pattern"),
        ("[1, 2]", "must be a mapping"),
    ],
)
def test_a_fault_is_told_with_its_cure(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        space_from_text(text, "s.yaml")


def test_all_faults_of_a_file_are_told_at_once() -> None:
    text = """
head:
  choice:
    - {type: softmax}
    - {type: arcface, margin_rad: 28.6, scle: 3}
optim: {lr: {log_uniform: [0, 1]}, momentun: 0.9}
"""
    with pytest.raises(InputError) as caught:
        space_from_text(text, "s.yaml")
    lines = str(caught.value).splitlines()
    assert lines[0] == "s.yaml: 4 faults, nothing was started"
    assert [line.split()[1] for line in lines[1:]] == ["5", "5", "6", "6"]


def test_mixing_faces_is_refused_for_a_head_that_needs_one_identity() -> None:
    for head in ("arcface", "triplet"):
        with pytest.raises(InputError, match=r"augment\.mixup_alpha gives a picture two"):
            space_from_text(f"head: {{type: {head}}}\naugment: {{mixup_alpha: 0.5}}\n")
    space_from_text("head: {type: softmax}\naugment: {mixup_alpha: 0.5}\n")


def test_a_named_network_refuses_a_structure_of_its_own() -> None:
    with pytest.raises(InputError, match=r"model\.width is fixed by network resnet18; remove it"):
        space_from_text("model: {network: resnet18, width: 64}\n")


def test_a_fault_inside_nested_options_is_told_on_its_own_line() -> None:
    text = """
model:
  choice:
    - network: resnet18
    - network: cnn
      block:
        choice:
          - residual
          - plan
      depth: [1, 1, 1, 99]
"""
    with pytest.raises(InputError) as caught:
        space_from_text(text)
    rows = [row.split(maxsplit=2)[1:] for row in str(caught.value).splitlines()[1:]]
    assert [(int(line), rest.split(":")[0]) for line, rest in rows] == [
        (9, "model.block"), (10, "model.depth.3"),
    ]  # fmt: skip
    assert "must be <= 48, but got 99" in rows[1][1]
