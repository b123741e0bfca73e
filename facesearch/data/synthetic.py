"""Generated faces: a first run needs no download.

An identity is geometry (shape of head, eyes, nose, mouth, brows, hair) and colours; a picture of it
varies in position, size, tilt, pose, light, expression, glasses, occlusion and background. Colours
of different people overlap and light changes them, so the mean colour does not tell who it is.
"""

import colorsys
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

_SUPERSAMPLE = 2
Colour = tuple[int, int, int]


@dataclass(frozen=True)
class _Identity:
    head_width: float
    head_height: float
    eye_distance: float
    eye_size: float
    eye_height: float
    nose_length: float
    nose_width: float
    mouth_width: float
    mouth_height: float
    lip: float
    brow_tilt: float
    brow_height: float
    hair_length: float
    hair_line: float
    ears: float
    skin: Colour
    hair: Colour
    iris: Colour


def draw_faces(
    num_identities: int, faces_per_identity: int, image_px: int, seed: int
) -> tuple[np.ndarray, tuple[str, ...]]:
    """Draw faces; each depends on (seed, identity, number) alone, so more never change the first.

    Returns:
        uint8 [N, image_px, image_px, 3], identity by identity, and each face's identity.

    """
    count = num_identities * faces_per_identity
    images = np.empty((count, image_px, image_px, 3), np.uint8)
    names: list[str] = []
    for person in range(num_identities):
        identity = _draw_identity(np.random.default_rng([seed, person]))
        for number in range(faces_per_identity):
            rng = np.random.default_rng([seed, person, number + 1])
            images[len(names)] = _draw_picture(identity, image_px, rng)
            names.append(f"g{person:06d}")
    return images, tuple(names)


def _colour(
    rng: np.random.Generator, hue: tuple[float, float], light: tuple[float, float]
) -> Colour:
    rgb = colorsys.hls_to_rgb(rng.uniform(*hue) % 1, rng.uniform(*light), rng.uniform(0.25, 0.6))
    red, green, blue = (round(255 * c) for c in rgb)
    return red, green, blue


def _draw_identity(rng: np.random.Generator) -> _Identity:
    """Draw what stays the same in all pictures of one person; lengths are in head units."""
    return _Identity(
        head_width=rng.uniform(0.62, 0.95),
        head_height=rng.uniform(0.95, 1.15),
        eye_distance=rng.uniform(0.28, 0.52),
        eye_size=rng.uniform(0.08, 0.16),
        eye_height=rng.uniform(-0.25, -0.02),
        nose_length=rng.uniform(0.12, 0.36),
        nose_width=rng.uniform(0.05, 0.16),
        mouth_width=rng.uniform(0.18, 0.42),
        mouth_height=rng.uniform(0.42, 0.62),
        lip=rng.uniform(0.02, 0.08),
        brow_tilt=rng.uniform(-0.1, 0.1),
        brow_height=rng.uniform(0.12, 0.24),
        hair_length=rng.uniform(-0.4, 1.0),
        hair_line=rng.uniform(-0.75, -0.4),
        ears=rng.uniform(0.0, 0.14),
        skin=_colour(rng, (0.03, 0.1), (0.35, 0.8)),
        hair=_colour(rng, (0.0, 0.16), (0.08, 0.6)),
        iris=_colour(rng, (0.05, 0.7), (0.2, 0.5)),
    )


class _Canvas:
    """Draws in head units (centre of the head, y down), turned, moved and scaled to pixels."""

    def __init__(self, side: int, rng: np.random.Generator) -> None:
        self.image = Image.new("RGB", (side, side), tuple(int(c) for c in rng.integers(0, 256, 3)))
        self.draw = ImageDraw.Draw(self.image)
        self.scale = side * rng.uniform(0.27, 0.37)
        self.centre = side * (0.5 + rng.uniform(-0.17, 0.17, 2))
        angle = rng.uniform(-0.25, 0.25)
        self.turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def polygon(self, points: np.ndarray, colour: Colour) -> None:
        pixels = points @ self.turn.T * self.scale + self.centre
        self.draw.polygon([(float(x), float(y)) for x, y in pixels], fill=colour)

    def oval(self, x: float, y: float, width: float, height: float, colour: Colour) -> None:
        t = np.linspace(0, 2 * np.pi, 28, endpoint=False)
        self.polygon(np.stack([x + width * np.cos(t), y + height * np.sin(t)], 1), colour)

    def stroke(self, points: np.ndarray, width: float, colour: Colour) -> None:
        pixels = points @ self.turn.T * self.scale + self.centre
        line = [(float(x), float(y)) for x, y in pixels]
        self.draw.line(line, fill=colour, width=max(1, round(width * self.scale)), joint="curve")


def _shade(colour: Colour, factor: float) -> Colour:
    red, green, blue = (int(min(255, c * factor)) for c in colour)
    return red, green, blue


def _draw_picture(face: _Identity, image_px: int, rng: np.random.Generator) -> np.ndarray:
    """Draw one picture of a person: uint8 [image_px, image_px, 3]."""
    canvas = _Canvas(image_px * _SUPERSAMPLE, rng)
    for _ in range(4):
        x, y, width, height = rng.uniform(-2, 2, 4)
        clutter = tuple(int(c) for c in rng.integers(0, 256, 3))
        canvas.oval(x, y, abs(width) / 2, abs(height) / 2, (clutter[0], clutter[1], clutter[2]))
    yaw = rng.uniform(-0.16, 0.16)
    _draw_head(canvas, face)
    _draw_features(canvas, face, yaw, rng)
    if rng.random() < 0.2:
        for side in (-1, 1):
            t = np.linspace(0, 2 * np.pi, 20)
            ring = np.stack([np.cos(t), np.sin(t)], 1) * 0.17
            centre = np.array([yaw + side * face.eye_distance / 1.6, face.eye_height])
            canvas.stroke(ring + centre, 0.04, (20, 20, 20))
    if rng.random() < 0.15:
        x, y = rng.uniform(-0.8, 0.8, 2)
        grey = int(rng.integers(0, 256))
        canvas.oval(x, y, 0.25, 0.25, (grey, grey, grey))
    small = canvas.image.resize((image_px, image_px), Image.Resampling.BOX)
    return _light(np.asarray(small, np.float32), rng)


def _draw_head(canvas: _Canvas, face: _Identity) -> None:
    width, height = face.head_width, face.head_height
    if face.hair_length > 0:
        canvas.oval(0, face.hair_length * 0.3, width * 1.18, height * 1.1, face.hair)
    for side in (-1, 1):
        canvas.oval(side * width, 0, face.ears, face.ears * 1.5, _shade(face.skin, 0.9))
    canvas.oval(0, 0, width, height, face.skin)
    t = np.linspace(np.pi, 2 * np.pi, 20)
    crown = np.stack([width * 1.06 * np.cos(t), height * 1.06 * np.sin(t)], 1)
    edge = [
        [width * 0.95, face.hair_line + 0.35],
        [0, face.hair_line],
        [-width * 0.95, face.hair_line + 0.35],
    ]
    canvas.polygon(np.concatenate([crown, np.array(edge)]), face.hair)


def _draw_features(canvas: _Canvas, face: _Identity, yaw: float, rng: np.random.Generator) -> None:
    """Draw eyes, brows, nose and mouth; yaw moves them over the head, the nose the most."""
    open_, smile = rng.uniform(0.5, 1.0), rng.uniform(-0.08, 0.12)
    for side in (-1, 1):
        x, y = yaw + side * face.eye_distance / 1.6, face.eye_height
        canvas.oval(x, y, face.eye_size, face.eye_size * 0.65 * open_, (240, 240, 240))
        canvas.oval(x + yaw / 4, y, face.eye_size * 0.5, face.eye_size * 0.6 * open_, face.iris)
        tilt, top = side * face.brow_tilt, y - face.brow_height
        brow = np.array([[x - 0.14, top - tilt], [x + 0.14, top + tilt]])
        canvas.stroke(brow, 0.06, _shade(face.hair, 0.7))
    base = face.eye_height + 0.1
    tip = base + face.nose_length
    nose = [[yaw, base], [1.5 * yaw - face.nose_width, tip], [1.5 * yaw + face.nose_width, tip]]
    canvas.polygon(np.array(nose), _shade(face.skin, 0.75))
    across = np.linspace(-1, 1, 9)
    curve = face.mouth_height - smile * across**2
    mouth = np.stack([1.2 * yaw + face.mouth_width * across, curve], 1)
    canvas.stroke(mouth, 0.03 + face.lip, (150, 50, 50))


def _light(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Change brightness, colour cast and direction of light; add a little noise."""
    side = pixels.shape[0]
    ramp = np.linspace(-1, 1, side)
    slope_x, slope_y = rng.uniform(-0.25, 0.25, 2)
    light: np.ndarray = 1 + slope_x * ramp[None, :, None] + slope_y * ramp[:, None, None]
    brightness = rng.uniform(0.7, 1.2)
    cast: np.ndarray = brightness * rng.uniform(0.88, 1.12, (1, 1, 3))
    noise = rng.normal(0, 4, pixels.shape)
    lit = np.clip(pixels * light * cast + noise, 0, 255)
    return np.asarray(lit, dtype=np.uint8)


def contact_sheet(images_NHWC: np.ndarray, columns: int) -> Image.Image:
    """Lay uint8 images [N, H, W, 3] out in rows of ``columns``."""
    count, side = images_NHWC.shape[:2]
    sheet = Image.new("RGB", (columns * side, -(-count // columns) * side))
    for i, pixels in enumerate(images_NHWC):
        sheet.paste(Image.fromarray(pixels), (i % columns * side, i // columns * side))
    return sheet
