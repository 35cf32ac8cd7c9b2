// Node's http: URL KEY SOCKET
import http from "node:http";

const [url, key, socketPath] = process.argv.slice(2);
const headers = { Authorization: `Bearer ${key}` };
const ask = (target, options) =>
  new Promise((resolve, reject) => {
    const request = http.request(target, { headers, ...options }, (answer) => {
      let text = "";
      answer.on("data", (part) => (text += part));
      answer.on("end", () => (answer.statusCode === 200 ? resolve(text) : reject(new Error(`${answer.statusCode} ${text}`))));
    });
    request.on("error", reject);
    request.end(options.method ? '{"fingerprint": "000000000000", "status": 401}' : undefined);
  });
for (const options of [{}, { socketPath }]) {
  console.log(await ask(`${url}/v1/tokens/zipteams`, options));
  console.log(await ask(`${url}/v1/tokens/zipteams/rejections`, { method: "POST", ...options }));
}
