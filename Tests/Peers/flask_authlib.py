"""Authlib's authorization server in a Flask application: client credentials, and passwords with rotating refresh tokens."""

import os
from pathlib import Path

import peer

LIFE = 15
SECRET, PASSWORD = "s3cret of the+client/=", "pass word+&"


def authlib(run, *clients):
    """The server, started with these clients, and its address."""
    python = peer.virtual_environment("authlib", "Authlib==1.9.10", "Flask==3.1.3")
    port = peer.free_port()
    url = f"http://127.0.0.1:{port}"
    command = [python, Path(__file__).with_name("authlib_server.py"), port, run.folder / "server.db", *clients]
    return run.started(peer.Server(command, run.folder / "server.log", url, env=dict(os.environ, AUTHLIB_INSECURE_TRANSPORT="1"))), url


def test(run):
    server, url = authlib(run)
    providers = peer.oauth2_providers(
        "/token", {"method": "GET", "url": "{base_url}/me", "headers": {"Authorization": "Bearer {token}"}},
        # A wrong password is 400 invalid_request here, where RFC 6749 says invalid_grant.
        [{"json": "/error_description", "matches": "Invalid 'username' or 'password'"}])
    known, wrong = {"base_url": url, "client_id": "broker", "client_secret": {"value": SECRET}}, {"value": "a wrong secret"}
    person = {**known, "username": "jo"}
    broker = run.started(peer.Broker(run.folder, providers, {
        "main": {"provider": "person", "inputs": {**person, "password": {"value": PASSWORD}}},
        "machine": {"provider": "machine", "inputs": known},
        "wrong": {"provider": "person", "inputs": {**person, "password": wrong}},
        "wrong-client": {"provider": "machine", "inputs": {**known, "client_secret": wrong}},
    }))

    def revoke(token):
        return peer.request("POST", url + "/revoke", form={
            "token": token["access_token"], "client_id": "broker", "client_secret": SECRET})
    run.exercise(server, broker, lambda token: peer.request("GET", url + "/me", token["headers"]).status == 200,
                 life=LIFE, others=["machine"], rotated=lambda: server.count("^grant refresh_token"), revoke=revoke)
    run.is_latched(broker, "wrong-client", 15)


if __name__ == "__main__":
    peer.main(test)
