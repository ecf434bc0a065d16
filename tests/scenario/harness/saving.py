"""Everything that a user can have saved, each as a number that is put in by the API and read back by the API."""
from . import wat
from .security import DEVICE, as_user, secure

ADMIN = as_user("anna", expires=86400 * 365 * 20)
PLUGIN = "wat-plugin"
V2 = "/signalk/v2/api/"
UNITS = "/signalk/v1/unitpreferences/"
COURSE = V2 + "vessels/self/navigation/course"
UUID = "ac3a3b2d-07e8-4f25-92bc-98e7c92f7f%02x"
ROLES = ("readonly", "readwrite", "admin")


def prepare(config):
    """A boat with security on, a device, a user bert and a plugin that is installed and off."""
    secure(config)
    config.write_package(PLUGIN, wat.assemble(wat.plugin()))
    return config


class Kind:
    """One saved thing. `save(server, n)` gives the answer, `read(server)` the number that is there, None when it is not."""

    folder = "."  # of the file, in the configuration folder

    def ask(self, server, method, path, body=None, **how):
        return server.request(method, path, json=body, headers=ADMIN, **how)

    def get(self, server, path):
        return self.ask(server, "GET", path).ok()


class Put(Kind):
    """A thing that one request replaces. `body(n)` and `number(answer)` say how the number is written."""

    def __init__(self, name, path, body, number, read_from=None, method="PUT", file=None):
        self.name, self.path, self.body, self.number, self.read_from, self.method = name, path, body, number, read_from or path, method
        self.file = file

    def save(self, server, n):
        return self.ask(server, self.method, self.path, self.body(n))

    def read(self, server):
        answer = self.ask(server, "GET", self.read_from)
        if answer.status == 404:
            return None
        return self.number(answer.ok())


class Resource(Kind):
    """A resource of that type; every seventh save is a removal."""

    def __init__(self, kind, feature, which=0):
        self.name, self.kind, self.feature = f"{kind} {which}", kind, feature
        self.path = f"{V2}resources/{kind}/{UUID % which}"
        self.file = f"plugin-config-data/resources-provider/resources/{kind}/{UUID % which}"

    def expected(self, n):
        return None if n % 7 == 6 else n

    def save(self, server, n):
        if n % 7 == 6:
            answer = self.ask(server, "DELETE", self.path)
            return answer
        return self.ask(server, "PUT", self.path, {**self.feature, "name": f"{n}"})

    def read(self, server):
        answer = self.ask(server, "GET", self.path)
        return None if answer.status == 404 else int(answer.ok()["name"])


class Alarm(Kind):
    """An alarm that is raised once and edited by its id, and one more that is acknowledged."""

    name, file = "alarm", "serverState/notifications/alarms.json"
    path = "notifications.test.alarm"

    def save(self, server, n):
        return self.ask(server, "POST", V2 + "notifications", {"state": "alarm", "message": f"{n}", "path": self.path})

    def read(self, server):
        found = [int(one["value"]["message"]) for one in self.get(server, V2 + "notifications").values() if one["path"] == self.path]
        return max(found) if found else None


class Kinds(Kind):
    """Kinds of resources that the user adds: n even adds one, n odd removes it."""

    name, file = "kind of resources", "plugin-config-data/resources-provider.json"
    path = "/plugins/resources-provider/_config"

    def save(self, server, n):
        return self.ask(server, "DELETE" if n % 2 else "POST", self.path + "/fishing", None if n % 2 else {"description": "x"})

    def read(self, server):
        return 0 if any(one["name"] == "fishing" for one in self.get(server, self.path)["custom"]) else 1


class Words(Kind):
    """The namespaces of the debug log, remembered from the first save on. They are not told by HTTP: the file is read."""

    name, file = "debug words", "debug"

    def save(self, server, n):
        self.ask(server, "POST", "/skServer/rememberDebug", {"value": True})
        return self.ask(server, "POST", "/skServer/debug", {"value": f"ns{n}"})

    def read(self, server):
        text = server.config.text("debug") if server.config.exists("debug") else ""
        return int(text[2:]) if text else None


POINT = {"feature": {"type": "Feature", "geometry": {"type": "Point", "coordinates": [24.9, 60.1]}, "properties": {}}}
LINE = {"feature": {"type": "Feature", "geometry": {"type": "LineString", "coordinates": [[24.9, 60.1], [25, 60.2]]}, "properties": {}}}


def first(rows, name, value):
    return next((row for row in rows if row[name] == value), {})


def number_in(text):
    return int(text) if text else None


KINDS = [
    Put("settings", "/skServer/settings", lambda n: {"options": {}, "pruneContextsMinutes": n + 1},
        lambda got: got["pruneContextsMinutes"] - 1 if "pruneContextsMinutes" in got else None, file="settings.json"),
    Put("connection", "/skServer/providers/gps", lambda n: {"id": "gps", "enabled": False, "type": "NMEA0183", "logging": False,
                                                             "options": {"type": "udp", "port": str(n + 1)}},
        lambda got: int(first(got, "id", "gps").get("options", {}).get("port", 0)) - 1, read_from="/skServer/providers", file="settings.json"),
    Put("vessel", "/skServer/vessel", lambda n: {"name": f"{n}"}, lambda got: number_in(got["name"].replace("Skiff", "")), file="baseDeltas.json"),
    Put("user", "/skServer/security/users/wim", lambda n: {"type": ROLES[n % 3]},
        lambda got: ROLES.index(first(got, "userId", "wim")["type"]), read_from="/skServer/security/users", file="security.json"),
    Put("device", f"/skServer/security/devices/{DEVICE}", lambda n: {"permissions": "readwrite", "description": f"{n}"},
        lambda got: number_in(first(got, "clientId", DEVICE)["description"].replace("A sensor", "")), read_from="/skServer/security/devices",
        file="security.json"),
    Put("plugin", f"/plugins/{PLUGIN}/config", lambda n: {"enabled": False, "configuration": {"depth": n}},
        lambda got: got.get("configuration", {}).get("depth"), method="POST", file=f"plugin-config-data/{PLUGIN}.json"),
    Resource("waypoints", POINT), Resource("waypoints", POINT, 1), Resource("routes", LINE),
    Put("data of an application", "/signalk/v1/applicationData/global/app/1.0.0", lambda n: {"n": n}, lambda got: got.get("n"), method="POST",
        file="applicationData/global/app/1.0.0.json"),
    Put("data of a user", "/signalk/v1/applicationData/user/app/1.0.0/n", lambda n: n, lambda got: got if isinstance(got, int) else None,
        method="POST", file="applicationData/users/anna/app/1.0.0.json"),
    Alarm(),
    Put("priorities", "/skServer/priorityOverrides", lambda n: {"a.b": [{"sourceRef": f"x{n}", "timeout": 0}]},
        lambda got: number_in(got["overrides"].get("a.b", [{"sourceRef": "x"}])[0]["sourceRef"][1:]), read_from="/skServer/priorities",
        file="priorities.json"),
    Put("aliases", "/skServer/sourceAliases", lambda n: {"a.b": f"{n}"}, lambda got: number_in(got.get("a.b")), file="priorities.json"),
    Put("definitions of units", UNITS + "custom-definitions", lambda n: {"m/s": {"conversions": {f"u{n}": {"formula": "value * 2", "inverseFormula": "value / 2", "symbol": "u"}}}},
        lambda got: next((int(unit[1:]) for unit in got.get("m/s", {"conversions": {}})["conversions"]), None), file="unitpreferences/custom-units-definitions.json"),
    Put("preset of units", UNITS + "presets/custom/mine", lambda n: {"version": "1.0.0", "name": f"{n}", "description": "of mine", "categories": {
        "speed": {"baseUnit": "m/s", "targetUnit": "km/h", "displayFormat": "0.00"}}},
        lambda got: int(got["name"]), read_from=UNITS + "presets/mine", file="unitpreferences/presets/custom/mine.json"),
    Put("course", COURSE + "/arrivalCircle", lambda n: {"value": n}, lambda got: got["arrivalCircle"], read_from=COURSE,
        file="serverState/course/settings.json"),
    Kinds(), Words(),
]


def expected(kind, n):
    """What `read` gives after `save(n)`."""
    if isinstance(kind, Resource):
        return kind.expected(n)
    return {"user": n % 3, "kind of resources": n % 2}.get(kind.name, n)


def is_saved(kind, n, answer):
    """Something that is gone already has been removed as well."""
    removal = (isinstance(kind, Resource) and n % 7 == 6) or (isinstance(kind, Kinds) and n % 2)
    return answer.status in (200, 201, 202) or (removal and answer.status == 404)
