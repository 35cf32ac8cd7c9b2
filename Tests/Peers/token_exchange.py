"""idpyoidc's authorization server in a Flask application: the exchange of one client's token for another's (RFC 8693)."""

import os
import sys

LIFE = 15
# This server takes the parts of Basic only as they are; the definition of the exchange encodes them.
SECRET, RAW = "plain-secret_of.the~client-0123456789", "raw: secret 100% of the+client&=/%41"
MACHINE, EXCHANGE = "oauth2-client-credentials", "urn:ietf:params:oauth:grant-type:token-exchange"


def serve(port):
    from flask import Flask, request
    from idpyoidc.server import Server
    from idpyoidc.server.configure import ASConfiguration
    from idpyoidc.server.oauth2.token_helper.client_credentials import ClientCredentials

    url, helpers = f"http://127.0.0.1:{port}", "idpyoidc.server.oauth2.token_helper"
    methods = ["client_secret_basic", "client_secret_post", "client_secret_jwt"]
    token_type = "urn:ietf:params:oauth:token-type:access_token"
    lives = {"access_token": {"expires_in": LIFE, "supports_minting": ["access_token"]}}
    folder = os.getcwd()

    class Subject(ClientCredentials):
        """Its own gives a client one token ever, and without the rules that let it be exchanged."""

        def process_request(self, request, **_):
            client, scope = request["client_id"], ["read", "write"]
            session = server.context.session_manager.add_grant(["client_credentials", client], token_usage_rules=lives)
            grant = server.context.session_manager.get_session_info(session)["grant"]
            token = self._mint_token("access_token", grant, session, client, scope=scope, token_type="Bearer")
            return {"access_token": token.value, "token_type": "Bearer", "expires_in": LIFE, "scope": scope}
    server = Server(ASConfiguration({
        "issuer": url, "template_dir": folder,
        "userinfo": {"class": "idpyoidc.server.user_info.UserInfo", "kwargs": {"db": {"client_credentials": {}}}},
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
                    "client_credentials": {"class": Subject},
                    EXCHANGE: {"class": helpers + ".token_exchange.TokenExchangeHelper", "kwargs": {
                        "requested_token_types_supported": [token_type],
                        "policy": {"": {"function": helpers + ".validate_token_exchange_policy", "kwargs": {
                            "audience": ["https://api.example/"], "scope": ["read", "write"]}}}}}}}},
            "introspection": {"path": "introspect", "class": "idpyoidc.server.oauth2.introspection.Introspection",
                              "kwargs": {"client_authn_method": methods}},
        }}), cwd=folder)
    server.keyjar.import_jwks(server.keyjar.export_jwks(True, ""), url)
    for name, secret in (("machine", SECRET), ("broker", SECRET), ("raw", RAW)):
        server.context.cdb[name] = {
            "client_secret": secret, "client_salt": "salt", "allowed_scopes": ["read", "write"], "enforce_audience_restriction": False,
            "grant_types_supported": ["client_credentials", EXCHANGE], "token_endpoint_auth_method": "client_secret_basic"}
        server.keyjar.add_symmetric(name, secret)
    app = Flask(__name__)

    def answer(name):
        endpoint = server.get_endpoint(name)
        http_info = {"headers": {key.lower(): value for key, value in request.headers}, "method": request.method}
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


def test(run):
    import peer

    python = peer.virtual_environment("idpyoidc", "idpyoidc==5.0.0", "Flask==3.1.3")
    port = peer.free_port()
    url = f"http://127.0.0.1:{port}"
    server = run.started(peer.Server([python, __file__, port], run.folder / "server.log", url, cwd=run.folder))

    def entry(provider, client, secret=SECRET, **inputs):
        return {"provider": provider, "inputs": {"issuer": url, "client_id": client, "client_secret": {"value": secret}, **inputs}}
    broker = run.started(peer.Broker(run.folder, None, {
        "subject": entry(MACHINE, "machine"),
        "raw": entry(MACHINE + "-basic-raw", "raw", RAW),
        "encoded": entry(MACHINE, "raw", RAW),
        "secret-jwt": entry(MACHINE + "-client-secret-jwt", "raw", RAW),
        "main": entry("oauth2-token-exchange", "broker", subject_token={"token": "subject"}, scope="read"),
        "audience": entry("oauth2-token-exchange", "broker", subject_token={"token": "subject"}, audience="https://api.example/",
                          requested_token_type="urn:ietf:params:oauth:token-type:access_token"),
        "wrong-audience": entry("oauth2-token-exchange", "broker", subject_token={"token": "subject"}, audience="https://other.example/"),
    }))

    def introspected(token):
        return peer.request("POST", url + "/introspect", form={
            "token": token["headers"]["Authorization"].removeprefix("Bearer "), "client_id": "broker", "client_secret": SECRET}).json

    def accepts(token):
        return introspected(token).get("active", False)
    for name in ("subject", "raw", "secret-jwt", "main", "audience"):
        run.logs_in(broker, name, accepts)
    run.is_refused(broker, "encoded")
    run.is_refused(broker, "wrong-audience", "refused")
    found = introspected(broker.token("main"))
    run.check("exchange: the token is the broker's, of the scope asked for", (found["client_id"], found["scope"]) == ("broker", "read"))
    aud = introspected(broker.token("audience"))["aud"]
    run.check("exchange: the other one is for the audience asked for", "https://api.example/" in aud, aud)
    run.renews(broker, accepts, LIFE, None)
    exchanges = server.count("^grant " + EXCHANGE)
    run.check("exchange: each was made by the server", exchanges >= 3, f"{exchanges} exchanges")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(int(sys.argv[1]))
    else:
        import peer
        peer.main(test)
