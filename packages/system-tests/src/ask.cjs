/**
 * Asks one of `urls` at random; null where there is no answer. What was an error, of the gateway or on the way to it, is
 * put into `errors`.
 */
exports.asker = function asker({ urls, apiKey }, random, errors) {
  return async (query, variables) => {
    try {
      const answer = await fetch(urls[random(urls.length)], {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables }),
      });
      const told = await answer.json();
      if (told.errors) errors.push(JSON.stringify(told.errors));
      return told.data?.answer ?? null;
    } catch (error) {
      errors.push(`${error} ${error.cause ?? ''}`);
      return null;
    }
  };
};
