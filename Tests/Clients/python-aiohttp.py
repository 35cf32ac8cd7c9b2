"""Python aiohttp: URL KEY SOCKET"""
import asyncio
import sys

import aiohttp


async def main():
    url, key, socket = sys.argv[1:]
    for base, path in ((url, None), ("http://localhost", socket)):
        connector = aiohttp.UnixConnector(path=path) if path else None
        async with aiohttp.ClientSession(base, connector=connector, headers={"Authorization": f"Bearer {key}"}) as session:
            for request in (session.get("/v1/tokens/zipteams"), session.post("/v1/tokens/zipteams/rejections", json={"fingerprint": "000000000000", "status": 401})):
                async with request as answer:
                    answer.raise_for_status()
                    print(await answer.text())


asyncio.run(main())
