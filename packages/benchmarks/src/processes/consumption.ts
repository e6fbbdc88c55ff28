/** Preloaded into every program that is measured: tells its parent what it has used, and changes nothing else. */
import { Session } from 'node:inspector/promises';
import { answerParent } from './answers.js';

declare const gc: (() => void) | undefined;

const watching = new Session();

answerParent({
  /** Resident bytes; after a full collection where the process was started with --expose-gc. */
  memory() {
    if (typeof gc === 'function') gc();
    return process.memoryUsage.rss();
  },
  /** Processor time of all its threads since its start, in microseconds. */
  cpu() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  /** From here on V8 notes where the time goes. */
  async watch() {
    watching.connect();
    await watching.post('Profiler.enable');
    await watching.post('Profiler.start');
    return null;
  },
  /** Where it went since, as a V8 profile in JSON. */
  async watched() {
    const { profile } = await watching.post('Profiler.stop');
    watching.disconnect();
    return JSON.stringify(profile);
  },
});
