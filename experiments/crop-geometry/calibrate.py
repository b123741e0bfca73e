"""Random worlds, and the logistic fit that the confidence of a box is.

    python experiments/crop-geometry/calibrate.py FACES-F22 FACES-S23 300 > worlds.csv
    python experiments/crop-geometry/calibrate.py worlds.csv

A world: a reference set; 6 to 400 images of other identities of the same or the other data set,
cut to a random box (side 0.42 to 2.4), each moved a little more, its padding black, repeated or
noise, its light changed. In a tenth only every other image is cut; in a seventh no face is upright.
"""

import csv
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageFilter

from facesearch.data.box import Box
from facesearch.data.decode import decode_image
from facesearch.data.geometry import mean_of_images, parts_of
from facesearch.data.geometry.search import best_by_chance, find_box
from facesearch.data.layouts import read_layout

PX, WITHIN = 112, 0.04
# Where faces of one data set lie in the other, measured on 500 images of each.
BETWEEN = {
    ("f22", "s23"): (0.112, 0.177, 0.910, 0.976),
    ("s23", "f22"): (-0.143, -0.222, 1.113, 1.033),
}
COLUMNS = "kind ref n eff mode jitter pside side corr ev chance spread whole err errref within"
_LIGHT = {"dark": (0.35, 0), "bright": (1.3, 50)}
Rng = np.random.Generator


def load(root: str, count: int) -> np.ndarray:
    """Return images of people who are not trained on, in a random order."""
    paths = [path for faces in parts_of(read_layout(Path(root))).values() for path in faces.paths]
    order = np.random.default_rng(1).permutation(len(paths))[:count]
    return np.stack([decode_image(paths[row], PX) for row in order])


def cut(image: np.ndarray, box: tuple[float, ...], mode: str, rng: Rng) -> Image.Image:
    """Return the box of an image, padded in one of three ways."""
    edges = [edge * PX for edge in box]
    pad = int(np.ceil(max(0, -edges[0], -edges[1], edges[2] - PX, edges[3] - PX))) + 1
    if mode == "edge":
        padded = np.pad(image, ((pad, pad), (pad, pad), (0, 0)), mode="edge")
    else:
        padded = np.zeros((PX + 2 * pad, PX + 2 * pad, 3), np.uint8)
        padded[:] = rng.integers(0, 256, 3) if mode == "noise" else 0
        padded[pad:-pad, pad:-pad] = image
    inside = tuple(edge + pad for edge in edges)
    return Image.fromarray(padded).resize((64, 64), Image.Resampling.BILINEAR, inside)


def changed(image: Image.Image, how: str) -> np.ndarray:
    """Return an image in another light, grey, blurred or mirrored."""
    if how == "grey":
        image = image.convert("L").convert("RGB")
    if how == "blur":
        image = image.filter(ImageFilter.GaussianBlur(1.5))
    factor, shift = _LIGHT.get(how, (1, 0))
    pixels = np.clip(np.asarray(image) * float(factor) + shift, 0, 255).astype(np.uint8)
    return pixels[:, ::-1] if how == "flip" else pixels


def true_box(between: tuple[float, ...], planted: tuple[float, ...], how: str) -> Box:
    """Return the box that undoes the cut."""
    if how == "flip":
        between, planted = (
            (1 - b[2], b[1], 1 - b[0], b[3]) for b in (between, planted)
        )  # mirrored
    side, (left, top) = planted[2] - planted[0], planted[:2]
    first, second, third, fourth = between
    return Box(
        (first - left) / side, (second - top) / side, (third - left) / side, (fourth - top) / side
    )


def world(rng: Rng, sets: dict[str, np.ndarray], references: dict[str, Any]) -> list[Any]:
    """Return a row of worlds.csv."""
    kind = str(rng.choice(["f22", "s23", "nonface", "mixed"], p=[0.45, 0.3, 0.15, 0.1]))
    source = kind if kind in sets else "f22"
    ref = str(rng.choice(["f22", "s23"])) if kind == "s23" else "f22"
    count = round(float(np.exp(rng.uniform(np.log(6), np.log(400)))))
    side = float(np.exp(rng.uniform(np.log(0.42), np.log(2.4))))
    x, y = 0.5 + rng.uniform(-0.2, 0.2, 2) * max(side, 1.0)
    planted = (x - side / 2, y - side / 2, x + side / 2, y + side / 2)
    if rng.random() < 0.15:
        planted = (0.0, 0.0, 1.0, 1.0)
    mode = str(rng.choice(["black", "edge", "noise"]))
    how = str(rng.choice(["none", "grey", "blur", "dark", "bright", "flip"]))
    jitter, turns = float(rng.choice([0, 0.03, 0.08])), int(rng.integers(1, 4))
    images = []
    rows = rng.permutation(len(sets[source]))[:count]
    for number, row in enumerate(rows):
        image = np.rot90(sets[source][row], turns) if kind == "nonface" else sets[source][row]
        right, down = rng.normal(0, jitter, 2) * side
        box = tuple(e + m for e, m in zip(planted, (right, down, right, down), strict=True))
        whole = kind == "mixed" and number % 2
        images.append(changed(cut(image, (0, 0, 1, 1) if whole else box, mode, rng), how))
    other = mean_of_images(np.stack(images), [str(row) for row in rows])
    reference = references[ref]
    found = find_box(reference.grey_HH, other.grey_HH)
    chance = best_by_chance(reference.grey_HH, other.grey_HH)
    halves = [find_box(reference.grey_HH, half).box for half in other.halves]
    is_face = kind in sets
    between = BETWEEN.get((ref, source), (0.0, 0.0, 1.0, 1.0))
    truth = true_box(between, planted, how)
    error = found.box.furthest_from(truth) if is_face else 9.0
    return [
        kind, ref, count, how, mode, jitter, planted[2] - planted[0], found.box.side,
        found.correlation, found.evidence, chance, halves[0].furthest_from(halves[1]), "", error,
        error / max(1, found.box.side), is_face and 0.36 <= truth.side <= 2.75,
    ]  # fmt: skip


def fit(path: str) -> None:
    """Print the coefficients, and how often what is called confident is wrong."""
    with open(path) as file:
        rows = [row for row in csv.DictReader(file) if int(row["n"]) >= 20]
    rows = [row for row in rows if row["kind"] != "mixed"]
    spread = [float(row["spread"]) / max(1, float(row["side"])) for row in rows]
    margin = [float(row["ev"]) - float(row["chance"]) for row in rows]
    x = np.stack([np.ones(len(rows)), margin, -np.log(np.maximum(spread, 0.002))], 1)
    error = np.array([float(r["errref"]) if r["within"] == "True" else 9.0 for r in rows])
    y, weights, ridge = error <= WITHIN, np.zeros(3), np.array([1e-6, 0.3, 0.3])
    for _ in range(100):  # Newton's method, ridge on all but the constant
        chance = 1 / (1 + np.exp(-x @ weights))
        step = x.T @ (y - chance) - ridge * weights
        weights += np.linalg.solve((x.T * (chance * (1 - chance))) @ x + np.diag(ridge), step)
    sure = 1 / (1 + np.exp(-x @ weights)) >= 0.9
    print("constant, margin, tightness:", weights.round(2))
    print(f"{len(rows)} worlds, {sure.sum()} confident")
    print({limit: int((sure & (error > limit)).sum()) for limit in (0.03, 0.04, 0.05)})


def main() -> None:
    """Make worlds, or fit to some."""
    if len(sys.argv) == 2:
        fit(sys.argv[1])
        return
    sets = {"f22": load(sys.argv[1], 3000), "s23": load(sys.argv[2], 2000)}
    references = {
        name: mean_of_images(images[:500], [str(row) for row in range(500)])
        for name, images in sets.items()
    }
    sets = {name: images[500:] for name, images in sets.items()}
    out = csv.writer(sys.stdout)
    out.writerow(COLUMNS.split())
    for number in range(int(sys.argv[3])):
        out.writerow(world(np.random.default_rng(number), sets, references))


main()
