from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from command_line import run
from faces_on_disk import people
from PIL import Image

from facesearch.cli import cli
from facesearch.errors import InputError


def test_a_contact_sheet_shows_faces_as_read_and_changed(tmp_path: Path) -> None:
    space = tmp_path / "space.yaml"
    space.write_text(
        "data: {synthetic: {num_identities: 6, faces_per_identity: 4}}\n"
        "augment: {flip_probability: 0, strength: {uniform: [1, 2]}}\n"
    )
    out = tmp_path / "sheet.png"
    told = run("data", "show", "--augment", str(space), "--out", str(out), "--image-px", "32")
    sheet = Image.open(out)
    # 8 faces of 32 px, as read and 9 times changed, with gaps of 2 px
    assert sheet.size == (10 * 34 + 2, 8 * 34 + 2) and "8 faces" in told
    tiles = [sheet.crop((2 + 34 * c, 2, 34 + 34 * c, 34)).tobytes() for c in range(10)]
    assert len(set(tiles)) == 10
    again = tmp_path / "again.png"
    run("data", "show", "--augment", str(space), "--out", str(again), "--image-px", "32")
    assert again.read_bytes() == out.read_bytes()


def test_a_mixed_picture_is_shown_mixed(tmp_path: Path) -> None:
    space = tmp_path / "space.yaml"
    space.write_text(
        "data: {synthetic: {num_identities: 6, faces_per_identity: 4}}\nhead: {type: softmax}\n"
        "augment: {strength: 0, mixup_alpha: 2.0}\n"
    )
    out = tmp_path / "sheet.png"
    run("data", "show", "--augment", str(space), "--out", str(out), "--image-px", "32")
    pixels = np.asarray(Image.open(out), dtype=float)
    faces = np.stack([pixels[2 + 34 * r : 34 + 34 * r, 2:34] for r in range(8)])
    column = np.stack([pixels[2 + 34 * r : 34 + 34 * r, 36:68] for r in range(8)])
    # every picture of the first changed column is a blend of its own row and of another one
    for row in range(8):
        best = min(
            np.abs(share * faces[row] + (1 - share) * other - column[row]).mean()
            for other in faces
            for share in np.linspace(0, 1, 101)
        )
        assert best < 2
    assert np.abs(column - faces).mean() > 5


def test_the_sheet_is_of_the_users_faces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = people(tmp_path / "faces")
    sheets = []
    for number, words in enumerate(([], [str(root)])):
        out = tmp_path / f"{number}.png"
        monkeypatch.setenv("FACESEARCH_DATA", str(root))
        run("data", "show", *words, "--out", str(out), "--image-px", "32")
        sheets.append(out.read_bytes())
    assert sheets[0] == sheets[1]
    monkeypatch.delenv("FACESEARCH_DATA")
    run("data", "show", "--out", str(tmp_path / "generated.png"), "--image-px", "32")
    assert (tmp_path / "generated.png").read_bytes() != sheets[0]


def test_a_sheet_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"ending in \.png"):
        words = ["data", "show", "--out", str(tmp_path / "a.txt")]
        CliRunner().invoke(cli, words, catch_exceptions=False)
