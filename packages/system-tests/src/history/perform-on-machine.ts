import type { Account, License } from '../model/account.js';
import * as machines from '../model/machines.js';
import type { MachineAction } from './actions/machine-actions.js';
import { decisionText, type Performed } from './performed.js';
import type { World } from './world.js';

const SELECTS = 'decision { allowed code } machine { id }';

export async function performOnMachine(
  account: Account,
  world: World,
  action: MachineAction,
  license: License,
): Promise<Performed> {
  const licenseId = license.id;
  if (action.kind === 'activateMachine') {
    const { fingerprint, components, name } = action;
    const input = {
      ...{ licenseId, name },
      ...(fingerprint === null ? {} : { fingerprint }),
      ...(components === null ? {} : { components }),
    };
    const product = await world.mutate('activateMachine', 'ActivateMachineInput', input, SELECTS);
    return {
      line: `activate ${[fingerprint ?? 'it', ...(components ?? [])].join(' ')}${name === undefined ? '' : `, named ${String(name)}`}`,
      ...answered(product, (id) =>
        machines.activateMachine(account, license, { id, fingerprint, components, name }),
      ),
    };
  }
  const named = nameOf(license, action.machine);
  const input = { licenseId, ...('id' in named ? { machineId: named.id } : named) };
  const text = 'id' in named ? named.id : named.fingerprint;
  if (action.kind === 'deactivateMachine') {
    const product = await world.mutate('deactivateMachine', 'MachineInput', input, SELECTS);
    return {
      line: `deactivate ${text}`,
      ...answered(product, () => machines.deactivateMachine(account, license, named)),
    };
  }
  const ttl = action.lasts === null ? undefined : `PT${String(action.lasts)}M`;
  const values = { input, ttl };
  const types = 'input: MachineInput!, ttl: Duration';
  const product = await world.call('heartbeatMachine', types, values, SELECTS);
  return {
    line: `heartbeat of ${text}${ttl === undefined ? '' : ` for ${ttl}`}`,
    ...answered(product, () => machines.heartbeatMachine(account, license, named, ttl ?? 'PT10M')),
  };
}

/** By its id where there is one. */
function nameOf({ machines: known }: License, machine: number | string): machines.MachineName {
  if (typeof machine === 'string') return { fingerprint: machine };
  const one = known[machine % Math.max(1, known.length)];
  return one ? { id: one.id } : { fingerprint: 'unheard of' };
}

function answered(
  product: NonNullable<Performed['product']>,
  act: (id: string) => machines.MachineAnswer,
): Pick<Performed, 'product' | 'model' | 'expected' | 'got'> {
  let expected = '';
  return {
    product,
    model: (id) => {
      expected = decisionText(act(id));
    },
    expected: () => expected,
    got: product.data === null ? '' : decisionText(product.data['decision']),
  };
}
