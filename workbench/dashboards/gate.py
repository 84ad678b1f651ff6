"""What a viewer's page may say to a kernel and hear from it: widget messages, and no code.

Whatever arrives is taken apart and built again from the few fields that widgets need. So the
kernel never sees a byte of a frame that was not understood here, whatever framing, channel or
field it came with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from jupyter_server.services.kernels.connection.base import (
    deserialize_binary_message,
    deserialize_msg_from_ws_v1,
)

WIDGET_TARGETS = ("jupyter.widget", "jupyter.widget.control")
CONTENT = {
    "comm_open": ("comm_id", "target_name", "data"),
    "comm_msg": ("comm_id", "data"),
    "comm_close": ("comm_id", "data"),
    "comm_info_request": ("target_name",),
    "kernel_info_request": (),
}
MOST_PARTS = 64
HEADER = ("msg_id", "msg_type", "session", "username", "date", "version")
HEARD = {
    "clear_output",
    "comm_close",
    "comm_info_reply",
    "comm_msg",
    "comm_open",
    "display_data",
    "error",
    "execute_result",
    "kernel_info_reply",
    "status",
    "stream",
    "update_display_data",
}


class RefusedError(Exception):
    """A message that must not reach the kernel; says why in a few words."""


@dataclass(frozen=True)
class Message:
    """A kernel message as a page sent it."""

    channel: Any
    header: Any
    parent: Any
    metadata: Any
    content: Any
    buffers: tuple[bytes, ...] = ()


def read(frame: str | bytes, v1: bool) -> Message:
    """The message in a websocket frame: JSON text, JSON with buffers, or (`v1`) Jupyter's v1.

    Raises RefusedError when it cannot be read.

    >>> read('{"channel": "shell", "header": {"msg_type": "comm_msg"}}', v1=False).channel
    'shell'
    """
    try:
        if isinstance(frame, bytes):
            _check_parts(frame, *((8, "little") if v1 else (4, "big")))
        if v1:
            channel, parts = deserialize_msg_from_ws_v1(frame)
            header, parent, metadata, content = map(json.loads, parts[:4])
            return Message(channel, header, parent, metadata, content, tuple(parts[4:]))
        fields = json.loads(frame) if isinstance(frame, str) else deserialize_binary_message(frame)
        buffers = fields.get("buffers", ()) if isinstance(frame, bytes) else ()
        names = ("header", "parent_header", "metadata", "content")
        header, parent, metadata, content = (fields.get(name) for name in names)
        return Message(fields.get("channel"), header, parent, metadata, content, tuple(buffers))
    except Exception as error:  # whatever a hostile frame makes the readers above do
        raise RefusedError(f"a frame that is no message ({type(error).__name__})") from None


def admit(message: Message) -> Message:
    """`message` rebuilt from what widgets need, for the shell channel.

    Raises RefusedError for another channel, another type than a widget's, or another comm target.

    >>> admit(Message("shell", {"msg_type": "execute_request"}, {}, {}, {"code": "1"}))
    Traceback (most recent call last):
    workbench.dashboards.gate.RefusedError: 'execute_request' on 'shell'
    """
    header, content = _mapping(message.header), _mapping(message.content)
    kind = header.get("msg_type")
    if message.channel != "shell" or not isinstance(kind, str) or kind not in CONTENT:
        raise RefusedError(f"{kind!r:.60} on {message.channel!r:.60}")
    target = content.get("target_name")
    if kind == "comm_open" and target not in WIDGET_TARGETS:
        raise RefusedError(f"comm_open of {target!r:.60}")
    return Message(
        "shell",
        {name: str(header[name]) for name in HEADER if name in header},
        {},
        {"version": str(_mapping(message.metadata).get("version", ""))},
        {name: content[name] for name in CONTENT[kind] if name in content},
        message.buffers,
    )


def may_hear(header: Mapping[str, Any], content: Mapping[str, Any]) -> bool:
    """Whether a kernel's message may go to a page: no source, no warnings, only what is shown.

    >>> may_hear({"msg_type": "execute_input"}, {"code": "secret"})
    False
    """
    kind = header.get("msg_type")
    return kind in HEARD and not (kind == "stream" and content.get("name") == "stderr")


def _check_parts(frame: bytes, width: int, order: Literal["little", "big"]) -> None:
    """Refuse a frame whose first word claims more parts than it can have.

    Jupyter's readers believe that word, and would count to 2⁶⁴ with the server standing still.
    """
    count = int.from_bytes(frame[:width], order)
    if not 0 < count <= MOST_PARTS or len(frame) < width * (count + 1):
        raise ValueError(f"{count} parts")


def _mapping(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise RefusedError("a message of another shape")
    return value
