"""The server: a gateway that speaks HTTP, and workers that own a device and run an engine."""
