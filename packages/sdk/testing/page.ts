import { createClient } from '@licet/sdk';
import { indexedDbStorage } from '@licet/sdk/browser';

/** A page that asks whether its customer may do something: what its bundle weighs is tested. */
const client = createClient({
  url: 'https://licet.example.com',
  token: document.cookie,
  storage: indexedDbStorage(),
});
await client.ready;
document.body.hidden = !client.check('sso').allowed;
