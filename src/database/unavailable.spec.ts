import { isUnavailable } from './unavailable.js';

describe('isUnavailable', () => {
  const coded = (code: string, message = 'm') => Object.assign(new Error(message), { code });

  it.each([
    ['a refused socket', coded('ECONNREFUSED')],
    ['localhost refused on both its addresses', new AggregateError([coded('ECONNREFUSED'), coded('ECONNREFUSED')])],
    ['a name that does not resolve', coded('EAI_AGAIN')],
    ['an administrator who shuts down', coded('57P01')],
    ['a server that starts up', coded('57P03')],
    ['too many connections', coded('53300')],
    ['a connection failure by SQLSTATE class', coded('08006')],
    ['a pool without a free connection', new Error('timeout exceeded when trying to connect')],
    ['a connection that broke', new Error('Connection terminated unexpectedly')],
    ['a silent server', new Error('Query read timeout')],
    ['a closed pool', new Error('Cannot use a pool after calling end on the pool')],
    ['Prisma: unreachable', coded('P1001')],
    [
      'Prisma: the driver error inside',
      Object.assign(coded('P2010'), { meta: { driverAdapterError: { cause: { originalCode: '57P01' } } } }),
    ],
    ['an adapter error', new Error('x', { cause: { kind: 'DatabaseNotReachable' } })],
    ['one wrapped by ours', new Error('x', { cause: coded('ECONNRESET') })],
  ])('%s: yes', (_name, error) => expect(isUnavailable(error)).toBe(true));

  it.each([
    ['a unique violation', coded('23505')],
    ['Prisma: not found', coded('P2025')],
    ['a syntax error', coded('42601')],
    ['a wrong password', coded('28P01')],
    ['nothing', undefined],
    ['a string', 'ECONNREFUSED'],
    [
      'an error that is its own cause',
      (() => {
        const e = new Error('x');
        e.cause = e;
        return e;
      })(),
    ],
  ])('%s: no', (_name, error) => expect(isUnavailable(error)).toBe(false));
});
