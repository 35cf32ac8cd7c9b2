"""Python httpx: URL KEY SOCKET"""
import sys

import httpx

url, key, socket = sys.argv[1:]
for base, transport in ((url, None), ("http://localhost", httpx.HTTPTransport(uds=socket))):
    with httpx.Client(base_url=base, transport=transport, headers={"Authorization": f"Bearer {key}"}) as client:
        for answer in (client.get("/v1/tokens/zipteams"), client.post("/v1/tokens/zipteams/rejections", json={"fingerprint": "000000000000", "status": 401})):
            answer.raise_for_status()
            print(answer.text)
