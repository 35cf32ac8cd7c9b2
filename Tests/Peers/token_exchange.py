"""idpyoidc's authorization server in a Flask application: the exchange of one client's token for another's (RFC 8693)."""

import functools
import os
import sys

LIFE = 15
SECRET = "plain-secret_of.the~client-0123456789"  # this server takes the parts of Basic only as they are
MACHINE, EXCHANGE = "oauth2-client-credentials", "urn:ietf:params:oauth:grant-type:token-exchange"


def serve(port):
    from flask import Flask, request
    from idpyoidc.server import Server
    from idpyoidc.server.configure import ASConfiguration

    url, helpers = f"http://127.0.0.1:{port}", "idpyoidc.server.oauth2.token_helper"
    methods = ["client_secret_basic", "client_secret_post", "client_secret_jwt"]
    token_type = "urn:ietf:params:oauth:token-type:access_token"
    lives = {"access_token": {"expires_in": LIFE, "supports_minting": ["access_token"]}}
    folder = os.getcwd()
    server = Server(ASConfiguration({
        "issuer": url, "template_dir": folder,
        "key_conf": {"key_defs": [{"type": "EC", "crv": "P-256", "use": ["sig"]}]},
        "authz": {"class": "idpyoidc.server.authz.AuthzHandling", "kwargs": {"grant_config": {"usage_rules": lives}}},
        "token_handler_args": {"key_conf": {"key_defs": [{"type": "EC", "crv": "P-256", "use": ["sig"]}]},
                               "token": {"class": "idpyoidc.server.token.jwt_token.JWTToken", "kwargs": {"lifetime": LIFE}}},
        "endpoint": {
            "metadata": {"path": ".well-known/oauth-authorization-server", "kwargs": {"client_authn_method": None},
                         "class": "idpyoidc.server.oauth2.server_metadata.ServerMetadata"},
            "token": {"path": "token", "class": "idpyoidc.server.oauth2.token.Token", "kwargs": {
                "client_authn_method": methods,
                "grant_types_helpers": {
                    "client_credentials": {"class": helpers + ".client_credentials.ClientCredentials"},
                    EXCHANGE: {"class": helpers + ".token_exchange.TokenExchangeHelper", "kwargs": {
                        "requested_token_types_supported": [token_type],
                        "policy": {"": {"function": helpers + ".validate_token_exchange_policy", "kwargs": {
                            "audience": ["https://api.example/"], "scope": ["read", "write"]}}}}}}}},
            "introspection": {"path": "introspect", "class": "idpyoidc.server.oauth2.introspection.Introspection",
                              "kwargs": {"client_authn_method": methods}},
        }}), cwd=folder)
    server.keyjar.import_jwks(server.keyjar.export_jwks(True, ""), url)
    # Its client credentials do not look for the rules that let a token be exchanged.
    sessions = server.context.session_manager
    sessions.add_grant = functools.partial(sessions.add_grant, token_usage_rules=lives)
    for name in ("machine", "broker"):
        server.context.cdb[name] = {
            "client_secret": SECRET, "client_salt": "salt", "allowed_scopes": ["read", "write"], "enforce_audience_restriction": False,
            "grant_types_supported": ["client_credentials", EXCHANGE], "token_endpoint_auth_method": "client_secret_basic"}
        server.keyjar.add_symmetric(name, SECRET)
    app = Flask(__name__)

    def answer(name):
        endpoint, http_info = server.get_endpoint(name), {"headers": {key.lower(): value for key, value in request.headers}, "method": request.method}
        try:
            asked = endpoint.parse_request(dict(request.form) or None, http_info=http_info)
        except Exception as error:
            print("refused", repr(error), flush=True)
            return {"error": "invalid_client", "error_description": str(error)}, 401
        if "error" in asked:
            return asked.to_dict(), 400
        done = endpoint.process_request(asked, http_info=http_info)
        if "error" in done:
            return {key: done[key] for key in ("error", "error_description")}, 400
        if name == "token":
            print("grant", request.form["grant_type"], flush=True)
        return endpoint.do_response(request=asked, **done)["response"], 200, {"Content-Type": "application/json"}
    app.add_url_rule("/", "ready", lambda: "ready")
    app.add_url_rule("/.well-known/oauth-authorization-server", "metadata", lambda: answer("server_metadata"))
    app.add_url_rule("/token", "token", lambda: answer("token"), methods=["POST"])
    app.add_url_rule("/introspect", "introspect", lambda: answer("introspection"), methods=["POST"])
    app.run("127.0.0.1", port, threaded=False)
if __name__ == "__main__":
    serve(int(sys.argv[1]))
