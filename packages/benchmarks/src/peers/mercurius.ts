/** Mercurius with its just-in-time compiler on from the first request, answering every check with a constant. */
import fastify from 'fastify';
import mercurius from 'mercurius';
import { announce, answerParent } from '../processes/answers.js';
import { CHECK_SCHEMA, CONSTANT } from './constant.js';

async function main(): Promise<void> {
  const server = fastify();
  await server.register(mercurius, {
    schema: CHECK_SCHEMA,
    resolvers: { Query: { check: () => CONSTANT } },
    jit: 1,
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  answerParent({});
  announce(url);
}

void main();
