import { makeLicenseKey } from '@licet/database';
import { createTestDatabase } from '@licet/database/testing';
import type { RunningProgram } from '../program.js';
import { type SimulatedTime, simulateTime } from '../simulated-time/simulated-time.js';
import { API_KEY, type RunningGateway, type RunningSystem, startSystem, until } from '../system.js';
import type { ShownKey } from './actions/license-actions.js';
import { ask, type Answered, record, records } from './gateway.js';
import { Tally } from './tally.js';

/** The product as a history drives it: one customer of a running system, in simulated time. */
export class World {
  cursor: string | null = null;
  /** The newest that is known. */
  revision: string | null = null;
  /** What has been done so far, one line a step. */
  readonly lines: string[] = [];
  #keys = 0;
  readonly #licenseKeys = new Map<string, readonly string[]>();
  /** The last mutation that was done under an idempotency key; null: since then time has passed. */
  #last: Keyed | null = null;

  constructor(
    readonly installation: Installation,
    readonly customerId: string,
  ) {}

  get url(): string {
    return this.installation.url;
  }

  nextKey(): string {
    this.#keys += 1;
    return `${this.customerId} ${String(this.#keys)}`;
  }

  /** A mutation with one input; answers with what it selects. */
  async mutate(field: string, inputType: string, input: object, selects: string): Promise<Answered> {
    const query = `mutation ($input: ${inputType}!) { ${field}(input: $input) { revision ${selects} } }`;
    const answered = await ask(this.url, query, { input });
    const done = this.#done(field, answered);
    if ('idempotencyKey' in input && isKept(done))
      this.#last = {
        query,
        field,
        input,
        key: String(input.idempotencyKey),
        // A licence key is shown once.
        answer: JSON.stringify(done.data, (name, value: unknown) => (name === 'key' ? null : value)),
      };
    return done;
  }

  /** What was done last is sent again, then something else under its key; answers with what came, and what should have. */
  async repeat(): Promise<{ readonly line: string; readonly got: string; readonly expected: string }> {
    if (this.#last === null) return { line: 'nothing to repeat', got: '', expected: '' };
    const { query, field, input, key, answer } = this.#last;
    const again = await ask(this.url, query, { input });
    const other = await ask(this.url, OTHER, {
      input: { customerId: this.customerId, feature: 'calls', quantity: OTHER_QUANTITY, idempotencyKey: key },
    });
    const text = JSON.stringify(again.data?.[field] ?? again.code);
    return {
      line: `${field} again`,
      got: `${text}, other ${other.code ?? 'done'}`,
      expected: `${answer}, other CONFLICT`,
    };
  }

  /** Keys are kept for a while only. */
  forgetLast(): void {
    this.#last = null;
  }

  /** A mutation with plain arguments, `name: Type`. */
  async call(field: string, types: string, values: object, selects = ''): Promise<Answered> {
    const names = types.split(', ').map((one) => one.split(':')[0] ?? '');
    const declared = names.length === 0 ? '' : types.replace(/(\w+):/g, '$$$1:');
    const passed = names.map((name) => `${name}: $${name}`).join(', ');
    return this.#done(
      field,
      await ask(this.url, `mutation (${declared}) { ${field}(${passed}) { revision ${selects} } }`, values),
    );
  }

  /** Several spends in one request; answers with their decisions. */
  async consumeMany(inputs: readonly object[]): Promise<unknown[]> {
    const query = `mutation ($inputs: [ConsumeInput!]!) { consumeMany(inputs: $inputs) {
      revision decision { allowed code } } }`;
    const { data, message } = await ask(this.url, query, { inputs });
    if (data === null) throw new Error(message);
    const results = records(data['consumeMany']);
    this.revision = String(results.at(-1)?.['revision']);
    return results.map(({ decision }) => decision);
  }

  /** One usage event; what is rejected is refused. */
  async recordUsage(event: UsageEvent): Promise<Answered> {
    const query = `mutation ($events: [UsageEventInput!]!) { recordUsage(events: $events) {
      revision rejected { code message } } }`;
    return unlessRejected(this.#done('recordUsage', await ask(this.url, query, { events: [event] })));
  }

  /** The same as a CloudEvent. */
  async sendCloudEvent({ id, customerId, feature, quantity, at }: UsageEvent): Promise<Answered> {
    const response = await fetch(new URL('/events', this.url), {
      method: 'POST',
      headers: { authorization: `Bearer ${API_KEY}`, 'content-type': 'application/cloudevents+json' },
      body: JSON.stringify({
        ...{ specversion: '1.0', id, source: '/histories', type: feature, subject: customerId, time: at },
        data: { quantity },
      }),
    });
    if (!response.ok) throw new Error(`${String(response.status)} ${await response.text()}`);
    const events: unknown = await response.json();
    const data = { events };
    return unlessRejected(this.#done('events', { data, code: null, message: '' }));
  }

  /** The key that a licence was given, for the times when it is shown. */
  keepKey({ data }: Answered): void {
    if (data === null) return;
    const id = String(record(data['license'])['id']);
    this.#licenseKeys.set(id, [...(this.#licenseKeys.get(id) ?? []), String(data['key'])]);
  }

  /** Which of the licence's keys it is, counted from 1; 0: none. */
  keyOf(licenseId: string, shown: ShownKey): { readonly key: string; readonly number: number } {
    const keys = this.#licenseKeys.get(licenseId) ?? [];
    const number = shown === 'NOBODYS' ? 0 : shown === 'OWN' ? keys.length : Math.max(1, keys.length - 1);
    return { key: keys[number - 1] ?? makeLicenseKey(), number };
  }

  /** Shown with the vendor's API key, without any header, or with another bearer. */
  async validate(input: object, by: string, selects: string): Promise<Readonly<Record<string, unknown>>> {
    const query = `mutation ($input: ValidateLicenseInput!) { validateLicense(input: $input) { ${selects} } }`;
    const bearer = by === 'API_KEY' ? API_KEY : by === 'NOBODY' ? null : by;
    const { data, message } = await ask(this.url, query, { input }, bearer);
    if (data === null) throw new Error(message);
    return record(data['validateLicense']);
  }

  #done(field: string, answered: Answered): Answered {
    if (answered.data === null) return answered;
    const data = record(answered.data[field]);
    this.revision = String(data['revision']);
    return { ...answered, data };
  }
}

interface UsageEvent {
  readonly id: string;
  readonly customerId: string;
  readonly feature: string;
  readonly quantity: number;
  readonly at: string | null;
}

function unlessRejected(answered: Answered): Answered {
  const [rejected] = records(answered.data?.['rejected']);
  if (rejected === undefined) return answered;
  return { data: null, code: String(rejected['code']), message: String(rejected['message']) };
}

/** A mutation that was done, and what it was answered. */
interface Keyed {
  readonly query: string;
  readonly field: string;
  readonly input: object;
  readonly key: string;
  readonly answer: string;
}

/** A refused one, and a denied spend, use no key up. */
function isKept({ data }: Answered): boolean {
  const decision = data?.['decision'];
  return data !== null && (decision === undefined || record(decision)['allowed'] === true);
}

const OTHER = 'mutation ($input: ConsumeInput!) { consume(input: $input) { consumed } }';
/** No history spends so many at once. */
const OTHER_QUANTITY = 1_000_003;

/** Histories begin again in the first year once they would begin after the last one. */
const YEARS = { first: 2024, last: 2090 };

/** One running system for many histories. */
export class Installation {
  readonly tally = new Tally();
  #worker: RunningProgram | null = null;
  #now = 0;

  private constructor(
    readonly system: RunningSystem,
    readonly time: SimulatedTime,
    private gateway: RunningGateway,
  ) {}

  static async start(catalog: Readonly<Record<string, unknown>>): Promise<Installation> {
    const database = await createTestDatabase();
    // The catalog is there long before the first history.
    const time = await simulateTime(database.url, Date.UTC(YEARS.first - 12, 0, 1));
    const system = await startSystem([], database, catalog);
    const gateway = await system.startGateway({ simulatedPresent: time.file });
    // So is the key that signs: years that begin again would lie before one that is made when it is first needed.
    await ask(gateway.client.url, '{ signingKeys { kid } }', {});
    return new Installation(system, time, gateway);
  }

  get url(): string {
    return this.gateway.client.url;
  }

  get workerRuns(): boolean {
    return this.#worker !== null;
  }

  /**
   * The present of a new history: the next time that it is this minute of this day of a year. A clock that goes back
   * is nothing that a gateway has to bear, so there is a new one where the years begin again.
   */
  async begin(dayOfYear: number, minute: number): Promise<number> {
    const year = Math.max(YEARS.first, new Date(this.#now).getUTCFullYear() + 1);
    const again = year > YEARS.last;
    if (again) await this.gateway.stop('SIGKILL');
    const now = Date.UTC(again ? YEARS.first : year, 0, 1 + dayOfYear, 0, minute);
    await this.moveTo(now);
    if (again) this.gateway = await this.system.startGateway({ simulatedPresent: this.time.file });
    return now;
  }

  async moveTo(now: number): Promise<void> {
    this.#now = now;
    await this.time.set(now);
  }

  /** What the gateway has logged of its own errors. */
  errors(): string[] {
    return this.gateway.logged.filter(({ level }) => Number(level) >= 50).map((line) => JSON.stringify(line));
  }

  async runWorker(runs: boolean): Promise<void> {
    if (runs && !this.#worker) this.#worker = await this.system.startWorker();
    if (runs || !this.#worker) return;
    await this.#worker.stop();
    this.#worker = null;
  }

  /** Waits until the worker has written down whatever is due for this customer. */
  async caughtUp(customerId: string): Promise<void> {
    await until(async () => {
      const { rows } = await this.system.owner.query(
        'select 1 from customer where id = $1 and next_due_at <= clock_timestamp()',
        [customerId],
      );
      return rows.length === 0;
    });
  }

  /** A history that is over has nothing due any more, whatever time it is in the next one. */
  async forget(customerId: string): Promise<void> {
    await this.system.owner.query('update customer set next_due_at = null where id = $1', [customerId]);
  }

  async close(): Promise<void> {
    await this.system.close();
    await this.time.remove();
  }
}
