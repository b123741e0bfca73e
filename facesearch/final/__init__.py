"""The final stage: retrain the best config on everybody, and say what it is worth."""
