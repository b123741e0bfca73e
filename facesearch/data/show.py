"""A contact sheet: each row a face, as it was read and as the augmentation changes it."""

import random
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from facesearch.config import AugmentConfig, DataConfig, as_plain
from facesearch.data.augment import build_augment
from facesearch.data.augment.mix import mix
from facesearch.data.faces import load_all_faces
from facesearch.errors import InputError
from facesearch.space import load_space, space_from_text

_GAP_PX = 2
_ROWS, _COLUMNS = 8, 9
_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


def contact_sheet(
    images_NHWC: np.ndarray, augmentations: list[AugmentConfig], seed: int
) -> Image.Image:
    """Return a picture with a row a face: as it is, then changed by each augmentation in turn.

    Args:
        images_NHWC: Faces, uint8 [N, H, W, 3].
        augmentations: One for each further column.
        seed: Seed of the changes.

    """
    faces = torch.from_numpy(np.ascontiguousarray(images_NHWC)).permute(0, 3, 1, 2)
    columns = [faces]
    for number, settings in enumerate(augmentations):
        generator = torch.Generator().manual_seed(seed * 1000 + number)
        changed = build_augment(settings)(faces.float() / 127.5 - 1, generator)
        if settings.mixes:
            changed = mix(changed, torch.arange(len(faces)), settings, generator).images_BCHW
        columns.append(((changed + 1) * 127.5).round().clamp(0, 255).to(torch.uint8))
    tiles = torch.stack(columns, 1).permute(0, 1, 3, 4, 2).numpy()
    rows, across, height, width, _ = tiles.shape
    size = (rows * (height + _GAP_PX) + _GAP_PX, across * (width + _GAP_PX) + _GAP_PX, 3)
    sheet = np.full(size, 255, np.uint8)
    for row in range(rows):
        for column in range(across):
            top, left = (_GAP_PX + i * (s + _GAP_PX) for i, s in ((row, height), (column, width)))
            sheet[top : top + height, left : left + width] = tiles[row, column]
    return Image.fromarray(sheet)


def show_faces(
    root: str | None, space_path: Path | None, out: Path, image_px: int | None, seed: int
) -> tuple[tuple[int, int], int]:
    """Write the contact sheet of a folder of faces (none: generated ones).

    Args:
        root: The folder.
        space_path: A space; each column is one draw of its augmentation. None: the defaults.
        out: The picture to write.
        image_px: Side of a face; None is the space's.
        seed: Seed of faces, draws and changes.

    Returns:
        Width and height in pixels, and the number of faces.

    Raises:
        InputError: If the faces or the space cannot be read, or the picture cannot be written.

    """
    if out.suffix.lower() not in _SUFFIXES:
        raise InputError(f"--out {out}: write a picture, ending in {', '.join(_SUFFIXES)}.")
    space = load_space(space_path) if space_path else space_from_text("{}")
    rng = random.Random(seed)
    configs = [space.draw(rng)[1] for _ in range(_COLUMNS)]
    data = configs[0].data
    faces = load_all_faces(
        DataConfig.model_validate(
            {
                **as_plain(data),
                "root": root or data.root,
                "image_px": image_px or data.image_px,
            }
        )
    )
    positions = np.random.default_rng(seed).permutation(len(faces.train))[:_ROWS]
    images = faces.train.images_NHWC[faces.train.index_M[np.sort(positions)]]
    sheet = contact_sheet(images, [config.augment for config in configs], seed)
    try:
        sheet.save(out)
    except OSError as error:
        raise InputError(f"--out {out}: cannot be written ({error}).") from None
    return sheet.size, len(images)
