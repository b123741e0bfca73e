from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
from PIL import Image

from facesearch.data.download import download_lfw
from facesearch.data.layouts import read_layout
from facesearch.errors import InputError


def test_what_was_downloaded_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def unpack(root: str, **settings: Any) -> None:
        assert settings["download"] is True
        for number, name in enumerate(["A_A", "B_B", "C_C", "D_D"]):
            person = Path(root) / "lfw-py" / "lfw_funneled" / name
            person.mkdir(parents=True)
            for image in (1, 2):
                pixels = np.full((20, 20, 3), 40 * number + 20 * image, np.uint8)
                Image.fromarray(pixels).save(person / f"{name}_000{image}.jpg")
        (Path(root) / "lfw-py" / "pairs.txt").write_text("1\nA_A\t1\t2\nA_A\t1\tB_B\t1\n")

    monkeypatch.setattr("torchvision.datasets.LFWPairs", unpack)
    folder = read_layout(download_lfw(tmp_path / "lfw"))
    assert folder.layout == "lfw" and len(folder.train) == 8 and len(folder.pairs) == 2


@pytest.mark.parametrize("error", [URLError("no route"), RuntimeError("File not found"), OSError()])
def test_without_internet_it_says_what_to_do_by_hand(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: Exception
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr("torchvision.datasets.LFWPairs", refuse)
    with pytest.raises(InputError, match=r"cannot be downloaded .* by hand: .*lfw_funneled"):
        download_lfw(tmp_path / "lfw")
