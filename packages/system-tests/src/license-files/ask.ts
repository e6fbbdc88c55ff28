import { readLicenseFile } from '@licet/domain';
import type { GraphqlClient } from '../graphql-client.js';

/** A file as the machine gets it. */
export interface Issued {
  readonly id: string;
  readonly expiresAt: string;
  /** Units that were granted of what was asked for. */
  readonly budget: number;
}

/** The code of the decision, or of the error, and the file where it allows one. `input`: an IssueLicenseFileInput. */
export async function issueFile(
  client: GraphqlClient,
  input: object,
): Promise<{ readonly code: string; readonly file: Issued | null }> {
  const query = `mutation ($input: IssueLicenseFileInput!) {
    issueLicenseFile(input: $input) { decision { code } file { id expiresAt token } } }`;
  const told = await answered(client, query, { input }).catch(String);
  if (typeof told === 'string') return { code: codeIn(told), file: null };
  if (!isResult(told)) throw new Error(`no answer: ${JSON.stringify(told)}`);
  const { decision, file } = told.issueLicenseFile;
  return {
    code: decision.code,
    file: file && { id: file.id, expiresAt: file.expiresAt, budget: budgetOf(file.token) },
  };
}

/** That so many `calls` were spent of it: the code of the decision, or of the error. */
export async function settleFile(client: GraphqlClient, fileId: string, spent: number): Promise<string> {
  const input = { fileId, spent: [{ feature: 'calls', quantity: spent }] };
  const query = `mutation ($input: SettleLicenseFileInput!) { settleLicenseFile(input: $input) { decision { code } } }`;
  const told = await answered(client, query, { input }).then(JSON.stringify, String);
  return codeIn(told);
}

/** The first code that an answer, or an error, names. */
export function codeIn(told: string): string {
  return /"code":"(\w+)"/.exec(told)?.[1] ?? told;
}

/** One unit of `calls`, on this machine: how many were spent. */
export async function consumeOn(
  client: GraphqlClient,
  customerId: string,
  fingerprint: string,
  idempotencyKey: string,
): Promise<number> {
  const data = await answered(
    client,
    'mutation ($input: ConsumeInput!) { consume(input: $input) { consumed } }',
    {
      input: { customerId, feature: 'calls', fingerprint, idempotencyKey },
    },
  );
  return /"consumed":1/.test(JSON.stringify(data)) ? 1 : 0;
}

/** Units that the file itself says may be spent: none but of `calls` are asked for. */
function budgetOf(token: string): number {
  const reading = readLicenseFile(JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()));
  if (!reading.ok) throw new Error(`${reading.path}: ${reading.message}`);
  return [...reading.file.budgets.values()].reduce((total, budget) => total + budget, 0);
}

interface Result {
  readonly issueLicenseFile: {
    readonly decision: { readonly code: string };
    readonly file: { readonly id: string; readonly expiresAt: string; readonly token: string } | null;
  };
}

function isResult(data: object): data is Result {
  return 'issueLicenseFile' in data;
}

/** Each of these may be sent again as it is: where it is not known what came of it, it is. */
export async function answered(client: GraphqlClient, query: string, variables: object): Promise<object> {
  for (;;) {
    try {
      return await client.send(query, variables);
    } catch (error) {
      if (!String(error).includes('"code":"UNAVAILABLE"')) throw error;
    }
  }
}
