import { readMachineRequest, writeMachineRequest } from '@licet/domain';
import { describeMachine, newNonce } from '../machine-parts.js';
import { Failure } from '../failure.js';
import { type Output, writeText } from '../output.js';

export interface RequestOptions {
  readonly fingerprint?: string;
  readonly out?: string;
}

/** Writes down what a gateway has to know of this machine. Needs no network. */
export function requestLicense({ fingerprint, out }: RequestOptions, output: Output): void {
  const described = fingerprint === undefined ? describeMachine() : { fingerprint, components: [] };
  const request = { ...described, nonce: newNonce() };
  const text = writeMachineRequest(request);
  // Whoever has carried it elsewhere would hear of it only there.
  if (readMachineRequest(text) === null)
    throw new Failure('USAGE', '--fingerprint: it has 1 to 255 characters; give another one');
  writeText(out, text, 'the request');
  if (out === undefined) output.answer({ ok: true, request }, text);
  else {
    output.progress('carry it to a machine with a network: licet license issue --request …');
    output.answer({ ok: true, request, out }, `the request of ${request.fingerprint} is in ${out}`);
  }
}
