import { EnvironmentError, parseEnvironment } from './environment.js';

const URL_TEXT = 'postgres://licet:secret@localhost:5432/licet';

test('all problems are named at once, each with its remedy and none with a password', () => {
  const env = {
    PORT: 'eighty',
    DATABASE_URL: 'mysql://u:secret@h/d',
    LOG_LEVEL: 'loud',
    LICET_MASTER_KEY: 'short',
    LICET_TRUSTED_DOCUMENTS: '/nowhere.json',
    LICET_ALLOWED_ORIGINS: 'https://a.example, *',
    LICET_DECISION_LOG: 'sometimes',
    LICET_PERSONAL_FIELDS: 'email, customerId',
    LICET_PUBLIC_URL: 'https://licet.example.com/path',
    LICET_FEDERATED_TRACES: 'yes',
    NATS_URL: 'http://u:secret@nats',
  };
  let problems: readonly string[] = [];
  try {
    parseEnvironment(env);
  } catch (error) {
    if (error instanceof EnvironmentError) problems = error.problems;
  }
  expect(problems).toHaveLength(11);
  expect(problems.join('\n')).toMatch(
    /PORT[^]*DATABASE_URL[^]*LICET_MASTER_KEY[^]*LOG_LEVEL[^]*LICET_TRUSTED_DOCUMENTS[^]*LICET_ALLOWED_ORIGINS[^]*LICET_DECISION_LOG[^]*LICET_PERSONAL_FIELDS[^]*LICET_PUBLIC_URL[^]*LICET_FEDERATED_TRACES[^]*NATS_URL/,
  );
  expect(problems.join('\n')).not.toContain('secret');
});

test('what is left out has a default, but for the database', () => {
  expect(() => parseEnvironment({})).toThrow(/DATABASE_URL is missing/);
  const environment = parseEnvironment({ DATABASE_URL: URL_TEXT });
  expect(environment).toMatchObject({
    port: 4000,
    host: '127.0.0.1',
    logLevel: 'info',
    developmentKey: true,
    decisionLog: 'async',
    spoolDirectory: null,
    personalFields: { request: new Set(), context: new Set() },
    publicUrl: null,
    federatedTraces: false,
    nats: null,
  });
  expect(parseEnvironment({ DATABASE_URL: URL_TEXT, NATS_URL: 'nats://one' }).nats).toEqual({
    servers: ['one:4222'],
  });
  const on = parseEnvironment({ DATABASE_URL: URL_TEXT, LICET_FEDERATED_TRACES: 'on' });
  expect(on.federatedTraces).toBe(true);
});

test.each(['https://licet.example.com', 'https://licet.example.com/'])('%s is a public URL', (url) => {
  expect(parseEnvironment({ DATABASE_URL: URL_TEXT, LICET_PUBLIC_URL: url })).toMatchObject({
    publicUrl: 'https://licet.example.com',
  });
});

test.each(['licet.example.com', 'ftp://licet.example.com', 'https://a.example/?q', 'https://u:p@a.example'])(
  '%s is no public URL',
  (url) => {
    expect(() => parseEnvironment({ DATABASE_URL: URL_TEXT, LICET_PUBLIC_URL: url })).toThrow(
      /LICET_PUBLIC_URL is .* set it to scheme and host/,
    );
  },
);
