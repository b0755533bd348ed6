"""What client and server share: the op catalogue, the wire format and the errors."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("kremote")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+source"

#: The protocol versions this code speaks, oldest and newest. A client states its range when it opens a session.
PROTOCOL_VERSIONS = (1, 1)

# Handles and ops know each other (operators are ops); this order lets either be imported first.
from . import handles as handles  # noqa: E402
