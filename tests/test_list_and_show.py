from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from faces_on_disk import people
from PIL import Image

from facesearch.cli import cli
from facesearch.config import CATALOGUE, HEAD_CONFIGS
from facesearch.config.catalogue import PARTS
from facesearch.data.augment import CHANGES
from facesearch.errors import InputError
from facesearch.heads import HEADS
from facesearch.models import NETWORKS


def run(*words: str) -> str:
    result = CliRunner().invoke(cli, list(words), catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


@pytest.mark.parametrize(
    ("topic", "names"),
    [
        ("models", NETWORKS),
        ("heads", HEADS),
        ("augmentations", [field for _, fields in CHANGES.values() for field in fields]),
        ("layouts", CATALOGUE["layouts"]["data.layout"]),
        ("objectives", ["val/rank1", "val/top1", "cost/gflops"]),
    ],
)
def test_every_name_is_listed_with_a_line(topic: str, names: list[str]) -> None:
    lines = dict(line.split(maxsplit=1) for line in run("list", topic).splitlines() if "  " in line)
    assert all(len(lines[name]) > 10 for name in names)


def test_all_topics_are_listed_without_one() -> None:
    output = run("list")
    assert all(f"{field}:" in output for topic in CATALOGUE.values() for field in topic)


@pytest.mark.parametrize("part", PARTS)
def test_every_setting_of_a_part_is_listed_with_its_default(part: str) -> None:
    output = run("list", part)
    for name, field in PARTS[part].model_fields.items():
        if field.description:
            line = next(line for line in output.splitlines() if line.split()[0] == name)
            assert field.description in line
            assert line.endswith(f"Default: {'none' if field.default is None else field.default}.")


def test_the_parts_are_those_of_a_space_file_and_the_heads() -> None:
    parts = {"data", "augment", "model", "optim", "train", "search", "resources"}
    assert set(PARTS) == parts | set(HEAD_CONFIGS)


def test_an_unknown_topic_is_refused() -> None:
    with pytest.raises(InputError, match="did you mean 'heads'"):
        CliRunner().invoke(cli, ["list", "head"], catch_exceptions=False)


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
