"""The sweep: trials on Ray Tune, points from Optuna, early stopping, the live view.

Importing this package sets Ray's environment: Ray reads it when it is itself imported.
"""

import os
import sys
from pathlib import Path

# Ray reads these when it is imported or started: no banner, no change of folder, no phoning home.
os.environ.update(
    RAY_AIR_NEW_OUTPUT="0",
    RAY_CHDIR_TO_TRIAL_DIR="0",
    RAY_USAGE_STATS_ENABLED="0",
    RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO="0",
    TUNE_DISABLE_AUTO_CALLBACK_LOGGERS="1",
    TUNE_WARN_EXCESSIVE_EXPERIMENT_CHECKPOINT_SYNC_THRESHOLD_S="0",
    TUNE_RESULT_BUFFER_LENGTH="0",
)
# Under `uv run` Ray would pack the working directory, faces and runs included, for its workers.
os.environ.setdefault("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
# `ray start` asks for a token as soon as one exists, but a driver shows it only when told to.
# Told after Ray's import, one half of Ray would ask for the token and the other not show it.
_TOKEN = Path(os.environ.get("RAY_AUTH_TOKEN_PATH") or Path.home() / ".ray" / "auth_token")
if "ray" not in sys.modules and ("RAY_AUTH_TOKEN" in os.environ or _TOKEN.is_file()):
    os.environ.setdefault("RAY_AUTH_MODE", "token")
