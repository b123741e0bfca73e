"""A first search space for an amount of faces: few pictures a person need small margins and scales.

The ranges are those that worked in ``experiments/`` (heads-default, heads-f22, fair-rungs and
final-f22: 1,000 people with 6 pictures each) and, for many pictures a person, the papers'.
Not here: how the folder was looked at (`facesearch.data.survey`).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# Pictures a person: fewer are few, from the second on they are many.
_FEW, _MANY = 25, 100
_SIDES_PX = (32, 48, 64, 80, 112)
# what one epoch is short for: so many faces are seen in all, within the limits of epochs
_FACES_SEEN = 120_000
_LARGE_SET = 50_000


@dataclass(frozen=True)
class Found:
    """The training faces of a folder, as far as a space depends on them.

    side_px is the median of the shorter sides of some pictures; 0 if not known. each_least,
    each_median and each_most count the faces of an identity.
    """

    source: str
    num_identities: int
    num_faces: int
    each_least: int
    each_median: int
    each_most: int
    side_px: int = 0

    def __str__(self) -> str:
        """Return it in words."""
        each = f"{self.each_least} to {self.each_most} each, half have {self.each_median} or more"
        if self.each_least == self.each_most:
            each = f"{self.each_most} each"
        side = f", about {self.side_px} px" if self.side_px else ""
        return (
            f"{self.source}: {self.num_identities:,} people with {self.num_faces:,} faces "
            f"({each}){side}"
        )


def starter_space(
    found: Found, name: str, schema: str, commands: Sequence[str] = (), *, has_gpu: bool
) -> str:
    """Return the text of a space with holes that fit the faces.

    Args:
        found: The faces.
        name: Of the sweep; what a name may not hold is replaced.
        schema: Address of the JSON schema, for the first line.
        commands: What to do with it, a line each, for its head.
        has_gpu: Whether larger networks and pictures are worth a try.

    """
    epochs, batch = epochs_for(found.num_faces), _batch_sizes(found, has_gpu=has_gpu)
    side_px = image_px_for(found.side_px, has_gpu=has_gpu)
    has_further = found.each_median >= 4
    objective = "{val/rank1: 0.5, val/top1: 0.5}" if has_further else "val/rank1"
    why = "strangers, and new faces of known people" if has_further else "strangers"
    more = (
        "  # the pictures have more, and larger ones are slower" if found.side_px > side_px else ""
    )
    told = "\n".join(f"#   {line}" for line in (str(found), *commands))
    return f"""\
# yaml-language-server: $schema={schema}
# Which recipe for these faces?
{told}
# Any value may be a hole: uniform, log_uniform, int, log_int, choice. See facesearch list.
name: {sweep_name(name)}
data:
  image_px: {side_px}{more}
  held_out_identities: {_held_out(found.num_identities)}  # to rank the trials by
  reserve: auto  # faces that no trial sees, for finalize to report on; none: no verdict
{_model(found, side_px, has_gpu=has_gpu)}
{_heads(found.each_median)}
augment:
  strength: {{uniform: {_strength(found)}}}
  shift_fraction: 0.1
  grey_probability: 0.1
  cutout_fraction: {{uniform: [0.0, 0.3]}}
optim:
  lr: {{log_uniform: [0.03, 0.3]}}
  weight_decay: {{log_uniform: {_decay(found)}}}
  schedule: wsd  # warm-up, stable, decay: better than one_cycle in experiments/fair-rungs
  warmup_fraction: 0.05
  ema_decay: 0.99
train: {{epochs: {epochs}, batch_size: {batch}}}
search:
  objective: {objective}  # {why}
  trials: 24
  scheduler: {{type: asha_promote, grace_epochs: {max(3, epochs // 4)}, eta: 3}}
"""


def sweep_name(text: str) -> str:
    """Return a name that a sweep may have, made of ``text``."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")[:40].strip("-").lower() or "faces"


def epochs_for(num_faces: int) -> int:
    """Return epochs that show a network enough faces, 12 to 40."""
    return max(12, min(40, round(_FACES_SEEN / max(1, num_faces))))


def image_px_for(side_px: int, *, has_gpu: bool) -> int:
    """Return the side to train at: not above the pictures' own, and what the machine can do."""
    most = 112 if has_gpu else 64
    fitting = [px for px in _SIDES_PX if px <= most and (not side_px or px <= side_px)]
    return max(fitting, default=_SIDES_PX[0])


def _held_out(num_identities: int) -> float:
    """Many strangers make a fair score, but people held out are not learnt from."""
    if num_identities < 200:
        return 0.25
    return 0.15 if num_identities < 5000 else 0.1


def _batch_sizes(found: Found, *, has_gpu: bool) -> str:
    if has_gpu and found.num_faces >= _LARGE_SET:
        return "{choice: [128, 256]}"
    return "64" if found.num_faces >= 1000 else "32"


def _model(found: Found, side_px: int, *, has_gpu: bool) -> str:
    if has_gpu and found.num_faces >= _LARGE_SET:
        return """\
model:
  choice:
    - {network: cnn, block: residual, stem: large, depth: [2, 2, 2, 2], width: {choice: [48, 64]}}
    - {network: iresnet18, embedding_dim: 512, dropout: {uniform: [0.0, 0.4]}}"""
    stem, stages = ("large", 4) if side_px >= 48 else ("small", 3)
    width = "[16, 24]" if found.num_faces < 3000 else "[24, 32]"
    return f"""\
model:
  stem: {stem}
  num_stages: {stages}
  depth: {{choice: [1, 2]}}
  width: {{choice: {width}}}
  embedding_dim: 256"""


def _heads(each: int) -> str:
    """Small margins and scales where few pictures show a person: larger ones never learn there."""
    if each < _FEW:
        why, rad, cos, scale = "few", "[0.1, 0.35]", "[0.05, 0.3]", "[10, 30]"
    elif each < _MANY:
        why, rad, cos, scale = "some", "[0.15, 0.5]", "[0.1, 0.35]", "[12, 48]"
    else:
        why, rad, cos, scale = "many", "[0.2, 0.6]", "[0.15, 0.45]", "[20, 64]"
    last = "multi_similarity, negative_scale: {log_uniform: [10, 60]}"
    if each >= _MANY:
        last = f"adaface, margin: {{uniform: [0.2, 0.5]}}, scale: {{log_uniform: {scale}}}"
    return f"""\
head:  # margins and scales for {why} pictures a person; facesearch list heads
  choice:
    - {{type: arcface, margin_rad: {{uniform: {rad}}}, scale: {{log_uniform: {scale}}}}}
    - {{type: cosface, margin_cos: {{uniform: {cos}}}, scale: {{log_uniform: {scale}}}}}
    - {{type: {last}}}
    - {{type: softmax, label_smoothing: {{uniform: [0.0, 0.2]}}}}"""


def _strength(found: Found) -> str:
    return "[0.2, 1.0]" if found.each_median < _FEW else "[0.4, 1.5]"


def _decay(found: Found) -> str:
    """High where faces are few: the best recipes of fair-rungs have 0.0025 to 0.005."""
    return "[1.0e-3, 8.0e-3]" if found.num_faces < _LARGE_SET else "[2.0e-4, 3.0e-3]"
