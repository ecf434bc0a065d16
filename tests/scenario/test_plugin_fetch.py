"""Plugins fetch over HTTP: what they send arrives, what comes back is theirs, and nobody else ever waits for it."""
import socket
import threading

import pytest

from harness import packages
from harness.server import HOST
from harness.stub import Stub
from harness.waiting import eventually

AS = "probe-fetch"
C = "probe-http"
METADATA = "169.254.169.254"


@pytest.fixture
def stub():
    made = Stub()
    yield made
    made.close()


class Probe:
    def __init__(self, server, name):
        self.server, self.name = server, name

    def fetch(self, url, **more):
        return self.server.post(f"/plugins/{AS}/api/fetch", {"url": url, **more}, timeout=60).ok()

    def request(self, url, body=None, room=None, **more):
        asked = {"request": {"url": url, **more}}
        asked.update({} if body is None else {"body": body}, **({} if room is None else {"room": room}))
        return self.server.post(f"/plugins/{C}/api/request", asked, timeout=60).ok()

    def figures(self):
        return self.server.get(f"/plugins/{self.name}/_stats").ok()["fetch"]


def running(config, launch, name, configuration=None, **settings):
    config.settings(**settings)
    config.enable(config.install(packages.built(name)), configuration)
    server = launch()
    server.wait_plugin(name, state="running")
    return Probe(server, name)


@pytest.fixture
def script(config, launch):
    """The AssemblyScript plugin."""
    return running(config, launch, AS)


@pytest.fixture
def native(config, launch):
    """The one in C, with skiff's own import."""
    return running(config, launch, C)


def closed_port():
    with socket.socket() as made:
        made.bind((HOST, 0))
        return made.getsockname()[1]


# ---- AssemblyScript: as-fetch ----


def test_headers_and_body_arrive_as_they_were_given(script, stub):
    script.fetch(stub.url + "/x?a=b", headers=[["X-Mark", "gr\u00fcn"], ["Accept", "text/plain"], ["User-Agent", "probe/1"]])
    method, path, headers, body = stub.last()
    assert (method, path, body) == ("GET", "/x?a=b", b"")
    assert headers["X-Mark"].encode("latin-1").decode() == "gr\u00fcn"
    assert (headers["Accept"], headers["User-Agent"]) == ("text/plain", "probe/1")
    script.fetch(stub.url + "/y", method="POST", headers=[["Content-Type", "application/json"]], body='{"speed":"\u2693"}')
    method, path, headers, body = stub.last()
    assert (method, path, body.decode()) == ("POST", "/y", '{"speed":"\u2693"}')
    assert headers["Content-Type"] == "application/json"
    assert headers["Content-Length"] == str(len(body))


def test_the_answer_comes_back_whatever_its_status(script, stub):
    assert script.fetch(stub.url + "/hello") == {"length": 5, "text": "hello"}
    assert script.fetch(stub.url + "/missing") == {"length": 12, "text": "nothing here"}
    assert script.fetch(stub.url + "/gzip") == {"length": 900, "text": "unpacked " * 100}
    assert script.fetch(stub.url + "/nothing") == {"length": 0, "text": ""}
    assert script.fetch(stub.url + "/size?3000000")["length"] == 3_000_000
    assert script.figures()["receivedBytes"] == 5 + 12 + 900 + 3_000_000


def test_redirects_are_followed_as_browsers_do(script, stub):
    assert script.fetch(stub.url + "/to?302,/hello")["text"] == "hello"
    for status, method in ((302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")):
        script.fetch(f"{stub.url}/to?{status},/end", method="POST", body="cargo", headers=[["Content-Type", "text/plain"]])
        assert [seen[:2] for seen in stub.requests[-2:]] == [("POST", f"/to?{status},/end"), (method, "/end")]
        assert stub.last()[3] == (b"cargo" if method == "POST" else b"")
    assert script.fetch(stub.url + "/round")["length"] == 0
    assert "redirects" in script.figures()["lastError"]


def test_credentials_do_not_follow_to_another_server(script, stub):
    other = Stub()
    try:
        script.fetch(f"{stub.url}/to?302,/here", headers=[["Authorization", "Bearer token"], ["X-Mark", "1"]])
        assert stub.last()[2]["Authorization"] == "Bearer token"
        script.fetch(f"{stub.url}/to?302,{other.url}/there", headers=[["Authorization", "Bearer token"], ["X-Mark", "1"]])
        assert other.last()[2]["Authorization"] is None
        assert other.last()[2]["X-Mark"] == "1"
    finally:
        other.close()


def test_a_failure_is_an_empty_body_and_a_reason(config, launch, stub):
    script = running(config, launch, AS, pluginLimits={"requestSeconds": 60})  # a name server may take its time
    port = closed_port()
    assert script.fetch(f"http://{HOST}:{port}/?key=secret") == {"length": 0, "text": ""}
    error = script.figures()["lastError"]
    assert HOST in error and str(port) in error
    for url in ("ftp://127.0.0.1/x", "file:///etc/passwd", "nonsense", "", "http://"):
        assert script.fetch(url)["length"] == 0
    script.fetch(stub.url + "/x", headers=[["Bad Name", "1"]])
    assert "Bad Name" in script.figures()["lastError"]
    script.fetch(stub.url + "/x", headers=[["X-Mark", "a\r\nX-Other: b"]])
    assert "X-Mark" in script.figures()["lastError"]
    assert stub.requests == []
    assert script.fetch("http://no.such.host.invalid/")["length"] == 0
    assert "no.such.host.invalid" in script.figures()["lastError"]
    assert "secret" not in script.server.log()
    assert script.fetch(stub.url + "/hello")["text"] == "hello"


def test_it_works_in_start_poll_and_stop(config, launch, stub):
    probe = running(config, launch, AS, {"start": stub.url + "/hello"})
    assert probe.server.plugin(AS)["statusMessage"] == 'started with "hello"'
    probe.server.configure(AS, {"poll": stub.url + "/hello", "stop": stub.url + "/bye"})
    probe.server.wait_plugin(AS, statusMessage='polled "hello"')
    probe.server.configure(AS, {}, enabled=False)
    assert stub.last()[1] == "/bye"


def test_a_slow_server_is_given_up_and_its_time_is_not_the_plugins(config, launch, stub):
    # a poll may take one second here, a fetch three: the fetch is cut and the poll goes on
    probe = running(config, launch, AS, {"poll": stub.url + "/wait"}, pluginLimits={"callSeconds": 1, "fetchSeconds": 3})
    probe.server.wait_plugin(AS, statusMessage='polled ""', timeout=30)
    assert probe.server.plugin(AS)["state"] == "running"
    stats = probe.server.get(f"/plugins/{AS}/_stats").ok()
    assert (stats["crashes"], stats["deadlineMisses"]) == (0, 0)
    assert stats["fetch"]["failed"] >= 1
    assert HOST in stats["fetch"]["lastError"]


def test_what_is_too_large_is_given_up(config, launch, stub):
    probe = running(config, launch, AS, pluginLimits={"fetchMiB": 1})
    assert probe.fetch(stub.url + "/size?1048576")["length"] == 1 << 20
    for path in ("/size?1048577", "/endless", "/bomb"):
        assert probe.fetch(stub.url + path)["length"] == 0
        assert "larger than 1024 KiB" in probe.figures()["lastError"]


def test_answers_that_nobody_waits_for_come_to_the_handler(script, stub):
    def came():
        return script.server.get(f"/plugins/{AS}/api/later").ok()

    def later(path, **more):
        assert script.server.post(f"/plugins/{AS}/api/later", {"url": stub.url + path, **more}).ok() is True

    later("/to?302,/hello")
    eventually(lambda: came() == {"status": 200, "redirected": True, "text": "hello"})
    later("/missing", method="POST", body="x")
    eventually(lambda: came() == {"status": 404, "redirected": False, "text": "nothing here"})
    assert (stub.last()[0], stub.last()[3]) == ("POST", b"x")
    script.server.post(f"/plugins/{AS}/api/later", {"url": f"http://{HOST}:{closed_port()}/"})
    eventually(lambda: came() == {"status": 0, "redirected": False, "text": ""})


def test_four_at_once_and_then_they_wait(script, stub):
    for number in range(4):
        script.server.post(f"/plugins/{AS}/api/later", {"url": f"{stub.url}/wait?{number}"})
    eventually(lambda: stub.at_once == 4)
    for number in range(32):
        script.server.post(f"/plugins/{AS}/api/later", {"url": f"{stub.url}/wait?{number}"})
    assert script.figures()["failed"] == 0
    for number in range(3):
        script.server.post(f"/plugins/{AS}/api/later", {"url": f"{stub.url}/wait"})
    eventually(lambda: script.figures()["failed"] == 3)
    assert "wait already" in script.figures()["lastError"]
    stub.open.set()
    eventually(lambda: len(stub.requests) == 36, timeout=30)
    assert stub.most_at_once == 4


# ---- nobody else waits ----


def hanging():
    """A port that takes connections and never answers."""
    made = socket.socket()
    made.bind((HOST, 0))
    made.listen(16)
    return made


def test_a_boot_with_a_server_that_hangs_opens_the_port_at_once(config, launch):
    with hanging() as silent:
        config.enable(config.install(packages.built(AS)), {"start": f"http://{HOST}:{silent.getsockname()[1]}/"})
        config.enable(config.install(packages.built("probe-abi")))
        server = launch()
        server.wait_plugin("probe-abi", state="running")
        assert server.plugin(AS)["state"] == "starting"
        # and stopping does not wait for it either
        server.stop()


def test_enabling_with_the_server_down_answers_and_others_start(config, launch):
    config.install(packages.built(AS))
    config.install(packages.built(C))
    server = launch()
    assert server.configure(AS, {"start": f"http://{HOST}:{closed_port()}/"}).status == 200
    server.wait_plugin(AS, state="running", statusMessage='started with ""')
    assert server.configure(C, {"start": f"http://{HOST}:{closed_port()}/"}).status == 200
    server.wait_plugin(C, state="running", statusMessage="not fetched")


def test_a_stop_interrupts_a_fetch(config, launch, stub):
    probe = running(config, launch, AS, pluginLimits={"fetchSeconds": 600})
    asking = threading.Thread(target=lambda: probe.server.post(f"/plugins/{AS}/api/fetch", {"url": stub.url + "/wait"}, timeout=60))
    asking.start()
    eventually(lambda: stub.at_once == 1)
    assert probe.server.configure(AS, {}, enabled=False).status == 200
    asking.join(60)
    probe.server.wait_plugin(AS, state="stopped")
    eventually(lambda: "plugin stops" in probe.figures()["lastError"])
    assert stub.at_once == 1  # the stub itself still waits: it was not its answer that ended this


# ---- where to ----


@pytest.mark.parametrize("url", [
    f"http://{METADATA}/latest/", f"http://[::ffff:{METADATA}]/", "http://[fe80::1]/", "http://[fd00:ec2::254]/", "http://0xA9FEA9FE/",
    "http://2852039166/",
])
def test_link_local_addresses_are_never_fetched_from(script, url):
    assert script.fetch(url)["length"] == 0
    assert "link-local" in script.figures()["lastError"]
    assert script.figures()["refused"] == 1


def test_nor_after_a_redirect(script, stub):
    assert script.fetch(f"{stub.url}/to?302,http://{METADATA}/")["length"] == 0
    assert "link-local" in script.figures()["lastError"]


@pytest.mark.parametrize("allowed, host, works", [
    ([HOST], HOST, True), (["127.0.0.0/8"], HOST, True), (["localhost"], "localhost", True), (["LOCALHOST"], "localhost", True),
    (["127.0.0.0/8", "::1"], "localhost", True), (["10.0.0.0/8"], HOST, False), (["10.0.0.0/8"], "localhost", False),
    (["example.org"], "localhost", False), ([], HOST, False), (["*.host"], "localhost", False), (["not a host"], HOST, False),
    ("localhost", "localhost", False),
])
def test_a_list_of_hosts_in_the_settings(config, launch, stub, allowed, host, works):
    probe = running(config, launch, AS, pluginHosts={AS: allowed})
    assert probe.fetch(f"http://{host}:{stub.port}/hello")["length"] == (5 if works else 0)
    if not works:
        assert "allowed" in probe.figures()["lastError"]
        assert stub.requests == []


def test_a_redirect_off_the_list_is_refused(config, launch, stub):
    probe = running(config, launch, AS, pluginHosts={"*": ["localhost"]})
    assert probe.fetch(f"http://localhost:{stub.port}/to?302,/hello")["text"] == "hello"
    assert probe.fetch(f"http://localhost:{stub.port}/to?302,{stub.url}/hello")["length"] == 0
    assert "allowed" in probe.figures()["lastError"]
    assert probe.figures()["refused"] == 1


def test_the_plugins_own_file_narrows_further(config, launch, stub):
    config.settings(pluginHosts={AS: ["localhost", HOST]})
    config.install(packages.built(AS))
    config.enable(AS, allowedHosts=["localhost"])
    server = launch()
    server.wait_plugin(AS, state="running")
    probe = Probe(server, AS)
    assert probe.fetch(stub.url + "/hello")["length"] == 0
    assert probe.fetch(f"http://localhost:{stub.port}/hello")["length"] == 5
    # saving the configuration over HTTP keeps the list
    assert server.configure(AS, {"x": 1}).status == 200
    assert config.json(config.plugin_file(AS))["allowedHosts"] == ["localhost"]
    assert probe.fetch(stub.url + "/hello")["length"] == 0


@pytest.mark.parametrize("name", [AS, C])
def test_without_the_capability_each_call_fails(config, launch, stub, name):
    package = packages.built(name)
    config.write_package(name, package.wasm.read_bytes(), wasmCapabilities={"network": False})
    config.enable(name)
    server = launch(env={"DEBUG": "signalk:wasm:*"})
    server.wait_plugin(name, state="running")
    probe = Probe(server, name)
    if name == AS:
        assert probe.fetch(stub.url + "/hello")["length"] == 0
    else:
        assert probe.request(stub.url + "/hello")["result"] == -1
    server.wait_log("does not declare the capability")
    assert stub.requests == []


# ---- skiff's own import ----


def test_a_request_and_its_answer_are_told_whole(native, stub):
    got = native.request(stub.url + "/hello", headers={"x-list": ["1", "2"], "x-mark": "yes"})
    head = got["head"]
    assert (head["status"], head["redirected"], head["bodyLength"], head["url"]) == (200, False, 5, stub.url + "/hello")
    assert (head["headers"]["x-mark"], head["headers"]["set-cookie"]) == ("one", ["a=1", "b=2"])
    assert (got["length"], got["text"]) == (5, "hello")
    assert stub.last()[2].get_all("x-list") == ["1", "2"]
    got = native.request(stub.url + "/missing", method="PUT", body="cargo")
    assert (got["head"]["status"], got["text"]) == (404, "nothing here")
    assert (stub.last()[0], stub.last()[3]) == ("PUT", b"cargo")
    assert native.request(stub.url + "/x", method="DELETE")["head"]["status"] == 200
    assert (stub.last()[0], stub.last()[3]) == ("DELETE", b"")
    got = native.request(stub.url + "/hello", method="HEAD")
    assert (got["head"]["status"], got["length"]) == (200, 0)
    assert native.request(stub.url + "/size?1234567")["length"] == 1_234_567


def test_redirects_can_be_left_to_the_plugin(native, stub):
    got = native.request(stub.url + "/to?302,/hello", redirect="manual")
    assert (got["head"]["status"], got["head"]["headers"]["location"], got["text"]) == (302, "/hello", "moved")
    got = native.request(stub.url + "/to?302,/hello")
    assert (got["head"]["status"], got["head"]["redirected"], got["head"]["url"]) == (200, True, stub.url + "/hello")


def test_failures_say_why(native, stub):
    def error(url, **more):
        head = native.request(url, **more)["head"]
        assert head["status"] == 0
        return head["error"]

    assert str(closed := closed_port()) in error(f"http://{HOST}:{closed}/")
    assert "http or https" in error("gopher://127.0.0.1/")
    assert "link-local" in error(f"http://{METADATA}/")
    assert "CONNECT" in error(stub.url, method="CONNECT")
    assert "no HTTP method" in error(stub.url, method="GE T")
    assert '"colour"' in error(stub.url, colour="red")
    assert "x-y" in error(stub.url, headers={"x-y": 5})
    assert "control character" in error(stub.url, headers={"x-y": "a\nb"})
    assert error(stub.url + "/wait", timeoutMs=200)
    assert [seen[1] for seen in stub.requests] == ["/wait"]


def test_what_belongs_to_the_connection_is_not_the_plugins(native, stub):
    native.request(stub.url + "/x", headers={"Host": "elsewhere", "Content-Length": "7", "Transfer-Encoding": "chunked",
                                             "Connection": "upgrade", "Proxy-Authorization": "x", "X-Mark": "1"})
    headers = stub.last()[2]
    assert headers["Host"] == f"{HOST}:{stub.port}"
    assert [headers[name] for name in ("Transfer-Encoding", "Proxy-Authorization", "Connection")] == [None] * 3
    assert headers["X-Mark"] == "1"


def test_a_small_buffer_gets_the_head_without_headers(native, stub):
    got = native.request(stub.url + "/hello", room=180)
    assert got["head"]["headersLeftOut"] is True
    assert (got["head"]["status"], got["text"]) == (200, "hello")
    assert native.request(stub.url + "/hello", room=10)["result"] == -1
