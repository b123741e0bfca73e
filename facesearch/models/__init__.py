"""The configurable CNN: what a network is made of, and how it is built."""
