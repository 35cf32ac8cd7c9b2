"""Authlib's session for requests, with discovery: BROKER URL"""
import sys
import time

import requests
from authlib.integrations.requests_client import OAuth2Session

broker, url = sys.argv[1:]
metadata = requests.get(f"{broker}/.well-known/oauth-authorization-server").json()
session = OAuth2Session("demo", "demo", scope="zapper", token_endpoint=metadata["token_endpoint"], grant_type="client_credentials")


def get():
    answer = session.get(url)
    answer.raise_for_status()
    return answer.text.strip()


session.fetch_token()
first = last = get()
while last == first:
    time.sleep(0.5)
    last = get()
print(first, last, sep="\n")
