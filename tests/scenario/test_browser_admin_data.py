"""Admin UI: the dashboard lives, the data pages fill."""
import pytest

from harness.admin import go, install, open_admin
from harness.instruments import connection, heading, send_udp
from harness.packages import built
from harness.server import free_port


@pytest.fixture
def config(config):
    return install(config)


def rate(page):
    """Deltas per second as the dashboard shows them."""
    return page.run("parseFloat(document.body.innerText.match(/deltas\\/second\\)\\s+([\\d.]+)/)?.[1])") or 0


def test_the_dashboard_shows_live_rates_and_connections(launch, config, new_page):
    port = free_port()
    config.settings(pipedProviders=[connection("masthead", "udp", {"port": str(port)})])
    config.enable(config.install(built("demo-boat")), {})
    page = open_admin(new_page(launch()), "/dashboard", "Total server Signal K throughput")
    page.wait_text("masthead")  # the connection's status
    page.wait_text("skiff-demo-boat")

    def shown():
        send_udp(port, heading(90) + "\r\n")
        return rate(page) > 0.5 and "masthead" in page.text("main") and page.run("/Signal K Paths\\s+([1-9]\\d+)/.test(document.body.innerText)")

    page.until(shown, "rates above zero")
    assert page.run("/WebSocket Clients\\s+1/.test(document.body.innerText)")
    page.screenshot("admin-dashboard", picture=True)


def test_the_data_browser_fills_and_follows(server, feeder, page):
    open_admin(page, "/data/browser", "Skiff self")
    feeder.put_values({"navigation.speedOverGround": 3.25, "navigation.position": {"latitude": 60.1, "longitude": 24.9}}, source="gps.1")
    page.wait_text("navigation.speedOverGround")
    page.wait_text("navigation.position")
    feeder.put_values({"navigation.speedOverGround": 4.5}, source="gps.1")
    page.wait_text("4.5")
    feeder.put_values({"environment.wind.speedApparent": 7}, source="wind.1")  # a path that nobody had heard of
    page.wait_text("environment.wind.speedApparent")
    page.wait_text("gps.1")
    page.screenshot("admin-data-browser")


def test_metadata_and_paths_are_explained(server, feeder, page):
    feeder.put_values({"navigation.speedOverGround": 3.25}, source="gps.1")
    open_admin(page, "/data/meta", "navigation.speedOverGround")
    page.screenshot("admin-metadata")
    go(page, "/documentation/paths", "communication.callsignVhf", "Callsign for VHF communication")
    page.screenshot("admin-paths")


def test_source_priorities_are_ranked_by_hand(server, config, feeder, page):
    feeder.put_values({"navigation.speedOverGround": 3}, source="gps.1")
    feeder.put_values({"navigation.speedOverGround": 4}, source="gps.2")
    open_admin(page, "/data/priorities", "Source Priorities")
    page.click("button", "2 sources · 1 shared paths")
    page.wait_text("gps.1")
    page.wait_text("gps.2")
    page.screenshot("admin-priorities")
    page.click("button", "Save all changes")

    def saved():
        group, = config.json("priorities.json")["priorityGroups"]
        return sorted(group["sources"]) == ["gps.1", "gps.2"]

    page.until(saved, "the ranking on disk")
    first = config.json("priorities.json")["priorityGroups"][0]["sources"][0]
    page.until(lambda: server.self_path("navigation.speedOverGround").ok()["$source"] == first or feeder.put_values(
        {"navigation.speedOverGround": 3}, source=first), "the better source speaking")
