/** Five tiers, one project each: `npm run test:<tier>`. Unit tests lie beside their file, everything else under test/. */
const base = {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
      },
    ],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/test/bench', '<rootDir>/.lazu'],
};

/** Tiers that talk to PostgreSQL share one embedded server, started once for the whole run. */
const withDatabase = {
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
};

const tier = (name, extra) => ({
  ...base,
  displayName: name,
  testMatch: [`<rootDir>/test/${name}/**/*.spec.ts`],
  ...extra,
});

export default {
  projects: [
    { ...base, displayName: 'unit', testMatch: ['<rootDir>/src/**/*.spec.ts'] },
    tier('medium', withDatabase),
    tier('e2e', withDatabase),
    tier('conformance', withDatabase),
    tier('chaos', withDatabase),
  ],
  maxWorkers: 2,
  testTimeout: 30_000, // a loaded machine boots slowly; no test waits this long when all is well
};
