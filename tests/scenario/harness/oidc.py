"""An identity provider of OpenID Connect that the test plays: honest, until it is told to misbehave."""
import base64
import functools
import hashlib
import hmac
import html
import json
import secrets
import subprocess
import tempfile
import time
import urllib.parse
from pathlib import Path

from .stub import Stub
from .web import request

CLIENT, SECRET = "plover", "a secret: with % and +"
CALLBACK = "/signalk/v1/auth/oidc/callback"
PEOPLE = {
    "jane": {"sub": "0a1b2c3d-jane", "preferred_username": "jane", "email": "jane@boat.example", "name": "Jane Doe", "groups": ["crew"]},
    "skip": {"sub": "99ff00aa-skip", "preferred_username": "skip", "groups": ["crew", "captains"]},
}
HASHES = {"256": "sha256", "384": "sha384", "512": "sha512"}
KINDS = {"RS": "RSA", "PS": "RSA", "ES256": "P-256", "ES384": "P-384", "ES512": "P-521", "Ed": "ED25519"}
SIZES = {"P-256": 32, "P-384": 48, "P-521": 66}


def b64(data):
    data = json.dumps(data).encode() if isinstance(data, dict) else data
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _openssl(*words, data=b""):
    return subprocess.run(["openssl", *words], input=data, capture_output=True, check=True, timeout=60).stdout


def _der(data):
    """[(tag, content)] of the elements that stand beside each other."""
    found = []
    while data:
        size, at = data[1], 2
        if size & 0x80:
            at += size & 0x7F
            size = int.from_bytes(data[2:at], "big")
        found.append((data[0], data[at:at + size]))
        data = data[at + size:]
    return found


class Key:
    """A key pair, made and used by the openssl program, and its public half as a JSON Web Key."""

    def __init__(self, kind, name):
        how = {"RSA": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], "ED25519": ["-algorithm", "ED25519"]}
        pem = _openssl("genpkey", *how.get(kind, ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:" + kind]))
        self.file = tempfile.NamedTemporaryFile(suffix=".pem")
        self.file.write(pem)
        self.file.flush()
        self.kind, self.name = kind, name
        self.public_pem = _openssl("pkey", "-pubout", data=pem)
        (_, whole), = _der(_openssl("pkey", "-pubout", "-outform", "DER", data=pem))
        bits = _der(whole)[1][1][1:]
        if kind == "RSA":
            n, e = (content.lstrip(b"\0") for _, content in _der(_der(bits)[0][1]))
            self.jwk = {"kty": "RSA", "n": b64(n), "e": b64(e)}
        elif kind == "ED25519":
            self.jwk = {"kty": "OKP", "crv": "Ed25519", "x": b64(bits)}
        else:
            half = SIZES[kind]
            self.jwk = {"kty": "EC", "crv": kind, "x": b64(bits[1:1 + half]), "y": b64(bits[1 + half:])}
        self.jwk |= {"kid": name, "use": "sig"}

    def sign(self, alg, text):
        if self.kind == "ED25519":
            with tempfile.NamedTemporaryFile() as file:
                file.write(text)
                file.flush()
                return _openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.file.name, "-in", file.name)
        pss = ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"] if alg.startswith("PS") else []
        signed = _openssl("dgst", "-" + HASHES[alg[2:]], "-sign", self.file.name, *pss, data=text)
        if self.kind not in SIZES:
            return signed
        (_, pair), = _der(signed)
        return b"".join(content.lstrip(b"\0").rjust(SIZES[self.kind], b"\0") for _, content in _der(pair))


@functools.cache
def key(kind, name="one"):
    """Made once in a run: they take their time."""
    return Key(kind, name)


class Provider(Stub):
    """
    Discovery, a login page, tokens, keys, userinfo, logout. What it says of itself and of people can be changed:
    `alg` signs; `keys` are published; `claims` and `user` replace what a token and userinfo hold (None leaves a member out);
    `header` what a token's header holds; `says` the discovery document; `answers[path]` takes over a path: a function that is given
    the request. `forge`: none, hmac or break, what becomes of a signature.
    """

    def __init__(self, name=None):
        """`name`: another one of this machine, by which browsers take it for another site than the server."""
        super().__init__()
        self.url = f"http://{name}:{self.port}" if name else self.url
        self.alg, self.keys, self.forge = "RS256", [key("RSA")], None
        self.claims, self.user, self.header, self.says, self.answers = {}, {}, {}, {}, {}
        self.person = "jane"
        self.codes = {}    # code → what the browser asked with
        self.tokens = {}   # access token → person
        self.wanted = "client_secret_post"
        self.methods = ["client_secret_post", "client_secret_basic"]

    # ---- the server's settings ----

    def settings(self, server_url="http://127.0.0.1:3000", **more):
        return {"enabled": True, "issuer": self.url, "clientId": CLIENT, "clientSecret": SECRET, "redirectUri": server_url + CALLBACK, **more}

    # ---- tokens ----

    def signer(self):
        kind = KINDS.get(self.alg[:2]) or KINDS[self.alg]
        return key(kind)

    def id_token(self, asked, access_token):
        now = int(time.time())
        digest = hashlib.new(HASHES.get(self.alg[2:], "sha512"), access_token.encode()).digest()
        person = PEOPLE[asked["person"]]
        claims = {"iss": self.url, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": asked.get("nonce"), "sub": person["sub"],
                  "at_hash": b64(digest[:len(digest) // 2]), **self.claims}
        header = {"alg": self.alg, "typ": "JWT", "kid": self.signer().name, **self.header}
        strip = lambda members: {name: value for name, value in members.items() if value is not None}
        text = b64(strip(header)) + "." + b64(strip(claims))
        return text + "." + b64(self.signature(text.encode()))

    def signature(self, text):
        if self.forge == "none":
            return b""
        if self.forge == "hmac":
            return hmac.new(self.signer().public_pem, text, hashlib.sha256).digest()
        signed = self.signer().sign(self.alg, text)
        return signed if self.forge is None else signed[:-1] + bytes([signed[-1] ^ 1])

    # ---- its pages ----

    def answer(self, to):
        path, _, query = to.path.partition("?")
        if path in self.answers:
            return self.answers[path](to)
        page = {"/.well-known/openid-configuration": self.document, "/authorize": self.authorize, "/allow": self.allow,
                "/token": self.token, "/keys": self.published, "/userinfo": self.userinfo, "/logout": self.logout}.get(path)
        if page is None:
            return self.send(to, 204 if path == "/favicon.ico" else 404)
        return page(to, dict(urllib.parse.parse_qsl(query)))

    def json(self, to, value, status=200):
        self.send(to, status, json.dumps(value).encode(), Content_Type="application/json")

    def document(self, to, _):
        told = {"issuer": self.url, "authorization_endpoint": self.url + "/authorize", "token_endpoint": self.url + "/token",
                "jwks_uri": self.url + "/keys", "userinfo_endpoint": self.url + "/userinfo", "end_session_endpoint": self.url + "/logout",
                "token_endpoint_auth_methods_supported": self.methods, **self.says}
        self.json(to, {name: value for name, value in told.items() if value is not None})

    def published(self, to, _):
        self.json(to, {"keys": [k.jwk if isinstance(k, Key) else k for k in self.keys]})

    def authorize(self, to, asked):
        link = "/allow?" + urllib.parse.urlencode({"person": self.person, **asked})
        page = f"<!doctype html><title>Provider</title><h1>Harbour login</h1><a id=allow href='{html.escape(link)}'>Let me in</a>"
        self.send(to, 200, page.encode(), Content_Type="text/html")

    def allow(self, to, asked):
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = urllib.parse.urlencode({"code": code, "state": asked["state"]})
        self.send(to, 302, Location=asked["redirect_uri"] + "?" + back)

    def client(self, to, form):
        """How the client says who it is; None when it is not the one."""
        basic = to.headers.get("Authorization", "")
        if basic.startswith("Basic "):
            name, _, word = base64.b64decode(basic[6:]).decode().partition(":")
            given, how = (urllib.parse.unquote(name), urllib.parse.unquote(word)), "client_secret_basic"
        else:
            given, how = (form.get("client_id"), form.get("client_secret")), "client_secret_post"
        return how if given == (CLIENT, SECRET) and how == self.wanted else None

    def token(self, to, _):
        form = dict(urllib.parse.parse_qsl(self.requests[-1][3].decode()))
        if self.client(to, form) is None:
            return self.json(to, {"error": "invalid_client"}, 401)
        asked = self.codes.pop(form.get("code"), None)
        challenge = b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (asked is None or asked.get("code_challenge") != challenge or asked.get("code_challenge_method") != "S256"
                or asked["redirect_uri"] != form.get("redirect_uri") or form.get("grant_type") != "authorization_code"):
            return self.json(to, {"error": "invalid_grant", "error_description": "no"}, 400)
        access_token = secrets.token_urlsafe(24)
        self.tokens[access_token] = asked["person"]
        return self.json(to, {"access_token": access_token, "token_type": "Bearer", "expires_in": 300,
                              "id_token": self.id_token(asked, access_token)})

    def userinfo(self, to, _):
        person = self.tokens.get(to.headers.get("Authorization", "").removeprefix("Bearer "))
        if person is None:
            return self.json(to, {"error": "invalid_token"}, 401)
        told = {**PEOPLE[person], **self.user}
        return self.json(to, {name: value for name, value in told.items() if value is not None})

    def logout(self, to, asked):
        back = html.escape(asked.get("post_logout_redirect_uri", ""))
        self.send(to, 200, f"<!doctype html><title>Provider</title>Logged out<p><a id=back href='{back}'>Back</a>".encode(), Content_Type="text/html")

    def asked_for(self, path):
        with self.lock:
            return sum(asked.partition("?")[0] == path for _, asked, _, _ in self.requests)


def query_of(url):
    """Also of the page behind a '#', as the login page of the admin UI has it."""
    return dict(urllib.parse.parse_qsl(url.partition("?")[2]))


class Visitor:
    """A browser as far as logins need one: it keeps cookies, and goes where it is sent."""

    def __init__(self, server, provider):
        self.server, self.provider, self.cookies = server, provider, {}

    def get(self, path, **headers):
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self.server.get(path, headers=headers, timeout=60)
        for line in answer.headers.get_all("Set-Cookie") or []:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies.pop(name, None)
            if value:
                self.cookies[name] = value
        return answer

    def begin(self, target=None, **headers):
        """To the provider: what it is asked with."""
        path = "/signalk/v1/auth/oidc/login" + ("?" + urllib.parse.urlencode({"redirect": target}) if target is not None else "")
        answer = self.get(path, **headers)
        assert answer.status == 302, answer
        return answer.headers["Location"]

    def allowed(self, location):
        """At the provider: the address it sends back to."""
        at = urllib.parse.urlsplit(location)
        asked = {"person": self.provider.person, **query_of(location)}
        answer = request(at.hostname, at.port, "GET", "/allow?" + urllib.parse.urlencode(asked))
        back = urllib.parse.urlsplit(answer.headers["Location"])
        return f"{back.path}?{back.query}"

    def back(self, path):
        """What the server answers to the return: (status, where it leads)."""
        answer = self.get(path)
        return answer.status, answer.headers.get("Location")

    def login(self, target=None):
        return self.back(self.allowed(self.begin(target)))

    def failure(self):
        """The reason that the login page is given."""
        status, location = self.login()
        return self.reason(status, location)

    @staticmethod
    def reason(status, location):
        assert status == 302 and location.startswith("/admin/#/login?oidcError=true&message="), (status, location)
        return query_of(location)["message"]

    def status(self):
        return self.get("/skServer/loginStatus").ok()
