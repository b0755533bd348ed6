"""What the vectors are declared as; `scripts/vectors` records a server's replies to them in `proto/vectors`."""

from .programs import PROGRAMS
from .requests import BULK, OPS, SESSIONS
from .tensors import TENSORS

CASES = (*SESSIONS, *TENSORS, *PROGRAMS, *OPS, *BULK)
