"""A webapp of a few lines in a real browser: its files, its requests and its stream work; and what goes wrong in one is noticed."""
import pytest

PAGE = """<!doctype html><html lang="en"><link rel="icon" href="data:,"><body>
<h1></h1><p id="speed"></p>
<input id="course"><select id="kind"><option value="a">first</option><option value="b">second</option></select>
<button onclick="say()">Say</button><button onclick="console.error('the mast is gone')">Break</button>
<script>
fetch('/signalk/v1/api/vessels/self').then(r => r.json()).then(v => document.querySelector('h1').innerText = v.name)
new WebSocket(`ws://${location.host}/signalk/v1/stream`).onmessage = m => {
  for (const u of JSON.parse(m.data).updates || []) for (const v of u.values || [])
    if (v.path === 'navigation.speedOverGround') document.querySelector('#speed').innerText = v.value
}
const say = () => alert(`${course.value} ${kind.value}`)
</script></body></html>"""


@pytest.fixture
def config(config):
    config.write("node_modules/small-app/package.json", {"name": "small-app", "version": "1.0.0", "keywords": ["signalk-webapp"]})
    config.write("node_modules/small-app/public/index.html", PAGE)
    return config


def test_a_webapp_shows_the_boat(server, feeder, page):
    page.goto("/small-app/")
    page.wait_text("Skiff", "h1")
    feeder.values(navigation__speedOverGround=3.25)
    page.wait_text("3.25", "#speed")
    assert ("GET", "/signalk/v1/api/vessels/self", 200) in page.calls()


def test_the_hands_of_the_harness(server, page):
    page.goto("/small-app/")
    page.wait_text("Skiff", "h1")  # until then everything below it moves
    page.fill("#course", "045")
    page.fill("#course", "090")
    page.select("#kind", "second")
    page.click("button", "Say")
    page.until(lambda: page.dialogs == ["090 b"], "the alert")


def test_an_error_on_the_console_is_noticed(server, page):
    page.goto("/small-app/")
    page.wait_text("Skiff", "h1")  # until then the button moves
    page.click("button", "Break")
    page.until(lambda: page.errors, "the error")
    with pytest.raises(AssertionError, match="the mast is gone"):
        page.check()
    page.allow("mast is gone").check()
