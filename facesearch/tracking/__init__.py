"""MLflow: runs, their look-up and their store. Only the driver of a sweep writes here."""
