"""Authlib's authorization server in a Flask application, with every grant that Authlib has. It runs in the virtual environment `authlib`.

    authlib_server.py PORT DATABASE [CLIENTS]

CLIENTS is JSON: the clients by name, each with `secret` or `key` (a public key in PEM) and `methods`, how it may log in. A program's own
token has no user. The only person is jo, and the application knows her by the password that she types into its pages."""

import json
import re
import sqlite3
import sys
import time

from authlib.integrations.flask_oauth2 import AuthorizationServer, ResourceProtector
from authlib.oauth2 import OAuth2Error, rfc6749, rfc6750, rfc7009, rfc7523, rfc7636, rfc8414, rfc8628, rfc9207
from authlib.oauth2.rfc6749 import grants
from flask import Flask, jsonify, request
from joserfc.jwk import OctKey, import_key

LIFE = 15
SECRET, PASSWORD = "s3cret of the+client/=", "pass word+&"
METHODS = ["client_secret_basic", "client_secret_post", "client_assertion_jwt", "none"]
PORT, DATABASE = int(sys.argv[1]), sys.argv[2]
CLIENTS = json.loads(sys.argv[3]) if len(sys.argv) > 3 else {"broker": {"secret": SECRET, "methods": METHODS[:2]}}
URL = f"http://127.0.0.1:{PORT}"
ISSUER = URL + "/tenant"
FORM = '<form method="post">{}<input name="username"><input name="password" type="password"><button name="allow">Allow</button></form>'

codes, devices, assertions = {}, {}, set()
store = sqlite3.connect(DATABASE, check_same_thread=False, isolation_level=None)
store.execute("CREATE TABLE IF NOT EXISTS token (access PRIMARY KEY, refresh, client, user, scope, issued, ended DEFAULT 0)")


class Client(rfc6749.ClientMixin):
    def __init__(self, name, methods, secret=None, key=None):
        self.name, self.methods, self.secret, self.key = name, methods, secret, key

    @classmethod
    def named(cls, name):
        return cls(name, **CLIENTS[name]) if name in CLIENTS else None

    def get_client_id(self):
        return self.name

    def get_allowed_scope(self, scope):
        return scope or ""

    def check_client_secret(self, secret):
        return secret == self.secret

    def check_endpoint_auth_method(self, method, endpoint):
        return method in self.methods

    def check_grant_type(self, grant_type):
        return True

    def check_response_type(self, response_type):
        return response_type == "code"

    def check_redirect_uri(self, address):
        return re.fullmatch(r"http://127\.0\.0\.1:\d+/callback", address) is not None  # any port (RFC 8252 §7.3)

    def verification_key(self):
        return OctKey.import_key(self.secret) if self.secret else import_key(self.key)


class Token(rfc6749.TokenMixin):
    def __init__(self, row):
        self.access, self.refresh, self.client, self.user, self.scope, self.issued, self.ended = row

    @classmethod
    def find(cls, column, value):
        row = store.execute(f"SELECT * FROM token WHERE {column} = ?", [value]).fetchone()
        return row and cls(row)

    @staticmethod
    def save(token, asked):
        print("grant", asked.payload.grant_type, "of", asked.client.get_client_id(), flush=True)
        store.execute("INSERT INTO token VALUES (?, ?, ?, ?, ?, ?, 0)", [
            token["access_token"], token.get("refresh_token"), asked.client.get_client_id(), str(asked.user or ""),
            token.get("scope", ""), time.time()])

    def end(self):
        store.execute("UPDATE token SET ended = 1 WHERE access = ?", [self.access])

    def check_client(self, client):
        return self.client == client.get_client_id()

    def get_scope(self):
        return self.scope

    def is_expired(self):
        return time.time() > self.issued + LIFE

    def is_revoked(self):
        return bool(self.ended)


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


class Assertion(rfc7523.JWTBearerClientAssertion):
    """A client that logs in by a JSON Web Token; each counts once."""

    def get_audiences(self):
        return [URL + "/token"]

    def resolve_client_public_key(self, client):
        return client.verification_key()

    def validate_jti(self, claims, jti):
        is_new = jti not in assertions
        assertions.add(jti)
        return is_new


class Bearer(rfc7523.JWTBearerGrant):
    def get_audiences(self):
        return [URL + "/token"]

    def resolve_issuer_client(self, issuer):
        return Client.named(issuer)

    def resolve_client_public_key(self, client):
        return client.verification_key()

    def authenticate_user(self, subject):
        return subject if subject == "jo" or subject in CLIENTS else None

    def has_granted_permission(self, client, user):
        return user in ("jo", client.get_client_id())


class Code(rfc6749.AuthorizationCodeMixin):
    def __init__(self, code, asked):
        self.code, self.redirect, self.scope, self.user = code, asked.payload.redirect_uri, asked.scope, asked.user
        self.code_challenge, self.code_challenge_method = (
            asked.payload.data.get(name) for name in ("code_challenge", "code_challenge_method"))

    def get_redirect_uri(self):
        return self.redirect

    def get_scope(self):
        return self.scope


class AuthorizationCode(grants.AuthorizationCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def save_authorization_code(self, code, request):
        codes[code] = Code(code, request)

    def query_authorization_code(self, code, client):
        return codes.get(code)

    def delete_authorization_code(self, authorization_code):
        del codes[authorization_code.code]

    def authenticate_user(self, authorization_code):
        return authorization_code.user


class DeviceAuthorization(rfc8628.DeviceAuthorizationEndpoint):
    INTERVAL = 1

    def get_verification_uri(self):
        return URL + "/activate"

    def save_device_credential(self, client_id, scope, data):
        devices[data["device_code"]] = rfc8628.DeviceCredentialDict(client_id=client_id, scope=scope or "", polls=0, answer=None, **data)


class DeviceCode(rfc8628.DeviceCodeGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = METHODS

    def query_device_credential(self, device_code):
        device = devices.get(device_code)
        if device:
            device["polls"] += 1
            print(f"poll {device['polls']} of {device['user_code']} at {time.monotonic():.2f}", flush=True)
        return device

    def query_user_grant(self, user_code):
        return next(device["answer"] for device in devices.values() if device["user_code"] == user_code)

    def should_slow_down(self, credential):
        """The scope `slow` wants the second poll later."""
        return credential["polls"] == 1 and credential["scope"] == "slow"


class Revocation(rfc7009.RevocationEndpoint):
    CLIENT_AUTH_METHODS = METHODS

    def query_token(self, text, hint):
        return Token.find("access", text) or Token.find("refresh", text)

    def revoke_token(self, token, request):
        token.end()


class Validator(rfc6750.BearerTokenValidator):
    def authenticate_token(self, text):
        return Token.find("access", text)


class Issuer(rfc9207.IssuerParameter):
    def get_issuer(self):
        return ISSUER


app = Flask(__name__)
app.config["OAUTH2_TOKEN_EXPIRES_IN"] = {kind.GRANT_TYPE: LIFE for kind in (
    Password, Refresh, ClientCredentials, Bearer, AuthorizationCode, DeviceCode)}
app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
server = AuthorizationServer(app, Client.named, Token.save)
for grant in (Password, Refresh, ClientCredentials, Bearer, DeviceCode):
    server.register_grant(grant)
server.register_grant(AuthorizationCode, [rfc7636.CodeChallenge(required=True)])
server.register_client_auth_method(Assertion.CLIENT_AUTH_METHOD, Assertion())
server.register_endpoint(Revocation)
server.register_endpoint(DeviceAuthorization)
server.register_extension(lambda extended: Issuer()(extended))
protect = ResourceProtector()
protect.register_token_validator(Validator())


def is_jo():
    return (request.form.get("username"), request.form.get("password")) == ("jo", PASSWORD)


@app.route("/authorize", methods=["GET", "POST"])
def authorize():
    """A page with a form, and its answer."""
    try:
        consent = server.get_consent_grant(end_user="jo")
    except OAuth2Error as error:
        return jsonify(dict(error.get_body())), error.status_code
    if request.method == "GET":
        return FORM.format("")
    return server.create_authorization_response(grant_user="jo" if is_jo() and "allow" in request.form else None, grant=consent)


@app.route("/activate", methods=["GET", "POST"])
def activate():
    """A page with a form, and its answer."""
    if request.method == "GET":
        return FORM.format('<input name="user_code">')
    for device in devices.values():
        if is_jo() and device["user_code"] == request.form["user_code"]:
            device["answer"] = "jo", "allow" in request.form
            return "done"
    return "no", 403


@app.route(rfc8414.get_well_known_url(ISSUER))
def metadata():
    published = rfc8414.AuthorizationServerMetadata({
        "issuer": ISSUER, "token_endpoint": URL + "/token", "authorization_endpoint": URL + "/authorize",
        "device_authorization_endpoint": URL + "/device", "revocation_endpoint": URL + "/revoke",
        "response_types_supported": ["code"], "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True})
    published.validate()
    return jsonify(published)


app.add_url_rule("/", "ready", lambda: "ready")
app.add_url_rule("/token", "token", server.create_token_response, methods=["POST"])
app.add_url_rule("/revoke", "revoke", lambda: server.create_endpoint_response("revocation"), methods=["POST"])
app.add_url_rule("/device", "device", lambda: server.create_endpoint_response("device_authorization"), methods=["POST"])
app.add_url_rule("/me", "me", protect()(lambda: jsonify(user="jo")))
app.run("127.0.0.1", PORT, threaded=True)
