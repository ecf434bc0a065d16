"""freeboard-sk, as its package is published: the boat on the chart, waypoints, routes and the course from the browser."""
import pytest

from harness import packages, webapps
from harness.security import PASSWORD, as_user, secure
from harness.waiting import eventually

RESOURCES = "/signalk/v2/api/resources"
COURSE = "/signalk/v2/api/vessels/self/navigation/course"
# no map server can be reached from here; the others are asked for without anybody having to have them
ABSENT = ("ERR_NAME_NOT_RESOLVED https://tile", r" 404 .*(/resources/(tracks|infolayers|groups|symbols|plotterExtensions)|/plugins/freeboard-sk|/navigation/anchor)$")


# of a row in the list of waypoints: its middle, and how wide it is
WHERE = """name => {
  const list = document.querySelector('.cdk-drop-list')
  const b = [...list.querySelectorAll('.cdk-drag')].find(e => e.innerText.includes(name)).getBoundingClientRect()
  return [b.x + b.width / 2, b.y + b.height / 2, b.width]
}"""


@pytest.fixture
def boat(config, launch):
    webapps.install(config, webapps.FREEBOARD)
    package = packages.built("skiff-demo-boat")
    config.install(package)
    config.enable(package.name)
    server = launch()
    server.wait_plugin(package.name, state="running")
    return server


class Chart:
    def __init__(self, page, log_in=None):
        self.page = page.allow(*ABSENT)
        page.goto("/@signalk/freeboard-sk/")
        if log_in:
            log_in(page)
        page.wait_text("Internet Map Service Unavailable")
        self.page.tap("button", "OK")
        page.wait_gone("Internet Map Service")

    def menu(self, button, item):
        self.page.tap("button", button)
        self.page.tap(".mat-mdc-menu-item", item)

    def save(self, name):
        self.page.wait("!!document.querySelector('mat-dialog-container input')")
        self.page.run("""name => { const e = document.querySelector('mat-dialog-container input'); e.value = name
                                   e.dispatchEvent(new Event('input', {bubbles: true})) }""", name)
        self.page.tap("mat-dialog-container button", "SAVE")
        self.page.wait_gone("SAVE")

    def card(self, icon):
        """A button of the only card in the list."""
        self.page.tap("mat-card button", icon)


@pytest.fixture
def chart(boat, new_page):
    return Chart(new_page(boat))


def only(server, kind):
    """(id, value) of the only resource of a kind."""
    (found,) = server.get(f"{RESOURCES}/{kind}").ok().items()
    return found


def waypoint(server, name, lon, lat):
    value = {"name": name, "feature": {"type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": {}}}
    return server.post(f"{RESOURCES}/waypoints", value).json()["id"]


def calculated(chart):
    """What the chart's panel says of the course: {"BRG": "217.8", …} once all is there."""
    def look():
        words = chart.page.text().split()
        near = {name: words[words.index(name) + 1:words.index(name) + 4] for name in ("VMG", "BRG", "XTE", "DTG")}
        return {name: next(word for word in after if word[-1].isdigit()) for name, after in near.items()}

    def all_of_it():
        try:
            return look()
        except (ValueError, StopIteration):
            return None

    return eventually(all_of_it, "the calculated course on the chart", 30)


def test_the_boat_is_on_the_chart_and_moves(boat, chart):
    page = chart.page

    def under_the_pointer():
        page.command("Input.dispatchMouseEvent", type="mouseMoved", x=600, y=500)
        page.command("Input.dispatchMouseEvent", type="mouseMoved", x=640, y=400)
        words = page.text().replace("\xa0", " ").split()
        return float(words[words.index("Lat:") + 1]), float(words[words.index("Lon:") + 1])

    chart.page.tap("button:has(mat-icon[svgicon=cent-iec])")  # the chart keeps the boat in its middle
    for _ in range(14):
        chart.page.tap("button", "add")
    here = boat.value("navigation.position")
    first = eventually(lambda: abs(under_the_pointer()[0] - here["latitude"]) < 0.05 and under_the_pointer(), "the chart at the boat", 30)
    assert first[1] == pytest.approx(here["longitude"], abs=0.1)
    eventually(lambda: under_the_pointer() != first, "the chart to move with the boat", 30)


def test_a_waypoint_is_made_edited_sailed_to_and_deleted(boat, chart):
    chart.menu("edit", "Add Waypoint at Vessel")
    chart.save("Harbour")
    ident, value = eventually(lambda: only(boat, "waypoints") if boat.get(f"{RESOURCES}/waypoints").ok() else None, "the waypoint")
    assert value["name"] == "Harbour"
    here = boat.value("navigation.position")
    assert value["feature"]["geometry"]["coordinates"] == pytest.approx([here["longitude"], here["latitude"]], abs=0.02)

    chart.menu("layers", "Waypoints")
    chart.card("info_outline")
    chart.page.tap("button", "edit EDIT")
    chart.save("Marina")
    eventually(lambda: boat.get(f"{RESOURCES}/waypoints/{ident}").ok()["name"] == "Marina", "the new name")

    chart.card("near_me")
    href = eventually(lambda: boat.get(COURSE).ok()["nextPoint"], "the course")["href"]
    assert href == f"/resources/waypoints/{ident}"
    assert 0 <= float(calculated(chart)["BRG"]) < 360
    chart.page.tap("button", "clear_all STOP")
    eventually(lambda: boat.get(COURSE).ok()["nextPoint"] is None, "the end of the course")

    chart.card("delete")
    chart.page.tap("mat-dialog-container button", "YES")
    eventually(lambda: boat.get(f"{RESOURCES}/waypoints").ok() == {}, "the waypoint to be gone")


def test_a_route_is_built_edited_sailed_along_and_deleted(boat, chart):
    page = chart.page
    here = boat.value("navigation.position")
    for number, name in enumerate(("Alpha", "Bravo")):
        waypoint(boat, name, here["longitude"] + 0.02 + number / 100, here["latitude"] + 0.01)
    page.reload()
    page.wait_text("Internet Map Service Unavailable")
    chart.page.tap("button", "OK")
    page.wait_gone("Internet Map Service")
    chart.menu("edit", "Build Route")
    page.wait_text("Bravo")
    page.wait("document.getAnimations().length === 0")
    for number, name in enumerate(("Alpha", "Bravo")):
        def into_the_route(name=name, number=number):
            """A drag that begins before the list has settled takes nothing along: then once more."""
            x, y, width = page.run(WHERE, name)
            page.drag((x, y), (x + width + 30, y + 15 + 30 * number), steps=20)
            page.wait("!document.querySelector('.cdk-drag-preview, .cdk-drag-animating')")
            return name in page.run("[...document.querySelectorAll('.cdk-drop-list')][1].innerText")

        eventually(into_the_route, f"{name} in the route", 30, every=0.3)
    chart.page.tap("button", "save Save")
    chart.save("Round")
    ident, value = eventually(lambda: boat.get(f"{RESOURCES}/routes").ok() and only(boat, "routes"), "the route")
    assert value["name"] == "Round" and len(value["feature"]["geometry"]["coordinates"]) == 2

    chart.menu("layers", "Routes")
    chart.card("edit")
    chart.page.tap("button", "edit EDIT")
    chart.save("There")
    eventually(lambda: boat.get(f"{RESOURCES}/routes/{ident}").ok()["name"] == "There", "the new name")

    chart.page.tap("button", "near_me START")
    route = eventually(lambda: boat.get(COURSE).ok()["activeRoute"], "the active route")
    assert (route["href"], route["pointTotal"], route["pointIndex"]) == (f"/resources/routes/{ident}", 2, 0)
    assert float(calculated(chart)["DTG"]) > 0

    chart.card("arrow_back")
    chart.page.tap("button:has(mat-icon[svgicon=cent-iec])")
    for _ in range(11):
        chart.page.tap("button", "add")
    page.wait("document.getAnimations().length === 0")
    page.screenshot("chart", picture=True)

    boat.delete(COURSE).ok()
    page.wait_gone("DTG")
    chart.menu("layers", "Routes")
    chart.card("delete")
    chart.page.tap("mat-dialog-container button", "YES")
    eventually(lambda: boat.get(f"{RESOURCES}/routes").ok() == {}, "the route to be gone")


# ---- with security on ---------------------------------------------------------------------------------------------------


@pytest.fixture
def secured(config, launch):
    webapps.install(config, webapps.FREEBOARD)
    server = launch(folder=secure(config))
    server.feeder(as_user("wim")).values(navigation__position={"latitude": 60.05, "longitude": 24.93}, navigation__headingTrue=0.5)
    return server


def signed_in(page, name):
    """The chart, when somebody has used freeboard's own dialog, which it opens by itself. What it asked before was refused."""
    page.allow(r" 401 \(Unauthorized\)", "reading 'temperature'")  # it stumbles over the settings of a user who has saved none

    def log_in(page):
        page.wait_text("Login to Signal K server")
        page.wait("document.getAnimations().length === 0")
        for number, words in enumerate((name, PASSWORD)):
            page.run("""(n, words) => { const e = document.querySelectorAll('mat-dialog-container input')[n]; e.value = words
                                        e.dispatchEvent(new Event('input', {bubbles: true})) }""", number, words)
        page.screenshot("freeboard-login")
        page.tap("mat-dialog-container button", "Log in")
        page.wait_gone("Login to Signal K server")
        page.until(lambda: ("POST", "/signalk/v1/auth/login", 200) in page.calls(), "the login")
        page.errors.clear()  # of all that was refused before
        page.reload()        # its stream was opened before, too, and is not told of the login

    return Chart(page, log_in)


def test_who_logs_in_to_freeboard_may_write_a_waypoint(secured, new_page):
    page = new_page(secured)
    chart = signed_in(page, "wim")
    chart.menu("edit", "Add Waypoint at Vessel")
    chart.save("Harbour")
    found = eventually(lambda: secured.get(f"{RESOURCES}/waypoints", headers=as_user("rita")).ok(), "the waypoint")
    (waypoint_made,) = found.values()
    assert waypoint_made["name"] == "Harbour"
    assert waypoint_made["feature"]["geometry"]["coordinates"] == pytest.approx([24.93, 60.05], abs=0.01)
    assert waypoint_made["$source"]


def test_who_may_only_read_sees_the_boat_on_the_chart_and_writes_nothing(secured, new_page):
    page = new_page(secured)
    chart = signed_in(page, "rita")
    chart.menu("edit", "Add Waypoint at Vessel")
    chart.save("Harbour")
    page.until(lambda: [call for call in page.calls() if call[0] in ("POST", "PUT") and "waypoints" in call[1] and call[2] == 401], "the refusal")
    assert secured.get(f"{RESOURCES}/waypoints", headers=as_user("rita")).ok() == {}
