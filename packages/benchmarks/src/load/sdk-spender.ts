/** Spends by a client of the SDK, of a lease or each at the gateway. */
import { createClient } from '@licet/sdk';
import { announce, answerParent } from '../processes/answers.js';
import { UNITS } from '../seed/catalog.js';
import { parseSdkSpendOrder, type SdkSpendOrder, type SdkSpendReport } from './sdk-spend.js';

/** When it resolves, the client has given back what it did not spend. */
async function spend({ isLeased, spends, ...options }: SdkSpendOrder): Promise<SdkSpendReport> {
  let requests = 0;
  const client = createClient({
    ...{ ...options, live: false, reports: false, leases: isLeased ? { [UNITS]: {} } : {} },
    fetch: (...call) => {
      requests += 1;
      return fetch(...call);
    },
  });
  await client.ready;
  requests = 0;
  const source = isLeased ? 'lease' : 'gateway';
  const began = performance.now();
  for (let spent = 0; spent < spends; spent += 1) {
    const answer = await client.consume(UNITS);
    if (answer.consumed !== 1 || answer.source !== source)
      throw new Error(`a wrong answer: ${JSON.stringify(answer)}`);
  }
  const report = { seconds: (performance.now() - began) / 1000, requests };
  await client.close();
  return report;
}

answerParent({ spend: (input) => spend(parseSdkSpendOrder(input)) });
announce();
