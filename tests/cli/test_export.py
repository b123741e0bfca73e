from pathlib import Path

import pytest
from click.testing import CliRunner
from models import untrained

from facesearch.cli import cli
from facesearch.errors import InputError
from facesearch.final.bundle import save_bundle


def test_an_exported_model_is_a_file_that_was_run(tmp_path: Path) -> None:
    save_bundle(tmp_path / "model", untrained(2))
    out = CliRunner().invoke(
        cli, ["export", str(tmp_path / "model"), str(tmp_path / "m.onnx")], catch_exceptions=False
    )
    assert out.exit_code == 0 and "[N, 16, 16, 3] RGB" in out.output
    assert (tmp_path / "m.onnx").stat().st_size > 1000


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    save_bundle(tmp_path / "model", untrained())
    with pytest.raises(InputError, match=r"must end in \.onnx"):
        CliRunner().invoke(
            cli, ["export", str(tmp_path / "model"), str(tmp_path / "m.pt")], catch_exceptions=False
        )
