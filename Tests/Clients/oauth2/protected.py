"""The partner's side of scripts/test-clients: SANDBOX FOLDER [PEM]

Protected resources on a loopback port, by https if there is a certificate with its key. The address is printed. A token is good while
the sandbox says so. Each request but a login is a line in FOLDER/requests: method, path, status, and the beginning of the token's digest.

  /protected, /metrics       Bearer: 200 with the token's digest
  /api/v1/namespaces         Bearer: an empty list, as of Kubernetes
  /repository/, /simple/     Basic, the token as password: files below FOLDER/repository, an index for pip
  POST /session              a login that returns keys as AWS has them, for 6 s
  POST /                     GetCallerIdentity of AWS STS: the session's own keys
"""
import base64
import hashlib
import http.client
import json
import secrets
import ssl
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sandbox, folder = urllib.parse.urlsplit(sys.argv[1]), Path(sys.argv[2])
sessions = {}
lock = threading.Lock()
LIST = {"kind": "NamespaceList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": []}
IDENTITY = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Arn>%s</Arn>
<UserId>u</UserId><Account>1</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"""


def digest(token):
    return hashlib.sha256(token.encode()).hexdigest()[:8]


def is_valid(token):
    connection = http.client.HTTPConnection(sandbox.hostname, sandbox.port, timeout=5)
    try:
        connection.request("GET", "/_sandbox/tokens?token=" + urllib.parse.quote(token, safe=""))
        answer = connection.getresponse()
        return answer.status == 200 and json.load(answer)["valid"]
    finally:
        connection.close()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.path.split("?")[0]
        scheme = "Basic" if path.startswith(("/repository/", "/simple/")) else "Bearer"
        token = self.credential(scheme)
        if not token or not is_valid(token):
            return self.answer(401, "refused\n", token, **{"WWW-Authenticate": f'{scheme} realm="partner"'})
        if path == "/metrics":
            return self.answer(200, f'protected_token{{token="{digest(token)}"}} 1\n', token)
        if path == "/api/v1/namespaces":
            return self.answer(200, json.dumps(LIST), token, "application/json")
        if path.startswith("/simple/"):
            return self.answer(200, '<!doctype html><a href="tiny-1.0-py3-none-any.whl">tiny-1.0-py3-none-any.whl</a>\n', token, "text/html")
        if path.startswith("/repository/"):
            file = folder / path[1:]
            return self.answer(200, file.read_bytes(), token) if file.is_file() else self.answer(404, "", token)
        return self.answer(200, digest(token) + "\n", token)

    do_HEAD = do_GET

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/session":
            session = {"access_key_id": "AKIA" + secrets.token_hex(6).upper(), "secret_access_key": secrets.token_hex(20)}
            session |= {"session_token": secrets.token_hex(20), "expires_in": 6}
            with lock:
                sessions[session["access_key_id"]] = session["session_token"]
            return self.answer(200, json.dumps(session), "", "application/json")
        key = self.headers.get("Authorization", "").partition("Credential=")[2].partition("/")[0]
        if sessions.get(key, "") != self.headers.get("X-Amz-Security-Token"):
            return self.answer(403, "refused\n", key)
        return self.answer(200, IDENTITY % key, key, "text/xml")

    def credential(self, scheme):
        kind, _, value = self.headers.get("Authorization", "").partition(" ")
        if kind.lower() != scheme.lower():
            return ""
        return base64.b64decode(value).decode().partition(":")[2] if scheme == "Basic" else value

    def answer(self, status, body, token, kind="text/plain", **fields):
        if self.path != "/session":
            with lock, open(folder / "requests", "a") as log:
                print(self.command, self.path, status, digest(token) if token else "-", file=log)
        data = body if isinstance(body, bytes) else body.encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **fields}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
if len(sys.argv) > 3:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(f"{'https' if len(sys.argv) > 3 else 'http'}://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
