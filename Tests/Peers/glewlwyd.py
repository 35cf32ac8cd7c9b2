"""glewlwyd's OpenID Connect plugin: client credentials in each way, passwords with refresh tokens for one use, and logins of persons."""

import re
import sqlite3

import peer

LIFE = 15
SECRET, PASSWORD = "s3:cret 100% of the+client&=/%41", "pass word+&"
PLAIN = "a-plain_secret.1"  # the same with and without encoding
ISSUER = "/api/oidc"
SCHEMA = "/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3"


def configuration(port, database):
    modules = "/usr/lib/glewlwyd"
    return f"""
        port={port} bind_address="127.0.0.1" external_url="http://127.0.0.1:{port}" api_prefix="api"
        log_mode="console" log_level="INFO" cookie_domain="127.0.0.1" cookie_secure=0 session_key="SESSION" session_expiration=3600
        admin_scope="g_admin" profile_scope="g_profile" hash_algorithm="SHA512"
        user_module_path="{modules}/user" client_module_path="{modules}/client"
        user_auth_scheme_module_path="{modules}/scheme" plugin_module_path="{modules}/plugin"
        database={{ type="sqlite3" path="{database}" }};
    """


def session(url, username, password):
    answer = peer.request("POST", url + "/api/auth/", body={"username": username, "password": password})
    assert answer.status == 200, f"{username} cannot log in: {answer.status}"
    return {"Cookie": answer.headers["Set-Cookie"].split(";")[0]}


def set_up(url, callback, keys):
    """The plugin, a scope, a user and clients, made by the administrator that a new database has."""
    administrator = session(url, "admin", "password")
    plugin = {
        "iss": url + ISSUER, "jwt-type": "sha", "jwt-key-size": "256", "key": "a key of this test", "cert": "", "subject-type": "public",
        "access-token-duration": LIFE, "refresh-token-duration": 3600, "code-duration": 60,
        "refresh-token-rolling": True, "refresh-token-one-use": "always", "allow-non-oidc": True,
        "auth-type-code-enabled": True, "auth-type-token-enabled": False, "auth-type-id-token-enabled": True,
        "auth-type-none-enabled": False, "auth-type-password-enabled": True, "auth-type-client-enabled": True,
        "auth-type-device-enabled": True, "auth-type-refresh-enabled": True,
        "device-authorization-expiration": 600, "device-authorization-interval": 1, "pkce-allowed": True,
        "request-parameter-allow": True, "client-pubkey-parameter": "pubkey",
        "introspection-revocation-allowed": True, "introspection-revocation-auth-scope": [],
        "introspection-revocation-allow-target-client": True}

    def client(name, *kinds, methods=("client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"), **properties):
        return "client/", {"client_id": name, "scope": ["work"], "confidential": "client_secret" in properties, "enabled": True,
                           "authorization_type": kinds, "redirect_uri": [callback], "token_endpoint_auth_method": methods, **properties}
    for path, body in (
        ("mod/plugin/", {"module": "oidc", "name": "oidc", "display_name": "", "order_rank": 0, "parameters": plugin}),
        ("scope/", {"name": "work", "display_name": "work", "password_required": True, "password_max_age": 0}),
        ("user/", {"username": "jo", "password": PASSWORD, "scope": ["work"], "enabled": True}),
        client("broker", "password", "client_credentials", "refresh_token", client_secret=SECRET, pubkey=keys["rsa"][1]),
        client("ed", "client_credentials", client_secret=SECRET, pubkey=keys["ed"][1]),
        client("plain", "password", "refresh_token", client_secret=PLAIN),
        client("public", "code", "device_authorization", "refresh_token", methods=["none"]),
    ):
        answer = peer.request("POST", f"{url}/api/{path}", administrator, body=body)
        assert answer.status == 200, f"{path}: {answer.status} {answer.body}"


def providers():
    """Wrong credentials are a bare 403, a token that has ended is 200 with active: false; a program's token has no user."""
    machine, person = peer.oauth2_providers(
        "/api/oidc/token", {"method": "GET", "url": "{base_url}/api/oidc/userinfo", "headers": {"Authorization": "Bearer {token}"}},
        [{"status": 403}, {"json": "/active", "equals": False}], scope="work")
    machine["verify"] = {"method": "POST", "url": "{base_url}/api/oidc/introspect", "form": {
        "token": "{token}", "client_id": "{client_id}", "client_secret": "{client_secret}"}}
    return [machine, person]


def built_in(url, keys):
    """Entries of the built-in definitions; of Basic this server takes only the parts as they are."""
    machine, known = "oauth2-client-credentials", {"issuer": url + ISSUER, "scope": "work"}
    secret = {**known, "client_id": "broker", "client_secret": {"value": SECRET}}

    def signer(client, private):
        return {"provider": machine + "-private-key-jwt", "inputs": {**known, "client_id": client, "private_key": {"value": private}}}
    person = {"provider": "oauth2-refresh-token", "inputs": {**known, "client_id": "public"}}
    served = {
        "raw": {"provider": machine + "-basic-raw", "inputs": secret},
        "body": {"provider": machine + "-body", "inputs": secret},
        "secret-jwt": {"provider": machine + "-client-secret-jwt", "inputs": secret},
        "private-jwt": signer("broker", keys["rsa"][0]), "private-jwt-ed": signer("ed", keys["ed"][0]),
        "password": {"provider": "oauth2-password", "inputs": {
            **known, "client_id": "plain", "client_secret": {"value": PLAIN}, "username": "jo", "password": {"value": PASSWORD}}},
    }
    return served, {"encoded": {"provider": machine, "inputs": secret}}, {"device": person, "browser": person}


def persons_log_in(run, url, broker, port):
    """jo is logged in at the server and has granted the scope; g_continue is what its page adds when she goes on."""
    jo = session(url, "jo", PASSWORD)
    assert peer.request("PUT", url + "/api/auth/grant/public", jo, body={"scope": "work"}).status == 200

    def visit(printed):
        address = re.search(r"http\S+", printed).group()
        back = peer.request("GET", address + "&g_continue", jo).headers["Location"]
        if back.startswith(f"http://127.0.0.1:{port}/"):
            peer.request("GET", back)
    for name, options in (("device", []), ("browser", ["--browser", "--port", str(port)])):
        status, printed = broker.log_in(name, visit, *options)
        run.check(f"login: {name}", status == 0 and "fresh" in printed, printed.splitlines()[-1])


def test(run):
    peer.debian_packages("dbconfig-sqlite3", "glewlwyd")
    port, callback, database = peer.free_port(), peer.free_port(), run.folder / "server.db"
    url = f"http://127.0.0.1:{port}"
    keys = {"rsa": peer.key_pair(run.folder / "rsa.pem", "RSA", "rsa_keygen_bits:2048"),
            "ed": peer.key_pair(run.folder / "ed.pem", "ed25519")}
    with open(SCHEMA, encoding="utf-8") as schema, sqlite3.connect(database) as connection:
        connection.executescript(schema.read())
    (run.folder / "server.conf").write_text(configuration(port, database))
    server = run.started(peer.Server(["glewlwyd", "--config-file", run.folder / "server.conf"], run.folder / "server.log", url, "/api/"))
    set_up(url, f"http://127.0.0.1:{callback}/callback", keys)

    known = {"base_url": url, "client_id": "broker", "client_secret": {"value": SECRET}}
    person, wrong = {**known, "username": "jo"}, {"value": "a wrong secret"}
    served, refused, persons = built_in(url, keys)
    broker = run.started(peer.Broker(run.folder, providers(), {
        "main": {"provider": "person", "inputs": {**person, "password": {"value": PASSWORD}}},
        "machine": {"provider": "machine", "inputs": known},
        "wrong": {"provider": "person", "inputs": {**person, "password": wrong}},
        "wrong-client": {"provider": "machine", "inputs": {**known, "client_secret": wrong}},
        **served, **refused, **persons,
    }))

    def ask(path, token, client="broker"):
        text = token["headers"]["Authorization"].removeprefix("Bearer ")
        return peer.request("POST", f"{url}{ISSUER}/{path}", form={"token": text, "client_id": client, "client_secret": SECRET})

    def is_active(token):
        return any(ask("introspect", token, client).json["active"] for client in ("broker", "ed"))

    def is_of_jo(token):
        return peer.request("GET", f"{url}{ISSUER}/userinfo", token["headers"]).status == 200

    def used():
        with sqlite3.connect(database) as connection:
            return connection.execute(
                "SELECT COUNT(*) FROM gpo_refresh_token WHERE gpor_enabled = 0 AND gpor_client_id = 'broker'").fetchone()[0]
    persons_log_in(run, url, broker, callback)
    for name in ("password", *persons):
        run.logs_in(broker, name, is_of_jo)
    for name in refused:
        run.is_refused(broker, name, "refused")
    run.exercise(server, broker, is_active, life=LIFE, others=["machine", *(name for name in served if name != "password")],
                 rotated=used, revoke=lambda token: ask("revoke", token))
    run.is_latched(broker, "wrong-client", 15)
    for name in ("password", *persons):
        run.check(f"the token of {name} was refreshed, across the restart too", is_of_jo(broker.token(name)),
                  f"{len(broker.history(name))} attempts")


if __name__ == "__main__":
    peer.main(test)
