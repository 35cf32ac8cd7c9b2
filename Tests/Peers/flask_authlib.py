"""Authlib's authorization server in a Flask application: client credentials, and passwords with rotating refresh tokens."""

import os
import sqlite3
import sys
import time

LIFE = 15
SECRET, PASSWORD = "s3cret of the+client/=", "pass word+&"
METHODS = ["client_secret_basic", "client_secret_post"]


def serve(port, database):
    from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector
    from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants
    from authlib.oauth2.rfc6750 import BearerTokenValidator
    from authlib.oauth2.rfc7009 import RevocationEndpoint
    from flask import Flask, jsonify

    store = sqlite3.connect(database, check_same_thread=False, isolation_level=None)
    store.execute("CREATE TABLE IF NOT EXISTS token (access PRIMARY KEY, refresh, client, user, issued, ended DEFAULT 0)")

    class Client(ClientMixin):
        def get_client_id(self):
            return "broker"

        def get_allowed_scope(self, scope):
            return scope or ""

        def check_client_secret(self, secret):
            return secret == SECRET

        def check_endpoint_auth_method(self, method, endpoint):
            return method in METHODS

        def check_grant_type(self, grant_type):
            return True

    class Token(TokenMixin):
        def __init__(self, row):
            self.access, self.refresh, self.client, self.user, self.issued, self.ended = row

        @classmethod
        def find(cls, column, value):
            row = store.execute(f"SELECT * FROM token WHERE {column} = ?", [value]).fetchone()
            return row and cls(row)

        def end(self):
            store.execute("UPDATE token SET ended = 1 WHERE access = ?", [self.access])

        def check_client(self, client):
            return self.client == client.get_client_id()

        def get_scope(self):
            return ""

        def is_expired(self):
            return time.time() > self.issued + LIFE

        def is_revoked(self):
            return bool(self.ended)

    def save(token, request):
        print("grant", request.payload.grant_type, flush=True)
        store.execute("INSERT INTO token VALUES (?, ?, ?, ?, ?, 0)", [
            token["access_token"], token.get("refresh_token"), request.client.get_client_id(), str(request.user or ""), time.time()])

    class Password(grants.ResourceOwnerPasswordCredentialsGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = METHODS

        def authenticate_user(self, username, password):
            return username if (username, password) == ("jo", PASSWORD) else None

    class Refresh(grants.RefreshTokenGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = METHODS
        INCLUDE_NEW_REFRESH_TOKEN = True

        def authenticate_refresh_token(self, refresh_token):
            token = Token.find("refresh", refresh_token)
            return token if token and not token.is_revoked() else None

        def authenticate_user(self, token):
            return token.user

        def revoke_old_credential(self, token):
            token.end()

    class ClientCredentials(grants.ClientCredentialsGrant):
        TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    class Revocation(RevocationEndpoint):
        CLIENT_AUTH_METHODS = METHODS

        def query_token(self, text, hint):
            return Token.find("access", text) or Token.find("refresh", text)

        def revoke_token(self, token, request):
            token.end()

    class Validator(BearerTokenValidator):
        def authenticate_token(self, text):
            return Token.find("access", text)

    app = Flask(__name__)
    app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {"password": LIFE, "client_credentials": LIFE, "refresh_token": LIFE}
    app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
    server = AuthorizationServer(app, query_client=lambda name: Client() if name == "broker" else None, save_token=save)
    for grant in (Password, Refresh, ClientCredentials):
        server.register_grant(grant)
    server.register_endpoint(Revocation)
    protect = ResourceProtector()
    protect.register_token_validator(Validator())
    app.add_url_rule("/", "ready", lambda: "ready")
    app.add_url_rule("/token", "token", server.create_token_response, methods=["POST"])
    app.add_url_rule("/revoke", "revoke", lambda: server.create_endpoint_response("revocation"), methods=["POST"])
    app.add_url_rule("/me", "me", protect()(lambda: jsonify(user="jo")))
    app.run("127.0.0.1", port, threaded=True)


def test(run):
    import peer

    python = peer.virtual_environment("authlib", "Authlib==1.9.10", "Flask==3.1.3")
    port = peer.free_port()
    url = f"http://127.0.0.1:{port}"
    server = run.started(peer.Server([python, __file__, port, run.folder / "server.db"], run.folder / "server.log", url,
                                     env=dict(os.environ, AUTHLIB_INSECURE_TRANSPORT="1")))
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
    if len(sys.argv) > 1:
        serve(int(sys.argv[1]), sys.argv[2])
    else:
        import peer
        peer.main(test)
