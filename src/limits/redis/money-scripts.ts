/** What a script answers; the words in `RedisReply`. */
export const CODE = {
  done: 0,
  revoked: 1,
  requests: 2,
  tokens: 3,
  balance: 4,
  keyQuota: 5,
  /** Read the sums first. */
  unread: 6,
  /** The host speaks of an epoch that is over. */
  stale: 7,
} as const;

/**
 * The money of one account, as `Funds` has it in memory, shared by hosts:
 *
 * - `money`: `epoch`; `credit` (microUSD: what the ledger said, less all charges that were in no sum then or were settled since; absent:
 *   unknown), `read` (when), `held`, `seed` (what readings under way must still find), `version` (of what keys know). Per key: `c:` credit,
 *   `v:` version it was read at, `r:` when, `h:` held, `s:` period start, `p:` period, `u:` latest start of a charged request.
 * - `charges`: request id → `<microUSD> <startedAt> <keyId>` of charges that may be in no sum of PostgreSQL yet.
 * - `held`: request id → `<microUSD> <keyId or ->`, and `holds`: the same ids by deadline.
 *
 * What belongs to an older epoch is forgotten at first sight; a host that is behind is told so.
 */
export const MONEY = `
local SURE, KEPT_MONEY = 1000000, 604800000
local money, holds, held, charges = base .. 'money', base .. 'holds', base .. 'held', base .. 'charges'

local function enter(epoch)
  local known = redis.call('HGET', money, 'epoch')
  if known == epoch then return true end
  if known and tonumber(known) > tonumber(epoch) then return false end
  redis.call('DEL', money, holds, held, charges)
  redis.call('HSET', money, 'epoch', epoch)
  return true
end

local function hold(id, key, amount, deadline)
  redis.call('HSET', held, id, int(amount) .. ' ' .. key)
  redis.call('ZADD', holds, int(deadline), id)
end

local function change_held(key, amount)
  if amount == 0 then return end
  redis.call('HINCRBY', money, 'held', int(amount))
  if key ~= '-' then redis.call('HINCRBY', money, 'h:' .. key, int(amount)) end
end

local function give_back(id)
  local entry = redis.call('HGET', held, id)
  if not entry then return end
  local amount, key = string.match(entry, '^(%d+) (.*)$')
  redis.call('HDEL', held, id)
  redis.call('ZREM', holds, id)
  change_held(key, -amount)
end

local function keep()
  for _, key in ipairs({ money, holds, held, charges }) do redis.call('PEXPIRE', key, KEPT_MONEY) end
end

local function expire()
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', holds, '-inf', int(now), 'LIMIT', 0, 100)) do give_back(id) end
end

-- @return credit or false, held, when it was read, start of the period
local function key_purse(key, since, period)
  local purse = redis.call('HMGET', money, 'c:' .. key, 'v:' .. key, 'version', 'h:' .. key, 'r:' .. key, 's:' .. key,
    'p:' .. key, 'u:' .. key)
  local version, credit, start = purse[3] or '0', purse[1], purse[6]
  if purse[2] ~= version then credit = false end
  if purse[7] ~= period then
    redis.call('HSET', money, 'p:' .. key, period, 's:' .. key, since)
    redis.call('HDEL', money, 'c:' .. key)
    credit, start = false, since
  elseif tonumber(since) > tonumber(start) then
    redis.call('HSET', money, 's:' .. key, since)
    if credit and tonumber(purse[8] or 0) < tonumber(since) then credit = '0' else credit = false end -- a new period needs no reading
    if credit then redis.call('HSET', money, 'c:' .. key, credit) else redis.call('HDEL', money, 'c:' .. key) end
    start = since
  elseif tonumber(since) < tonumber(start) and now < start * 1000 then -- a host's clock was ahead: this period has not begun
    redis.call('HSET', money, 's:' .. key, since)
    redis.call('HDEL', money, 'c:' .. key)
    credit, start = false, since
  end
  return credit, purse[4] or 0, purse[5] or 0, start
end

local function unread(ask, start)
  local seed = redis.call('HGET', money, 'seed')
  if not seed then
    seed = ask.seed
    redis.call('HSET', money, 'seed', seed)
  end
  return ${CODE.unread}, seed, start, int(now)
end

-- Whether so much more may be held; nil: only that all is known. @return code, then for 'unread' what a reading needs
local function afford(amount, ask)
  local account = redis.call('HMGET', money, 'credit', 'held', 'read', 'seed')
  local credit, read, short = account[1], account[3], nil
  local missing = ask.prepaid and not credit
  local start = '0'
  local key_credit, key_held, key_read
  if ask.quota then
    key_credit, key_held, key_read, start = key_purse(ask.key, ask.since, ask.period)
    missing = missing or not key_credit
  end
  if amount and not missing then
    if ask.quota and ask.quota + key_credit - key_held < amount then
      short, read = ${CODE.keyQuota}, key_read
    elseif ask.prepaid and credit - (account[2] or 0) < amount then
      short = ${CODE.balance}
    end
  end
  if not missing and not short then return ${CODE.done}, math.abs(now - (read or key_read or now)) end
  if not missing and (ask.sure or math.abs(now - read) < SURE) then return short end
  return unread(ask, start)
end

local function forget()
  if redis.call('EXISTS', money) == 0 then return end
  redis.call('HDEL', money, 'credit', 'seed')
  redis.call('HINCRBY', money, 'version', 1)
end

local function money_ask(at)
  return {
    prepaid = ARGV[at] == '1',
    quota = ARGV[at + 1] ~= '' and tonumber(ARGV[at + 1]),
    since = ARGV[at + 2],
    period = ARGV[at + 3],
    sure = ARGV[at + 4] == '1',
    seed = ARGV[at + 5],
    key = ARGV[2],
  }
end
`;
