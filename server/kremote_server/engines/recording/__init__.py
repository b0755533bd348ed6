"""Symbols and functions of any engine: ops are recorded, and run when a function that needs them is called."""
