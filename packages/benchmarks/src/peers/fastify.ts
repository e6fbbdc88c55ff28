/** Bare Fastify, answering the evaluation of every flag with a constant. */
import fastify from 'fastify';
import { announce, answerParent } from '../processes/answers.js';
import { FLAG } from './constant.js';

async function main(): Promise<void> {
  const server = fastify();
  server.post('/ofrep/v1/evaluate/flags/:key', () => Promise.resolve(FLAG));
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  answerParent({});
  announce(url);
}

void main();
