"""The reference page of Keras' backends, statement by statement, against a real server."""
