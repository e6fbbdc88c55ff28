import type { Pool } from 'pg';
import type { Finding } from './replay.js';

interface FileState {
  readonly id: string;
  readonly license: string;
  readonly expiresAt: string;
  readonly budgets: Readonly<Record<string, number>>;
  readonly settledAt: string | null;
  readonly spent: Readonly<Record<string, number>> | null;
}

interface Entry {
  readonly position: number;
  readonly at: string;
  readonly data: { readonly before: FileState | null; readonly after: FileState };
}

export interface FileReplay {
  /** More files in circulation than the licence allows at a position; `counter`: the licence. */
  readonly beyond: readonly Finding[];
  /** Entries that do not follow from those before them: a file settled twice is one. */
  readonly broken: readonly Finding[];
  /** What the log leaves in the end, by id. */
  readonly files: ReadonlyMap<string, FileState>;
}

/** Follows licence files through the log, and reads nothing else. `cap`: how many of a licence may be out. */
export async function replayFiles(owner: Pool, cap: number): Promise<FileReplay> {
  const { rows } = await owner.query<Entry>(
    `select position::int, body ->> 'at' as at, body -> 'data' as data
     from (select position, type, convert_from(body, 'UTF8')::jsonb as body from event
           where type like 'license.file_%') e order by position`,
  );
  const beyond: Finding[] = [];
  const broken: Finding[] = [];
  const files = new Map<string, FileState>();
  for (const { position, at, data } of rows) {
    const { before, after } = data;
    const counter = after.license;
    const was = files.get(after.id) ?? null;
    if (textOf(was) !== textOf(before) || was?.settledAt != null)
      broken.push({ position, counter, found: `${textOf(after)} after ${textOf(was)}` });
    for (const [feature, spent] of Object.entries(after.spent ?? {}))
      if (spent > (after.budgets[feature] ?? 0))
        broken.push({ position, counter, found: `${String(spent)} of ${feature} spent by ${textOf(after)}` });
    files.set(after.id, after);
    const out = [...files.values()].filter(
      ({ license, settledAt, expiresAt }) => license === counter && settledAt === null && expiresAt > at,
    );
    if (out.length > cap)
      beyond.push({ position, counter, found: `${String(out.length)} of ${String(cap)} files` });
  }
  return { beyond, broken, files };
}

function textOf(file: FileState | null): string {
  return file === null ? 'nothing' : JSON.stringify([file.id, file.expiresAt, file.settledAt, file.spent]);
}
