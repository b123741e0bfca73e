import random
from pathlib import Path

import pytest

from facesearch.config import as_plain
from facesearch.heads import build_head
from facesearch.models import build_network
from facesearch.space import load_space

ROOT = Path(__file__).parents[1]
FILES = [*sorted(ROOT.glob("searchspaces/**/*.yaml")), *sorted(ROOT.glob("experiments/**/*.yaml"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_shipped_space_draws_points_that_build(path: Path) -> None:
    space = load_space(path)
    rng = random.Random(0)
    for _ in range(10):
        config = space.draw(rng)[1]
        build_network(config.model, config.data.image_px)
        build_head(as_plain(config.head), embedding_dim=8, num_identities=4)


def test_the_three_first_spaces_are_there_and_say_what_they_ask() -> None:
    names = {path.stem for path in FILES}
    assert {"quickstart", "arcface", "heads"} <= names
    for path in (ROOT / "searchspaces").glob("*.yaml"):
        first, second, *_ = path.read_text().splitlines()
        assert first.endswith("?") or "?" in first
        assert f"facesearch tune searchspaces/{path.name}" in second
