/** Tiers without limits per minute, which most tests of prepaid accounts would run into. */
export const NO_TIERS = JSON.stringify(
  ['unverified', '0', '1', '2', '3'].map((name, at) => ({
    name,
    ...(at > 0 && { from_usd: at - 1 }),
    rpm: null,
    tpm: null,
  })),
);
