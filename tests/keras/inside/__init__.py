"""Tests as users of Keras would write them, run where Keras 2.3.1 is and TensorFlow is not."""
