"""Fixtures of the behaviour suite: every story gets a fresh configuration folder and starts the servers it needs."""
import pytest

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
def feeder(server):
    return server.feeder()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    report = (yield).get_result()
    if report.failed:
        for number, made in enumerate(getattr(item, "skiff_servers", [])):
            report.sections.append((f"log of server {number}", made.log_tail(120)))
