"""The final stage: retrain the best on all but the reserved faces, and measure it."""
