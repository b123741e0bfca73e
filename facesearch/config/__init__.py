"""One training run and one sweep, typed: what may be written in a space file.

Every field carries a sentence with its unit; every name comes from a table that says what it is.
A contradiction is refused here and nowhere else. Not here: holes and distributions (`space/`).
"""

from facesearch.config.augment import AugmentConfig
from facesearch.config.catalogue import CATALOGUE
from facesearch.config.faces import DataConfig, ReserveConfig, SyntheticConfig
from facesearch.config.heads import HEAD_CONFIGS, HeadConfig
from facesearch.config.model import ModelConfig
from facesearch.config.optim import OptimConfig, TrainConfig
from facesearch.config.part import as_plain
from facesearch.config.run import RunConfig, absolute_root, placeless
from facesearch.config.sweep import (
    OBJECTIVES,
    ResourcesConfig,
    SchedulerConfig,
    SearchConfig,
    SweepSettings,
)

__all__ = [
    "CATALOGUE", "HEAD_CONFIGS", "OBJECTIVES", "AugmentConfig", "DataConfig", "HeadConfig",
    "ModelConfig", "OptimConfig", "ReserveConfig", "ResourcesConfig", "RunConfig",
    "SchedulerConfig", "SearchConfig", "SweepSettings", "SyntheticConfig", "TrainConfig",
    "absolute_root", "as_plain", "placeless",
]  # fmt: skip
