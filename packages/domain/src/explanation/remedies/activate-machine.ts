import { parseMachineId } from '../../ids.js';
import { executeMachine } from '../../license/machines/execute-machine.js';
import { type Candidate, type Denied, remedyOf } from './attempt.js';

/** A licence is activated on the machine that asks; one that names no fingerprint cannot be activated for it. */
export function* activations({ account, request, now }: Denied): Iterable<Candidate> {
  const { fingerprint = null, components = [] } = request;
  const machineId = parseMachineId('mach_new');
  if (fingerprint === null || machineId === null) return;
  for (const { id, planVersion } of account.licenses) {
    const named = { licenseId: id, machineId, fingerprint, isDerived: false, components };
    const outcome = executeMachine(account, { kind: 'activateMachine', ...named }, now);
    if (!outcome.ok || !outcome.decision.allowed) continue;
    const { key: plan } = planVersion.plan;
    const message = `activate the licence \`${id}\` to \`${plan}\` on the machine`;
    yield { remedy: remedyOf('ACTIVATE_MACHINE', message, { plan }), account: outcome.account };
  }
}
