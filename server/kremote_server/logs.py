"""Structured logs: one JSON object a line on standard error, the server's own and its libraries' alike."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import time
from datetime import datetime, timezone
from typing import Any

import structlog


def configure(level: int = logging.INFO) -> None:
    """Send structlog's and the standard library's records to standard error as JSON."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # uvicorn says on every start what the gateway says better, and its access log would show query strings.
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.access").disabled = True


def write_line(logger: str, event: str, at: float | None = None, **fields: Any) -> None:
    """Write one line as the records above are written, without the layers that cost more than a small request.

    For the line of each request: its fields are names and numbers, its level is always info. `at` is when it happened,
    in seconds since 1970, where that was not now.
    """
    if not logging.getLogger(logger).isEnabledFor(logging.INFO):
        return
    when = datetime.fromtimestamp(time.time() if at is None else at, timezone.utc)
    now = when.isoformat().replace("+00:00", "Z")
    line = json.dumps({**fields, "event": event, "level": "info", "logger": logger, "timestamp": now})
    with contextlib.suppress(OSError, ValueError):  # whoever read the log has gone; requests go on
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
