import { LazuError } from '../../errors.js';

/**
 * For commands that need the embedded database to themselves. Its lock advises another folder, which for them would be another ledger and other
 * prices: an empty one adds up.
 * @param routes where a running Lazu gives the same
 */
export async function askWhileRunning<Result>(result: Promise<Result>, routes: string): Promise<Result> {
  try {
    return await result;
  } catch (error) {
    const [held] = error instanceof LazuError ? error.message.split(' Stop it, or set LAZU_DATA_DIR') : [];
    if (!held?.startsWith('Another Lazu')) throw error;
    throw new LazuError('service_unavailable', `${held} Stop it, or ask it: ${routes}.`, { cause: error });
  }
}
