"""Announcement on the local network. The avahi libraries are replaced by ones that write down what they are asked to announce."""
import shutil
import subprocess

import pytest

from harness.server import SELF_ID
from harness.waiting import eventually

COMMON = r"""
#include <avahi-common/alternative.h>
#include <avahi-common/error.h>
#include <avahi-common/malloc.h>
#include <avahi-common/strlst.h>
#include <avahi-common/thread-watch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static char one;
AvahiThreadedPoll *avahi_threaded_poll_new(void) { return (AvahiThreadedPoll *)(void *)&one; }
const AvahiPoll *avahi_threaded_poll_get(AvahiThreadedPoll *p) { return (const AvahiPoll *)(void *)p; }
int avahi_threaded_poll_start(AvahiThreadedPoll *p) { (void)p; return 0; }
int avahi_threaded_poll_stop(AvahiThreadedPoll *p) { (void)p; return 0; }
void avahi_threaded_poll_free(AvahiThreadedPoll *p) { (void)p; }
AvahiStringList *avahi_string_list_new_from_array(const char **texts, int n)
{
    char *all = calloc(1, 8192);
    for (int i = 0; i < n; i++) { strcat(all, texts[i]); strcat(all, "|"); }
    return (AvahiStringList *)(void *)all;
}
void avahi_string_list_free(AvahiStringList *l) { free(l); }
char *avahi_alternative_service_name(const char *name) { char *p = malloc(300); snprintf(p, 300, "%s #2", name); return p; }
void avahi_free(void *p) { free(p); }
const char *avahi_strerror(int error) { (void)error; return "an error"; }
"""

CLIENT = r"""
#include <avahi-client/client.h>
#include <avahi-client/publish.h>
#include <avahi-common/error.h>
#include <stdio.h>
#include <stdlib.h>
static AvahiClientCallback client_changed;
static AvahiEntryGroupCallback group_changed;
static void *client_arg, *group_arg;
static char client, group;
static int collisions = 1;
static void note(const char *line) { FILE *f = fopen(getenv("FAKE_AVAHI_LOG"), "a"); fprintf(f, "%s\n", line); fclose(f); }
AvahiClient *avahi_client_new(const AvahiPoll *p, AvahiClientFlags flags, AvahiClientCallback fn, void *arg, int *error)
{
    (void)p; (void)error;
    if (!(flags & AVAHI_CLIENT_NO_FAIL)) abort();
    client_changed = fn; client_arg = arg;
    fn((AvahiClient *)(void *)&client, AVAHI_CLIENT_S_RUNNING, arg);
    return (AvahiClient *)(void *)&client;
}
void avahi_client_free(AvahiClient *c) { (void)c; note("withdrawn"); }
int avahi_client_errno(AvahiClient *c) { (void)c; return 0; }
const char *avahi_client_get_host_name(AvahiClient *c) { (void)c; return "boatbox"; }
AvahiEntryGroup *avahi_entry_group_new(AvahiClient *c, AvahiEntryGroupCallback fn, void *arg)
{
    (void)c; group_changed = fn; group_arg = arg;
    return (AvahiEntryGroup *)(void *)&group;
}
int avahi_entry_group_reset(AvahiEntryGroup *g) { (void)g; return 0; }
int avahi_entry_group_commit(AvahiEntryGroup *g) { note("commit"); group_changed(g, AVAHI_ENTRY_GROUP_ESTABLISHED, group_arg); return 0; }
int avahi_entry_group_add_service_strlst(AvahiEntryGroup *g, AvahiIfIndex i, AvahiProtocol proto, AvahiPublishFlags flags, const char *name,
                                         const char *type, const char *domain, const char *host, uint16_t port, AvahiStringList *txt)
{
    char line[9000];
    (void)g; (void)i; (void)proto; (void)flags; (void)domain;
    if (getenv("FAKE_AVAHI_TAKEN") && collisions-- > 0)
        return AVAHI_ERR_COLLISION;
    snprintf(line, sizeof line, "%s\t%s\t%s\t%u\t%s", name, type, host ? host : "", port, (char *)(void *)txt);
    note(line);
    return 0;
}
"""


@pytest.fixture(scope="session")
def fakes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("avahi")
    for name, text in (("libavahi-common", COMMON), ("libavahi-client", CLIENT)):
        source = folder / (name + ".c")
        source.write_text(text)
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("no C compiler for the stand-in of avahi")
        done = subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / (name + ".so.3"), source], capture_output=True, text=True)
        if done.returncode != 0 and "No such file" in done.stderr:
            pytest.skip("no avahi headers for the stand-in of avahi")
        assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def announced(fakes, tmp_path, config, launch):
    """announced(settings, env) → the running server and a function that reads what was announced by now."""
    log = config.path / "avahi.log"  # where the confined server can write it

    def start(*args, env=None, **settings):
        config.settings(**{"mdns": True, **settings})
        environment = {"LD_LIBRARY_PATH": str(fakes), "FAKE_AVAHI_LOG": str(log), "DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/nonexistent",
                       "EXTERNALHOST": "boat", **(env or {})}
        server = launch(*args, env=environment)
        return server, lambda: log.read_text().splitlines() if log.exists() else []
    return start


def rows(lines):
    return {line.split("\t")[1]: line.split("\t") for line in lines if "\t" in line}


def committed(read):
    return eventually(lambda: (lambda lines: lines if "commit" in lines else None)(read()))


def test_what_is_announced(announced):
    server, read = announced()
    found = rows(committed(read))
    assert {kind: int(row[3]) for kind, row in found.items()} == {
        "_http._tcp": server.port, "_signalk-http._tcp": server.port, "_signalk-ws._tcp": server.port,
        "_signalk-tcp._tcp": server.tcp_port, "_nmea-0183._tcp": server.nmea_port}
    for row in found.values():
        assert row[0] == "boat" and row[2] == "boat.local"
        assert row[4].split("|")[:-1] == ["txtvers=1", "swname=signalk-server", "swvers=2.31.1", "roles=master, main", "self=" + SELF_ID,
                                         "vname=Skiff", "vuuid=" + SELF_ID]
    server.stop()
    assert read()[-1] == "withdrawn"


def test_a_proxy_in_front(announced):
    _, read = announced(env={"EXTERNALPORT": "8443", "EXTERNALSSL": "true", "EXTERNALHOST": None}, proxy_host="harbour.example.org")
    found = rows(committed(read))
    assert {"_https._tcp", "_signalk-https._tcp", "_signalk-wss._tcp"} <= found.keys()
    assert found["_https._tcp"][2:4] == ["harbour.example.org", "8443"]


def test_interfaces_that_are_off_are_not_announced(announced):
    _, read = announced(interfaces={"tcp": False, "nmea-tcp": False})
    assert rows(committed(read)).keys() == {"_http._tcp", "_signalk-http._tcp", "_signalk-ws._tcp"}


def test_what_clients_cannot_use_is_not_announced(announced):
    _, read = announced(interfaces={"rest": False, "ws": False, "tcp": False, "nmea-tcp": False})
    assert rows(committed(read)).keys() == {"_http._tcp"}


def test_a_name_that_is_taken(announced):
    _, read = announced(env={"FAKE_AVAHI_TAKEN": "1"})
    assert {row[0] for row in rows(committed(read)).values()} == {"boat #2"}


@pytest.mark.parametrize("why", [{"mdns": False}, {"env": {"EXTERNALHOST": None}}, {"env": {"DBUS_SYSTEM_BUS_ADDRESS": None}}],
                         ids=["switched off", "this machine only", "no daemon"])
def test_nothing_is_announced(announced, why):
    server, read = announced(**why)
    assert server.get("/signalk").status == 200
    server.stop()
    assert read() == []


def test_without_the_library_the_boat_sails_on(announced, tmp_path):
    folder = tmp_path / "broken"
    folder.mkdir()
    for name in ("libavahi-client.so.3", "libavahi-common.so.3"):
        (folder / name).write_text("no library")
    server, _ = announced(env={"LD_LIBRARY_PATH": str(folder)})
    server.wait_log("not announced on the network: libavahi-client.so.3")
    assert server.get("/signalk").status == 200
