"""httpx with httpx-auth: BROKER URL"""
import sys
import time

import httpx
from httpx_auth import OAuth2ClientCredentials

broker, url = sys.argv[1:]
client = httpx.Client(auth=OAuth2ClientCredentials(f"{broker}/oauth2/token", "demo", "demo", scope="zapper"))


def get():
    return client.get(url).raise_for_status().text.strip()


first = last = get()
while last == first:
    time.sleep(0.5)
    last = get()
print(first, last, sep="\n")
