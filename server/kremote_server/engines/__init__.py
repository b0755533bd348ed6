"""Engines: modules that implement the K functions on one tensor library."""
