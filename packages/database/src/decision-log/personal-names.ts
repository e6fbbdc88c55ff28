/** Which fields of a request are personal. */
export interface PersonalFields {
  /** The request's own, wherever in it they stand: of a machine or a seat that it names, too. */
  readonly request: ReadonlySet<string>;
  /** Of the context's own fields. */
  readonly context: ReadonlySet<string>;
}

export const NOTHING_PERSONAL: PersonalFields = { request: new Set(), context: new Set() };

const VARIABLE = 'LICET_PERSONAL_FIELDS';
/** What a request can be recorded without: nothing is found by it. `name`: of a machine. */
const SEALABLE = ['memberId', 'fingerprint', 'name'];
/** What it is found by, or says in its answer as well. Not all of a request's fields: others may well be the names of facts. */
const IN_CLEAR = ['customerId', 'feature', 'quantity', 'productVersion', 'licenseId', 'machineId'];
const OF_CONTEXT = 'context.';

/**
 * Reads names that are separated by commas. One stands for the context's field of that name, `context.` before it or not;
 * `memberId`, `fingerprint` and `name` stand for the request's own as well. RangeError where a name is meant for a field of
 * the request that cannot be sealed, or is misspelt: it would be stored in clear.
 */
export function parsePersonalFields(text: string | undefined): PersonalFields {
  const named = (text ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  const wrong = named.flatMap((name) => problemOf(name) ?? []);
  if (wrong.length > 0)
    throw new RangeError(wrong.map((problem) => `${VARIABLE} names ${problem}`).join('; '));
  return {
    request: new Set(named.filter((name) => SEALABLE.includes(name))),
    context: new Set(
      named.map((name) => (name.startsWith(OF_CONTEXT) ? name.slice(OF_CONTEXT.length) : name)),
    ),
  };
}

/** Null: it can be sealed. */
function problemOf(name: string): string | null {
  if (name === 'context' || name === OF_CONTEXT)
    return `\`${name}\`, which is no field; name those of \`context\` that are personal, such as \`email\``;
  if (name.startsWith(OF_CONTEXT) || SEALABLE.includes(name)) return null;
  const meant = name.replace(/^input\./, '');
  const own = SEALABLE.find((field) => isLike(field, meant));
  const remedy = `, or \`${OF_CONTEXT}${meant}\` where a field of \`context\` is meant`;
  if (own !== undefined) return `\`${name}\`; write \`${own}\`${remedy}`;
  if (IN_CLEAR.some((field) => isLike(field, meant)))
    return `\`${name}\`, which is recorded as it is; of a request's own fields ${SEALABLE.map((field) => `\`${field}\``).join(', ')} can be encrypted; leave it out${remedy}`;
  if (meant !== name) return `\`${name}\`; write \`${meant.replace(/^context\./, '')}\``;
  return null;
}

/** As people write names: `member_id`, `memberID`. */
function isLike(field: string, name: string): boolean {
  return field.toLowerCase() === name.toLowerCase().replaceAll(/[-_. ]/g, '');
}
