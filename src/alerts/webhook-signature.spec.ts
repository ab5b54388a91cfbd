import { mintSecret, signedHeaders } from './webhook-signature.js';

describe('the signature of a webhook', () => {
  it('is the one of the reference libraries of Standard Webhooks', () => {
    const event = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}' };
    expect(signedHeaders('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', event, 1_614_265_330_999)).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('depends on the id, the moment, the body and the secret', () => {
    const event = { id: 'evt_1', body: '{}' };
    const [one, other] = [mintSecret(), mintSecret()];
    const signatures = [
      signedHeaders(one, event, 0),
      signedHeaders(one, { ...event, id: 'evt_2' }, 0),
      signedHeaders(one, { ...event, body: '{ }' }, 0),
      signedHeaders(one, event, 1_000),
      signedHeaders(other, event, 0),
    ].map(headers => headers['webhook-signature']);
    expect(new Set(signatures).size).toBe(5);
  });

  it('has a secret of 32 random bytes', () => {
    expect(mintSecret()).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(mintSecret()).not.toBe(mintSecret());
  });
});
