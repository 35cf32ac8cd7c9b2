"""Synapse, the Matrix homeserver: a password for an access token and a refresh token that rotates; logout ends both."""

import json

import peer

PASSWORD, LIFE = "pass word+&", 15
API = "/_matrix/client/v3"


def configuration(folder, port):
    plenty = {"per_second": 1000, "burst_count": 1000}
    return {
        "server_name": "localhost", "report_stats": False, "trusted_key_servers": [], "suppress_key_server_warning": True,
        "listeners": [{"port": port, "bind_addresses": ["127.0.0.1"], "type": "http", "resources": [{"names": ["client"]}]}],
        "database": {"name": "sqlite3", "args": {"database": str(folder / "server.db")}},
        "signing_key_path": str(folder / "signing.key"), "media_store_path": str(folder / "media"),
        "macaroon_secret_key": "a key of this test", "registration_shared_secret": "another key of this test",
        "refreshable_access_token_lifetime": f"{LIFE}s", "refresh_token_lifetime": "1h",
        "rc_login": {"address": plenty, "account": plenty, "failed_attempts": plenty},
    }


def test(run):
    python = peer.virtual_environment("synapse", "matrix-synapse==1.163.2")
    port = peer.free_port()
    url, file = f"http://127.0.0.1:{port}", run.folder / "homeserver.yaml"
    file.write_text(json.dumps(configuration(run.folder, port)))
    program = [python, "-m", "synapse.app.homeserver", "--config-path", file]
    peer.run(*program, "--generate-keys", cwd=run.folder)
    server = run.started(peer.Server(program, run.folder / "server.log", url, "/health", cwd=run.folder))
    peer.run(python.parent / "register_new_matrix_user", "--config", file, "--user", "jo", "--password", PASSWORD, "--no-admin", url)

    provider = {
        "provider": "synapse",
        "exclusive": True,  # a login of the same device ends its token
        "inputs": {"base_url": {"kind": "url"}, "user": {}, "password": {"secret": True}},
        "login": [{"method": "POST", "url": "{base_url}" + API + "/login", "json": {
            "type": "m.login.password", "identifier": {"type": "m.id.user", "user": "{user}"}, "password": "{password}",
            "device_id": "tokenbroker", "refresh_token": True}}],
        "token": {"from": {"json": "/access_token"}, "refresh_token": {"json": "/refresh_token"},
                  "expires": [{"json": "/expires_in_ms", "unit": "milliseconds"}],
                  "keep": {"user_id": {"json": "/user_id", "optional": True}}},
        "refresh_request": {"method": "POST", "url": "{base_url}" + API + "/refresh", "json": {"refresh_token": "{refresh_token}"}},
        "use": {"headers": {"Authorization": "Bearer {token}"}},
        "errors": {"rejected": [{"status": 401}, {"json": "/errcode", "equals": "M_FORBIDDEN"}], "message": [{"json": "/error"}],
                   "retry_after": [{"header": "Retry-After"}, {"json": "/retry_after_ms", "unit": "milliseconds"}]},
        "verify": {"method": "GET", "url": "{base_url}" + API + "/account/whoami", "headers": {"Authorization": "Bearer {token}"}},
    }
    person = {"base_url": url, "user": "jo"}
    broker = run.started(peer.Broker(run.folder, provider, {
        "main": {"provider": "synapse", "inputs": {**person, "password": {"value": PASSWORD}}},
        "wrong": {"provider": "synapse", "inputs": {**person, "password": {"value": "a wrong secret"}}},
    }))
    run.exercise(server, broker, lambda token: peer.request("GET", url + API + "/account/whoami", token["headers"]).status == 200,
                 life=LIFE, rotated=lambda: server.count(r'Processed request: .*POST /_matrix/client/v3/refresh'),
                 revoke=lambda token: peer.request("POST", url + API + "/logout", token["headers"], body={}))
    kept = broker.token("main")["values"]
    run.check("what only the login said is kept over refreshes", kept == {"user_id": "@jo:localhost"}, kept)


if __name__ == "__main__":
    peer.main(test)
