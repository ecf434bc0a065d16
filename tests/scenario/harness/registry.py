"""An npm registry that the test plays: packages that it makes, and archives as bad as it wants them."""
import base64
import gzip
import hashlib
import io
import json
import tarfile
import urllib.parse

from .stub import Stub


def archive(files, prefix="package/"):
    """A .tgz of {name: bytes}; a name with a leading '/' or '..' is taken as it is."""
    return archive_of([entry(prefix + name, content) for name, content in files.items()])


def entry(path, content=b"", kind=tarfile.REGTYPE, link=""):
    info = tarfile.TarInfo(path)
    info.size = len(content) if kind == tarfile.REGTYPE else 0
    info.type, info.linkname, info.mtime = kind, link, 499162500
    return info, content


def archive_of(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for info, content in entries:
            tar.addfile(info, io.BytesIO(content) if info.isreg() else None)
    return gzip.compress(out.getvalue(), mtime=0)


def integrity(data, algorithm="sha512"):
    return algorithm + "-" + base64.b64encode(hashlib.new(algorithm, data).digest()).decode()


def package_json(name, version="1.0.0", keywords=("signalk-webapp",), **members):
    return {"name": name, "version": version, "keywords": list(keywords), **members}


def webapp(name, version="1.0.0", page=b"<!doctype html><title>Chart</title>", files=None, **members):
    """The files of a webapp with one page."""
    package = package_json(name, version, **members)
    return {"package.json": json.dumps(package).encode(), "public/index.html": page, **(files or {})}


class Registry(Stub):
    """Add packages with `publish`. `held` archives stop half-way until `open` is set."""

    def __init__(self):
        super().__init__()
        self.packages = {}  # name → packument
        self.archives = {}  # path → bytes
        self.tokens = {}  # path prefix → token that it wants
        self.held = set()
        self.cut = set()  # archives whose connection breaks
        self.keywords = {}  # name → keywords, for the search
        self.can_search = True

    def publish(self, name, version, data, tag="latest", **dist):
        """`dist` replaces what the metadata says of the archive; integrity=None leaves it out. Returns the archive's path."""
        path = f"/{name}/-/{name.split('/')[-1]}-{version}.tgz"
        self.archives[path] = data
        meta = self.packages.setdefault(name, {"name": name, "dist-tags": {}, "versions": {}})
        told = {"tarball": self.url + path, "integrity": integrity(data), "shasum": hashlib.sha1(data).hexdigest(), **dist}
        told = {key: value for key, value in told.items() if value is not None}
        meta["versions"][version] = {"name": name, "version": version, "dist": told}
        if tag:
            meta["dist-tags"][tag] = version
        return path

    def publish_files(self, files, tag="latest", **dist):
        package = json.loads(files["package.json"])
        self.keywords[package["name"]] = package.get("keywords", [])
        path = self.publish(package["name"], package["version"], archive(files), tag, **dist)
        self.packages[package["name"]]["versions"][package["version"]].update(
            {key: package[key] for key in ("keywords", "description", "wasmManifest", "signalk", "deprecated") if key in package})
        return path

    def search(self, query):
        text = urllib.parse.parse_qs(query).get("text", [""])[0]
        keyword = text.removeprefix("keywords:")
        found = [name for name, keywords in self.keywords.items() if keyword in keywords]
        objects = []
        for name in found:
            meta = self.packages[name]
            version = meta["versions"][meta["dist-tags"]["latest"]]
            objects.append({"package": {"name": name, "version": version["version"], "keywords": self.keywords[name],
                                        "description": version.get("description", ""), "date": "2026-01-02T03:04:05.678Z",
                                        "publisher": {"username": "sailor"}, "links": {}}})
        return {"objects": objects, "total": len(objects)}

    def answer(self, to):
        path, _, query = to.path.partition("?")
        path = urllib.parse.unquote(path)
        for prefix, token in self.tokens.items():
            if path.startswith(prefix) and to.headers.get("Authorization") != f"Bearer {token}":
                self.send(to, 401, b"{}")
                return
        if path == "/-/v1/search" and self.can_search:
            self.send(to, 200, json.dumps(self.search(query)).encode(), Content_Type="application/json")
        elif path in self.archives:
            self.send_archive(to, path)
        elif path[1:] in self.packages:
            self.send(to, 200, json.dumps(self.packages[path[1:]]).encode(), Content_Type="application/json")
        else:
            self.send(to, 404, b'{"error":"Not found"}', Content_Type="application/json")

    def send_archive(self, to, path):
        data = self.archives[path]
        if path not in self.held and path not in self.cut:
            self.send(to, 200, data, Content_Type="application/octet-stream")
            return
        to.send_response(200)
        to.send_header("Content-Length", str(len(data)))
        to.end_headers()
        to.wfile.write(data[: len(data) // 2])
        to.wfile.flush()
        to.close_connection = True
        if path in self.held:
            self.open.wait(60)
            try:
                to.wfile.write(data[len(data) // 2:])
            except OSError:
                pass

    def asked(self, part):
        """The paths that were asked for and hold this part."""
        return [path for _, path, _, _ in self.requests if part in urllib.parse.unquote(path)]
