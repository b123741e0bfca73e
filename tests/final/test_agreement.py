"""One model, four ways to ask it: in memory, reloaded, as ONNX, and as MLflow serves it."""

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from models import untrained

from facesearch.data.synthetic import draw_faces
from facesearch.final.bundle import load_bundle, save_bundle
from facesearch.final.export import export_onnx, open_onnx
from facesearch.final.serving import COLUMN, png, save_pyfunc


def test_all_forms_of_a_model_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))  # MLflow puts the model's code first
    model = untrained(2, views="flip")
    images, _ = draw_faces(20, 5, 16, seed=5)
    save_bundle(tmp_path / "bundle", model)
    save_pyfunc(tmp_path / "bundle", tmp_path / "served")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow.pyfunc

        served = mlflow.pyfunc.load_model(str(tmp_path / "served"))
        answers = served.predict(pd.DataFrame({COLUMN: [png(image) for image in images]}))
    wanted, (best, share) = model.embed(images), model.classify(images)
    session = open_onnx(export_onnx(model))
    forms = {
        "reloaded": load_bundle(tmp_path / "bundle").embed(images),
        "onnx": session.run(None, {"images": images})[0],
        "pyfunc": np.array(answers["embedding"].tolist(), np.float32),
    }
    for name, found in forms.items():
        assert found.shape == (100, 16), name
        assert (1 - (found * wanted).sum(1)).max() <= 1e-4, name
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5, err_msg=name)
    assert answers["identity"].tolist() == [model.identities[number] for number in best[:, 0]]
    np.testing.assert_allclose(answers["share"], share[:, 0], rtol=1e-5)
    # generated faces of an untrained network are alike: agreement must not be for that
    assert (1 - wanted[:50] @ wanted[50:].T).max() > 1e-2
