#!/bin/sh
# curl(1): URL KEY SOCKET
curl -sS -H "Authorization: Bearer $2" "$1/v1/tokens/zipteams" || exit 1
echo
curl -sS --unix-socket "$3" -H "Authorization: Bearer $2" http://localhost/v1/tokens/zipteams
echo
curl -sS -d '{"fingerprint": "000000000000", "status": 401}' -H "Authorization: Bearer $2" "$1/v1/tokens/zipteams/rejections"
