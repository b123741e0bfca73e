"""Pages and pictures that say what came out, of a sweep and of a final model."""
