import type { IncomingHttpHeaders } from 'node:http';
import { ApolloServerPluginInlineTraceDisabled } from '@apollo/server/plugin/disabled';
import { ApolloServerPluginInlineTrace } from '@apollo/server/plugin/inlineTrace';
import type { ApolloServerPlugin } from '@apollo/server';
import type { GatewayContext } from '../context.js';

/** How long each field took, in the answers to routers whose requests ask for it; off: in none. */
export function federatedTraces(on: boolean): ApolloServerPlugin<GatewayContext> {
  return on ? ApolloServerPluginInlineTrace() : ApolloServerPluginInlineTraceDisabled();
}

/** Whether a router wants to know it of this request. */
export function wantsTrace(headers: IncomingHttpHeaders): boolean {
  return headers['apollo-federation-include-trace'] === 'ftv1';
}
