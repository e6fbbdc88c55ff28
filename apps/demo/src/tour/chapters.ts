import type { ConsumeInput } from '@licet/api-types';
import type { TourClient } from './client.js';
import { verdict, type Narrator } from './narrator.js';
import {
  allows,
  changePlan,
  check,
  consumeMany,
  createCustomer,
  eventsOf,
  followEntitlements,
  releaseUsage,
  remediesFor,
  subscribe,
  type EntitlementsMessage,
} from './operations.js';
import { expect } from './tour-error.js';

/** One run: its customers are new, so that it can be repeated. */
export interface Tour {
  readonly client: TourClient;
  readonly tell: Narrator;
  readonly customerId: string;
  readonly trialCustomerId: string;
}

/** A customer on the Free plan may have a project, and no single sign-on. Returns its subscription's id. */
export async function checks({ client, tell, customerId }: Tour): Promise<string> {
  tell.heading('A check');
  await createCustomer(client, customerId, 'Tour');
  const { subscription } = await subscribe(client, { customerId, plan: 'free' });
  tell.step(`customer \`${customerId}\` subscribes to ${subscription.plan.name}`);
  const project = await check(client, { customerId, feature: 'projects' });
  tell.step(`may it have a project?      ${verdict(project)}`);
  expect(project.code === 'ENTITLED', 'ENTITLED for `projects` on Free', project);
  const sso = await check(client, { customerId, feature: 'sso' });
  tell.step(`may it use single sign-on?  ${verdict(sso)}`);
  expect(sso.code === 'NOT_IN_PLAN', 'NOT_IN_PLAN for `sso` on Free', sso);
  const remedies = await remediesFor(client, { customerId, feature: 'sso' });
  tell.step(`what would allow it?        ${remedies.map(({ message }) => message).join('; or ')}`);
  const toPro = remedies.some(({ kind, plan }) => kind === 'CHANGE_PLAN' && plan === 'pro');
  expect(toPro, 'a change to Pro among the remedies', remedies);
  return subscription.id;
}

/** Whoever listens hears of the upgrade, and the no has become a yes. */
export async function upgrade({ client, tell, customerId }: Tour, subscriptionId: string): Promise<void> {
  tell.heading('An upgrade, heard live');
  const stream = followEntitlements(client, customerId);
  const first = await stream.next();
  tell.step(`listening to entitlementsChanged: single sign-on is ${state(first)}`);
  expect(!allows(first, 'sso'), 'a first message that denies `sso`', first);
  const { subscription, revision } = await changePlan(client, subscriptionId, 'pro');
  tell.step(`changePlan to ${subscription.plan.name}: the subscription is ${subscription.status}`);
  const heard = await stream.until((message) => allows(message, 'sso'));
  await stream.end();
  const { cause } = heard.entitlementsChanged;
  tell.step(`heard ${cause?.type ?? 'a change'}: single sign-on is ${state(heard)}`);
  expect(cause?.type === 'subscription.plan_changed', 'the plan change as its cause', heard);
  const sso = await check(client, { customerId, feature: 'sso', atLeast: revision });
  tell.step(`may it use single sign-on?  ${verdict(sso)}`);
  expect(sso.code === 'ENTITLED', 'ENTITLED for `sso` on Pro', sso);
}

const LISTS = 6;
const PER_LIST = 10;

/** Lists of consumes sent at once: together they get exactly what the limit leaves. */
export async function usage({ client, tell, customerId }: Tour): Promise<void> {
  tell.heading('Usage up to its limit');
  const before = await check(client, { customerId, feature: 'projects' });
  const limit = before.limit ?? 0;
  expect(limit > 0 && limit < LISTS * PER_LIST, 'a limit of `projects` within reach', before);
  tell.step(
    `${LISTS * PER_LIST} consumes of one project each, in ${LISTS} lists at once; the limit is ${limit}`,
  );
  const lists = Array.from({ length: LISTS }, (_list, list) =>
    Array.from({ length: PER_LIST }, (_place, place) => oneProject(customerId, `${list}.${place}`)),
  );
  const answers = (await Promise.all(lists.map((list) => consumeMany(client, list)))).flat();
  const granted = answers.filter(({ decision }) => decision.allowed).length;
  tell.step(`${granted} yes, ${answers.length - granted} no`);
  expect(granted === limit, `exactly ${limit} yes`, { granted });
  await refusedThenGivenBack({ client, tell, customerId });
}

async function refusedThenGivenBack({
  client,
  tell,
  customerId,
}: Pick<Tour, 'client' | 'tell' | 'customerId'>): Promise<void> {
  const [refused] = await consumeMany(client, [oneProject(customerId, 'one too many')]);
  expect(refused?.decision.code === 'LIMIT_EXCEEDED', 'LIMIT_EXCEEDED at the limit', refused);
  tell.step(`one more?                   ${verdict(refused.decision)}`);
  await releaseUsage(client, oneProject(customerId, 'given back'));
  const [again] = await consumeMany(client, [oneProject(customerId, 'in its place')]);
  expect(again?.decision.allowed === true, 'yes after one project was given back', again);
  tell.step(`one given back, then one?   ${verdict(again.decision)}`);
}

function oneProject(customerId: string, name: string): ConsumeInput {
  return { customerId, feature: 'projects', quantity: 1, idempotencyKey: `${customerId} project ${name}` };
}

/** The Pro plan's trial, and how much of it the tour leaves over: the clock is real, the start lies in the past. */
const TRIAL_MILLISECONDS = 14 * 24 * 60 * 60 * 1000;
const LEFT_MILLISECONDS = 4000;

/** A trial that ends while one watches: the worker writes it down, dated when it was due. */
export async function trial({ client, tell, trialCustomerId: customerId }: Tour): Promise<void> {
  tell.heading('A trial that ends');
  await createCustomer(client, customerId, 'Tour, on trial');
  // The server's clock decides what is due; this machine's may differ from it.
  const { asOf } = await check(client, { customerId, feature: 'sso' });
  const startsAt = new Date(Date.parse(asOf) - TRIAL_MILLISECONDS + LEFT_MILLISECONDS).toISOString();
  const { subscription } = await subscribe(client, { customerId, plan: 'pro', startsAt });
  const { trialEndsAt, status, plan } = subscription;
  tell.step(`customer \`${customerId}\` has tried ${plan.name} since ${startsAt}`);
  expect(status === 'TRIALING' && trialEndsAt !== null, 'a running trial of Pro', subscription);
  const stream = followEntitlements(client, customerId);
  const first = await stream.next();
  tell.step(`single sign-on is ${state(first)}; the trial ends at ${trialEndsAt}; waiting…`);
  expect(allows(first, 'sso'), 'single sign-on within the trial', first);
  const heard = await stream.until((message) => !allows(message, 'sso'));
  await stream.end();
  const { cause } = heard.entitlementsChanged;
  tell.step(`heard ${cause?.type ?? 'a change'}: single sign-on is ${state(heard)}`);
  expect(cause?.type === 'subscription.trial_ended', 'the end of the trial as its cause', heard);
  expect(cause.at === trialEndsAt, `an event dated ${trialEndsAt}`, cause);
}

function state(message: EntitlementsMessage): string {
  return allows(message, 'sso') ? 'allowed' : 'denied';
}

const BEGINNING = ['customer.created', 'subscription.started'];
const AFTER_UPGRADE = [...BEGINNING, 'subscription.plan_changed'];
const AFTER_TRIAL = [...BEGINNING, 'subscription.trial_ended', 'subscription.plan_changed'];

/** What the log holds of all this. */
export async function events(tour: Tour): Promise<void> {
  tour.tell.heading('The events of all of it');
  await tellEvents(tour, tour.customerId, AFTER_UPGRADE);
  await tellEvents(tour, tour.trialCustomerId, AFTER_TRIAL);
}

async function tellEvents(
  { client, tell }: Tour,
  customerId: string,
  expected: readonly string[],
): Promise<void> {
  tell.step(`of \`${customerId}\`:`);
  const logged = await eventsOf(client, customerId);
  for (const { at, type, actor } of logged) tell.step(`  ${at}  ${type} (by ${actor.kind})`);
  // Windows end by the calendar, on whatever day the tour is taken.
  const seen = logged.map(({ type }) => type).filter((type) => type !== 'usage.window_closed');
  expect(seen.join() === expected.join(), `the events ${expected.join(', ')}`, seen);
}
