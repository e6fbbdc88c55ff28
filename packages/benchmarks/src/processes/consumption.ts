/** Preloaded into every program that is measured: tells its parent what it has used, and changes nothing else. */
import { answerParent } from './answers.js';

declare const gc: (() => void) | undefined;

answerParent({
  /** Resident bytes; after a full collection where the process was started with --expose-gc. */
  memory() {
    if (typeof gc === 'function') gc();
    return process.memoryUsage.rss();
  },
});
