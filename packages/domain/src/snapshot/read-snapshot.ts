import { readCondition } from '../condition/read-condition.js';
import { readSnapshotBy, type SnapshotReading } from './snapshot.js';

/** As `readSnapshotBy`, with all that conditions need: for programs whose size does not matter. */
export function readSnapshot(document: unknown): SnapshotReading {
  return readSnapshotBy(readCondition, document);
}
