import os
from pathlib import Path

import pytest

from facesearch.config import RunConfig

# Threads of one test process must not fight with those of the next.
os.environ.setdefault("OMP_NUM_THREADS", "2")


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.setenv("FACESEARCH_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))
    monkeypatch.delenv("FACESEARCH_DATA", raising=False)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture
def small_config() -> RunConfig:
    return RunConfig.model_validate(
        {
            "data": {"image_px": 16, "synthetic": {"num_identities": 8, "faces_per_identity": 6}},
            "model": {"num_stages": 2, "width": 4, "embedding_dim": 8, "dropout": 0.1},
            "head": {"type": "cosface", "scale": 16.0},
            "train": {"epochs": 3, "batch_size": 8},
        }
    )


def real_data() -> Path:
    """Return the folder of real faces, or skip."""
    default = Path(__file__).parents[2] / "shared" / "data"
    folder = Path(os.environ.get("FACESEARCH_REAL_DATA", default))
    if not (folder / "faces-f22").is_dir():
        pytest.skip("no real faces here: set FACESEARCH_REAL_DATA to a folder with faces-f22")
    return folder


@pytest.fixture
def faces_f22() -> Path:
    return real_data() / "faces-f22"


@pytest.fixture
def faces_s23() -> Path:
    return real_data() / "faces-s23"
