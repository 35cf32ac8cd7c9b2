"""requests-oauthlib: BROKER URL; python3 -P, since this file has the name of the library"""
import os
import sys
import time

from oauthlib.oauth2 import BackendApplicationClient, TokenExpiredError
from requests_oauthlib import OAuth2Session

broker, url = sys.argv[1:]
os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # http, to a loopback address
session = OAuth2Session(client=BackendApplicationClient("demo", scope=["zapper"]))


def log_in():
    session.fetch_token(f"{broker}/oauth2/token", client_secret="demo")


def get():
    try:
        answer = session.get(url)
    except TokenExpiredError:  # the library leaves the next token to its user
        log_in()
        answer = session.get(url)
    answer.raise_for_status()
    return answer.text.strip()


log_in()
first = last = get()
while last == first:
    time.sleep(0.5)
    last = get()
print(first, last, sep="\n")
