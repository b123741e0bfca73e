from pathlib import Path

import pytest

from facesearch.data.layouts.faults import Faults
from facesearch.data.layouts.text_file import read_text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_is_read_as_systems_write_it(tmp_path: Path, encoding: str) -> None:
    path, faults = tmp_path / "a.csv", Faults()
    path.write_bytes("Jos\xe9\r\n".encode(encoding))
    assert read_text(path, "a list", faults) == "Jos\xe9\r\n" and not faults


def test_what_is_no_text_is_one_fault(tmp_path: Path) -> None:
    path, faults = tmp_path / "a.csv", Faults()
    path.write_bytes("Jos\xe9\n".encode("latin-1"))
    assert read_text(path, "a list", faults) is None
    assert read_text(tmp_path / "none.csv", "a list", faults, "here") is None
    assert faults[0].startswith("a.csv: not a list in UTF-8 (") and len(faults) == 2
    assert faults[1] == "here: cannot be read (No such file or directory)"
