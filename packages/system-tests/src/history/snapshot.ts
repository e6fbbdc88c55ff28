import { FINGERPRINTS } from './actions/machine-actions.js';
import { text } from './texts.js';

/** What is compared, by path: texts that a person can read. */
export type Snapshot = ReadonlyMap<string, string>;

/** One line for each difference. */
export function differences(real: Snapshot, model: Snapshot): string[] {
  // States before what follows from them.
  const paths = [...new Set([...real.keys(), ...model.keys()])].sort().reverse();
  return paths.flatMap((path) => {
    const [one, other] = [real.get(path), model.get(path)];
    if (path.startsWith('window ') && other === undefined) return [];
    // What only one of them has hangs on a status, or an answer, that differs as well.
    const isDetail = !/ status$|^grant |^check |^seat |^machine |^window |^block |^entitlement [a-z]+$/.test(
      path,
    );
    if (one === other || (isDetail && (one === undefined || other === undefined))) return [];
    return [`${path}: product ${one ?? 'nothing'}, model ${other ?? 'nothing'}`];
  });
}

/** The fields that are dates, or numbers, as the API names them. */
export const LICENSE_DATES = ['startsAt', 'expiresAt', 'graceEndsAt', 'maintenanceUntil'] as const;
export const COUNTS = ['used', 'reserved', 'remaining'] as const;
export const DATES = [
  'startedAt',
  'currentPeriodStart',
  'currentPeriodEnd',
  'trialEndsAt',
  'graceEndsAt',
  'cancelAt',
  'pausedAt',
  'resumesAt',
] as const;

/** What is derived of components is a keyed hash that the model does not know. */
export function machineText(machine: {
  readonly fingerprint: string;
  readonly components: number;
  readonly name: string;
  readonly activatedAt: string;
  readonly inUseUntil: string;
}): string {
  const { fingerprint, components, name, activatedAt, inUseUntil } = machine;
  const known = FINGERPRINTS.some((one) => one === fingerprint) ? fingerprint : 'derived';
  return `${known}, ${String(components)} components, ${name}, since ${activatedAt}, in use until ${inUseUntil}`;
}

export function answerText({ allowed, code }: Readonly<Record<string, unknown>>): string {
  return `${allowed === true ? 'allowed' : 'denied'} ${text(code)}`;
}
