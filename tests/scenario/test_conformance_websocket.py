"""
RFC 6455 and 7692, section by section, frame by frame. The cases are in tests/conformance/websocket.json:

    send     frames in their order: `delta` (a text that carries this value for a path of the case), `text`, `hex` (bytes as they are, for a
             frame with `op` its payload), `hex_payload`; `op` (default text), `fin`, `rsv`, `masked`, `key`; `then` behind `hex`;
             `cuts` makes fragments, with `between` in each gap; `pack` compresses; `promise` says a longer length than comes;
             [frame, n] is n of them
    pieces   bytes of each write
    pongs    the pongs that come, in this order
    expect   "open", the code of the server's close frame (1005: it has none), or else the value that is then in the tree
    stored   the value in the tree after a close; null: none
"""
import struct
import zlib

import pytest

from harness.cases import load, to_bytes
from harness.rawws import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, RawWs, frame
from harness.server import HOST

GROUPS = load("websocket")
OPS = {"text": TEXT, "binary": BINARY, "close": CLOSE, "ping": PING, "pong": PONG, "continuation": CONTINUATION}
LAST = b"the last ping"


def packed(data):
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return (deflate.compress(data) + deflate.flush(zlib.Z_SYNC_FLUSH))[:-4]


def payload_of(given, path):
    if "delta" in given:
        return b'{"updates":[{"values":[{"path":"%s","value":"%s"}]}]}' % (path, to_bytes(given["delta"]))
    if "hex_payload" in given:
        return bytes.fromhex(given["hex_payload"])
    if "hex" in given:
        return bytes.fromhex(given["hex"]) + to_bytes(given.get("then", ""))
    return to_bytes(given["text"])


def frames_of(given, path):
    """The bytes of one entry of `send`; its deltas speak of `path`, which has seven characters."""
    if isinstance(given, list):
        return frames_of(given[0], path) * given[1]
    payload, op = payload_of(given, path), given.get("op", "text")
    if "hex" in given and "op" not in given:
        return payload
    op = OPS.get(op, op)
    rsv = given.get("rsv", 0)
    if given.get("pack"):
        payload, rsv = packed(payload), rsv | 4
    how = {name: given[name] for name in ("masked",) if name in given}
    if "key" in given:
        how["key"] = bytes.fromhex(given["key"])
    if "cuts" not in given:
        return frame(op, payload, fin=given.get("fin", True), rsv=rsv, length=given.get("promise"), **how)
    cuts = range(1, len(payload)) if given["cuts"] == "all" else given["cuts"]
    parts = [payload[a:b] for a, b in zip([0, *cuts], [*cuts, len(payload)])]
    between = frames_of(given["between"], path) if "between" in given else b""
    made = [frame(op if i == 0 else CONTINUATION, part, fin=i == len(parts) - 1, rsv=rsv if i == 0 else 0) for i, part in enumerate(parts)]
    return between.join(made)


def value_of(expected):
    return to_bytes(expected).decode("utf-8")


def complaint(server, group, case, number):
    """What the server did wrong, or None. Each case has a path of its own."""
    ws = RawWs(HOST, server.port, "/signalk/v1/stream?subscribe=none", deflate=group.get("deflate", False))
    try:
        assert ws.read_frame()[0] & 15 == TEXT  # hello
        path = f"case.{number:02}"
        sent = b"".join(frames_of(given, path.encode()) for given in case["send"])
        closes = isinstance(case["expect"], int)
        if not closes:
            sent += frame(PING, LAST)
        size = case.get("pieces", len(sent) or 1)
        for at in range(0, len(sent), size):
            ws.send_while_open(sent[at:at + size])
        pongs, code = [], None
        while code is None:
            opcode, payload = ws.read_frame()
            if opcode == PONG and payload == LAST and not closes:
                break
            if opcode == PONG:
                pongs.append(payload)
            elif opcode == CLOSE:
                code = struct.unpack(">H", payload[:2])[0] if payload else 1005
        if code is not None and ws.read_to_end() != b"":
            return "spoke behind its close frame"
        if code != (case["expect"] if closes else None):
            return f"closed with {code}"
        if pongs != [to_bytes(pong) for pong in case.get("pongs", [])]:
            return f"pongs {pongs}"
        wanted = case.get("stored", None if closes or case["expect"] == "open" else case["expect"])
        answer = server.self_path(path + ".value")
        found = answer.json() if answer.status == 200 else None
        if found != (value_of(wanted) if wanted is not None else None):
            return f"stored {str(found)[:60]!r}"
        return None
    except (EOFError, OSError) as error:
        return f"{type(error).__name__}: {error}"
    finally:
        ws.close()


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group["rule"].split(":")[0])
def test_websocket_frames_are_read_strictly(config, launch, group):
    if group.get("deflate"):
        config.settings(wsCompression=True)
    server = launch(env={"MAX_WS_CONNECTIONS_PER_IP": "1000"})
    wrong = {case["name"]: said for number, case in enumerate(group["cases"]) if (said := complaint(server, group, case, number)) is not None}
    assert not wrong, group["rule"]
    assert server.api("self").status == 200
