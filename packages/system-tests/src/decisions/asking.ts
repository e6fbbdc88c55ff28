import { setTimeout as delay } from 'node:timers/promises';
import type { GraphqlClient } from '../graphql-client.js';

/** A decision as its caller knows it; `at`: when the answer was there, by the caller's clock. */
export interface AnsweredDecision {
  readonly id: string;
  /** In a lane each request waits for the answer to the one before. */
  readonly lane: number;
  readonly at: number;
}

export interface Asking {
  /** What has been answered by now. */
  readonly answered: readonly AnsweredDecision[];
  finish(): Promise<readonly AnsweredDecision[]>;
}

const TOGETHER = `query ($customerId: ID!) {
  one: check(input: { customerId: $customerId, feature: "calls" }) { id }
  several: checkMany(inputs: [{ customerId: $customerId, feature: "sso" }, { customerId: $customerId, feature: "projects" }]) { id } }`;
const SPEND = `mutation ($customerId: ID!, $key: String!) {
  spent: consume(input: { customerId: $customerId, feature: "calls", idempotencyKey: $key }) { decision { id } } }`;
const AGAIN_AFTER_MS = 20;

/** Checks and spends without end, in so many lanes, and keeps the id of every decision that was answered. */
export function startAsking(
  clients: () => readonly GraphqlClient[],
  customers: readonly string[],
  lanes: number,
): Asking {
  const answered: AnsweredDecision[] = [];
  const state = { isOver: false, sent: 0 };
  const name = String(process.hrtime.bigint());
  async function ask(lane: number): Promise<void> {
    const number = (state.sent += 1);
    const clientsNow = clients();
    const client = clientsNow[number % clientsNow.length];
    const customerId = customers[number % customers.length] ?? '';
    const key = `${name}-${String(number)}`;
    const document = number % 4 === 0 ? SPEND : TOGETHER;
    const data = await client?.send(document, { customerId, key }).catch(() => null);
    const at = Date.now();
    if (data) for (const id of idsIn(data)) answered.push({ id, lane, at });
    // It is down, or refuses what it cannot put on record.
    else await delay(AGAIN_AFTER_MS);
  }
  const done = Array.from({ length: lanes }, async (_, lane) => {
    while (!state.isOver) await ask(lane);
  });
  return {
    answered,
    async finish() {
      state.isOver = true;
      await Promise.all(done);
      return answered;
    },
  };
}

/** The ids of decisions, wherever in an answer they stand. */
function idsIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('id' in value && typeof value.id === 'string') return [value.id];
  return Object.values(value).flatMap(idsIn);
}

const PAGE = `query ($after: Cursor, $since: DateTime) { decisions(first: 100, after: $after, since: $since) {
  nodes: edges { node { decision { id } } } pageInfo { hasNextPage endCursor } } }`;

/** The ids of all decisions that are on record since then, newest first, each as often as it is there. */
export async function idsOnRecord(client: GraphqlClient, since: number): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | null = null; ;) {
    const data = await client.send(PAGE, { after, since: new Date(since).toISOString() });
    ids.push(...idsIn('decisions' in data && edgesOf(data.decisions)));
    const next = 'decisions' in data ? nextOf(data.decisions) : null;
    if (next === null) return ids;
    after = next;
  }
}

function edgesOf(list: unknown): unknown {
  return typeof list === 'object' && list !== null && 'nodes' in list ? list.nodes : null;
}

function nextOf(list: unknown): string | null {
  if (typeof list !== 'object' || list === null || !('pageInfo' in list)) throw new Error('no page');
  const { pageInfo } = list;
  if (typeof pageInfo !== 'object' || pageInfo === null) throw new Error('no page');
  const hasMore = 'hasNextPage' in pageInfo && pageInfo.hasNextPage === true;
  return hasMore && 'endCursor' in pageInfo && typeof pageInfo.endCursor === 'string'
    ? pageInfo.endCursor
    : null;
}

/** What is there more than once. */
export function doublesIn(ids: readonly string[]): string[] {
  const seen = new Set<string>();
  return ids.filter((id) => seen.size === seen.add(id).size);
}

/** What was answered and is not on record. */
export function missingIn(
  ids: readonly string[],
  answered: readonly AnsweredDecision[],
): readonly AnsweredDecision[] {
  const there = new Set(ids);
  return answered.filter(({ id }) => !there.has(id));
}

/** What is missing although something that was asked after its answer is on record. */
export function gapsIn(
  answered: readonly AnsweredDecision[],
  missing: readonly AnsweredDecision[],
): readonly AnsweredDecision[] {
  const lost = new Set(missing);
  const newest = new Map<number, number>();
  for (const one of answered) if (!lost.has(one)) newest.set(one.lane, one.at);
  return missing.filter(({ lane, at }) => at < (newest.get(lane) ?? -Infinity));
}
