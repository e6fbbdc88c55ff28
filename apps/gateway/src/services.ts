import type { Logger } from 'pino';
import {
  ApiKeyStore,
  CustomerTokenStore,
  type Database,
  type DecisionLogMode,
  DecisionRecorder,
  DecisionReports,
  EventFeed,
  installationKey,
  makeDecisionDays,
  NOTHING_PERSONAL,
  type PersonalFields,
  SpendQueue,
  type Spool,
  StateStore,
  type StateStoreOptions,
  TokenSigners,
} from '@licet/database';
import type { Services } from './context.js';
import { addressBehind } from './address.js';
import { CrossOrigin } from './cross-origin.js';
import { STREAM_LIMITS, type StreamLimits } from './doors/ofrep/stream-places.js';
import { KeySets } from './key-sets.js';
import { type GuessLimits, LicenseKeys } from './license-keys.js';
import { Metrics } from './metrics.js';

export interface OpenServices extends Services {
  /** Ends what was started here; the database stays its owner's to close. */
  close(): Promise<void>;
}

export interface ServiceOptions extends StateStoreOptions {
  /** Addresses and networks of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies?: readonly string[];
  readonly guesses?: GuessLimits;
  /** Whose pages may read answers in a browser. */
  readonly allowedOrigins?: readonly string[];
  /** Whether answers wait until they are on record; `async` where left out. */
  readonly decisionLog?: DecisionLogMode;
  /** Where decisions go while the database is away; left out: they are kept in memory. */
  readonly spool?: Spool | null;
  /** How many event streams of OFREP may be open. */
  readonly streamLimits?: StreamLimits;
  /** Fields that the log of decisions holds encrypted. */
  readonly personalFields?: PersonalFields;
}

/** Starts what the gateway's requests share, over an open database. */
export async function openServices(
  db: Database,
  logger: Logger,
  options: ServiceOptions,
): Promise<OpenServices> {
  const feed = new EventFeed(db);
  await feed.start();
  await makeDecisionDays(db);
  // The first decisions do not wait for a connection. Where there is none now, they ask again.
  await db.recorder.query('select 1').catch(() => undefined);
  const states = new StateStore(db, feed, options);
  const keys = new ApiKeyStore(db, feed);
  const tokens = new CustomerTokenStore(db, () => feed.clock.now());
  const metrics = new Metrics();
  const spends = new SpendQueue(db, {
    onBatch: (requests) => {
      metrics.batch(requests);
    },
  });
  const personal = { fields: options.personalFields ?? NOTHING_PERSONAL, key: db.keys.decision };
  const decisions = new DecisionRecorder(db.recorder, {
    mode: options.decisionLog ?? 'async',
    spool: options.spool ?? null,
    personal,
  });
  metrics.observe({
    ...{ states, spends, decisions },
    feedLag: () => feed.lag / 1000,
    listening: () => feed.listening,
  });
  return {
    db,
    feed,
    states,
    keys,
    tokens,
    keySets: new KeySets(db),
    licenseKeys: new LicenseKeys(db, states, options.guesses),
    signers: new TokenSigners(db),
    installationKey: installationKey(db.keys.installation),
    addressOf: addressBehind(options.trustedProxies ?? []),
    crossOrigin: new CrossOrigin(options.allowedOrigins ?? []),
    spends,
    decisions,
    reports: new DecisionReports(db.recorder, personal),
    streamLimits: options.streamLimits ?? STREAM_LIMITS,
    metrics,
    logger,
    async close() {
      await spends.close();
      await decisions.close();
      states.close();
      await keys.close();
      await feed.stop();
    },
  };
}
