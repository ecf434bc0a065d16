"""Logging in by OpenID Connect: at an honest provider, and at every other kind."""
import json
import threading
import time
import urllib.parse

import pytest

from harness.oidc import CLIENT, PEOPLE, SECRET, Provider, Visitor, key, query_of
from harness.security import HASH, as_user, cookies, secure
from harness.waiting import eventually

PAGE = "/skServer/security/oidc"


@pytest.fixture
def provider():
    made = Provider()
    yield made
    made.close()


@pytest.fixture
def sso(config, launch, provider):
    """sso(oidc members…, env=…) → a server that sends to the provider."""

    def start(env=None, members=None, **more):
        secure(config, oidc={**provider.settings(), **more}, **(members or {}))
        return launch(env={"HTTP_RATE_LIMITS": "login=0", **(env or {})})

    return start


@pytest.fixture
def visitor(sso, provider):
    return Visitor(sso(), provider)


def users(config):
    return {user["username"]: user for user in config.json("security.json")["users"]}


# ---- the good way ----


def test_a_login_makes_a_user_and_leads_on(visitor, provider, config):
    location = visitor.begin("/kip/#/page?x=1")
    asked = query_of(location)
    assert location.startswith(provider.url + "/authorize?")
    assert {name: asked[name] for name in ("response_type", "client_id", "scope", "code_challenge_method")} == {
        "response_type": "code", "client_id": CLIENT, "scope": "openid email profile", "code_challenge_method": "S256"}
    assert asked["redirect_uri"] == provider.settings()["redirectUri"]
    assert len({asked[name] for name in ("state", "nonce", "code_challenge")}) == 3
    assert visitor.back(visitor.allowed(location)) == (302, "/kip/#/page?x=1")
    assert "OIDC_STATE" not in visitor.cookies
    status = visitor.status()
    assert (status["status"], status["username"], status["userLevel"]) == ("loggedIn", "jane", "readonly")
    jane = users(config)["jane"]
    assert jane == {"username": "jane", "type": "readonly", "oidc": {
        "sub": "0a1b2c3d-jane", "issuer": provider.url, "email": "jane@boat.example", "name": "Jane Doe", "groups": ["crew"]}}
    assert config.json("security.json")["somethingOfTomorrow"] == {"kept": True}
    listed = {user["userId"]: user for user in visitor.server.get("/skServer/security/users", headers=as_user("anna")).ok()}
    assert listed["jane"] == {"userId": "jane", "type": "readonly", "isOIDC": True,
                              "oidc": {"issuer": provider.url, "email": "jane@boat.example", "name": "Jane Doe"}}
    assert not listed["anna"]["isOIDC"]


def test_the_cookies(visitor):
    begun = visitor.get("/signalk/v1/auth/oidc/login", **{"X-Forwarded-Proto": "https"})
    value, attributes = cookies(begun)["OIDC_STATE"]
    assert {"HttpOnly", "SameSite=Lax", "Max-Age=600", "Secure", "Path=/"} == set(attributes)
    assert begun.headers["Cache-Control"] == "no-store"
    asked = query_of(begun.headers["Location"])
    assert not any(asked[name] in value for name in ("state", "nonce"))
    back = visitor.get(visitor.allowed(begun.headers["Location"]))
    kept = cookies(back)
    assert {"HttpOnly", "SameSite=Strict", "Max-Age=86400"} <= set(kept["JAUTHENTICATION"][1])
    assert json.loads(urllib.parse.unquote(kept["skLoginInfo"][0]))["user"] == "jane"
    assert kept["OIDC_STATE"][0] == ""


def test_the_second_login_is_the_same_user_and_the_document_is_asked_for_once(visitor, provider, config):
    for _ in range(3):
        assert visitor.login() == (302, "/")
    assert list(users(config)) == ["anna", "rita", "wim", "jane"]
    assert (provider.asked_for("/.well-known/openid-configuration"), provider.asked_for("/keys"), provider.asked_for("/token")) == (1, 1, 3)


@pytest.mark.parametrize("alg, kind", [("RS256", "RSA"), ("RS384", "RSA"), ("RS512", "RSA"), ("PS256", "RSA"), ("ES256", "P-256"),
                                       ("ES384", "P-384"), ("EdDSA", "ED25519")])
def test_signatures_of_every_kind(visitor, provider, alg, kind):
    provider.alg, provider.keys = alg, [{"kty": "oct", "k": "c2VjcmV0", "kid": "shared"}, {"kty": "XX"}, key("RSA", "other"), key(kind)]
    assert visitor.login() == (302, "/")
    provider.forge = "break"
    assert "signature is wrong" in visitor.failure()


@pytest.mark.parametrize("methods, wanted", [(["client_secret_basic"], "client_secret_basic"), (None, "client_secret_basic"),
                                             (["client_secret_post"], "client_secret_post"),
                                             (["client_secret_post", "client_secret_basic"], "client_secret_basic")])
def test_the_secret_is_told_as_the_provider_wants_it(visitor, provider, methods, wanted):
    provider.methods, provider.wanted = methods, wanted
    assert visitor.login() == (302, "/")


def test_a_provider_without_userinfo(visitor, provider):
    provider.says = {"userinfo_endpoint": None, "end_session_endpoint": None}
    provider.claims = {"preferred_username": "jane-of-the-token", "groups": "crew"}
    assert visitor.login() == (302, "/")
    assert visitor.status()["username"] == "jane-of-the-token"
    assert visitor.back("/signalk/v1/auth/oidc/logout?redirect=/kip/") == (302, "/kip/")
    assert visitor.status()["status"] == "notLoggedIn"


# ---- users and roles ----


def test_groups_give_the_role_anew_at_each_login(sso, provider, config):
    server = sso(adminGroups=["captains"], readwriteGroups="crew, cooks", defaultPermission="readonly")
    visitor = Visitor(server, provider)
    for groups, role in ((["crew"], "readwrite"), (["x", "captains"], "admin"), ("cooks", "readwrite"), ([], "readonly"), (["Captains"], "readonly")):
        provider.user = {"groups": groups}
        visitor.login()
        assert visitor.status()["userLevel"] == role
    assert users(config)["jane"]["type"] == "readonly"


def test_groups_of_another_claim(sso, provider):
    visitor = Visitor(sso(adminGroups=["captains"], groupsAttribute="https://boat.example/roles"), provider)
    provider.claims = {"https://boat.example/roles": ["captains"]}
    visitor.login()
    assert visitor.status()["userLevel"] == "admin"


def test_a_name_that_is_taken_gets_an_end_of_its_own(sso, provider, config):
    visitor = Visitor(sso(), provider)
    for name, subject in (("anna", "12345678-9"), ("anna", "12345678-0"), ("jane", "x"), ("anna", "12345678-9")):
        provider.claims, provider.user = {"sub": subject}, {"sub": subject, "preferred_username": name}
        assert visitor.login() == (302, "/")
    assert list(users(config))[3:] == ["anna-12345678", "anna-12345678-2", "jane"]
    assert users(config)["anna"]["password"] == HASH and "oidc" not in users(config)["anna"]
    assert visitor.status()["username"] == "anna-12345678"


@pytest.mark.parametrize("told, name", [({"preferred_username": None}, "jane@boat.example"), ({"preferred_username": " a\r\nb\x1b[2J\u202e "}, "ab[2J"),
                                        ({"preferred_username": None, "email": None}, "oidc-0a1b2c3d-jane"),
                                        ({"preferred_username": "é" * 100}, "é" * 64), ({"preferred_username": ["x"], "email": 7}, "oidc-0a1b2c3d-jane")])
def test_names_are_cleaned(visitor, provider, told, name):
    provider.user = told
    assert visitor.login() == (302, "/")
    assert visitor.status()["username"] == name


def test_no_user_is_made_unless_that_is_wanted(sso, provider, config):
    known = {"username": "janet", "type": "readonly", "oidc": {"sub": PEOPLE["jane"]["sub"], "issuer": provider.url}}
    visitor = Visitor(sso(autoCreateUsers=False, members={"users": [known]}), provider)
    assert visitor.login() == (302, "/")
    assert visitor.status()["username"] == "janet"
    provider.person = "skip"
    assert "ask an administrator" in visitor.failure()
    assert list(users(config)) == ["janet"]


def test_a_subject_of_another_issuer_is_somebody_else(sso, provider, config):
    other = {"username": "boss", "type": "admin", "oidc": {"sub": PEOPLE["jane"]["sub"], "issuer": "https://other.example"}}
    visitor = Visitor(sso(members={"users": [other]}), provider)
    visitor.login()
    assert (visitor.status()["username"], visitor.status()["userLevel"]) == ("jane", "readonly")


def test_nothing_is_changed_where_nothing_may_be(sso, provider):
    visitor = Visitor(sso(members={"immutableConfig": True}), provider)
    assert "cannot be changed" in visitor.failure()


# ---- a provider, or somebody who says so, that lies ----


LIES = {
    "another nonce": (dict(claims={"nonce": "x" * 43}), "nonce"), "no nonce": (dict(claims={"nonce": None}), "nonce"),
    "another application": (dict(claims={"aud": "other"}), "aud"), "no application": (dict(claims={"aud": None}), "aud"),
    "several applications": (dict(claims={"aud": [CLIENT, "other"]}), "azp"),
    "given to another": (dict(claims={"aud": [CLIENT, "other"], "azp": "other"}), "azp"),
    "expired": (dict(claims={"exp": int(time.time()) - 120}), "expired"), "endless": (dict(claims={"exp": None}), "exp"),
    "not yet": (dict(claims={"nbf": int(time.time()) + 3600}), "nbf"), "of the future": (dict(claims={"iat": int(time.time()) + 3600}), "future"),
    "of yesterday": (dict(claims={"iat": int(time.time()) - 86400}), "too long ago"), "times that are texts": (dict(claims={"exp": "tomorrow"}), "exp"),
    "another issuer": (dict(claims={"iss": "https://evil.example"}), "iss"), "nobody": (dict(claims={"sub": None}), "sub"),
    "another access token": (dict(claims={"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}), "at_hash"),
    "no signature": (dict(header={"alg": "none"}, forge="none"), "not accepted"),
    "the public key as secret": (dict(header={"alg": "HS256"}, forge="hmac"), "not accepted"),
    "a broken signature": (dict(forge="break"), "signature is wrong"), "an unknown key": (dict(header={"kid": "nobody's"}), "not among"),
    "a key of another kind": (dict(header={"alg": "ES256"}), "not among"), "a critical extension": (dict(header={"crit": ["b64"], "b64": False}), "critical"),
    "another type of token": (dict(header={"typ": "at+jwt"}), "type"), "a key that it brings along": (dict(header={"kid": "mine", "jwk": {}}), "not among"),
    "somebody else's userinfo": (dict(user={"sub": "99ff00aa-skip"}), "somebody else"), "userinfo of nobody": (dict(user={"sub": None}), "somebody else"),
}


@pytest.mark.parametrize("lie", list(LIES))
def test_what_is_not_true_lets_nobody_in(visitor, provider, config, lie):
    how, why = LIES[lie]
    for name, value in how.items():
        setattr(provider, name, value)
    assert why in visitor.failure()
    assert visitor.status()["status"] == "notLoggedIn"
    assert "jane" not in users(config)


def test_several_applications_of_which_this_one_got_the_token(visitor, provider):
    provider.claims = {"aud": ["account", CLIENT], "azp": CLIENT}
    assert visitor.login() == (302, "/")


def test_clocks_may_differ_a_little(visitor, provider):
    now = int(time.time())
    provider.claims = {"iat": now + 30, "exp": now + 31, "nbf": now + 30}
    assert visitor.login() == (302, "/")


def test_new_keys_are_asked_for_when_needed_and_not_for_everybody(visitor, provider):
    assert visitor.login() == (302, "/")
    provider.alg, provider.keys = "ES256", [key("P-256")]
    assert visitor.login() == (302, "/")  # the keys are newer than those that were kept
    assert provider.asked_for("/keys") == 2
    provider.header = {"kid": "never heard of"}
    for _ in range(8):
        assert "not among" in visitor.failure()
    assert 3 <= provider.asked_for("/keys") <= 2 + 5
    provider.header = {}
    assert visitor.login() == (302, "/")


def test_without_an_id_there_must_be_one_key(visitor, provider):
    provider.header = {"kid": None}
    assert visitor.login() == (302, "/")


def test_without_an_id_several_keys_are_one_too_many(visitor, provider):
    provider.header, provider.keys = {"kid": None}, [key("RSA"), key("RSA", "other")]
    assert "which of several keys" in visitor.failure()


# ---- answers that are none ----


def broken(provider):
    big = lambda to: provider.send(to, 200, b'{"a":"' + b"x" * 400000 + b'"}', Content_Type="application/json")
    return {
        "large": (big, "larger than"), "elsewhere": (lambda to: provider.send(to, 302, Location=provider.url + "/other"), "leads elsewhere"),
        "not there": (lambda to: provider.send(to, 404), "answers 404"), "no JSON": (lambda to: provider.send(to, 200, b"<html>"), ""),
        "no object": (lambda to: provider.send(to, 200, b"[]"), ""), "cut": (lambda to: to.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{") and setattr(to, "close_connection", True), ""),
        "nothing": (lambda to: setattr(to, "close_connection", True), ""), "empty": (lambda to: provider.send(to, 200, b"{}"), ""),
    }


@pytest.mark.parametrize("path", ["/token", "/keys", "/userinfo", "/.well-known/openid-configuration"])
def test_answers_that_are_none_are_named_and_the_next_login_works(visitor, provider, path):
    for what, (answer, why) in broken(provider).items():
        provider.answers = {path: answer}
        visitor.cookies.clear()
        begun = visitor.get("/signalk/v1/auth/oidc/login")
        at_provider = begun.headers["Location"].startswith(provider.url)
        said = visitor.reason(*visitor.back(visitor.allowed(begun.headers["Location"]))) if at_provider else visitor.reason(begun.status, begun.headers["Location"])
        assert why in said and "provider" in said, (what, said)
    provider.answers = {}
    assert visitor.login() == (302, "/")


@pytest.mark.parametrize("says, why", [({"issuer": "https://evil.example"}, "belongs to the issuer"), ({"token_endpoint": None}, "token_endpoint is missing"),
                                       ({"jwks_uri": "http://10.0.0.1/keys"}, "jwks_uri must use https"), ({"authorization_endpoint": "javascript:x"}, "authorization_endpoint"),
                                       ({"userinfo_endpoint": 7}, "userinfo_endpoint"), ({"token_endpoint_auth_methods_supported": ["private_key_jwt"]}, "client_secret"),
                                       ({"authorization_endpoint": "https://x@y.example/"}, "user name")])
def test_a_discovery_document_that_cannot_be_used(visitor, provider, says, why):
    provider.says = says
    answer = visitor.get("/signalk/v1/auth/oidc/login")
    assert why in visitor.reason(answer.status, answer.headers["Location"])


def test_a_provider_that_does_not_answer_holds_up_nobody(visitor, provider):
    provider.answers = {"/token": lambda to: provider.open.wait(60)}
    back = visitor.allowed(visitor.begin())
    said = []
    waits = threading.Thread(target=lambda: said.append(visitor.back(back)))
    waits.start()
    eventually(lambda: provider.asked_for("/token"), "the question for tokens")
    assert visitor.server.get("/signalk/v1/api/vessels/self/name", headers=as_user("rita")).ok() == "Skiff"
    provider.answers = {}
    assert Visitor(visitor.server, provider).login() == (302, "/")
    waits.join(60)
    assert "imed out" in visitor.reason(*said[0]) or "took too long" in visitor.reason(*said[0])


def test_the_server_stops_while_a_provider_does_not_answer(visitor, provider):
    provider.answers = {"/.well-known/openid-configuration": lambda to: provider.open.wait(60)}
    raw = visitor.server.raw()
    raw.send("GET /signalk/v1/auth/oidc/login HTTP/1.1\r\nHost: x\r\n\r\n")
    eventually(lambda: provider.asked_for("/.well-known/openid-configuration"), "the question for the document")
    visitor.server.stop()


# ---- somebody in between ----


def test_a_login_works_once(visitor, provider):
    location = visitor.begin()
    kept = dict(visitor.cookies)
    back = visitor.allowed(location)
    assert visitor.back(back) == (302, "/")
    visitor.cookies = kept
    assert "used before" in visitor.reason(*visitor.back(back))
    assert provider.asked_for("/token") == 1


def test_an_answer_fits_the_browser_that_asked_only(visitor, provider):
    back = visitor.allowed(visitor.begin())
    stranger = Visitor(visitor.server, provider)
    assert "begun no login" in stranger.reason(*stranger.back(back))
    stranger.begin()
    assert "another login" in stranger.reason(*stranger.back(back))
    for cookie in ("", "x", "A" * 100, "A" * 6000, visitor.cookies["OIDC_STATE"][:-2] + "AA"):
        visitor.cookies["OIDC_STATE"] = cookie
        assert visitor.back(back)[1].startswith("/admin/#/login?oidcError")
    assert provider.asked_for("/token") == 0


def test_a_state_of_another_server_is_none(config, provider, launch, tmp_path):
    server = launch(folder=secure(config, oidc=provider.settings(), secretKey="f" * 128), env={"HTTP_RATE_LIMITS": "login=0"})
    theirs = Visitor(server, provider)
    back = theirs.allowed(theirs.begin())
    server.stop()
    secure(config, oidc=provider.settings())
    mine = Visitor(launch(env={"HTTP_RATE_LIMITS": "login=0"}), provider)
    mine.cookies = theirs.cookies
    assert "not one of this server" in mine.reason(*mine.back(back))


def test_nobody_else_may_write_on_the_login_page(visitor, provider):
    words = urllib.parse.urlencode({"error": "access_denied", "error_description": "Call\r\nthis number"})
    assert "number" not in visitor.reason(*visitor.back("/signalk/v1/auth/oidc/callback?" + words))
    state = query_of(visitor.begin())["state"]
    said = visitor.reason(*visitor.back(f"/signalk/v1/auth/oidc/callback?state={state}&{words}"))
    assert said == "the provider says: Callthis number"
    visitor.server.wait_log("failed: the provider says: Callthis number")


def test_the_host_header_leads_nobody_astray(visitor, provider):
    for headers in ({"Host": "evil.example"}, {"X-Forwarded-Host": "evil.example"}):
        location = visitor.begin(**headers)
        assert query_of(location)["redirect_uri"] == provider.settings()["redirectUri"]
        assert "evil" not in location


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example", "/\\evil.example", "/a\r\nX: y", "javascript:x", "", "/" + "x" * 5000])
def test_a_login_leads_only_to_pages_of_this_server(visitor, provider, target):
    assert visitor.login(target) == (302, "/")
    assert query_of(visitor.get("/signalk/v1/auth/oidc/logout?" + urllib.parse.urlencode({"redirect": target})).headers["Location"])[
        "post_logout_redirect_uri"] == "http://127.0.0.1:3000/"


def test_the_answer_names_its_provider_when_that_is_promised(visitor, provider):
    provider.says = {"authorization_response_iss_parameter_supported": True}
    assert "another provider" in visitor.failure()
    back = visitor.allowed(visitor.begin())
    assert visitor.back(back + "&" + urllib.parse.urlencode({"iss": provider.url})) == (302, "/")
    back = visitor.allowed(visitor.begin())
    assert "another provider" in visitor.reason(*visitor.back(back + "&iss=https%3A%2F%2Fevil.example"))


def test_each_step_counts_as_a_login(sso, provider):
    visitor = Visitor(sso(env={"HTTP_RATE_LIMITS": "login=3 windowMs=3600000"}), provider)
    assert visitor.login() == (302, "/")
    visitor.begin()
    spent = visitor.get("/signalk/v1/auth/oidc/login")
    assert spent.status == 429 and int(spent.headers["Retry-After"]) > 3000
    assert visitor.server.post("/login", {"username": "anna", "password": "secret"}).status == 429


def test_secrets_stay_secret(visitor, provider):
    assert visitor.login() == (302, "/")
    provider.wanted = "nothing"
    assert "clientId and clientSecret" in visitor.failure()
    visitor.server.wait_log("are clientId and clientSecret right")
    told = visitor.server.log() + visitor.server.get(PAGE, headers=as_user("anna")).text
    told += visitor.server.get("/skServer/security/config", headers=as_user("anna")).text
    tokens = list(provider.tokens) + [SECRET, urllib.parse.quote(SECRET)]
    forms = [body.decode() for method, path, _, body in provider.requests if path == "/token"]
    tokens += [dict(urllib.parse.parse_qsl(form))["code_verifier"] for form in forms]
    assert len(tokens) > 3 and not [word for word in tokens if word in told]


# ---- settings ----


def test_the_settings_page(sso, provider, config):
    server = sso(adminGroups=["captains"], extra=7)
    read = server.get(PAGE, headers=as_user("anna")).ok()
    assert read == {**provider.settings(), "clientSecret": "", "clientSecretSet": True, "scope": "openid email profile", "defaultPermission": "readonly",
                    "autoCreateUsers": True, "adminGroups": ["captains"], "readwriteGroups": [], "groupsAttribute": "groups",
                    "providerName": "SSO Login", "autoLogin": False, "envOverrides": {}}
    sent = {**read, "providerName": "Harbour", "autoLogin": True, "readwriteGroups": "crew, cooks"}
    assert server.put(PAGE, sent, headers=as_user("anna")).ok() == {"message": "OIDC configuration saved"}
    kept = config.json("security.json")["oidc"]
    assert (kept["clientSecret"], kept["readwriteGroups"], kept["extra"]) == (SECRET, ["crew", "cooks"], 7)
    status = Visitor(server, provider).status()
    assert {name: status[name] for name in status if name.startswith("oidc")} == {
        "oidcEnabled": True, "oidcAutoLogin": True, "oidcLoginUrl": "/signalk/v1/auth/oidc/login", "oidcProviderName": "Harbour"}
    assert server.get("/signalk/v1/auth/oidc/status").ok() == {
        "enabled": True, "issuer": provider.url, "loginUrl": "/signalk/v1/auth/oidc/login", "providerName": "Harbour", "autoLogin": True}
    visitor = Visitor(server, provider)
    assert visitor.login() == (302, "/")
    assert visitor.status()["userLevel"] == "readwrite"
    assert server.put("/skServer/security/config", {"allow_readonly": True}, headers=as_user("anna")).status == 200
    assert config.json("security.json")["oidc"] == kept
    assert server.put(PAGE, {"enabled": False}, headers=as_user("anna")).status == 200
    assert "oidcEnabled" not in Visitor(server, provider).status()
    assert server.get("/signalk/v1/auth/oidc/status").ok() == {"enabled": False, "autoLogin": False}


WRONG = {
    "issuer": [("", "missing"), ("x", "https://"), ("http://10.0.0.1", "https"), ("https://u@x.example", "user name"), (7, "text"), ("https://x.example?a", "query"),
               ("https://x.example/\n", "")],
    "redirectUri": [("", "missing"), ("/callback", "https://"), ("http://boat.local/x", "localhost"), ("https://boat.local/x#y", "fragment"), ("https://", "https://")],
    "clientId": [("", "missing"), (None, "missing"), ("a" * 1000, "long")], "scope": [("email", "openid"), ("openidx", "openid")],
    "defaultPermission": [("root", "readonly, readwrite or admin")], "autoCreateUsers": [("yes", "true or false")], "autoLogin": [(1, "true or false")],
    "adminGroups": [(7, "list"), ([7], "texts"), (["g"] * 101, "100")], "groupsAttribute": [("", "missing")], "providerName": [("", "missing")], "enabled": [("yes", "true or false")],
}


def test_settings_that_cannot_be_used_are_refused_by_name(sso, provider, config):
    server = sso()
    before = config.json("security.json")
    for member, cases in WRONG.items():
        for value, why in cases:
            answer = server.put(PAGE, {member: value}, headers=as_user("anna"))
            assert answer.status == 400 and f"oidc.{member}" in answer.json()["error"] and why in answer.json()["error"], (member, value, answer)
    assert server.put(PAGE, [], headers=as_user("anna")).status == 400
    assert config.json("security.json") == before
    assert Visitor(server, provider).login() == (302, "/")


@pytest.mark.parametrize("member, value, why", [("redirectUri", None, "oidc.redirectUri is missing"), ("redirectUri", "http://boat.local/cb", "http is for localhost only"),
                                                ("scope", "profile", "oidc.scope"), ("enabled", "maybe", "oidc.enabled"), ("clientSecret", "", "oidc.clientSecret is missing")])
def test_a_wrong_setting_switches_it_off_and_the_server_starts(sso, member, value, why):
    server = sso(**{member: value})
    server.wait_log("login by OpenID Connect is off: .*" + why)
    assert "oidcEnabled" not in server.get("/skServer/loginStatus").ok()
    answer = server.get("/signalk/v1/auth/oidc/login")
    assert "not switched on" in Visitor.reason(answer.status, answer.headers["Location"])
    answer = server.get("/signalk/v1/auth/oidc/callback?code=x&state=y")
    assert "not switched on" in Visitor.reason(answer.status, answer.headers["Location"])


def test_the_environment_goes_first(config, launch, provider):
    told = provider.settings()
    env = {"SIGNALK_OIDC_ENABLED": "TRUE", "SIGNALK_OIDC_ISSUER": provider.url, "SIGNALK_OIDC_CLIENT_ID": CLIENT, "SIGNALK_OIDC_CLIENT_SECRET": SECRET,
           "SIGNALK_OIDC_REDIRECT_URI": told["redirectUri"], "SIGNALK_OIDC_ADMIN_GROUPS": "captains, crew", "SIGNALK_OIDC_PROVIDER_NAME": "",
           "HTTP_RATE_LIMITS": "login=0"}
    server = launch(folder=secure(config, oidc={"issuer": "https://wrong.example", "enabled": False}), env=env)
    visitor = Visitor(server, provider)
    assert visitor.login() == (302, "/")
    assert visitor.status()["userLevel"] == "admin"
    read = server.get(PAGE, headers=as_user("anna")).ok()
    assert sorted(read["envOverrides"]) == ["adminGroups", "clientId", "clientSecret", "enabled", "issuer", "redirectUri"]
    assert (read["issuer"], read["clientSecret"], read["clientSecretSet"], read["adminGroups"]) == (provider.url, "", True, ["captains", "crew"])
    assert server.put(PAGE, {**read, "providerName": "Harbour"}, headers=as_user("anna")).status == 200
    kept = config.json("security.json")["oidc"]
    assert (kept["issuer"], kept["providerName"]) == ("https://wrong.example", "Harbour") and "clientSecret" not in kept


def test_a_wrong_variable_is_named(sso):
    server = sso(env={"SIGNALK_OIDC_AUTO_LOGIN": "perhaps", "SIGNALK_OIDC_CLIENT_SECRET": SECRET})
    server.wait_log("SIGNALK_OIDC_AUTO_LOGIN must be true or false")
    assert SECRET not in server.log()


def test_trying_an_issuer(sso, provider):
    server = sso(enabled=False)
    attempt = lambda issuer: server.post(PAGE + "/test", {"issuer": issuer}, headers=as_user("anna"), timeout=60)
    told = attempt(provider.url).ok()
    assert told == {"success": True, "issuer": provider.url, "authorization_endpoint": provider.url + "/authorize", "token_endpoint": provider.url + "/token",
                    "userinfo_endpoint": provider.url + "/userinfo", "jwks_uri": provider.url + "/keys"}
    assert attempt(provider.url + "/").status == 502 and "belongs to the issuer" in attempt(provider.url + "/").json()["error"]
    for issuer in ("", None, 7, "x", "http://169.254.169.254/", "file:///etc/passwd"):
        assert attempt(issuer).status == 400
    provider.says = {"jwks_uri": None}
    assert "jwks_uri is missing" in attempt(provider.url).json()["error"]


def test_a_logout_there_and_here(visitor, provider):
    visitor.login()
    status, location = visitor.back("/signalk/v1/auth/oidc/logout?redirect=/admin/")
    assert status == 302 and location.startswith(provider.url + "/logout?")
    assert query_of(location) == {"client_id": CLIENT, "post_logout_redirect_uri": "http://127.0.0.1:3000/admin/"}
    assert visitor.status()["status"] == "notLoggedIn"


def test_without_security_there_is_none(config, launch):
    server = launch()
    for path in ("login", "callback", "logout"):
        assert server.get("/signalk/v1/auth/oidc/" + path).status == 404
    assert server.get("/signalk/v1/auth/oidc/status").ok() == {"enabled": False, "autoLogin": False}
    assert server.get(PAGE).status == 401
