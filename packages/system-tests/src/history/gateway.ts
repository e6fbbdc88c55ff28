import { API_KEY } from '../system.js';

export interface Answered {
  /** Null where the operation was refused. */
  readonly data: Readonly<Record<string, unknown>> | null;
  /** `extensions.code` of the first error. */
  readonly code: string | null;
  readonly message: string;
}

/** One operation; a refusal is an answer here, whatever else goes wrong is thrown. */
export async function ask(
  url: string,
  query: string,
  variables: object,
  bearer: string | null = API_KEY,
): Promise<Answered> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
    },
    body: JSON.stringify({ query, variables }),
  });
  const body: unknown = await response.json();
  const { data, errors } = record(body);
  const error: unknown = Array.isArray(errors) ? errors[0] : undefined;
  if (error === undefined) return { data: record(data), code: null, message: '' };
  const { message, extensions } = record(error);
  const { code } = record(extensions);
  if (code !== 'CONFLICT' && code !== 'BAD_USER_INPUT')
    throw new Error(`${query} ${JSON.stringify(variables)}: ${JSON.stringify(body)}`);
  return { data: null, code, message: String(message) };
}

export function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw new Error(`no object: ${JSON.stringify(value)}`);
  return Object.fromEntries(Object.entries(value));
}

export function records(value: unknown): Readonly<Record<string, unknown>>[] {
  if (!Array.isArray(value)) throw new Error(`no list: ${JSON.stringify(value)}`);
  return value.map(record);
}
