"""Somebody's package."""
