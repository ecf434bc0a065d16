"""Backup and restore: one file, checked as a whole before anything is replaced, done at the next start, and undone."""
import io
import json
import os
import random
import re
import socket
import zipfile

import pytest

from harness.security import as_user, secure
from harness.waiting import eventually

HIDDEN = re.compile(r"^(\.|skiff-|node_modules)")


@pytest.fixture
def config(config):
    config.write("plugin-config-data/some.json", {"enabled": True, "configuration": {"a": 1}})
    config.write("plugin-config-data/some/deep/file.bin", bytes(range(256)) * 10)
    config.write("applicationData/global/app/1.0.0.json", {"x": 1})
    config.write("skserver-raw_2026-11-22T17.log", "x")
    config.write("node_modules/some/package.json", {"name": "some"})
    config.write(".npmrc", "secret")
    return config


def content(config):
    """{file: bytes} of all that is the user's."""
    return {str(file.relative_to(config.path)): file.read_bytes() for file in sorted(config.path.rglob("*"))
            if file.is_file() and not HIDDEN.match(str(file.relative_to(config.path))) and not file.name.endswith(".log")}


def backup(server, query="", headers=None):
    answer = server.get("/skServer/backup" + query, headers=headers)
    assert answer.status == 200 and answer.type == "application/zip"
    name = re.fullmatch(r'attachment; filename="(signalk-[A-Z][a-z]{2}-\d\d-\d{4}-\d\dT\d\d\.backup)"', answer.headers["Content-Disposition"])
    return name.group(1), answer.body


def form(name, data):
    body = (b'--xyz\r\nContent-Disposition: form-data; name="file"; filename="' + name.encode() + b'"\r\n'
            b"Content-Type: application/octet-stream\r\n\r\n" + data + b"\r\n--xyz--\r\n")
    return body, {"Content-Type": "multipart/form-data; boundary=xyz"}


def upload(server, name, data):
    body, headers = form(name, data)
    return server.post("/skServer/validateBackup", body=body, headers=headers)


def session(answer):
    return {"Cookie": answer.headers["Set-Cookie"].split(";")[0]}


def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as z:
        for name, text in files.items():
            z.writestr(name.replace("__", "/").replace("_json", ".json"), text)
    return out.getvalue()


def test_a_backup_holds_what_is_the_users(server, config):
    name, data = backup(server)
    with zipfile.ZipFile(io.BytesIO(data)) as z:
        assert z.testzip() is None
        held = {n: z.read(n) for n in z.namelist() if not n.endswith("/")}
        assert "plugin-config-data/" in z.namelist()
    assert held == content(config)
    assert not list((config.path / ".skiff-backup").glob("*"))
    with zipfile.ZipFile(io.BytesIO(backup(server, "?includePlugins=true")[1])) as z:
        assert "node_modules/some/package.json" in z.namelist()


def test_backup_wipe_restore_gives_the_identical_configuration(server, config):
    server.put("/skServer/vessel", {"name": "Nixe", "mmsi": "211123456"})
    before = content(config)
    name, data = backup(server)
    server.stop()
    for file in before:  # wiped
        (config.path / file).unlink()
    config.settings()
    server.restart()
    answer = upload(server, name, data)
    assert answer.status == 200 and answer.type.startswith("text/plain")
    found = json.loads(answer.text)
    assert {"settings.json", "baseDeltas.json", "plugin-config-data/", "applicationData/"} <= set(found)
    events = server.stream("?serverevents=all&subscribe=none")
    done = server.post("/skServer/restore", {name: True for name in found}, headers=session(answer))
    assert (done.status, done.body) == (202, b"")
    events.until(lambda m: isinstance(m, dict) and m.get("type") == "RESTORESTATUS" and m["data"]["state"] == "Complete" and m["data"]["percentComplete"] == 100)
    server.kill()  # whatever happens in between
    server.restart()
    assert server.api("vessels/self/name").ok() == "Nixe"
    server.stop()
    after = content(config)
    assert {file: data for file, data in after.items() if file in before} == before
    assert not config.exists(".skiff-restore")


def test_what_was_not_chosen_stays_and_a_restore_is_undone(server, config):
    name, data = backup(server)
    server.put("/skServer/vessel", {"name": "Later"})
    server.put("/skServer/settings", {"options": {}, "pruneContextsMinutes": 5})
    answer = upload(server, name, data)
    assert server.post("/skServer/restore", {"baseDeltas.json": True, "settings.json": False}, headers=session(answer)).status == 202
    assert server.api("vessels/self/name").ok() == "Later"  # until it starts anew
    server.stop()
    server.restart()
    assert server.api("vessels/self/name").ok() == "Skiff"
    assert server.get("/skServer/settings").ok()["pruneContextsMinutes"] == 5
    assert server.post("/skServer/restore/undo").status == 202
    server.stop()
    server.restart()
    assert server.api("vessels/self/name").ok() == "Later"


def test_a_restore_needs_the_one_who_sent_the_file(server, config):
    assert server.post("/skServer/restore", {"settings.json": True}).text == "not exting restore file"
    name, data = backup(server)
    answer = upload(server, name, data)
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "Max-Age=900" in cookie
    assert server.post("/skServer/restore", {"settings.json": True}, headers={"Cookie": "restoreSession=other"}).status == 400
    assert server.post("/skServer/restore", {"../x": True, "nothing": True}, headers=session(answer)).status == 400
    assert server.post("/skServer/restore", {"settings.json": True}, headers=session(answer)).status == 202
    assert server.post("/skServer/restore", {"settings.json": True}, headers=session(answer)).status == 400  # once only
    assert server.post("/skServer/restore/undo").status == 404


def broken_checksum():
    data = bytearray(zipped(settings_json='{"a":1}' * 1, notes__a="hello hello hello"))
    at = data.index(b"hello")
    data[at] ^= 1
    return bytes(data)


@pytest.mark.parametrize("name, data, words", [
    ("other.zip", b"", "its name must begin with signalk-"),
    ("signalk-x.backup", b"no zip at all", "not a backup file"),
    ("signalk-x.backup", zipped(), "nothing in it"),
    ("signalk-x.backup", zipped(**{"..__settings_json": "{}"}), "no backup holds"),
    ("signalk-x.backup", zipped(**{"__etc__passwd": "x"}), "no backup holds"),
    ("signalk-x.backup", zipped(settings_json="{broken"), "settings.json"),
    ("signalk-x.backup", broken_checksum(), "CRC"),
])
def test_what_is_no_backup_is_refused_and_nothing_touched(server, config, name, data, words):
    before = content(config)
    answer = upload(server, name, data)
    assert answer.status == 400 and words in answer.text
    assert "Set-Cookie" not in answer.headers
    assert content(config) == before and not config.exists(".skiff-restore")


def test_a_truncated_backup_is_refused(server, config):
    name, data = backup(server)
    answer = upload(server, name, data[:len(data) // 2])
    assert answer.status == 400


def test_an_interrupted_restore_is_finished_by_the_next_start(launch, config):
    """As a power cut in the middle leaves it: one item moved, the other not yet."""
    config.write(".skiff-restore/items.json", ["baseDeltas.json", "plugin-config-data/"])
    config.write(".skiff-restore/files/plugin-config-data/some.json", {"enabled": False})
    config.write(".skiff-before-restore/baseDeltas.json", [])
    server = launch()
    assert config.json("plugin-config-data/some.json") == {"enabled": False}
    assert config.json(".skiff-before-restore/plugin-config-data/some.json") == {"enabled": True, "configuration": {"a": 1}}
    assert server.api("vessels/self/name").ok() == "Skiff"
    assert not config.exists(".skiff-restore")


def test_only_administrators(launch, config):
    secure(config)
    server = launch()
    for who in ("wim", "rita"):
        assert server.get("/skServer/backup", headers=as_user(who)).status == 403
        assert server.post("/skServer/restore/undo", headers=as_user(who)).status == 401
    answer = server.get("/skServer/backup", headers=as_user("anna"))
    with zipfile.ZipFile(io.BytesIO(answer.body)) as z:
        assert "security.json" in z.namelist()


# ---- large ones ----

def resident(server, what="VmRSS"):
    """KiB."""
    status = open(f"/proc/{server.process.pid}/status").read()
    return int(re.search(rf"^{what}:\s+(\d+)", status, re.M).group(1))


def descriptors_of_uploads(server):
    """Files without a name in the configuration folder."""
    found = []
    for link in os.listdir(f"/proc/{server.process.pid}/fd"):
        try:
            target = os.readlink(f"/proc/{server.process.pid}/fd/{link}")
        except FileNotFoundError:
            continue
        if target.startswith(str(server.config.path)) and target.endswith("(deleted)"):
            found.append(target)
    return found


def upload_head(length):
    return (f"POST /skServer/validateBackup HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=xyz\r\n"
            f"Content-Length: {length}\r\n\r\n").encode()


def test_a_large_backup_goes_through_a_file(server, config):
    """30 MB that cannot be packed, as plugins with their charts are; the second upload shows what the first one's code left."""
    config.write("plugin-config-data/charts/large.bin", random.Random(7).randbytes(30_000_000))
    name, data = backup(server)
    assert len(data) > 30_000_000
    assert upload(server, name, data).status == 200
    open(f"/proc/{server.process.pid}/clear_refs", "w").write("5")  # the peak is counted anew
    before = resident(server)
    answer = upload(server, name, data)
    assert answer.status == 200, answer.text
    assert resident(server, "VmHWM") - before < 12_000
    eventually(lambda: not descriptors_of_uploads(server))  # a large file is given back on another thread
    assert server.post("/skServer/restore", {"plugin-config-data/": True}, headers=session(answer)).status == 202
    server.stop()
    before = content(config)
    config.write("plugin-config-data/charts/large.bin", "broken")
    server.restart()
    server.stop()
    assert content(config)["plugin-config-data/charts/large.bin"] == before["plugin-config-data/charts/large.bin"]
    assert not list(config.path.glob(".skiff-upload*"))


def test_an_upload_that_is_cut_off_leaves_nothing(server, config):
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as s:
        s.sendall(upload_head(20_000_000) + b"--xyz\r\n" + bytes(3_000_000))
        eventually(lambda: descriptors_of_uploads(server))
        assert server.get("/signalk").status == 200
    eventually(lambda: not descriptors_of_uploads(server))
    name, data = backup(server)
    assert not config.exists(".skiff-restore") and upload(server, name, data).status == 200


def test_too_large_too_many_and_empty_uploads_are_refused(server):
    def answer(sent):
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as s:
            s.sendall(sent)
            return s.recv(4096).decode()
    assert answer(upload_head(300 * 1024 * 1024)).startswith("HTTP/1.1 413 ")
    assert server.post("/skServer/validateBackup", body=b"", headers={"Content-Type": "multipart/form-data; boundary=x"}).text == "no file was sent"
    waiting = [socket.create_connection(("127.0.0.1", server.port), timeout=60) for _ in range(4)]
    for s in waiting:  # they are let in one after the other: leave to send is given when the upload has begun
        s.sendall(upload_head(1000).replace(b"Host: x", b"Host: x\r\nExpect: 100-continue"))
        assert s.recv(100).startswith(b"HTTP/1.1 100 ")
    assert answer(upload_head(1000)).startswith("HTTP/1.1 503 ")
    for s in waiting:
        s.close()
    name, data = backup(server)
    assert eventually(lambda: upload(server, name, data).status == 200)


def test_who_may_not_restore_sends_no_body(launch, config):
    secure(config)
    server = launch()
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as s:
        s.sendall(upload_head(200_000_000))
        assert s.recv(4096).startswith(b"HTTP/1.1 401 ")
    name, data = backup(server, headers=as_user("anna"))
    body, headers = form(name, data)
    assert server.post("/skServer/validateBackup", body=body, headers={**headers, **as_user("anna")}).status == 200


def test_a_file_that_comes_in_chunks_and_behind_other_fields(server):
    name, data = backup(server)
    body, headers = form(name, data)
    body = b'--xyz\r\nContent-Disposition: form-data; name="note"\r\n\r\n' + bytes(100_000) + b"\r\n" + body
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as s:
        s.sendall(upload_head(0).replace(b"Content-Length: 0", b"Transfer-Encoding: chunked"))
        for at in range(0, len(body), 7001):
            piece = body[at:at + 7001]
            s.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))
        s.sendall(b"0\r\n\r\nGET /signalk HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answers = s.makefile("rb").read()
    assert answers.startswith(b"HTTP/1.1 200 ") and b'"settings.json"' in answers
    assert answers.count(b"HTTP/1.1 200 ") == 2  # the next request of that connection is answered as well
