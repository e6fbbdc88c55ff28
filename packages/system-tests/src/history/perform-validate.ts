import type { Account, License } from '../model/account.js';
import { versionOf } from '../model/features.js';
import { validateLicense, type Validation } from '../model/validation.js';
import type { ValidateAction } from './actions/license-actions.js';
import { record, records } from './gateway.js';
import type { Performed } from './performed.js';
import { isCurrent } from './real-snapshot.js';
import { until } from '../system.js';
import type { World } from './world.js';

const SELECTS =
  'valid code license { id status } decisions { feature allowed code value limit unlimited remaining } token';

/** What a shipped application asks: a question, which writes nothing. */
export async function performValidate(
  account: Account,
  world: World,
  action: ValidateAction,
  license: License,
): Promise<Performed> {
  const { version, member, fingerprint, components, features } = action;
  const shown = world.keyOf(license.id, action.key);
  const isOwn = shown.number === license.keys;
  const productVersion = version === undefined ? undefined : versionAt(account, version);
  const nonce = world.nextKey();
  const input = {
    key: action.typed === 'BY_HAND' ? byHand(shown.key) : shown.key,
    ...{ productVersion, memberId: member, features, nonce, atLeast: world.revision },
    ...(fingerprint === null ? {} : { fingerprint }),
    ...(components === null ? {} : { components }),
  };
  // Whoever shows a wrong key without the vendor's own is held up after some: of those only the vendor asks.
  const by = isOwn ? action.by : 'API_KEY';
  await until(() => isCurrent(world.url, world.customerId));
  const data = await world.validate(input, by === 'LICENSE_KEY' ? shown.key : by, SELECTS);
  const asker = {
    ...{ version: productVersion, member: member ?? undefined },
    ...{ fingerprint: fingerprint ?? undefined, components: components ?? undefined },
  };
  let expected = '';
  return {
    line: `validate ${isOwn ? 'the' : 'a wrong'} key${toldOf(action, productVersion)} for ${features.join(' ') || 'nothing'} (${by})`,
    product: null,
    model: () => {
      const answer = validateLicense(account, license, { isOwn, asker, features });
      expected = textOf(answer, nonce);
    },
    expected: () => expected,
    got: productText(data),
  };
}

function versionAt({ now }: Account, years: number | null): string {
  return years === null ? 'unheard of' : versionOf(new Date(now).getUTCFullYear() + years);
}

/** In lower case, with spaces, and letters in place of digits that look like them. */
function byHand(key: string): string {
  return key.replaceAll('0', 'O').toLowerCase().replaceAll('1', 'l').replaceAll('-', ' ');
}

function toldOf({ fingerprint, components, member }: ValidateAction, version: string | undefined): string {
  const told = [fingerprint, ...(components ?? []), version && `version ${version}`, member];
  const named = told.filter((one) => one != null);
  return named.length === 0 ? '' : ` on ${named.join(' ')}`;
}

function textOf({ valid, code, license, decisions }: Validation, nonce: string): string {
  const answered = decisions.map(({ feature, allowed, code, value, limit, remaining }) =>
    [feature, allowed, code, value, limit, remaining].join(' '),
  );
  return [valid, code, license?.status ?? null, nonce, ...answered].join(', ');
}

/** Of what is signed, which has to say the same as the answer. */
function productText({ valid, code, license, decisions, token }: Readonly<Record<string, unknown>>): string {
  const [, payload = ''] = String(token).split('.');
  const signed = record(JSON.parse(Buffer.from(payload, 'base64url').toString()));
  const text = (of: Readonly<Record<string, unknown>>, nonce: unknown): string => {
    const status = of['license'] === null ? null : record(of['license'])['status'];
    return [of['valid'], of['code'], status, nonce, ...records(of['decisions']).map(decided)].join(', ');
  };
  const answer = text({ valid, code, license, decisions }, signed['nonce']);
  const inToken = text(signed, signed['nonce']);
  return answer === inToken ? answer : `${answer}; signed ${inToken}`;
}

function decided(decision: Readonly<Record<string, unknown>>): string {
  const { feature, allowed, code, value, limit, unlimited, remaining } = decision;
  return [feature, allowed, code, value, unlimited === true ? 'unlimited' : limit, remaining].join(' ');
}
