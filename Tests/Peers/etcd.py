"""etcd's own login: a name and password for a JSON Web Token, or for a simple token that etcd keeps."""

import time

import peer

LIFE = 15
ROOT, PASSWORD = "pass of root", "pass word+&"


def start(run, name, *options):
    """A member of its own with a user `jo`, and authentication turned on."""
    client, sibling = (f"http://127.0.0.1:{peer.free_port()}" for _ in range(2))
    server = run.started(peer.Server(
        ["etcd", "--name", name, "--data-dir", run.folder / name, "--listen-client-urls", client, "--advertise-client-urls", client,
         "--listen-peer-urls", sibling, "--initial-advertise-peer-urls", sibling, "--initial-cluster", f"{name}={sibling}", *options],
        run.folder / f"{name}.log", client, "/health"))
    for path, body in (("user/add", {"name": "root", "password": ROOT}), ("user/add", {"name": "jo", "password": PASSWORD}),
                       ("role/add", {"name": "root"}), ("role/add", {"name": "all"}),
                       ("role/grant", {"name": "all", "perm": {"permType": "READWRITE", "key": "AA==", "range_end": "AA=="}}),
                       ("user/grant", {"user": "root", "role": "root"}), ("user/grant", {"user": "jo", "role": "all"}), ("enable", {})):
        answer = peer.request("POST", f"{client}/v3/auth/{path}", body=body)
        assert answer.status == 200, f"{path}: {answer.body}"
    return server


def accepts(url):
    return lambda token: peer.request("POST", url + "/v3/kv/range", token["headers"], body={"key": "YQ=="}).status == 200


def revoke(url):
    """A new password ends all JSON Web Tokens, which carry the revision of the users, and the simple tokens of this user."""
    root = peer.request("POST", url + "/v3/auth/authenticate", body={"name": "root", "password": ROOT}).json["token"]
    return peer.request("POST", url + "/v3/auth/user/changepw", {"Authorization": root}, body={"name": "jo", "password": PASSWORD})


def provider(name, expires):
    return {
        "provider": name,
        "inputs": {"base_url": {"kind": "url"}, "name": {}, "password": {"secret": True}},
        "login": [{"method": "POST", "url": "{base_url}/v3/auth/authenticate", "json": {"name": "{name}", "password": "{password}"}}],
        "token": {"from": {"json": "/token"}, "expires": [expires]},
        "use": {"headers": {"Authorization": "{token}"}},
        "errors": {"rejected": [{"json": "/error", "matches": "authentication failed|invalid auth token|revision of auth store is old"}],
                   "message": [{"json": "/error"}]},
        "verify": {"method": "POST", "url": "{base_url}/v3/kv/range", "headers": {"Authorization": "{token}"}, "json": {"key": "YQ=="}},
    }


def test(run):
    peer.debian_packages("etcd-server")
    private, public = run.folder / "private.pem", run.folder / "public.pem"
    peer.run("openssl", "genrsa", "-out", private, "2048")
    peer.run("openssl", "rsa", "-in", private, "-pubout", "-out", public)
    jwt = start(run, "jwt", "--auth-token", f"jwt,pub-key={public},priv-key={private},sign-method=RS256,ttl={LIFE}s")
    simple = start(run, "simple", "--auth-token", "simple", "--auth-token-ttl", LIFE)
    known = {"name": "jo", "password": {"value": PASSWORD}}
    broker = run.started(peer.Broker(run.folder, [provider("etcd-jwt", {"jwt": "exp"}), provider("etcd-simple", {"after": f"{LIFE}s"})], {
        "main": {"provider": "etcd-jwt", "inputs": {**known, "base_url": jwt.url}},
        "simple": {"provider": "etcd-simple", "inputs": {**known, "base_url": simple.url}},
        "wrong": {"provider": "etcd-jwt", "inputs": {**known, "base_url": jwt.url, "password": {"value": "a wrong secret"}}},
    }))
    run.exercise(jwt, broker, accepts(jwt.url), life=LIFE, refusal=400, revoke=lambda token: revoke(jwt.url))

    simple.kill()
    simple.start()
    token = broker.token("simple")
    run.check("simple tokens: taken after a restart of etcd", accepts(simple.url)(token))
    revoke(simple.url)
    run.check("simple tokens: refused once revoked", not accepts(simple.url)(token))
    begun, action = time.monotonic(), broker.reject("simple", token["fingerprint"])
    token = broker.next_token("simple", token, 5)
    run.check("simple tokens: reported, and another one is taken", action == "refreshing" and accepts(simple.url)(token),
              f"{action}, {time.monotonic() - begun:.1f} s")


if __name__ == "__main__":
    peer.main(test)
