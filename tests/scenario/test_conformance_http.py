"""
RFC 9112 and 9110 as raw bytes: framing, what would smuggle a second request, sizes, connections. The cases are in
tests/conformance/http.json: what is sent, the statuses that may answer it, whether the connection goes on, what must not come.
"""
import pytest

from harness.cases import load, to_bytes

GROUPS = load("http")
SELF = b"GET /signalk/v1/api/self HTTP/1.1\r\nHost: x\r\n\r\n"


def wanted_of(case):
    """A list of allowed statuses for each answer. In the file: [200, 400] one answer, [[200], [404]] two, [[200], 100] a hundred."""
    expect = case["expect"]
    if isinstance(expect[0], int):
        return [expect]
    return [expect[0]] * expect[1] if isinstance(expect[-1], int) else expect


def complaint(server, case):
    """What the server did wrong, or None."""
    raw = server.raw()
    head_only = case["send"][0].startswith("HEAD ") if isinstance(case["send"][0], str) else False
    try:
        raw.send_while_open(b"".join(to_bytes(piece) for piece in case["send"]))
        bodies = b""
        for allowed in wanted_of(case):
            if head_only:
                status, body = int(raw.read_until(b"\r\n\r\n").split()[1]), b""
            else:
                status, _, body = raw.read_response()
            bodies += body
            if status not in allowed:
                return f"answered {status}, not {allowed}"
        if case["then"] == "open":
            raw.send(SELF)
            if raw.read_response()[0] != 200:
                return "the next request was not served"
        elif case["then"] == "closed":
            bodies += raw.read_to_end()
            if b"HTTP/1." in bodies:
                return f"a further answer: {bodies[-200:]!r}"
        if case.get("never", "\0").encode() in bodies:
            return f"what must not come came: {bodies[-200:]!r}"
        return None
    except (EOFError, OSError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    finally:
        raw.close()


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group["rule"].split(":")[0])
def test_http_is_read_strictly(server, group):
    wrong = {case["name"]: said for case in group["cases"] if (said := complaint(server, case)) is not None}
    assert not wrong, group["rule"]
    assert server.api("self").status == 200
