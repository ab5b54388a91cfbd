import { LazuError } from '../errors.js';
import { unsupported } from '../providers/quirks.js';
import { ChannelHealth } from './channel-health.js';

const often = (health: ChannelHealth, error: LazuError) => {
  for (let time = 0; time < 20; time++) health.failed('c', error, 1000);
};

describe('ChannelHealth', () => {
  it('rests a channel that keeps failing, until it succeeds', () => {
    const health = new ChannelHealth();
    often(health, new LazuError('upstream_error', 'x', { retryable: true }));
    expect(health.rests('c', 1001)).toBe(true);
    health.succeeded('c');
    expect(health.rests('c', 1001)).toBe(false);
  });

  it('does not let one caller rest a channel for all by asking for what it lacks', () => {
    const health = new ChannelHealth();
    often(health, unsupported('Vendor', 'logprobs'));
    often(health, new LazuError('invalid_request', 'x'));
    expect(health.rests('c', 1001)).toBe(false);
  });
});
