"""A minimal OpenID provider: discovery, and a token of a day for any refresh token. For oidc-agent."""
import http.server, json, sys

port = int(sys.argv[1])
base = f"http://127.0.0.1:{port}"
METADATA = {"issuer": f"{base}/", "authorization_endpoint": f"{base}/auth", "token_endpoint": f"{base}/token", "scopes_supported": ["openid", "offline_access"],
            "grant_types_supported": ["refresh_token", "authorization_code"], "response_types_supported": ["code"]}
TOKEN = {"access_token": "a" * 800, "token_type": "Bearer", "expires_in": 86400, "refresh_token": "r1", "scope": "openid offline_access"}


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self): self.answer(METADATA)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.answer(TOKEN)

    def log_message(self, *_): pass


http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
