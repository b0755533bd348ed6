"""Where a program's time goes: round trips, bytes, and the lines that wait for the server."""

from .profile import Profile, profile

__all__ = ["Profile", "profile"]
