"""Planted crops of faces-f22: whether the box is found, and of how many images.

    python experiments/crop-geometry/planted.py FACES-F22 > experiments/crop-geometry/results.csv

The reference is the mean face of train. The other set is n images of known (other identities) that
are cut to a planted box and changed; undoing the cut is the true box. No image is written.
"""

import csv
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

from facesearch.data.box import WHOLE, Box
from facesearch.data.decode import decode_image
from facesearch.data.geometry import align, mean_of_faces, mean_of_images
from facesearch.data.layouts import read_layout

# What is cut out of each image, and how it is changed besides.
PLANTED = {
    "unchanged": (WHOLE, "none"),
    "dark": (WHOLE, "dark"),
    "scale 0.4": (Box(-0.65, -0.8, 1.85, 1.7), "none"),
    "scale 0.6, shifted 0.2, grey": (Box(-0.13, -0.43, 1.53, 1.23), "grey"),
    "scale 0.8, shifted 0.1, blurred": (Box(-0.025, -0.225, 1.225, 1.025), "blur"),
    "scale 1, shifted 0.2": (Box(0.2, -0.1, 1.2, 0.9), "none"),
    "scale 1.2, bright": (Box(0.06, 0.11, 0.893, 0.943), "bright"),
    "scale 1.2, shifted 0.2, dark": (Box(-0.117, 0.083, 0.717, 0.917), "dark"),
}
COUNTS, DRAWS = (20, 30, 50, 100, 300), 3


def changed(image: np.ndarray, how: str) -> np.ndarray:
    """Return an image in another light, grey or blurred."""
    if how == "grey":
        return np.asarray(Image.fromarray(image).convert("L").convert("RGB"))
    if how == "blur":
        return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(1.5)))
    factor, shift = {"dark": (0.35, 0), "bright": (1.3, 50)}.get(how, (1, 0))
    return np.clip(image * float(factor) + shift, 0, 255).astype(np.uint8)


def true_box(planted: Box) -> Box:
    """Return the box that undoes a cut."""
    side = planted.side
    left, top = -planted.left / side, -planted.top / side
    return Box(left, top, left + 1 / side, top + 1 / side)


def main() -> None:
    """Print a row for each planted crop, number of images and draw."""
    folder = read_layout(Path(sys.argv[1]))
    reference = mean_of_faces(folder.train)
    assert reference is not None
    out = csv.writer(sys.stdout)
    out.writerow(
        "planted images draw true_box found_box error before after confidence verdict".split()
    )
    for name, (planted, how) in PLANTED.items():
        for count in COUNTS:
            for draw in range(DRAWS):
                rows = np.random.default_rng(draw).permutation(len(folder.known))[:count]
                paths = [folder.known.paths[row] for row in rows]
                images = [changed(decode_image(path, 64, planted), how) for path in paths]
                other = mean_of_images(np.stack(images), [str(row) for row in rows])
                found = align(reference, other)
                truth = true_box(planted)
                error = found.box.furthest_from(truth)
                verdict = "same" if found.is_same else "differs" if found.differs else "cannot tell"
                out.writerow([
                    name, count, draw, truth, found.box, f"{error:.4f}", f"{found.before:.3f}",
                    f"{found.after:.3f}", f"{found.confidence:.3f}", verdict,
                ])  # fmt: skip
                sys.stdout.flush()


main()
