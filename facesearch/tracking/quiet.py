"""What MLflow logs while it works; what matters of it is raised as well."""

import logging
import os


def hush() -> None:
    """Keep MLflow's logs to itself, unless they are asked for, as by -vv."""
    if not os.environ.get("MLFLOW_LOGGING_LEVEL"):
        logging.getLogger("mlflow").setLevel(logging.WARNING)
        # every error that it logs, with a traceback, is raised as well
        logging.getLogger("mlflow.store").setLevel(logging.CRITICAL)
        logging.getLogger("alembic").setLevel(logging.WARNING)
