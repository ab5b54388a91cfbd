/**
 * One epoch is the time in which Redis has kept what it was told: it ends when Redis is emptied, restarted or replaced. Its number is the
 * time (µs) it began at. Money is asked for once every host that is known has told what it holds, or has had its time to.
 *
 * KEYS[1]: `lazu:{epoch}:`. ARGV: 1 time, 2 this host, 3 run id of this Redis, 4 epoch that this host told everything to (or 0), 5 µs that
 * hosts get, 6 µs that they get when nobody knows them; then hosts that this one knew in that epoch.
 * @returns [epoch, 1 when money may be asked for, live hosts]
 */
export const HELLO = `
local LIVE = 5000000
local state, hosts, told, awaited = base .. 'state', base .. 'hosts', base .. 'told', base .. 'awaited'
local me, run, mine = ARGV[2], ARGV[3], tonumber(ARGV[4])

local known = redis.call('HMGET', state, 'id', 'run', 'open', 'begun')
if not known[1] or known[2] ~= run then
  redis.call('DEL', state, hosts, told, awaited)
  local id = int(math.max(now, mine + 1))
  redis.call('HSET', state, 'id', id, 'run', run, 'begun', int(now))
  known = { id, run, false, now }
end

redis.call('ZADD', hosts, int(now), me)
redis.call('ZREMRANGEBYSCORE', hosts, '-inf', int(now - LIVE))
if known[1] == ARGV[4] then redis.call('SADD', told, me) end
if not known[3] then
  if now < tonumber(known[4]) then -- the clock was set back
    redis.call('HSET', state, 'begun', int(now))
    known[4] = now
  end
  if mine > 0 and known[1] ~= ARGV[4] then
    for at = 7, #ARGV do redis.call('SADD', awaited, ARGV[at]) end
  end
  local isKnown = redis.call('EXISTS', awaited) == 1
  local isComplete = isKnown and #redis.call('SDIFF', awaited, told) == 0
  local patience = isKnown and ARGV[5] or ARGV[6]
  if isComplete or now - known[4] >= tonumber(patience) then
    redis.call('HSET', state, 'open', '1')
    known[3] = '1'
  end
end
return { known[1], known[3] and 1 or 0, redis.call('ZRANGE', hosts, 0, -1) }
`;

/** This host ends in order: nobody waits for it. */
export const LEAVE = `
redis.call('ZREM', base .. 'hosts', ARGV[2])
redis.call('SREM', base .. 'awaited', ARGV[2])
return { '0', 0, {} }
`;
