"""Training: a generator of epoch results that knows nothing of Ray, Optuna or MLflow."""
