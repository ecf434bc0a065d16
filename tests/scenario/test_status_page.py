"""/skiff: how the server does, for people, programs and Prometheus."""
import re

from harness import packages
from harness.security import as_user, secure
from harness.waiting import eventually

SAMPLE = re.compile(r'^([a-z_]+)(\{[a-z]+="((?:[^"\\\n]|\\.)*)"\})? (-?[0-9.e+-]+)$')


def metrics(server):
    """{(name, label value): number}; everything must be in Prometheus' text format."""
    answer = server.get("/skiff/metrics")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    found, types = {}, {}
    for line in answer.text.rstrip("\n").split("\n"):
        if line.startswith("# TYPE "):
            _, _, name, kind = line.split(" ")
            assert name not in types, "all samples of a metric stand together"
            types[name] = kind
        elif not line.startswith("# HELP "):
            name, labels, label, value = SAMPLE.match(line).groups()
            assert name == list(types)[-1]
            assert (types[name] == "counter") == name.endswith("_total")
            found[name, label] = float(value)
    return found


def test_the_figures_are_there_for_prometheus(server, feeder):
    before = metrics(server)
    feeder.values(navigation__speedOverGround=3)
    after = metrics(server)
    assert after["skiff_deltas_total", None] > before["skiff_deltas_total", None]
    assert after["skiff_http_requests_total", None] > before["skiff_http_requests_total", None]
    assert after["process_resident_memory_bytes", None] > 1e6 and after["process_cpu_seconds_total", None] > 0
    assert after["skiff_stream_clients", None] == 1 and after["skiff_contexts", None] >= 1


def test_connections_have_figures_of_their_own(config, launch, tmp_path):
    log = tmp_path / 'odd "name".log'
    log.write_text("$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A\r\n" * 3)
    config.settings(pipedProviders=[{"id": "recorded", "enabled": True, "pipeElements": [{"type": "providers/simple", "options": {
        "type": "FileStream", "subOptions": {"dataType": "NMEA0183", "filename": str(log)}}}]}])
    server = launch()
    eventually(lambda: metrics(server)["skiff_input_deltas_total", "recorded"] >= 3, "the recording's deltas")
    status = server.get("/skiff/status").ok()
    assert status["server"]["providerStatistics"]["recorded"]["received"] >= 3
    assert any(row["id"] == "recorded" for row in status["board"])


def test_plugins_are_shown_with_what_they_cost_and_may_cost(config, launch):
    boat = packages.built("skiff-demo-boat")
    config.install(boat)
    config.enable(boat.name)
    server = launch()
    server.wait_plugin(boat.name, state="running")
    plugin = server.get("/skiff/status").ok()["plugins"][0]
    found = metrics(server)
    assert found["skiff_plugin_up", plugin["id"]] == 1
    assert found["skiff_plugin_cpu_seconds_total", plugin["id"]] > 0
    assert 0 < found["skiff_plugin_memory_bytes", plugin["id"]] <= found["skiff_plugin_memory_limit_bytes", plugin["id"]]


def test_trouble_is_told(config, launch):
    config.settings(pipedProviders=[{"id": "lost", "enabled": True, "pipeElements": [{"type": "providers/simple", "options": {
        "type": "FileStream", "subOptions": {"dataType": "NMEA0183", "filename": "/nowhere/at.all"}}}]}])
    server = launch()
    eventually(lambda: any("lost" in row["text"] for row in server.get("/skiff/status").ok()["trouble"]), "the trouble")


def test_who_may_see_what(config, launch):
    server = launch(folder=secure(config))
    assert server.get("/skiff/").status == 200 and server.get("/skiff").status == 200  # only words
    for who, status, figures in ((None, 401, 401), ("rita", 401, 200), ("anna", 200, 200)):
        headers = as_user(who) if who else {}
        assert server.get("/skiff/status", headers=headers).status == status, who
        assert server.get("/skiff/metrics", headers=headers).status == figures, who


def test_the_page_needs_nothing_from_elsewhere(server):
    page = server.get("/skiff/")
    assert page.headers["Content-Type"].startswith("text/html")
    assert "connect-src 'self'" in page.headers["Content-Security-Policy"] and "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert not re.search(r"""(src|href)=["'](?!data:|/)""", page.text)


def test_the_page_lives(config, launch, new_page):
    boat = packages.built("skiff-demo-boat")
    config.install(boat)
    config.enable(boat.name)
    server = launch()
    server.wait_plugin(boat.name, state="running")
    page = new_page(server)
    page.goto("/skiff/")
    page.wait_text("live", "#live")
    page.wait_text("Skiff", "#name")
    page.wait_text("WebSocket", "#clients")
    page.wait_text("running", "#plugins")
    before = page.text("#cards")
    page.wait("before => document.querySelector('#cards').innerText !== before", before)  # with the next server event
    page.screenshot("status", picture=True)
