"""What MLflow runs to get the model: models from code, without a pickle."""

from mlflow.models import set_model

from facesearch.final.serving import FaceServer

set_model(FaceServer())
