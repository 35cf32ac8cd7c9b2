# Ruby's Net::HTTP: URL KEY SOCKET
require "net/http"

url, key, = ARGV
headers = { "Authorization" => "Bearer #{key}" }
Net::HTTP.start(URI(url).host, URI(url).port) do |http|
  [http.get("/v1/tokens/zipteams", headers), http.post("/v1/tokens/zipteams/rejections", '{"fingerprint": "000000000000", "status": 401}', headers)].each do |answer|
    abort "#{answer.code} #{answer.body}" unless answer.is_a?(Net::HTTPOK)
    puts answer.body
  end
end
