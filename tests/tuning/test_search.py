from pathlib import Path

from facesearch.space import space_from_text
from facesearch.tuning.search import build_searcher

SPACE = """
head:
  choice:
    - {type: arcface, margin_rad: {uniform: [0.1, 0.5]}}
    - {type: softmax}
model: {width: {log_int: [8, 64]}}
optim: {lr: {log_uniform: [0.01, 1]}}
search: {sampler: %s}
"""


def draw(sampler: str, count: int = 15) -> list[dict[str, object]]:
    space = space_from_text(SPACE % sampler)
    searcher = build_searcher(space, space.settings.search)
    points = []
    for i in range(count):
        point = searcher.suggest(str(i))
        searcher.on_trial_complete(str(i), {"score": point["optim.lr"], "epoch": 1})
        space.config(point)
        points.append(point)
    return points


def test_every_suggested_point_is_a_valid_config_and_conditional() -> None:
    for sampler in ("tpe", "random"):
        for point in draw(sampler):
            assert ("head.arcface.margin_rad" in point) == (point["head"] == "arcface")


def test_the_seed_decides() -> None:
    assert draw("tpe") == draw("tpe")


def test_tpe_learns_where_scores_are_high() -> None:
    late = [float(str(p["optim.lr"])) for p in draw("tpe", 40)[20:]]
    assert sum(lr > 0.3 for lr in late) > len(late) / 2


def test_the_searcher_can_be_pickled_as_ray_does(tmp_path: Path) -> None:
    space = space_from_text(SPACE % "tpe")
    build_searcher(space, space.settings.search).save(str(tmp_path / "s.pkl"))
    assert (tmp_path / "s.pkl").stat().st_size > 0


def test_first_points_are_tried_first_and_completed_by_draws() -> None:
    space = space_from_text(
        "head:\n"
        "  choice:\n"
        "    - {type: softmax}\n"
        "    - {type: arcface, margin_rad: {uniform: [0.1, 0.6]}, scale: {log_uniform: [10, 64]}}\n"
        "optim: {lr: {log_uniform: [0.01, 0.3]}}\n"
        "search:\n"
        "  first_points:\n"
        "    - {head: arcface, head.arcface.margin_rad: 0.5, head.arcface.scale: 64}\n"
        "    - {head: softmax, optim.lr: 0.1}\n"
    )
    searcher = build_searcher(space, space.settings.search)
    first, second = searcher.suggest("a"), searcher.suggest("b")
    assert (first["head"], first["head.arcface.margin_rad"]) == ("arcface", 0.5)
    assert first["head.arcface.scale"] == 64 and 0.01 <= first["optim.lr"] <= 0.3
    assert second == {"head": "softmax", "optim.lr": 0.1}
