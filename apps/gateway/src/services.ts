import type { Logger } from 'pino';
import {
  ApiKeyStore,
  CustomerTokenStore,
  type Database,
  EventFeed,
  SpendQueue,
  StateStore,
  type StateStoreOptions,
} from '@licet/database';
import type { Services } from './context.js';
import { KeySets } from './key-sets.js';
import { Metrics } from './metrics.js';

export interface OpenServices extends Services {
  /** Ends what was started here; the database stays its owner's to close. */
  close(): Promise<void>;
}

/** Starts what the gateway's requests share, over an open database. */
export async function openServices(
  db: Database,
  logger: Logger,
  options: StateStoreOptions,
): Promise<OpenServices> {
  const feed = new EventFeed(db);
  await feed.start();
  const states = new StateStore(db, feed, options);
  const keys = new ApiKeyStore(db, feed);
  const tokens = new CustomerTokenStore(db, () => feed.clock.now());
  const metrics = new Metrics();
  const spends = new SpendQueue(db, {
    onBatch: (requests) => {
      metrics.batch(requests);
    },
  });
  metrics.observe({ states, spends, feedLag: () => feed.lag / 1000 });
  return {
    db,
    feed,
    states,
    keys,
    tokens,
    keySets: new KeySets(db),
    spends,
    metrics,
    logger,
    async close() {
      await spends.close();
      states.close();
      await keys.close();
      await feed.stop();
    },
  };
}
