/** Apollo Server as its documentation starts it, answering every check with a constant. No key is asked for. */
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { announce, answerParent } from '../processes/answers.js';
import { CHECK_SCHEMA, CONSTANT } from './constant.js';

async function main(): Promise<void> {
  const server = new ApolloServer({
    typeDefs: CHECK_SCHEMA,
    resolvers: { Query: { check: () => CONSTANT } },
  });
  const { url } = await startStandaloneServer(server, { listen: { host: '127.0.0.1', port: 0 } });
  answerParent({});
  announce(url);
}

void main();
