import { z } from 'zod';

/** What a machine that never sees a network tells of itself, to be carried to somebody who asks for a file. */
export interface MachineRequest {
  readonly fingerprint: string;
  /** Digests of its parts: none of them tells what it was made of. */
  readonly components: readonly string[];
  /** Made up for this request; the file repeats it. */
  readonly nonce: string;
}

const text = z.string().min(1).max(255);
const FORM = z.object({
  licet: z.literal('machine request'),
  form: z.literal(1),
  fingerprint: text,
  components: z.array(text).max(32).readonly(),
  nonce: text,
});

/** JSON in one line: short enough to be carried by hand, and anyone can see what it tells. */
export function writeMachineRequest({ fingerprint, components, nonce }: MachineRequest): string {
  return JSON.stringify({ licet: 'machine request', form: 1, fingerprint, components, nonce });
}

/** Null: it is no request, or not all of one. */
export function readMachineRequest(document: string): MachineRequest | null {
  const read = FORM.safeParse(parsed(document));
  if (!read.success) return null;
  const { fingerprint, components, nonce } = read.data;
  return { fingerprint, components, nonce };
}

function parsed(document: string): unknown {
  try {
    return JSON.parse(document);
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
