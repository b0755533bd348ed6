"""The environment of a worker: the gateway's, without what is a secret or for the gateway alone."""

from __future__ import annotations

import re
from collections.abc import Mapping

_GATEWAYS = "KREMOTE_"
_SECRET = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|PRIVATE|API_?KEY|ACCESS_?KEY", re.IGNORECASE)


def worker_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What a worker may know: what an engine is told by, but nothing that its name says is a secret.

    >>> worker_environment({"PATH": "/bin", "CUDA_VISIBLE_DEVICES": "1", "KREMOTE_TOKENS": "t", "HF_TOKEN": "x"})
    {'PATH': '/bin', 'CUDA_VISIBLE_DEVICES': '1'}
    """
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(_GATEWAYS) and not _SECRET.search(name)
    }
