// A token server on Node's http, as one would write it: the key is compared, the token looked up, expires_in counted.
const http = require("node:http"), crypto = require("node:crypto");
const digest = text => crypto.createHash("sha256").update(text).digest();
const key = digest("demo"), end = Date.now() + 86400e3, value = "a".repeat(800), tokens = new Map([["zipteams", value]]);
http.createServer({keepAliveTimeout: 60000}, (request, response) => {
  const given = digest((request.headers.authorization || "").replace("Bearer ", ""));
  if (!crypto.timingSafeEqual(given, key)) return response.writeHead(401).end();
  const token = tokens.get(request.url.replace("/v1/tokens/", ""));
  if (!token) return response.writeHead(403).end();
  const body = JSON.stringify({access_token: token, token_type: "Bearer", expires_in: Math.floor((end - Date.now()) / 1000),
    expires_at: new Date(end).toISOString(), headers: {Authorization: "Bearer " + token}});
  response.writeHead(200, {"Content-Type": "application/json", "Cache-Control": "no-store", "Content-Length": Buffer.byteLength(body)}).end(body);
}).listen(Number(process.argv[2]), "127.0.0.1");
