"""glewlwyd's OpenID Connect plugin: client credentials, and passwords with refresh tokens for one use."""

import sqlite3

import peer

LIFE = 15
SECRET, PASSWORD = "s3cret of the+client/=", "pass word+&"
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


def set_up(url):
    """The plugin, a scope, a user and a client, made by the administrator that a new database has."""
    answer = peer.request("POST", url + "/api/auth/", body={"username": "admin", "password": "password"})
    session = {"Cookie": answer.headers["Set-Cookie"].split(";")[0]}
    plugin = {
        "iss": url, "jwt-type": "sha", "jwt-key-size": "256", "key": "a key of this test", "cert": "", "subject-type": "public",
        "access-token-duration": LIFE, "refresh-token-duration": 3600, "code-duration": 60,
        "refresh-token-rolling": True, "refresh-token-one-use": "always", "allow-non-oidc": True,
        "auth-type-code-enabled": False, "auth-type-token-enabled": False, "auth-type-id-token-enabled": True,
        "auth-type-none-enabled": False, "auth-type-password-enabled": True, "auth-type-client-enabled": True,
        "auth-type-device-enabled": False, "auth-type-refresh-enabled": True,
        "introspection-revocation-allowed": True, "introspection-revocation-auth-scope": [],
        "introspection-revocation-allow-target-client": True}
    for path, body in (
        ("mod/plugin/", {"module": "oidc", "name": "oidc", "display_name": "", "order_rank": 0, "parameters": plugin}),
        ("scope/", {"name": "work", "display_name": "work", "password_required": True, "password_max_age": 0}),
        ("user/", {"username": "jo", "password": PASSWORD, "scope": ["work"], "enabled": True}),
        ("client/", {"client_id": "broker", "client_secret": SECRET, "scope": ["work"], "confidential": True, "enabled": True,
                     "authorization_type": ["password", "client_credentials", "refresh_token"], "redirect_uri": [url],
                     "token_endpoint_auth_method": ["client_secret_post"]}),
    ):
        answer = peer.request("POST", f"{url}/api/{path}", session, body=body)
        assert answer.status == 200, f"{path}: {answer.status} {answer.body}"


def providers():
    """Wrong credentials are a bare 403, a token that has ended is 200 with active: false; a program's token has no user."""
    machine, person = peer.oauth2_providers(
        "/api/oidc/token", {"method": "GET", "url": "{base_url}/api/oidc/userinfo", "headers": {"Authorization": "Bearer {token}"}},
        [{"status": 403}, {"json": "/active", "equals": False}], scope="work")
    machine["verify"] = {"method": "POST", "url": "{base_url}/api/oidc/introspect", "form": {
        "token": "{token}", "client_id": "{client_id}", "client_secret": "{client_secret}"}}
    return [machine, person]


def test(run):
    peer.debian_packages("dbconfig-sqlite3", "glewlwyd")
    port, database = peer.free_port(), run.folder / "server.db"
    url = f"http://127.0.0.1:{port}"
    with open(SCHEMA, encoding="utf-8") as schema, sqlite3.connect(database) as connection:
        connection.executescript(schema.read())
    (run.folder / "server.conf").write_text(configuration(port, database))
    server = run.started(peer.Server(["glewlwyd", "--config-file", run.folder / "server.conf"], run.folder / "server.log", url, "/api/"))
    set_up(url)

    known = {"base_url": url, "client_id": "broker", "client_secret": {"value": SECRET}}
    person, wrong = {**known, "username": "jo"}, {"value": "a wrong secret"}
    broker = run.started(peer.Broker(run.folder, providers(), {
        "main": {"provider": "person", "inputs": {**person, "password": {"value": PASSWORD}}},
        "machine": {"provider": "machine", "inputs": known},
        "wrong": {"provider": "person", "inputs": {**person, "password": wrong}},
        "wrong-client": {"provider": "machine", "inputs": {**known, "client_secret": wrong}},
    }))
    client = {"client_id": "broker", "client_secret": SECRET}

    def ask(path, token):
        text = token["headers"]["Authorization"].removeprefix("Bearer ")
        return peer.request("POST", f"{url}/api/oidc/{path}", form={"token": text, **client})

    def used():
        with sqlite3.connect(database) as connection:
            return connection.execute("SELECT COUNT(*) FROM gpo_refresh_token WHERE gpor_enabled = 0").fetchone()[0]
    run.exercise(server, broker, lambda token: ask("introspect", token).json["active"], life=LIFE, others=["machine"],
                 rotated=used, revoke=lambda token: ask("revoke", token))
    run.is_latched(broker, "wrong-client", 15)


if __name__ == "__main__":
    peer.main(test)
