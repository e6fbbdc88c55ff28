/** How guards that are no statements are taken away: by what a module exports, as the others get it instead. */
const Module = require('node:module');

/** By guard: the end of the module's file, and its exports without the guard; `seenBy`: as this one alone gets it. */
const REPLACED = {
  /** A state that was read before an event is kept after it. */
  'load-race': {
    file: 'packages/database/dist/states/kept-state.js',
    without: (exports) => {
      exports.Loading.prototype.isStillGood = () => true;
      return exports;
    },
  },
  /** What this process has written moves its states when it comes back by the log, as what others have written does. */
  'own-writes': {
    file: 'packages/database/dist/states/tenant-states.js',
    without: (exports) => {
      exports.TenantStates.prototype.committed = () => undefined;
      return exports;
    },
  },
  /** Cursors and revisions are positions, without a piece of the event's hash. */
  'cursor-tag': {
    file: 'packages/database/dist/event-log/revision.js',
    without: (exports) => ({
      ...exports,
      revisionOf: (position) => exports.revisionOf(position, Buffer.alloc(4)),
    }),
  },
  /** Who resumes is attached to the live feed before history is read. */
  'attach-first': {
    file: 'packages/database/dist/event-log/follower.js',
    without: (exports) => {
      const { push, live } = exports.Follower.prototype;
      const isLive = new WeakSet();
      exports.Follower.prototype.live = function attach() {
        isLive.add(this);
        live.call(this);
      };
      exports.Follower.prototype.push = function pushLive(events) {
        if (isLive.has(this)) push.call(this, events);
      };
      return exports;
    },
  },
  /** What was read as history is dropped when it comes from the live feed. */
  'seen-once': {
    file: 'packages/database/dist/event-log/follower.js',
    without: (exports) => {
      exports.Follower.prototype.hasSeen = () => false;
      return exports;
    },
  },
  /** A reservation is written as a due time of its customer after the counters are locked, and not before. */
  'reserve-order': {
    file: 'packages/database/dist/repositories/accounts.js',
    seenBy: 'packages/database/dist/spending/attempt.js',
    without: (exports) => ({ ...exports, lockCustomers: () => Promise.resolve() }),
  },
  /** What is lent and not returned in time is spent: without it, it is free again, as what is reserved. */
  'lent-spent': {
    file: 'packages/domain/dist/usage/quota-lease.js',
    without: (exports) => ({
      ...exports,
      spendLease(account, lease) {
        const { account: after, counter } = exports.spendLease(account, lease);
        if (counter === null) return { account: after, counter };
        const freed = { ...counter.after, used: counter.before.used };
        const meters = new Map(after.meters).set(freed.feature, freed);
        return { account: { ...after, meters }, counter: { ...counter, after: freed } };
      },
    }),
  },
  /** Compiled releases outlive the history that they are of. */
  'releases-forgotten': {
    file: 'packages/database/dist/repositories/release-cache.js',
    without: (exports) => {
      const only = new exports.ReleaseCache();
      return {
        ...exports,
        ReleaseCache: class {
          constructor() {
            return only;
          }
        },
      };
    },
  },
  /** Decisions go on record in the order in which they came, whoever's they are. */
  'decision-turns': {
    file: 'packages/database/dist/decision-log/waiting-records.js',
    without: ({ WaitingRecords }) => ({
      WaitingRecords: class extends WaitingRecords {
        #queue = [];
        get isEmpty() {
          return this.#queue.length === 0 && super.isEmpty;
        }
        get hasPiledUp() {
          return !this.isEmpty;
        }
        takeTurns(most) {
          while (!super.isEmpty) this.#queue.push(...super.takeTurns(most));
          this.#queue.sort((one, other) => one.piece.since - other.piece.since);
          return this.#queue.splice(0, 1);
        }
      },
    }),
  },
  /** Each state of a request is decided by the release that is live when it is asked for. */
  'one-release': {
    file: 'apps/gateway/dist/request-states.js',
    without: ({ RequestStates }) => ({
      RequestStates: class extends RequestStates {
        #args;
        constructor(...args) {
          super(...args);
          this.#args = args;
        }
        load(customerId) {
          return new RequestStates(...this.#args).load(customerId);
        }
        release() {
          return new RequestStates(...this.#args).release();
        }
      },
    }),
  },
};

/** From here on the module of this guard is loaded without it. */
exports.replaceFunctions = function replaceFunctions(guard) {
  const replaced = REPLACED[guard];
  if (!replaced) return;
  if (replaced.seenBy) return replaceAsSeen(replaced);
  const load = Module.prototype.load;
  Module.prototype.load = function loadWithout(filename) {
    load.call(this, filename);
    if (filename.endsWith(replaced.file)) this.exports = replaced.without(this.exports);
  };
};

function replaceAsSeen({ file, seenBy, without }) {
  const require = Module.prototype.require;
  Module.prototype.require = function requireWithout(id) {
    const exports = require.call(this, id);
    const isReplaced = this.filename.endsWith(seenBy) && Module._resolveFilename(id, this).endsWith(file);
    return isReplaced ? without(exports) : exports;
  };
}
