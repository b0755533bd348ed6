"""The TensorFlow engine: one module a family of ops, as in the catalogue; symbols are in `symbols`."""
