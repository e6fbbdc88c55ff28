/** A client process: consumes one unit for each key it is given, all at once, and sends back the answers. */
process.once('message', async ({ urls, apiKey, customerId, feature, keys }) => {
  const consume = async (key, index) => {
    const answer = await fetch(urls[index % urls.length], {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        query:
          'mutation ($input: ConsumeInput!) { consume(input: $input) { consumed decision { allowed } } }',
        variables: { input: { customerId, feature, idempotencyKey: key } },
      }),
    });
    const { data, errors } = await answer.json();
    return errors ? { error: JSON.stringify(errors) } : { allowed: data.consume.decision.allowed };
  };
  process.send(await Promise.all(keys.map(consume)), () => process.disconnect());
});
