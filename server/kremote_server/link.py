"""The worker's side of the link: requests received, answered by a handler, and replied to."""

from __future__ import annotations

import errno
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from kremote_proto.errors import InternalError, KremoteError

from .answering import Answering
from .framing import CLIENT_GONE, END, LEASE, LEASE_SECONDS, BrokenLink, split_address
from .leased import Leased
from .link_messages import Handler, Reply, Request, error_reply
from .link_reader import ClientGone, Reader, receive_body
from .link_writer import send_reply

log = logging.getLogger(__name__)


def listen(address: str) -> socket.socket:
    """A listening socket at an address; a Unix socket is for its owner alone."""
    place = split_address(address)
    if isinstance(place, tuple):
        return socket.create_server(place, backlog=128)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(place)
    finally:
        os.umask(before)
    listener.listen(128)
    return listener


def serve(address: str | socket.socket, handle: Handler, *, most_body_bytes: int = 2 << 30) -> None:
    """Answer requests, a thread for each connection, until the listening socket is shut down.

    `handle` is called with one request at a time per connection. What it raises becomes an error reply, a
    `KremoteError` as it is and anything else as `internal`. A body above `most_body_bytes` is refused before memory
    is taken for it.
    """
    listener = address if isinstance(address, socket.socket) else listen(address)
    answering = Answering()
    while True:
        try:
            connection, _ = listener.accept()
        except OSError as error:
            if error.errno in (errno.EBADF, errno.EINVAL):
                return
            # A moment without free file descriptors must not end the worker, which holds people's values.
            log.warning("a connection of the link could not be accepted: %s", error)
            time.sleep(0.1)
            continue
        arguments = connection, handle, most_body_bytes, answering
        threading.Thread(target=_converse, args=arguments, daemon=True).start()


def _converse(connection: socket.socket, handle: Handler, most_body_bytes: int, answering: Answering) -> None:
    """Serve one connection until its peer ends it."""
    with connection:
        if connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reader = Reader(connection)
        try:
            while (head := reader.head()) is not None:
                if head.get("route") == LEASE:
                    lease = Leased(connection, reader, head, partial(_answer, handle), most_body_bytes)
                    answering.serve(lease, LEASE_SECONDS)
                    reader.exactly(len(END))
                else:
                    receive = partial(receive_body, reader, head, most_body_bytes)
                    reply = _answer(handle, head, receive, partial(send_reply, connection, reader, head))
                    send_reply(connection, reader, head, reply)
                    reader.close()
        except ClientGone as error:
            log.info("%s", error)
        except BrokenLink as error:
            log.warning("a connection of the link broke: %s", error)
        except OSError as error:
            log.info("a peer of the link went away: %s", error)
        except Exception:
            # Only a reply's own pieces can raise here. Ending the connection tells the peer that it is incomplete.
            log.exception("a reply could not be completed")
        finally:
            reader.close()


def _answer(
    handle: Handler, head: dict[str, Any], receive: Callable[[], memoryview], abandon: Callable[[Reply], object]
) -> Reply:
    accept = head.get("accept")
    try:
        body = receive()
        request, began = Request(head, body, abandon=abandon), time.perf_counter()
        reply = handle(request)
        seconds = time.perf_counter() - began
        reply.timing = {"queue": request.queued * 1e3, "compute": (seconds - request.queued) * 1e3}
        return reply
    except ClientGone as error:
        log.info("%s", error)
        return Reply(CLIENT_GONE)
    except BrokenLink:
        raise
    except KremoteError as error:
        return error_reply(error, accept)
    except Exception as error:
        log.exception("a request of route %s failed", head.get("route"))
        return error_reply(InternalError(f"the worker failed with {type(error).__name__}; its log says where"), accept)
