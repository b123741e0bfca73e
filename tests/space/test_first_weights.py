from pathlib import Path

import pytest

from facesearch.errors import InputError
from facesearch.space import load_space, space_from_text
from facesearch.space.first_weights import check_first_weights

TEXT = """
model:
  choice:
    - {network: cnn, init: there.pt}
    - network: cnn
      init: {choice: [null, gone.pt, final]}
    - {network: resnet18, init: torchvision}
"""


def test_every_file_that_is_missing_is_told_with_its_line_and_where_it_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.pt").write_bytes(b"")
    (tmp_path / "final").mkdir()
    space = space_from_text(TEXT, "s.yaml")
    with pytest.raises(InputError) as caught:
        check_first_weights(space)
    head, first, second = str(caught.value).splitlines()
    assert head == "s.yaml: 2 faults, nothing was started"
    assert f"line 6   model.init: no such file {tmp_path}/gone.pt; write" in first
    assert f"line 6   model.init: no such file {tmp_path}/final/model.safetensors;" in second
    for name in ("gone.pt", "final/model.safetensors"):
        (tmp_path / name).write_bytes(b"")
    check_first_weights(space)


def test_a_space_whose_file_has_gone_can_be_read() -> None:
    assert space_from_text("model: {init: /nowhere/x.pt}").first_config().model.init


def test_weights_that_are_not_there_are_told_beside_all_else(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "model: {width: 2, init: nowhere.pth}\nhead: {type: arcface, margin_rad: 9}\n"
    )
    with pytest.raises(InputError) as error:
        load_space(tmp_path / "s.yaml")
    first, *lines = str(error.value).splitlines()
    assert "3 faults" in first and "model.init: no such file" in lines[0]
    assert "model.width" in lines[1] and "head.margin_rad" in lines[2]
