import { Arg, Authorized, Ctx, Query, Resolver } from 'type-graphql';
import type { Instant } from '@licet/domain';
import type { GatewayContext } from '../../context.js';
import { DateTime } from '../../scalars/index.js';
import { CheckInput } from '../check/check-input.js';
import { explainCheck } from './explain-check.js';
import { ExplanationType } from './explanation-types.js';

@Resolver()
export class ExplanationResolver {
  @Authorized('READER')
  @Query(() => ExplanationType)
  explain(
    @Arg('input', () => CheckInput) input: CheckInput,
    @Arg('at', () => DateTime, {
      nullable: true,
      description:
        'Left out: now. Ahead: after all that is due by then. In the past: the answer that was given last by then, on the state that it was given on.',
    })
    at: Instant | null | undefined,
    @Ctx() context: GatewayContext,
  ): Promise<ExplanationType> {
    return explainCheck(context, input, at ?? null);
  }
}
