import { createHash } from 'node:crypto';
import { HELLO, LEAVE } from './epoch-script.js';
import { CODE, MONEY } from './money-scripts.js';
import { PRELUDE, RATES } from './rate-scripts.js';

/** One operation of the store: it runs whole, or not at all, and nothing else runs meanwhile. */
export interface Script {
  readonly source: string;
  /** Redis knows it by this. */
  readonly sha: string;
}

function script(...parts: string[]): Script {
  const source = parts.join('');
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}

/**
 * ARGV: 2 key, 3–6 rpm, account's rpm, tpm, account's tpm (empty: none), 7 tokens, 8 epoch (empty: no money is asked for), 9 request,
 * 10 hold, 11 deadline of the hold in µs from now, 12–17 prepaid, quota, since, period, sure, seed.
 * @returns [code, …]: revoked: why; unread: seed, since, now; else wait µs, four pairs of count and µs until empty (requests of key and
 * account, tokens of key and account), slice, age of the figures in µs
 */
const RESERVE = `
local key, epoch = ARGV[2], ARGV[8]
local rpm, account_rpm, tpm, account_tpm = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local tokens = tonumber(ARGV[7])
local account = '*'

local why = redis.call('HMGET', base .. 'revoked', key, account)
if why[1] or why[2] then return { ${CODE.revoked}, why[1] or why[2] } end

local function answer(code, wait, slice, age)
  local reply = { code, wait, 0, 0, 0, 0, 0, 0, 0, 0, slice, age }
  if rpm then reply[3], reply[4] = request_standing(key) end
  if account_rpm then reply[5], reply[6] = request_standing(account) end
  if tpm then reply[7], reply[8] = token_standing(key) end
  if account_tpm then reply[9], reply[10] = token_standing(account) end
  return reply
end

local requests, room = 0, 0
if rpm then requests = slot_after(key, rpm) end
if account_rpm then requests = math.max(requests, slot_after(account, account_rpm)) end
if tpm then room = room_after(key, tpm, tokens) end
if account_tpm and room >= 0 then
  local other = room_after(account, account_tpm, tokens)
  if other < 0 then room = other else room = math.max(room, other) end
end
if room < 0 then return answer(${CODE.tokens}, -1, '', 0) end
if requests > 0 and requests >= room then return answer(${CODE.requests}, requests, '', 0) end
if room > 0 then return answer(${CODE.tokens}, room, '', 0) end

local age = 0
if epoch ~= '' then
  if not enter(epoch) then return { ${CODE.stale} } end
  expire()
  local ask = money_ask(12)
  local amount = tonumber(ARGV[10])
  local code, more, since, at = afford(amount, ask)
  if code == ${CODE.unread} then return { code, more, since, at } end
  if code ~= ${CODE.done} then return answer(code, -1, '', 0) end
  age = more
  give_back(ARGV[9])
  local of = ask.quota and key or '-'
  hold(ARGV[9], of, amount, now + ARGV[11])
  change_held(of, amount)
end

if rpm then add_request(key) end
if account_rpm then add_request(account) end
local slice = ''
if tpm then slice = add_tokens(key, tokens) end
if account_tpm then slice = add_tokens(account, tokens) end
return answer(${CODE.done}, 0, slice, age)
`;

/** ARGV: 2 key, 3 epoch, 4 request, 5 by, 6 deadline in µs from now, 7–12 as RESERVE's 12–17. @returns as RESERVE's, short */
const EXTEND = `
if not enter(ARGV[3]) then return { ${CODE.stale} } end
expire()
local ask = money_ask(7)
local amount = tonumber(ARGV[5])
local code, seed, since, at = afford(amount, ask)
if code == ${CODE.unread} then return { code, seed, since, at } end
if code ~= ${CODE.done} then return { code } end
local of = ask.quota and ARGV[2] or '-'
local deadline = redis.call('ZSCORE', holds, ARGV[4]) or now + ARGV[6]
local before = string.match(redis.call('HGET', held, ARGV[4]) or '0 ', '^(%d+) ')
hold(ARGV[4], of, before + amount, deadline)
change_held(of, amount)
return { ${CODE.done} }
`;

/**
 * ARGV: 2 key, 3 slice (empty: no tokens were counted), 4 tokens more or fewer, 5–6 whether they count for key and account, 7 epoch (empty:
 * no money), 8 request, 9 microUSD, 10 startedAt, 11 `late`: it may be in the ledger already, `posted`: it is; nothing is sure then
 */
const SETTLE = `
local key, slice = ARGV[2], ARGV[3]
if slice ~= '' then
  if ARGV[5] == '1' then correct_tokens(key, slice, ARGV[4]) end
  if ARGV[6] == '1' then correct_tokens('*', slice, ARGV[4]) end
end
if ARGV[7] == '' then return { ${CODE.done} } end
if not enter(ARGV[7]) then return { ${CODE.stale} } end
local id, amount, started = ARGV[8], ARGV[9], ARGV[10]
give_back(id)
keep()
if amount == '0' then return { ${CODE.done} } end
if ARGV[11] ~= '' then forget() end
if ARGV[11] == 'posted' or redis.call('HSETNX', charges, id, amount .. ' ' .. started .. ' ' .. key) == 0 then
  return { ${CODE.done} }
end
local purse = redis.call('HMGET', money, 'credit', 'c:' .. key, 's:' .. key, 'u:' .. key)
if purse[1] then redis.call('HINCRBY', money, 'credit', '-' .. amount) end
if purse[3] then
  if tonumber(started) > tonumber(purse[4] or 0) then redis.call('HSET', money, 'u:' .. key, started) end
  if purse[2] and tonumber(started) >= tonumber(purse[3]) then redis.call('HINCRBY', money, 'c:' .. key, '-' .. amount) end
end
return { ${CODE.done} }
`;

/** ARGV: 2 key, 3 epoch, 4–9 as RESERVE's 12–17, 10 whether the sums are to be read in any case. @returns [0, credit, held, key's credit, key's held], or as RESERVE's */
const LEFT = `
if not enter(ARGV[3]) then return { ${CODE.stale} } end
expire()
local ask = money_ask(4)
if ARGV[10] == '1' then
  local start = '0'
  if ask.quota then start = select(4, key_purse(ask.key, ask.since, ask.period)) end
  return { unread(ask, start) }
end
local code, seed, since, at = afford(nil, ask)
if code == ${CODE.unread} then return { code, seed, since, at } end
return { ${CODE.done}, unpack(redis.call('HMGET', money, 'credit', 'held', 'c:' .. ARGV[2], 'h:' .. ARGV[2])) }
`;

/** ARGV: 2 epoch, then of each hold `h`, request, microUSD, key or -, µs from now; of each charge `c`, request, microUSD, startedAt, key */
const REGISTER = `
if not enter(ARGV[2]) then return { ${CODE.stale} } end
for at = 3, #ARGV, 5 do
  local kind, id, amount = ARGV[at], ARGV[at + 1], ARGV[at + 2]
  if kind == 'c' then
    redis.call('HSETNX', charges, id, amount .. ' ' .. ARGV[at + 3] .. ' ' .. ARGV[at + 4])
  elseif redis.call('HEXISTS', held, id) == 0 then
    hold(id, ARGV[at + 3], amount, now + ARGV[at + 4])
    change_held(ARGV[at + 3], tonumber(amount))
  end
end
forget()
keep()
return { ${CODE.done} }
`;

/** ARGV: 2 epoch, 3 seed. @returns [code, request ids of charges] */
const CHARGES = `
local known = redis.call('HMGET', money, 'epoch', 'seed')
if known[1] ~= ARGV[2] or known[2] ~= ARGV[3] then return { ${CODE.stale} } end
return { ${CODE.done}, redis.call('HKEYS', charges) }
`;

/** Sums charges of Redis that the reading lacks: `all`, and `of_key`. ARGV as INSTALL's. */
const UNPOSTED = `
local known = redis.call('HMGET', money, 'epoch', 'seed', 'credit', 'version', 's:' .. ARGV[7])
if known[1] ~= ARGV[2] or known[2] ~= ARGV[3] or now - ARGV[4] > tonumber(ARGV[5]) then return { ${CODE.stale} } end
local posted = {}
for at = 10, #ARGV do posted[ARGV[at]] = true end
local all, of_key = 0, 0
local entries = redis.call('HGETALL', charges)
for at = 1, #entries, 2 do
  if not posted[entries[at]] then
    local amount, started, key = string.match(entries[at + 1], '^(%d+) (%d+) (.*)$')
    all = all + amount
    if key == ARGV[7] and tonumber(started) >= tonumber(ARGV[9]) then of_key = of_key + amount end
  end
end
`;

/**
 * ARGV: 2 epoch, 3 seed, 4 when the reading began, 5 the longest it may have taken (µs), 6 balance (empty: not read), 7 key, 8 spent (empty:
 * not read), 9 since; then the charges that are in those sums. What the hosts settled meanwhile is in no sum of that snapshot.
 * @returns [0, how far the credit was off], or stale: read again
 */
const INSTALL = `${UNPOSTED}
local off = 0
if ARGV[6] ~= '' then
  local credit = ARGV[6] - all
  if known[3] then off = credit - known[3] end
  redis.call('HSET', money, 'credit', int(credit), 'read', int(now))
end
if ARGV[8] ~= '' and known[5] == ARGV[9] then
  local key = ARGV[7]
  redis.call('HSET', money, 'c:' .. key, int(0 - ARGV[8] - of_key), 'v:' .. key, known[4] or '0', 'r:' .. key, int(now))
end
keep()
return { ${CODE.done}, int(off) }
`;

/** ARGV as INSTALL's, of a balance alone; puts nothing down. @returns [0, what the credit should be, what it is (nil: unknown)], or stale */
const COMPARE = `${UNPOSTED}
return { ${CODE.done}, int(ARGV[6] - all), known[3] }
`;

/** @returns [0, what is taken off the credit for holds, the sum of the holds] */
const HOLDS = `
local sum = 0
for _, entry in ipairs(redis.call('HVALS', held)) do sum = sum + string.match(entry, '^(%d+) ') end
return { ${CODE.done}, redis.call('HGET', money, 'held') or '0', int(sum) }
`;

/** ARGV: 2 key, or * for all of the account; 3 why (empty: no longer), 4 ms until every host knows otherwise */
const REVOKE = `
local key = base .. 'revoked'
if ARGV[3] == '' then redis.call('HDEL', key, ARGV[2]) return { ${CODE.done} } end
redis.call('HSET', key, ARGV[2], ARGV[3])
redis.call('PEXPIRE', key, ARGV[4])
return { ${CODE.done} }
`;

const withMoney = (source: string) => script(PRELUDE, MONEY, source);

export const SCRIPTS = {
  reserve: script(PRELUDE, RATES, MONEY, RESERVE),
  extend: withMoney(EXTEND),
  settle: script(PRELUDE, RATES, MONEY, SETTLE),
  left: withMoney(LEFT),
  register: withMoney(REGISTER),
  charges: withMoney(CHARGES),
  install: withMoney(INSTALL),
  compare: withMoney(COMPARE),
  holds: withMoney(HOLDS),
  /** The sums changed otherwise than by what was settled: read them again. */
  forget: withMoney(`forget() return { ${CODE.done} }`),
  /** ARGV: 2 … requests that are over, and in the sums for so long that no reading under way lacks them. */
  posted: withMoney(
    `for at = 2, #ARGV do give_back(ARGV[at]) redis.call('HDEL', charges, ARGV[at]) end return { ${CODE.done} }`,
  ),
  revoke: script(PRELUDE, REVOKE),
  hello: script(PRELUDE, HELLO),
  leave: script(PRELUDE, LEAVE),
};
