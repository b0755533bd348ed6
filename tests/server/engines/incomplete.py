"""A module that lacks two of the names an engine must have."""


def placeholder() -> None:
    """The only one."""
