"""Users, tokens and clients of a server with security on."""
import base64
import hashlib
import hmac
import json
import time

KEY = "0123456789abcdef" * 16
PASSWORD = "secret"
# bcrypt, cost 10, of "secret" with the three prefixes that servers wrote in their time
HASH = "$2b$10$tmNL.7r5joL8358V6/TCgeE9eZmZe0iwFVkblMp/f1p6WSiYgMqly"
HASHES = {prefix: HASH.replace("$2b$", prefix) for prefix in ("$2a$", "$2b$", "$2y$")}
USERS = {"anna": "admin", "rita": "readonly", "wim": "readwrite"}
DEVICE = "aaaaaaaa-1111-2222-3333-444444444444"


def security_file(**members):
    """security.json as the Node server writes it."""
    return {
        "allow_readonly": False, "expiration": "1d", "secretKey": KEY, "allowNewUserRegistration": True,
        "allowDeviceAccessRequests": True, "immutableConfig": False,
        "users": [{"username": name, "type": role, "password": HASH} for name, role in USERS.items()],
        "devices": [{"clientId": DEVICE, "permissions": "readwrite", "description": "A sensor", "config": None,
                     "requestedPermissions": ""}],
        "acls": [], "somethingOfTomorrow": {"kept": True}, **members,
    }


def secure(config, settings=None, **members):
    """Switches security on in a configuration folder."""
    config.settings(security={"strategy": "./tokensecurity"}, **(settings or {}))
    config.write("security.json", security_file(**members)).chmod(0o600)
    return config


def _part(value):
    text = json.dumps(value, separators=(",", ":")).encode() if not isinstance(value, bytes) else value
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def token(name=None, key=KEY, header=None, expires=3600, **claims):
    """A JSON Web Token made without the server's help. `expires` seconds from now; None: never."""
    now = int(time.time())
    body = {**({"id": name} if name else {}), "iat": now, **({"exp": now + expires} if expires is not None else {}), **claims}
    signed = _part(header or {"alg": "HS256", "typ": "JWT"}) + "." + _part(body)
    return signed + "." + _part(hmac.new(key.encode(), signed.encode(), hashlib.sha256).digest())


def as_user(name, **how):
    return {"Authorization": "Bearer " + token(name, **how)}


def as_device(client_id=DEVICE):
    return {"Authorization": "JWT " + token(device=client_id)}


def cookies(response):
    """{name: (value, [attributes])} of a response."""
    found = {}
    for line in response.headers.get_all("Set-Cookie") or []:
        pair, *attributes = [part.strip() for part in line.split(";")]
        name, _, value = pair.partition("=")
        found[name] = (value, attributes)
    return found


def login(server, name="anna", password=PASSWORD, **how):
    return server.post("/signalk/v1/auth/login", json={"username": name, "password": password, **how}, timeout=30)
