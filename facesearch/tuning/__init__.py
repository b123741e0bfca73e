"""The sweep: trials on Ray Tune, points from Optuna, early stopping, the live view."""
