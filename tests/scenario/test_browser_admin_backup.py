"""Admin UI: backup, wipe, restore: the identical configuration."""
import pytest

from harness.admin import install, open_admin


@pytest.fixture
def config(config):
    config.write("plugin-config-data/some.json", {"enabled": True, "configuration": {"a": 1}})
    return install(config)


def test_backup_wipe_restore(server, config, page, tmp_path):
    server.put("/skServer/vessel", {"name": "Nixe", "mmsi": "211123456"})
    before = {name: config.text(name) for name in ("settings.json", "baseDeltas.json", "plugin-config-data/some.json")}
    open_admin(page, "/serverConfiguration/backuprestore", "Backup Settings")
    page.download_to(tmp_path)
    page.click("button", "Backup")
    file, = page.until(lambda: list(tmp_path.glob("signalk-*.backup")), "the backup in the folder of downloads")
    for name in before:
        config.write(name, {} if name != "baseDeltas.json" else [])
    page.upload("input[type=file]", file)
    page.click("button", "Restore")
    page.wait_text("plugin-config-data/")
    page.screenshot("admin-restore")
    page.click("button", "Confirm")
    page.wait("[...document.querySelectorAll('button')].some(b => b.innerText.trim() === 'Restart')")
    page.screenshot("admin-restored")
    assert page.dialogs == []
    page.close()  # it would complain that the server is away
    server.stop()
    server.restart()
    assert {name: config.text(name) for name in before} == before
    assert server.api("vessels/self/name").ok() == "Nixe"
