"""The built-in OAuth2 definitions with Authlib: each way of a client to log in, metadata, assertions, and logins of persons."""

import json
import re
import sqlite3

import peer
from flask_authlib import LIFE, PASSWORD, authlib

# Authlib takes %20 and a raw space for one, and a raw + for itself; what looks like %XX it decodes.
SECRET, DECODED = "s3:cret 100% of the+client&=/é", "half: 50%41+ &"
BASIC = ["client_secret_basic", "client_secret_post"]
MACHINE = "oauth2-client-credentials"
PERSONS = ["device", "device-slow", "browser", "browser-secret"]
JO = {"username": "jo", "password": PASSWORD}


def entries(url, keys):
    """Entries that are served, and those that the server refuses."""
    issuer, token_url = {"issuer": url + "/tenant"}, {"token_url": url + "/token"}

    def entry(provider, client, secret=None, **inputs):
        values = {"client_id": client, **({"client_secret": {"value": secret}} if secret else {}), **inputs}
        return {"provider": provider, "inputs": {**(token_url if "token_url" not in inputs and "issuer" not in inputs else {}), **values}}
    jo = {"username": "jo", "password": {"value": PASSWORD}}
    served = {
        "main": entry("oauth2-password", "main", SECRET, **jo),
        "public": entry("oauth2-password", "public", **jo),
        "issuer": entry(MACHINE, "broker", SECRET, **issuer),
        "encoded": entry(MACHINE, "broker", SECRET, scope="read write", audience="https://api.example/?a=b&c"),
        "raw": entry(MACHINE + "-basic-raw", "broker", SECRET),
        "body": entry(MACHINE + "-body", "broker", SECRET),
        "decoded": entry(MACHINE, "decoded", DECODED),
        "secret-jwt": entry(MACHINE + "-client-secret-jwt", "broker", SECRET),
        "bearer-for-jo": entry("oauth2-jwt-bearer", "rsa", private_key={"value": keys["rsa"][0]}, subject="jo"),
        "bearer": entry("oauth2-jwt-bearer", "ec", private_key={"value": keys["ec"][0]}, scope="read"),
        **{name: entry(MACHINE + "-private-key-jwt", name, private_key={"value": private}) for name, (private, _) in keys.items()}}
    refused = {
        "decoded-raw": entry(MACHINE + "-basic-raw", "decoded", DECODED),
        "body-alone": entry(MACHINE, "body", SECRET),
        "wrong": entry(MACHINE, "broker", "a wrong secret"),
        "wrong-key": entry(MACHINE + "-private-key-jwt", "rsa", private_key={"value": keys["ec"][0]}),
        "wrong-audience": entry(MACHINE + "-client-secret-jwt", "broker", SECRET, assertion_audience="https://other.example/token")}
    return served, refused


def test(run):
    pairs = {"rsa": peer.key_pair(run.folder / "rsa.pem", "RSA", "rsa_keygen_bits:2048"),
             "ec": peer.key_pair(run.folder / "ec.pem", "EC", "ec_paramgen_curve:P-256")}
    clients = {
        "broker": {"secret": SECRET, "methods": [*BASIC, "client_assertion_jwt"]}, "decoded": {"secret": DECODED, "methods": BASIC},
        "main": {"secret": SECRET, "methods": BASIC[:1]},
        "body": {"secret": SECRET, "methods": BASIC[1:]}, "public": {"methods": ["none"]},
        **{name: {"key": public, "methods": ["client_assertion_jwt"]} for name, (_, public) in pairs.items()}}
    server, url = authlib(run, json.dumps(clients))
    served, refused = entries(url, pairs)
    first = peer.request("POST", url + "/token", form={
        "grant_type": "password", "username": "jo", "password": PASSWORD, "client_id": "broker", "client_secret": SECRET}).json
    person = {"provider": "oauth2-refresh-token", "inputs": {"issuer": url + "/tenant", "client_id": "public"}}
    secret = {"client_id": "broker", "client_secret": {"value": SECRET}}
    broker = run.started(peer.Broker(run.folder, None, {
        **served, **refused,
        "first": {"provider": "oauth2-refresh-token", "inputs": {
            "token_url": url + "/token", **secret, "initial_refresh_token": {"value": first["refresh_token"]}}},
        "device": person, "denied": person,
        "device-slow": {**person, "inputs": {**person["inputs"], **secret, "scope": "slow"}},
        "browser": {**person, "inputs": {**person["inputs"], "scope": "a&b c"}},
        "browser-secret": {**person, "inputs": {**person["inputs"], **secret}},
    }))

    def accepts(token):
        return peer.request("GET", url + "/me", token["headers"]).status == 200
    for name in [*served, "first"]:
        run.logs_in(broker, name, accepts)
    for name in refused:
        run.is_refused(broker, name)
    polls = devices(run, server, broker)
    browsers(run, broker)
    for name in PERSONS:
        run.logs_in(broker, name, accepts)
    run.check("device: slow_down is 5 s more between two polls", polls()[1] - polls()[0] >= 6, f"{polls()[1] - polls()[0]:.1f} s")
    outlive_a_restart(run, server, broker, accepts)
    come_back(run, broker, accepts)
    run.renews(broker, accepts, LIFE, lambda: server.count("^grant refresh_token of main$"))


def typist(wait, **answer):
    """A person who types the code that the command prints, after a wait."""
    def visit(printed):
        address, code = re.search(r"^Open (\S+) and log in with the code (\S+)\.$", printed, re.MULTILINE).groups()
        wait(code)
        done = peer.request("POST", address, form={"user_code": code, **JO, **answer})
        assert done.status == 200, f"the page {address} answered {done.status}"
    return visit


def devices(run, server, broker):
    """Persons who type a code; what is returned tells when the second one's device asked the server."""
    codes = []

    def person(name, **answer):
        def first_poll(code):
            codes.append(code)
            peer.wait_for("a first poll", lambda: server.count(f"^poll 1 of {code} "), 15)
        return broker.log_in(name, typist(first_poll, **answer))
    for name in ("device", "device-slow"):
        status, printed = person(name, allow=1)
        run.check(f"login: {name} by a code", status == 0 and "fresh" in printed, printed.splitlines()[-1])
    status, printed = person("denied")
    run.check("login: a person who refuses the code", status == 69 and "Waiting" in printed.splitlines()[-2], printed.splitlines()[-1])

    def polls():
        pattern = rf"^poll \d+ of {codes[1]} at (\S+)$"
        return [float(moment) for moment in re.findall(pattern, server.log.read_text(), re.MULTILINE)]
    return polls


def browsers(run, broker):
    """Persons who open the address that the command prints, and are sent back to it."""
    def person(name, **answer):
        def visit(printed):
            address = re.search(r"^http\S+$", printed, re.MULTILINE).group()
            assert "<form" in peer.request("GET", address).body, "there is no page to log in"
            back = peer.request("POST", address, form={**JO, **answer}).headers["Location"]
            assert peer.request("GET", back.replace("/callback", "/favicon.ico")).status == 404
            assert peer.request("GET", back).status == 200, f"the command does not answer at {back}"
        return broker.log_in(name, visit, "--browser")
    for name in ("browser", "browser-secret"):
        status, printed = person(name, allow=1)
        run.check(f"login: {name} with PKCE", status == 0 and "fresh" in printed, printed.splitlines()[-1])
    status, printed = person("denied")
    run.check("login: a person who refuses in the browser", status == 69 and "refused" in printed, printed.splitlines()[-1])


def outlive_a_restart(run, server, broker, accepts):
    """The persons' tokens come from the store, and each next one by a refresh."""
    before = {name: broker.token(name) for name in PERSONS}
    broker.stop()
    broker.start()
    kept = all(broker.token(name)["fingerprint"] == token["fingerprint"] or accepts(broker.token(name)) for name, token in before.items())
    run.check("restart of the broker: the tokens are served at once", kept)
    for _ in range(2):
        before = {name: broker.next_token(name, token, LIFE) for name, token in before.items()}
    again = server.count("^grant (authorization_code|.*device_code) ")
    run.check("restart of the broker: the next tokens are refreshed, and nobody logged in again",
              all(accepts(token) for token in before.values()) and again == len(PERSONS), f"{again} logins of persons at the server")


def come_back(run, broker, accepts):
    """A refresh token that the server has ended is given up, and the same person logs in again."""
    with sqlite3.connect(run.folder / "server.db") as store:
        store.execute("UPDATE token SET ended = 1 WHERE scope = 'slow'")
    failure = peer.wait_for("a failed refresh", lambda: broker.status("device-slow").get("last_failure"), LIFE)
    run.check("ended: the refresh fails, and nobody can log in without a person", failure["class"] in ("rejected", "local"), failure["reason"])
    status, printed = broker.log_in("device-slow", typist(lambda code: None, allow=1))
    run.check("ended: a person logs in again", status == 0 and accepts(broker.token("device-slow")), printed.splitlines()[-1])


if __name__ == "__main__":
    peer.main(test)
