"""A WebSocket client by hand: it can break every rule of RFC 6455 that a library would not let a test break."""
import base64
import hashlib
import os
import struct

from .web import Raw

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


def frame(opcode, payload=b"", fin=True, masked=True, rsv=0, length=None, key=None):
    """One frame; `length` lies about the payload's size."""
    payload = payload.encode() if isinstance(payload, str) else payload
    size = len(payload) if length is None else length
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    mark = 0x80 if masked else 0
    if size < 126:
        head += bytes([mark | size])
    elif size < 65536:
        head += bytes([mark | 126]) + struct.pack(">H", size)
    else:
        head += bytes([mark | 127]) + struct.pack(">Q", size)
    if not masked:
        return head + payload
    key = key or os.urandom(4)
    repeated = (key * (len(payload) // 4 + 1))[: len(payload)]
    return head + key + bytes(a ^ b for a, b in zip(payload, repeated))


class RawWs(Raw):
    def __init__(self, host, port, path="/signalk/v1/stream?subscribe=none", deflate=False):
        super().__init__(host, port)
        self.deflate = deflate
        key = base64.b64encode(os.urandom(16)).decode()
        self.send(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n" + ("Sec-WebSocket-Extensions: permessage-deflate\r\n" if deflate else "") + "\r\n")
        status, headers, _ = self.read_response()
        assert status == 101, status
        accept = base64.b64encode(hashlib.sha1((key + GUID).encode()).digest()).decode()
        assert headers["sec-websocket-accept"] == accept
        assert ("sec-websocket-extensions" in headers) == deflate and "sec-websocket-protocol" not in headers

    def frame(self, *args, **kwargs):
        return self.send(frame(*args, **kwargs))

    def read_frame(self):
        """(opcode, payload); the server must not fragment, mask or use reserved bits."""
        first, second = self.read(2)
        assert first & (0x30 if self.deflate else 0x70) == 0, "reserved bits"
        assert second & 0x80 == 0, "a masked frame from the server"
        size = second & 0x7F
        if size == 126:
            size, = struct.unpack(">H", self.read(2))
        elif size == 127:
            size, = struct.unpack(">Q", self.read(8))
        return first & 0x0F, self.read(size)

    def read_until_opcode(self, opcode):
        while True:
            found, payload = self.read_frame()
            if found == opcode:
                return payload

    def close_code(self):
        """The code of the server's close frame (1005: none given), or 1006 when it just hung up."""
        try:
            payload = self.read_until_opcode(CLOSE)
        except (EOFError, ConnectionError):
            return 1006
        return struct.unpack(">H", payload[:2])[0] if payload else 1005
