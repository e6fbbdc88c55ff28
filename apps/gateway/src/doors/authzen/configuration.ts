import type { FastifyRequest } from 'fastify';

export const CONFIGURATION_PATH = '/.well-known/authzen-configuration';
export const EVALUATION_PATH = '/access/v1/evaluation';
export const EVALUATIONS_PATH = '/access/v1/evaluations';

/** How long others may keep it, in seconds, where the address does not depend on who asks. */
export const KEPT = 300;

/** Section 9.1 of the specification; searches are not offered, so it names none. */
export interface Configuration {
  readonly policy_decision_point: string;
  readonly access_evaluation_endpoint: string;
  readonly access_evaluations_endpoint: string;
}

/** `publicUrl`: under which the gateway is reached; null: the one that it was asked at, without TLS. */
export function configurationOf(
  publicUrl: string | null,
  { host }: Pick<FastifyRequest, 'host'>,
): Configuration {
  const origin = publicUrl ?? `http://${host}`;
  return {
    policy_decision_point: origin,
    access_evaluation_endpoint: origin + EVALUATION_PATH,
    access_evaluations_endpoint: origin + EVALUATIONS_PATH,
  };
}
