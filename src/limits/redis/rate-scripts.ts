/**
 * What every script begins with. KEYS[1] is the account's prefix `lazu:{<account id>}:`, of which all names are made: so they share one
 * hash slot. ARGV[1] is the time in µs, of tests; empty: Redis' own clock. Times, tokens and microUSD stay below 2^53 (limit-store keeps
 * them there), so Lua's doubles are exact; `int` spells them without an exponent.
 */
export const PRELUDE = `
local base, now = KEYS[1], ARGV[1]
if now == '' then
  local time = redis.call('TIME')
  now = time[1] * 1000000 + time[2]
else
  now = tonumber(now)
end
local function int(number) return string.format('%.0f', number) end
`;

/**
 * The sliding log of requests, and tokens in sums of 250 ms: as `RequestLog` and `TokenLog` in memory, step by step. When Redis' clock was
 * set back, what was admitted "later than now" counts as admitted now: nobody waits longer than a window, and no more are let in.
 */
export const RATES = `
local WINDOW, SLICE, KEPT = 60000000, 250000, 61000

local function requests_of(id)
  local key = base .. 'requests:' .. id
  local count = redis.call('LLEN', key)
  if count > 0 and tonumber(redis.call('LINDEX', key, -1)) > now then
    local times = redis.call('LRANGE', key, 0, -1)
    redis.call('DEL', key)
    for _, at in ipairs(times) do redis.call('RPUSH', key, int(math.min(at, now))) end
    redis.call('PEXPIRE', key, KEPT)
  end
  while count > 0 and tonumber(redis.call('LINDEX', key, 0)) <= now - WINDOW do
    redis.call('LPOP', key)
    count = count - 1
  end
  return key, count
end

local function slot_after(id, limit)
  if limit < 1 then return WINDOW end
  local key, count = requests_of(id)
  if count < limit then return 0 end
  return redis.call('LINDEX', key, count - limit) + WINDOW - now
end

local function add_request(id)
  local key = base .. 'requests:' .. id
  redis.call('RPUSH', key, int(now))
  redis.call('PEXPIRE', key, KEPT)
end

local function request_standing(id)
  local key, count = requests_of(id)
  if count == 0 then return 0, 0 end
  return count, redis.call('LINDEX', key, -1) + WINDOW - now
end

local function count_tokens(sums, slices, tokens)
  local slice = int(math.floor(now / SLICE))
  if redis.call('LINDEX', slices, -1) ~= slice then redis.call('RPUSH', slices, slice) end
  redis.call('HINCRBY', sums, slice, int(tokens))
  redis.call('HSET', sums, 'last' .. slice, int(now))
  redis.call('PEXPIRE', sums, KEPT)
  redis.call('PEXPIRE', slices, KEPT)
  return slice
end

local function set_back(sums, slices)
  local moved
  while true do
    local newest = redis.call('LINDEX', slices, -1)
    if not newest or tonumber(redis.call('HGET', sums, 'last' .. newest) or 0) <= now then break end
    moved = (moved or 0) + (redis.call('HGET', sums, newest) or 0)
    redis.call('RPOP', slices)
    redis.call('HDEL', sums, newest, 'last' .. newest)
  end
  if moved then count_tokens(sums, slices, moved) end
end

local function tokens_of(id)
  local sums, slices = base .. 'tokens:' .. id, base .. 'slices:' .. id
  set_back(sums, slices)
  local total = tonumber(redis.call('HGET', sums, 'total') or 0)
  while true do
    local slice = redis.call('LINDEX', slices, 0)
    if not slice then return sums, slices, total end
    local sum = redis.call('HMGET', sums, slice, 'last' .. slice)
    if tonumber(sum[1] or 0) ~= 0 and tonumber(sum[2]) > now - WINDOW then return sums, slices, total end
    redis.call('LPOP', slices)
    redis.call('HDEL', sums, slice, 'last' .. slice)
    if sum[1] and sum[1] ~= '0' then total = redis.call('HINCRBY', sums, 'total', int(-sum[1])) end
  end
end

-- -1: they never fit
local function room_after(id, limit, tokens)
  if tokens > limit then return -1 end
  if tokens == 0 then return 0 end
  local sums, slices, total = tokens_of(id)
  local wait = 0
  if total + tokens <= limit then return wait end
  for _, slice in ipairs(redis.call('LRANGE', slices, 0, -1)) do
    if total + tokens <= limit then break end
    local sum = redis.call('HMGET', sums, slice, 'last' .. slice)
    if sum[1] ~= '0' then
      total = total - sum[1]
      wait = sum[2] + WINDOW - now
    end
  end
  return wait
end

local function add_tokens(id, tokens)
  local sums = base .. 'tokens:' .. id
  redis.call('HINCRBY', sums, 'total', int(tokens))
  return count_tokens(sums, base .. 'slices:' .. id, tokens)
end

local function correct_tokens(id, slice, by)
  local sums = base .. 'tokens:' .. id
  if redis.call('HEXISTS', sums, slice) == 0 then return end
  redis.call('HINCRBY', sums, slice, by)
  redis.call('HINCRBY', sums, 'total', by)
end

local function token_standing(id)
  local sums, slices, total = tokens_of(id)
  if total == 0 then return 0, 0 end
  local newest = redis.call('LINDEX', slices, -1)
  return total, redis.call('HGET', sums, 'last' .. newest) + WINDOW - now
end
`;
