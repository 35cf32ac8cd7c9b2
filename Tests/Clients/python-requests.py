"""Python requests: URL KEY SOCKET"""
import sys
import requests

url, key, _ = sys.argv[1:]
with requests.Session() as session:
    session.headers["Authorization"] = f"Bearer {key}"
    for answer in (session.get(f"{url}/v1/tokens/zipteams"), session.post(f"{url}/v1/tokens/zipteams/rejections", json={"fingerprint": "000000000000", "status": 401})):
        answer.raise_for_status()
        print(answer.text)
