"""Whole programs against a real server."""
