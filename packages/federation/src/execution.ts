import { createHash, randomUUID } from 'node:crypto';
import DataLoader from 'dataloader';
import type { GraphQLResolveInfo } from 'graphql';
import type { CheckInput } from '@licet/api-types';
import { checksIn } from './collect-checks.js';
import type { Guard, Guards } from './directive.js';
import { EntitlementsError, outOfReach, OutOfReach } from './errors.js';
import type { GatewayClient, Spent } from './gateway-client.js';
import type { KnownFeatures } from './known-features.js';
import type { LastKnown } from './last-known.js';
import type { GuardDecision, Subject } from './options.js';

type Path = GraphQLResolveInfo['path'];

export interface Deciding {
  readonly client: GatewayClient;
  readonly features: KnownFeatures;
  readonly lastKnown: LastKnown;
  readonly guards: Guards;
}

interface Spend {
  readonly guard: Guard;
  readonly place: string;
}

/** One execution of an operation: all its checks are asked at once, and no place in it spends twice. */
export class Execution {
  private checked: Promise<ReadonlyMap<string, GuardDecision>> | null = null;
  private readonly spent = new Map<string, Promise<GuardDecision>>();
  private readonly spends = new DataLoader<Spend, GuardDecision>((spends) => this.consume(spends), {
    cache: false,
    maxBatchSize: 1000,
  });

  constructor(
    private readonly deciding: Deciding,
    private readonly subject: Subject,
  ) {}

  /** What the gateway decides on the guard of the field that `info` is of. */
  async decide(guard: Guard, info: GraphQLResolveInfo): Promise<GuardDecision> {
    if (guard.consume) return this.spendOnce(guard, info);
    this.checked ??= this.checkAll(checksIn(info, this.deciding.guards));
    const decision = (await this.checked).get(nameOf(guard));
    if (decision) return decision;
    throw new EntitlementsError(`\`${guard.feature}\` was not among the checks of its operation`);
  }

  private async checkAll(guards: readonly Guard[]): Promise<ReadonlyMap<string, GuardDecision>> {
    const { lastKnown, client, features } = this.deciding;
    const unread = features.readIfUnread();
    const inputs = guards.map((guard) => this.checkOf(guard));
    let decisions: readonly GuardDecision[];
    try {
      const asked = await client.checkMany(inputs, this.subject.authorization ?? null);
      await unread;
      inputs.forEach((input, index) => {
        const decision = asked[index];
        if (decision) lastKnown.keep(input, decision);
      });
      decisions = asked;
    } catch (error) {
      if (!(error instanceof OutOfReach)) throw error;
      decisions = inputs.map((input) => lastKnown.instead(input, this.subject, Date.now()));
    }
    return new Map(
      guards.flatMap((guard, index): [string, GuardDecision][] => {
        const decision = decisions[index];
        return decision ? [[nameOf(guard), decision]] : [];
      }),
    );
  }

  private checkOf({ feature, quantity }: Guard): CheckInput {
    const { customerId, memberId, context } = this.subject;
    return {
      ...{ customerId, feature, quantity },
      ...(memberId ? { memberId } : {}),
      ...(context ? { context: { ...context } } : {}),
    };
  }

  /** The guard of a type is spent once for each object, that of a field once for each place. */
  private spendOnce(guard: Guard, { path }: GraphQLResolveInfo): Promise<GuardDecision> {
    const place = JSON.stringify([guard.on, placesOf(guard.on === 'TYPE' ? path.prev : path)]);
    const before = this.spent.get(`${place} ${guard.feature}`);
    if (before) return before;
    const spent = this.spends.load({ guard, place });
    this.spent.set(`${place} ${guard.feature}`, spent);
    return spent;
  }

  private async consume(spends: readonly Spend[]): Promise<(GuardDecision | Error)[]> {
    const inputs = spends.map((spend) => ({
      ...this.checkOf(spend.guard),
      idempotencyKey: this.keyOf(spend),
    }));
    let answers: readonly Spent[];
    try {
      answers = await this.deciding.client.consumeMany(inputs);
    } catch (error) {
      if (!(error instanceof OutOfReach)) throw error;
      answers = spends.map(() => error);
    }
    return spends.map(({ guard }, index) => {
      const answer = answers[index];
      // Nothing is spent on a promise: what `whenUnknown` says is for checks.
      return answer === undefined || answer instanceof OutOfReach
        ? outOfReach(guard.feature, this.subject, false)
        : answer;
    });
  }

  /** The same for the same place of a request that is sent again. */
  private keyOf({ guard, place }: Spend): string {
    const { customerId, idempotencyKey } = this.subject;
    const request = idempotencyKey ?? randomUUID();
    const of = JSON.stringify([request, customerId, guard.feature, place]);
    return `federation-${createHash('sha256').update(of).digest('base64url')}`;
  }
}

function nameOf({ feature, quantity }: Guard): string {
  return JSON.stringify([feature, quantity]);
}

function placesOf(path: Path | undefined): readonly (string | number)[] {
  return path === undefined ? [] : [...placesOf(path.prev), path.key];
}
