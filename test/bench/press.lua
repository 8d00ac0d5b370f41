-- Presses for wrk: one after the other around the help points, each with an id of its own.
-- Arguments: token, number of help points, prefix of the ids.
local n = 0
function setup(thread)
  thread:set("tid", math.random(1000000))
end
function init(args)
  points = tonumber(args[2])
  prefix = args[3]
  wrk.method = "POST"
  wrk.headers["authorization"] = "Bearer " .. args[1]
  wrk.headers["content-type"] = "application/json"
end
function request()
  n = n + 1
  return wrk.format(nil, "/api/v1/presses", nil, string.format('{"helpPoint":"hp-%d","id":"%s-%d-%d"}', n % points, prefix, tid, n))
end
function done(summary, latency)
  io.write(string.format('\nJSON {"requests":%d,"us":%d,"refused":%d,"failed":%d,"p50":%.1f,"p95":%.1f,"p99":%.1f,"most":%.1f}\n', summary.requests, summary.duration, summary.errors.status, summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout, latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000, latency.max / 1000))
end
