"""Fixtures of the behaviour suite: every story gets a fresh configuration folder and starts the servers it needs."""
import pytest

from harness import browser as browsers
from harness.registry import Registry
from harness.server import ConfigDir, Server, binary


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """HOME of all servers of a run: nobody's real configuration is touched, compiled plugins are shared."""
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def config(tmp_path):
    """A configuration folder with settings and the vessel 'Skiff'; a story overwrites what it wants different."""
    folder = ConfigDir(tmp_path / "config")
    folder.settings()
    folder.identity()
    return folder


@pytest.fixture
def launcher(request, config, home):
    """make(args, env, …) → Server, not yet started. All are ended with the test; how they ended is part of it."""
    if binary() is None:
        pytest.skip("no server binary: build first, or set SKIFF_BIN")
    made = []
    request.node.skiff_servers = made

    def make(*args, folder=None, **how):
        made.append(Server(folder or config, home, args, **how))
        return made[-1]

    yield make
    complaints = [complaint for server in made for complaint in server.finish()]
    assert not complaints, "the server " + "; ".join(complaints)


@pytest.fixture
def launch(launcher):
    """launch(args, env=…) → a running server."""
    return lambda *args, **how: launcher(*args, **how).start()


@pytest.fixture
def server(launch):
    """A running server of the vessel 'Skiff'."""
    return launch()


@pytest.fixture
def registry():
    """An npm registry of the story's own."""
    stub = Registry()
    yield stub
    stub.close()


@pytest.fixture
def skiff(launcher, config, registry):
    """skiff(group, name, words…) → (output, errors) of a sub-command on the folder, which knows that registry and no npm."""

    def run(group, name, *words, env=None, code=0):
        known = {"NPM_CONFIG_REGISTRY": registry.url, "NPM_CONFIG_GLOBALCONFIG": "/dev/null", "PATH": "/nowhere"}
        command = launcher(env={**known, **(env or {})})
        command.expect_exit = True
        got = command.spawn([group, name, "-c", str(config.path), *map(str, words)]).wait_exit(60)
        assert code is None or got == code, command.log_tail()
        return command.log("out"), command.log("err")

    return run


@pytest.fixture
def feeder(server):
    return server.feeder()


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """One Chromium for the run; its stories are told one after the other (see pytest_collection_modifyitems)."""
    made = browsers.start(tmp_path_factory.mktemp("chromium"))
    yield made
    made.close()


@pytest.fixture
def new_page(request, browser):
    """new_page(server, …) → a page with a fresh profile. An error on the console of any of them fails the test."""
    pages = []

    def make(server, **how):
        pages.append(browser.page(f"http://127.0.0.1:{server.port}", **how))
        return pages[-1]

    yield make
    for page in pages:
        page.close()
    told = getattr(request.node, "skiff_failed", False)  # then the first failure says more
    for page in pages:
        if not told:
            page.check()


@pytest.fixture
def page(server, new_page):
    """A page for the test's `server`."""
    return new_page(server)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        item.skiff_failed = True
        for number, made in enumerate(getattr(item, "skiff_servers", [])):
            report.sections.append((f"log of server {number}", made.log_tail(120)))
