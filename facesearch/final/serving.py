"""The model as MLflow serves it: pictures in, embedding, likeliest identity and its share out.

What is logged is a folder that `mlflow models serve` takes: our bundle (safetensors and JSON,
proved on loading), a code file of three lines (`serving_model.py`) and this package's source. No
pickle is written, and none is read.
"""

import base64
import binascii
import io
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

import facesearch.tracking.store  # noqa: F401 - no telemetry: set before MLflow is imported

# isort: split
with warnings.catch_warnings():
    # MLflow warns of type hints: of its own while it is imported, and of a predict without
    warnings.simplefilter("ignore")
    from mlflow.exceptions import MlflowException
    from mlflow.models import Model, ModelSignature
    from mlflow.pyfunc import PythonModel, save_model
    from mlflow.types import ColSpec, DataType, Schema
    from mlflow.types.schema import Array

from facesearch.data.decode import decode_bytes
from facesearch.data.synthetic import draw_faces
from facesearch.errors import InputError
from facesearch.final.bundle import load_bundle
from facesearch.final.images_in import each_image
from facesearch.final.locate import load_model
from facesearch.final.model import FaceModel

COLUMN = "image"
MOST_PICTURES = 1024
SIGNATURE = ModelSignature(
    inputs=Schema([ColSpec(DataType.binary, COLUMN)]),
    outputs=Schema(
        [
            ColSpec(Array(DataType.float), "embedding"),
            ColSpec(DataType.string, "identity"),
            ColSpec(DataType.float, "share"),
        ]
    ),
)


class FaceServer(PythonModel):  # type: ignore[misc, unused-ignore]
    """Answers requests with a bundle; one object serves many of them."""

    _model: FaceModel | None = None

    def load_context(self, context: Any) -> None:
        """Read the bundle of a logged model.

        Raises:
            InputError: If it is not whole.

        """
        self._model = load_model(Path(context.artifacts["bundle"]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        """Return a row a picture: ``embedding`` (floats, length 1), ``identity``, ``share``.

        Args:
            context: Of MLflow; not used, `load_context` came before.
            model_input: A table with the column ``image``: bytes of image files, or these in
                base64. Called without MLflow's signature also RGB uint8 [N, H, W, 3].
            params: None are known.

        Returns:
            The identity is the likeliest of those that the model was trained on, even for a
            stranger; share is the probability of it, calibrated if the model has a temperature.

        Raises:
            MlflowException: With the status 400, if a picture cannot be read.

        """
        if self._model is None:
            raise MlflowException("the bundle was not loaded: call load_context first.")
        try:
            images = read_request(model_input, self._model.image_px)
        except InputError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from None
        return answer(self._model, images)


def answer(model: FaceModel, images_NHWC: np.ndarray) -> pd.DataFrame:
    """Return what is served for RGB uint8 pictures [N, H, W, 3]: a row each."""
    # as images and not as an array: these are pixels, however dark they are
    images = [Image.fromarray(pixels_HWC) for pixels_HWC in images_NHWC]
    embeddings, best, share = model.embed_and_classify(images, top=1)
    return pd.DataFrame(
        {
            "embedding": embeddings.tolist(),
            "identity": [model.identities[number] for number in best[:, 0]],
            "share": share[:, 0],
        }
    )


def read_request(request: Any, image_px: int) -> np.ndarray:
    """Return the pictures of a request, RGB uint8 [N, H, W, 3].

    Raises:
        InputError: If it is no table with the one column ``image``, has more than 1024 rows, or
            holds something that is no picture.

    """
    if isinstance(request, np.ndarray):
        if request.dtype != np.uint8 or request.shape[1:] != (image_px, image_px, 3):
            raise InputError(
                f"pictures must be uint8 [N, {image_px}, {image_px}, 3], but got {request.dtype} "
                f"{list(request.shape)}."
            )
        each_image(request)  # numbers in which nobody can be seen are refused
        return request
    if not isinstance(request, pd.DataFrame) or COLUMN not in request:
        raise InputError(f"send a table with a column '{COLUMN}': pictures as bytes or base64.")
    cells = request[COLUMN].tolist()
    if len(cells) > MOST_PICTURES:
        raise InputError(f"{len(cells)} pictures; send at most {MOST_PICTURES} at a time.")
    pictures = [_picture(cell, f"{COLUMN} {row}", image_px) for row, cell in enumerate(cells)]
    return np.stack([np.empty((image_px, image_px, 3), np.uint8), *pictures])[1:]


def _picture(cell: Any, name: str, image_px: int) -> np.ndarray:
    if isinstance(cell, str):
        try:
            cell = base64.b64decode(cell, validate=True)
        except (binascii.Error, ValueError):
            raise InputError(f"{name}: neither bytes nor base64 of a picture file.") from None
    if not isinstance(cell, (bytes, bytearray)):
        raise InputError(f"{name}: must be the bytes of a picture file, not {type(cell).__name__}.")
    return decode_bytes(bytes(cell), image_px, name)


def describe(run_id: str, logged: Any) -> Model:
    """Return what stands in the folder of a logged model: its run, and itself."""
    return Model(
        artifact_path=logged.artifact_location,
        run_id=run_id,
        model_uuid=logged.model_id,
        model_id=logged.model_id,
    )


def save_pyfunc(bundle: Path, folder: Path, mlflow_model: Model | None = None) -> None:
    """Write the folder that MLflow serves; nothing is sent anywhere.

    Args:
        bundle: A whole bundle; it is copied.
        folder: Must not exist.
        mlflow_model: What MLflow knows of the model already, such as its run.

    Raises:
        InputError: If the bundle is not whole.

    """
    image_px = load_bundle(bundle).image_px
    package = Path(__file__).parents[1]
    with warnings.catch_warnings():
        # of MLflow to itself: what pandas 4 will not allow it, and the annotations of predict
        warnings.simplefilter("ignore")
        save_model(
            folder,
            python_model=str(Path(__file__).with_name("serving_model.py")),
            # the code that the model was made with: PyPI has none, or somebody else's, of this name
            code_paths=[str(package)],
            artifacts={"bundle": str(bundle)},
            signature=SIGNATURE,
            input_example=example(image_px),
            pip_requirements=requirements(),
            mlflow_model=mlflow_model or Model(),
        )


def example(image_px: int) -> pd.DataFrame:
    """Return a request of one generated face; never a photograph of somebody."""
    pixels = draw_faces(1, 1, image_px, seed=0)[0][0]
    return pd.DataFrame({COLUMN: [png(pixels)]})


def png(pixels_HWC: np.ndarray) -> bytes:
    """Return RGB pixels as a PNG file, which loses nothing."""
    out = io.BytesIO()
    Image.fromarray(pixels_HWC).save(out, "PNG")
    return out.getvalue()


# What the code that answers a request imports; trackers and search are not needed for it.
_NEEDED = (
    "mlflow", "torch", "torchvision", "numpy", "scipy", "pillow", "pydantic", "safetensors",
    "pytorch-metric-learning", "filelock", "pandas", "pyyaml",
)  # fmt: skip


def requirements() -> list[str]:
    """Return what a server needs, in the versions that are here, for ``pip install -r``."""
    found = []
    for package in _NEEDED:
        try:
            found.append(f"{package}=={version(package)}")
        except PackageNotFoundError:
            continue
    return found
