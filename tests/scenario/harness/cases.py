"""The lists of cases in tests/conformance: how their texts stand for bytes, and where they are."""
import json
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[2] / "conformance"


def load(name):
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def to_bytes(piece):
    """A text as UTF-8; "hex:…" up to an @ (or the end) as these bytes; a list as its pieces in a row, [piece, n] as n of them."""
    if isinstance(piece, list):
        if len(piece) == 2 and isinstance(piece[1], int):
            return to_bytes(piece[0]) * piece[1]
        return b"".join(to_bytes(part) for part in piece)
    if piece.startswith("hex:"):
        digits, at, rest = piece[4:].partition("@")
        return bytes.fromhex(digits) + (at + rest).encode()
    return piece.encode("utf-8")
