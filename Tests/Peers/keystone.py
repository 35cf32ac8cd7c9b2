"""Keystone, OpenStack's identity service: the token is in a header of the answer; by password and by application credential."""

import os
import sys

LIFE, PASSWORD = 15, "pass word+&"


def serve(port):
    sys.path.pop(0)  # this file's name is the package's
    from socketserver import ThreadingMixIn
    from wsgiref.simple_server import WSGIServer, make_server

    from keystone.server.wsgi import initialize_public_application

    class Threaded(ThreadingMixIn, WSGIServer):
        daemon_threads = True
    sys.argv[1:] = []  # Keystone reads the arguments
    make_server("127.0.0.1", port, initialize_public_application(), Threaded).serve_forever()


def password_method(user, password):
    return {"methods": ["password"], "password": {"user": {"name": user, "domain": {"id": "default"}, "password": password}}}


def application_credential(url):
    """Log in as the administrator and make a credential for programs: its id and secret."""
    import peer

    answer = peer.request("POST", url + "/v3/auth/tokens", body={"auth": {
        "identity": password_method("admin", PASSWORD), "scope": {"project": {"name": "admin", "domain": {"id": "default"}}}}})
    assert answer.status == 201, f"log in: {answer.status} {answer.body}"
    made = peer.request("POST", f"{url}/v3/users/{answer.json['token']['user']['id']}/application_credentials",
                        {"X-Auth-Token": answer.headers["X-Subject-Token"]}, body={"application_credential": {"name": "broker"}})
    assert made.status == 201, f"application credential: {made.status} {made.body}"
    return made.json["application_credential"]["id"], made.json["application_credential"]["secret"]


def provider(name, inputs, auth):
    return {
        "provider": name,
        "inputs": {"base_url": {"kind": "url"}, **inputs},
        "login": [{"method": "POST", "url": "{base_url}/v3/auth/tokens", "json": {"auth": auth}}],
        "token": {"from": {"header": "X-Subject-Token"}, "expires": [{"json": "/token/expires_at", "format": "rfc3339"}],
                  "keep": {"user_id": {"json": "/token/user/id"}}},
        "use": {"headers": {"X-Auth-Token": "{token}"}},
        "errors": {"message": [{"json": "/error/message"}]},
        "verify": {"method": "GET", "url": "{base_url}/v3/auth/projects", "headers": {"X-Auth-Token": "{token}"}},
    }


def test(run):
    import peer

    python = peer.virtual_environment("keystone", "keystone==30.0.0")
    port = peer.free_port()
    url, file = f"http://127.0.0.1:{port}", run.folder / "keystone.conf"
    file.write_text(f"""
[database]
connection = sqlite:///{run.folder}/server.db
[token]
expiration = {LIFE}
allow_expired_window = 0
[fernet_tokens]
key_repository = {run.folder}/tokens
[fernet_receipts]
key_repository = {run.folder}/receipts
[credential]
key_repository = {run.folder}/credentials
""")
    for command in (["db_sync"], ["fernet_setup", "--keystone-user", "root", "--keystone-group", "root"],
                    ["bootstrap", "--bootstrap-password", PASSWORD]):
        peer.run(python.parent / "keystone-manage", "--config-file", file, *command)
    environment = dict(os.environ, OS_KEYSTONE_CONFIG_FILES=str(file), OS_KEYSTONE_CONFIG_DIR=str(run.folder))
    server = run.started(peer.Server([python, __file__, port], run.folder / "server.log", url, "/v3", env=environment))
    identity, secret = application_credential(url)

    providers = [
        provider("keystone-password", {"user": {}, "password": {"secret": True}, "project": {}}, {
            "identity": password_method("{user}", "{password}"),
            "scope": {"project": {"name": "{project}", "domain": {"id": "default"}}}}),
        provider("keystone-application", {"id": {}, "secret": {"secret": True}}, {
            "identity": {"methods": ["application_credential"], "application_credential": {"id": "{id}", "secret": "{secret}"}}}),
    ]
    person, wrong = {"base_url": url, "user": "admin", "project": "admin"}, {"value": "a wrong secret"}
    broker = run.started(peer.Broker(run.folder, providers, {
        "main": {"provider": "keystone-password", "inputs": {**person, "password": {"value": PASSWORD}}},
        "machine": {"provider": "keystone-application", "inputs": {"base_url": url, "id": identity, "secret": {"value": secret}}},
        "wrong": {"provider": "keystone-password", "inputs": {**person, "password": wrong}},
        "wrong-application": {"provider": "keystone-application", "inputs": {"base_url": url, "id": identity, "secret": wrong}},
    }))
    run.exercise(server, broker, lambda token: peer.request("GET", url + "/v3/auth/projects", token["headers"]).status == 200,
                 life=LIFE, others=["machine"],
                 revoke=lambda token: peer.request("DELETE", url + "/v3/auth/tokens", {
                     **token["headers"], "X-Subject-Token": token["access_token"]}))
    run.is_latched(broker, "wrong-application", 15)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(int(sys.argv[1]))
    else:
        import peer
        peer.main(test)
