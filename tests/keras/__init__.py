"""Keras 2.3.1, unmodified, on kremote: in an environment of its own, which has no TensorFlow."""
