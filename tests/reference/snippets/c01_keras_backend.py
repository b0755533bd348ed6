"""C1: KERAS_BACKEND=tensorflow python -c "from keras import backend"."""

from kremote import backend

assert backend.backend() == "tensorflow"
