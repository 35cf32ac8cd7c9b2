-- The headers of a request to the partner, from tokenbroker: txn.token and txn.account, or txn.token = "none" where there is no token.
local broker = "http://127.0.0.1:8653"
local key = "demo"   -- the client's key (tokenbroker client add haproxy)

core.register_action("token", { "http-req" }, function(txn, name)
	local answer = core.httpclient():get({
		url = broker .. "/v1/tokens/" .. name .. "/headers",
		headers = { host = { "localhost" }, authorization = { "Bearer " .. key } },
		timeout = 6000,   -- longer than tokenbroker waits for a token
	})
	local headers = answer and answer.status == 200 and answer.headers or {}
	txn:set_var("txn.token", headers["authorization"] and headers["authorization"][0] or "none")
	if headers["x-account-id"] then txn:set_var("txn.account", headers["x-account-id"][0]) end
end, 1)
