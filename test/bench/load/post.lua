-- One POST, the same each time: body from the file $BENCH_BODY, headers from $BENCH_HEADERS ("name: value" lines).
local file = assert(io.open(os.getenv('BENCH_BODY'), 'rb'))
wrk.method = 'POST'
wrk.body = file:read('*a')
file:close()
wrk.headers['content-type'] = 'application/json'
for name, value in string.gmatch(os.getenv('BENCH_HEADERS') or '', '([^:\n]+): ([^\n]*)') do
  wrk.headers[name] = value
end

function done(summary)
  local errors = summary.errors
  io.write(string.format('\nRESULT {"requests":%d,"seconds":%.6f,"errors":%d}\n', summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
