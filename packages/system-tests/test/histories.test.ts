import fc from 'fast-check';
import { ACTIONS } from '../src/history/actions/action.js';
import { zone } from '../src/history/actions/arbitraries.js';
import { eventsAfter } from '../src/history/log.js';
import { day } from '../src/history/texts.js';
import { OPENING } from '../src/history/openings.js';
import { Disagreement, Step } from '../src/history/step.js';
import { Installation, World } from '../src/history/world.js';
import { type Account, newAccount } from '../src/model/account.js';
import { catalogDocument } from '../src/model/catalog.js';

const USUAL_HISTORIES = 100;
const HISTORIES = Number(process.env['LICET_HISTORIES'] ?? USUAL_HISTORIES);
const USUAL_STEPS = 30;
const STEPS = Number(process.env['LICET_STEPS'] ?? USUAL_STEPS);
/** From so many histories on any seed has met everything. */
const LONG = 500;
/** How often each operation has to be done in the usual run, and each rule met that no operation is. */
const FLOOR = 3;
/** In `npm test` always the same ones, so that what is found is the fault of what has changed; longer runs look for new ones. */
const USUAL_SEED = 20_261_128;
const OTHER_SEED = process.env['LICET_HISTORIES'] === undefined ? USUAL_SEED : Date.now() % 1_000_000;
const SEED = Number(process.env['LICET_SEED'] ?? OTHER_SEED);
const SETTINGS = `LICET_SEED=${String(SEED)} LICET_HISTORIES=${String(HISTORIES)} LICET_STEPS=${String(STEPS)}`;

/** The long run is long; what it waits for is bounded by the number of histories. */
const TIME_LIMIT_MS = 120_000 + HISTORIES * 20_000;

let installation: Installation | undefined;
let customers = 0;
let stepsDone = 0;

beforeAll(async () => {
  process.stdout.write(`histories: ${SETTINGS}\n`);
  installation = await Installation.start(catalogDocument());
});
afterAll(async () => {
  await installation?.close();
});

interface Beginning {
  readonly dayOfYear: number;
  readonly minute: number;
  readonly zone: string;
  readonly worker: boolean;
}

const BEGINNING: fc.Arbitrary<Beginning> = fc.record({
  dayOfYear: fc.nat(364),
  minute: fc.oneof(fc.constant(0), fc.nat(24 * 60 - 1)),
  zone,
  worker: fc.boolean(),
});
const HISTORY = fc.commands(
  ACTIONS.map((actions) => actions.map((action) => new Step(action))),
  { maxCommands: STEPS, size: 'max' },
);

/** A new customer, as the product and the model know it. */
async function begin({
  dayOfYear,
  minute,
  zone,
  worker,
}: Beginning): Promise<{ model: Account; real: World }> {
  if (!installation) throw new Error('a system that runs');
  await installation.runWorker(worker);
  const now = await installation.begin(dayOfYear, minute);
  customers += 1;
  const customerId = `history-${String(customers)}`;
  const real = new World(installation, customerId);
  await real.mutate('upsertCustomer', 'UpsertCustomerInput', { id: customerId, timeZone: zone }, '');
  real.cursor = (await eventsAfter(installation.url, customerId, null)).cursor;
  real.lines.push(`${day(now)} zone ${zone}, worker ${worker ? 'on' : 'off'}`);
  return { model: newAccount(zone, now), real };
}

/** The shortest history that was found, in place of the library's own account of it. */
function report<Values>(details: fc.RunDetails<Values>): void {
  if (!details.failed) return;
  const found: unknown = details.errorInstance;
  const message =
    found instanceof Disagreement ? found.message : found instanceof Error ? found.stack : found;
  const where = `history ${String(details.numRuns)}, made shorter ${String(details.numShrinks)} times`;
  throw new Error(`${String(message)}\n\n${where}; again: ${SETTINGS}`);
}

test(
  'whatever is done, in whatever order and time, the product says what the rules say',
  async () => {
    const property = fc.asyncProperty(BEGINNING, OPENING, HISTORY, async (beginning, opening, steps) => {
      const history = await begin(beginning);
      try {
        await fc.asyncModelRun(() => history, [...opening.map((action) => new Step(action)), ...steps]);
      } finally {
        stepsDone += history.real.lines.length - 1;
        await installation?.forget(history.real.customerId);
      }
    });
    await fc.assert(property, { numRuns: HISTORIES, seed: SEED, reporter: report });
    process.stdout.write(`${String(customers)} histories of ${String(stepsDone)} steps agree\n`);
    process.stdout.write(`done: ${String(installation?.tally)}\n`);
    // Another seed meets what it meets, unless the run is long.
    const isUsual = SEED === USUAL_SEED && HISTORIES === USUAL_HISTORIES && STEPS === USUAL_STEPS;
    if (isUsual || HISTORIES >= LONG) expect(installation?.tally.below(FLOOR)).toEqual([]);
  },
  TIME_LIMIT_MS,
);
