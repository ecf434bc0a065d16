"""Instruments in the browser, as their packages are published: instrumentpanel and KIP show what the boat says, live."""
import json

import pytest

from harness import webapps
from harness.security import PASSWORD, as_user, secure
from harness.waiting import eventually

BOAT = {"navigation__position": {"latitude": 60.05, "longitude": 24.93}, "navigation__headingTrue": 0.5, "navigation__speedOverGround": 3,
        "navigation__courseOverGroundTrue": 0.6}


def shown(page, feeder, text, **values):
    """The panel shows what comes from now on; so it is said again and again, as instruments do."""
    def look():
        feeder.values(**{**BOAT, **values})
        return text in page.text()

    eventually(look, f"{text} on the page", 30, every=0.2)


@pytest.fixture
def panel(config, launch, new_page):
    """(server, page with the instrument panel, feeder)"""
    webapps.install(config, webapps.INSTRUMENTPANEL)
    server = launch()
    feeder = server.feeder()
    feeder.values(**BOAT)
    page = new_page(server).allow(" 404 .*/applicationData/global/instrumentpanel/")  # nobody has stored any
    page.goto("/@signalk/instrumentpanel/")
    page.tap("button", "Close")  # the news
    return server, page, feeder


def test_the_default_layout_of_instrumentpanel_fills(panel):
    _, page, feeder = panel
    for text in ("N 60.05", "navigation.headingTrue", "navigation.courseOverGroundTrue"):
        shown(page, feeder, text)
    shown(page, feeder, "S 33.5", navigation__position={"latitude": -33.5, "longitude": 24.93})
    page.screenshot("instrumentpanel")


def test_a_layout_of_instrumentpanel_survives_a_reload(panel):
    _, page, feeder = panel
    first = "document.querySelector('.react-grid-item').style.transform"
    shown(page, feeder, "N 60.05")
    before = page.run(first)
    lock = "document.querySelector('button.navbar-btn-icon').click()"

    def dragged():
        x, y = page.run("(() => { const b = document.querySelector('.react-grid-item').getBoundingClientRect(); return [b.x + b.width / 2, b.y + 12] })()")
        page.drag((x, y), (x + 350, y + 300), steps=15)
        return page.run(first) != before

    page.run(lock)
    eventually(dragged, "the instrument moved to another place", 30, every=0.3)
    page.run(lock)
    after = page.wait(first)
    page.reload()
    shown(page, feeder, "N 60.05")
    page.wait("after => document.querySelector('.react-grid-item').style.transform.split(',')[1] === after.split(',')[1]", after)
    assert page.run(first) != before


# KIP looks for the internet, for its own Node plugin and for a chart plotter, which are not there; nobody controls it from afar
ABSENT = ("gstatic.com", " 404 .*/plugins/kip", "Series reconcile", "kip.remote", " 404 .*/@signalk/freeboard-sk/", "Content Security Policy")
WIDGET = "11111111-2222-4333-8444-555555555555"
NUMERIC = {"type": "widget-numeric", "uuid": WIDGET, "config": {
    "displayName": "SOG", "filterSelfPaths": True, "showMax": False, "showMin": False, "numDecimal": 1, "showMiniChart": False, "color": "contrast",
    "enableTimeout": False, "dataTimeout": 5, "ignoreZones": False, "paths": {"numericPath": {
        "description": "Numeric Data", "path": "self.navigation.speedOverGround", "source": "default", "pathType": "number", "isPathConfigurable": True,
        "convertUnitTo": "knots", "showPathSkUnitsFilter": True, "pathSkUnitsFilter": None, "sampleTime": 500}}}}
DASHBOARD = [{"id": "78224229-a39d-4878-b6cf-781d55d9afed", "name": "Dashboard 1", "icon": "dashboard-dashboard", "collapseSplitShell": True,
              "configuration": [{"w": 12, "h": 12, "x": 0, "y": 0, "id": WIDGET, "selector": "widget-host2", "input": {"widgetProperties": NUMERIC}}]}]


def test_kip_opens_a_dashboard_with_live_values(config, launch, new_page):
    webapps.install(config, webapps.KIP)
    server = launch()
    feeder = server.feeder()
    feeder.values(**BOAT)
    page = new_page(server).allow(*ABSENT)
    page.goto("/@mxtommy/kip/")
    page.wait("localStorage.dashboardsConfig && localStorage.appConfig", what="KIP's own configuration")
    page.run("""d => { localStorage.dashboardsConfig = d
                       localStorage.appConfig = JSON.stringify({...JSON.parse(localStorage.appConfig), splitShellEnabled: false}) }""", json.dumps(DASHBOARD))
    page.reload()
    page.goto("/@mxtommy/kip/#/dashboard/0")
    picture = "[...document.querySelectorAll('canvas')].map(c => c.toDataURL()).join()"

    def changes(speed):
        """What the instrument looks like once it shows another value."""
        before = page.run(picture)
        feeder.values(navigation__speedOverGround=speed)
        return page.wait("before => { const now = " + picture + "; return now !== before && now }", before)

    page.wait("document.querySelectorAll('canvas').length > 0")
    assert changes(5) != changes(9)
    page.screenshot("kip")
    page.goto("/@mxtommy/kip/#/data")
    page.wait_text("self.navigation.speedOverGround")
    page.wait_text("17.49")  # knots
    feeder.values(navigation__speedOverGround=2)
    page.wait_text("3.88")


def kip_of(new_page, server, name):
    """KIP, which somebody has told his name and password."""
    page = new_page(server).allow(*ABSENT, " 401 ", "Authentication required")
    page.goto("/@mxtommy/kip/")
    page.wait("localStorage.dashboardsConfig && localStorage.appConfig", what="KIP's own configuration")
    page.goto("/@mxtommy/kip/#/options")
    page.wait_text("Login to server")
    page.tap("mat-slide-toggle button")
    page.wait_text("Sign in to Signal K")
    for number, words in enumerate((name, PASSWORD)):
        page.run("""(n, words) => { const e = document.querySelectorAll('mat-dialog-container input')[n]; e.value = words
                                    e.dispatchEvent(new Event('input', {bubbles: true})) }""", number, words)
    page.screenshot("kip-login")
    page.tap("mat-dialog-container button", "Sign in")
    page.wait_gone("Sign in to Signal K")
    page.tap("button", "Connect")
    page.until(lambda: ("POST", "/signalk/v1/auth/login", 200) in page.calls(), "the login")
    return page


def kip_configuration(page, helm):
    """What this KIP has made for itself, with another name for its dashboard, as it stores it on a server."""
    page.goto("/@mxtommy/kip/")
    page.wait("localStorage.dashboardsConfig && localStorage.appConfig && localStorage.themeConfig", what="KIP's own configuration")
    app, dashboards, theme = (json.loads(page.run(f"localStorage.{name}")) for name in ("appConfig", "dashboardsConfig", "themeConfig"))
    dashboards[0]["name"] = helm
    return [{"op": "add", "path": "/default", "value": {"app": app, "dashboards": dashboards, "theme": theme}}]


def test_kip_opens_the_configuration_of_who_has_logged_in(config, launch, new_page):
    webapps.install(config, webapps.KIP)
    server = launch(folder=secure(config))
    plain = new_page(server).allow(*ABSENT, " 401 ", "Authentication required")
    helms = {"anna": "Upper helm", "wim": "Galley"}
    for name, helm in helms.items():
        assert server.post("/signalk/v1/applicationData/user/kip/11", kip_configuration(plain, helm), headers=as_user(name)).status == 200
    for name, helm in helms.items():
        page = kip_of(new_page, server, name)
        page.until(lambda: ("GET", "/signalk/v1/applicationData/user/kip/11/default", 200) in page.calls(), "the stored configuration")
        page.goto("/@mxtommy/kip/#/settings")
        page.wait_text(helm)
        page.screenshot(f"kip-of-{name}")
