import type { BackOff } from './back-off.js';
import { LicetError } from './errors.js';
import type { Gateway } from './gateway.js';
import { inTurn } from './in-turn.js';
import { isRecord, parseJson } from './json.js';
import type { ClientStorage } from './storage.js';
import { Timer } from './timer.js';
import type { MadeDecision, Unreported } from './unreported.js';

export interface ReportSettings {
  readonly gateway: Gateway;
  readonly unreported: Unreported;
  readonly customerId: string;
  readonly storage: ClientStorage;
  /** Of the spool in the storage. */
  readonly name: string;
  /** Milliseconds between two reports. */
  readonly every: number;
  readonly backOff: BackOff;
}

/** A decision as it is sent, under an id that it has kept since it was sealed. */
interface Report {
  readonly id: string;
  readonly text: string;
}

/** REFUSED: the gateway cannot read it as a whole, and never will; UNTOLD: it is to be sent again. */
type Told = 'TOLD' | 'REFUSED' | 'UNTOLD';

const REPORT = `mutation ($decisions: [LocalDecisionInput!]!) { reportDecisions(decisions: $decisions) {
  accepted duplicates rejected { index } } }`;

/** Of one request: the gateway takes 1,000 decisions, and 1 MiB of whatever is sent. In characters, of 3 bytes at most. */
const BATCH_MOST = 500;
const BATCH_TEXT_MOST = 300_000;
const REPORT_TEXT_MOST = 8_192;

/**
 * Tells the gateway what checks have decided, now and then. What it does not take for want of an answer is kept in the storage, under the
 * same ids, so that it counts once however often it is sent.
 */
export class Reports {
  readonly #timer = new Timer();
  readonly #sender = crypto.randomUUID();
  readonly #resumed: Promise<void>;
  #number = 0;
  #waiting: Report[] = [];
  /** What this client has put into the storage, or found there: what else is there is another process's. */
  #kept: ReadonlySet<string> = new Set();
  #sending: Promise<boolean> = Promise.resolve(true);
  #isClosed = false;

  constructor(private readonly settings: ReportSettings) {
    this.#resumed = this.#resume();
    void this.#again(true);
  }

  /** Sends what there is; what cannot be sent stays in the storage. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer.clear();
    // What goes out first may meet a connection that a gateway has left behind: it is how that is noticed.
    if (!(await this.#flush())) await this.#flush();
  }

  async #again(isFirst = false): Promise<void> {
    const isSent = isFirst ? await this.#flushKept() : await this.#flush();
    const { every, backOff } = this.settings;
    if (isSent) backOff.reset();
    const wait = isSent ? every : Math.max(every, backOff.next());
    if (!this.#isClosed) this.#timer.set(wait, () => void this.#again());
  }

  /** What an earlier process has left is sent at once; where there is nothing, nobody is asked. */
  async #flushKept(): Promise<boolean> {
    await this.#resumed;
    return this.#waiting.length === 0 || this.#flush();
  }

  /** Whether all that there was is sent. One at a time. */
  #flush(): Promise<boolean> {
    return (this.#sending = this.#sending.then(() => this.#send()));
  }

  async #send(): Promise<boolean> {
    await this.#resumed;
    this.#seal();
    let most = BATCH_MOST;
    while (this.#waiting.length > 0) {
      const batch = firstOf(this.#waiting, most);
      const told = await this.#tell(batch);
      if (told === 'UNTOLD') {
        await this.#keep();
        return false;
      }
      // One that cannot be read, for a NUL in its context say, takes none of the others along.
      if (told === 'REFUSED' && batch.length > 1) {
        most = batch.length >> 1;
        continue;
      }
      if (told === 'REFUSED') this.settings.unreported.rejected += 1;
      most = Math.min(most * 2, BATCH_MOST);
      this.#waiting = this.#waiting.slice(batch.length);
      this.settings.unreported.sealed = this.#waiting.length;
    }
    if (this.#kept.size > 0) await this.#keep();
    return true;
  }

  async #tell(batch: readonly Report[]): Promise<Told> {
    const { gateway, unreported } = this.settings;
    try {
      const decisions = batch.map(({ text }): unknown => JSON.parse(text));
      const data = await gateway.ask(REPORT, { decisions });
      const answer = isRecord(data) ? data['reportDecisions'] : null;
      if (!isRecord(answer) || !Array.isArray(answer['rejected'])) return 'UNTOLD';
      const rejected = answer['rejected'].length;
      unreported.rejected += rejected;
      unreported.reported += batch.length - rejected;
      return 'TOLD';
    } catch (error) {
      // Whatever stands in the way of a report does not concern checks, and another one may come through.
      return error instanceof LicetError && error.code === 'BAD_USER_INPUT' ? 'REFUSED' : 'UNTOLD';
    }
  }

  #seal(): void {
    const { unreported } = this.settings;
    for (const made of unreported.take()) {
      const report = this.#reportOf(made);
      if (report === null) unreported.dropped += 1;
      else this.#waiting.push(report);
    }
    unreported.sealed = this.#waiting.length;
  }

  /** Null: it is too long, or its context is not of JSON. */
  #reportOf({ request, decision, snapshot, at }: MadeDecision): Report | null {
    this.#number += 1;
    const id = `${this.#sender}-${String(this.#number)}`;
    const { feature, quantity, memberId, context, productVersion, fingerprint } = request;
    const report = {
      ...{ id, customerId: this.settings.customerId, feature },
      ...{ allowed: decision.allowed, code: decision.code },
      ...{ revision: snapshot.revision, release: snapshot.state.release.number },
      at: new Date(at).toISOString(),
      input: { quantity, memberId, context, productVersion, fingerprint },
    };
    try {
      const text = JSON.stringify(report);
      return text.length > REPORT_TEXT_MOST ? null : { id, text };
    } catch {
      return null;
    }
  }

  async #resume(): Promise<void> {
    const { unreported } = this.settings;
    const found = await this.#spooled().catch(() => []);
    this.#kept = new Set(found.map(({ id }) => id));
    this.#waiting = found.slice(0, unreported.most);
    unreported.dropped += found.length - this.#waiting.length;
    unreported.sealed = this.#waiting.length;
  }

  /** Leaves what other processes have put there. A storage that fails is reported where snapshots are kept. */
  async #keep(): Promise<void> {
    const { storage, name, unreported } = this.settings;
    try {
      await inTurn(name, async () => {
        const others = (await this.#spooled()).filter(({ id }) => !this.#kept.has(id));
        const all = [...this.#waiting, ...others].slice(0, unreported.most);
        await storage.write(name, JSON.stringify(all.map(({ text }) => text)));
        this.#kept = new Set(this.#waiting.map(({ id }) => id));
      });
    } catch {
      return;
    }
  }

  async #spooled(): Promise<readonly Report[]> {
    const { storage, name } = this.settings;
    return readSpool(await storage.read(name));
  }
}

function firstOf(waiting: readonly Report[], most: number): readonly Report[] {
  let length = 0;
  const end = waiting.findIndex(({ text }, index) => {
    length += text.length;
    return index > 0 && (index === most || length > BATCH_TEXT_MOST);
  });
  return end === -1 ? waiting : waiting.slice(0, end);
}

/** What is no report is left out: it was cut off, or somebody has written into it. */
function readSpool(text: string | null): readonly Report[] {
  const list = text === null ? null : parseJson(text);
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: unknown) => {
    const report = typeof one === 'string' ? parseJson(one) : null;
    const id = isRecord(report) ? report['id'] : null;
    return typeof one === 'string' && typeof id === 'string' ? [{ id, text: one }] : [];
  });
}
