import { parsePersonalFields } from './personal-names.js';

const listed = ({ request, context }: ReturnType<typeof parsePersonalFields>) => ({
  request: [...request],
  context: [...context],
});

test.each<[string | undefined, string[], string[]]>([
  [undefined, [], []],
  [' , ', [], []],
  ['email, phone', [], ['email', 'phone']],
  // A client may put them into the context as well.
  ['memberId,fingerprint', ['memberId', 'fingerprint'], ['memberId', 'fingerprint']],
  ['name', ['name'], ['name']],
  ['context.email', [], ['email']],
  ['context.memberId', [], ['memberId']],
  ['context.customerId', [], ['customerId']],
  ['context.member_id', [], ['member_id']],
  ['user.email', [], ['user.email']],
])('%j names of the request %j and of the context %j', (text, request, context) => {
  expect(listed(parsePersonalFields(text))).toEqual({ request, context });
});

test.each([
  ['member_id', 'write `memberId`, or `context.member_id`'],
  ['memberID', 'write `memberId`, or `context.memberID`'],
  ['Finger-Print', 'write `fingerprint`'],
  ['input.memberId', 'write `memberId`'],
  ['input.email', 'write `email`'],
  ['input.context.email', 'write `email`'],
  ['customerId', "recorded as it is; of a request's own fields `memberId`, `fingerprint`, `name`"],
  ['customer_id', 'recorded as it is'],
  ['licenseId', 'leave it out, or `context.licenseId`'],
  ['context', 'which is no field'],
  ['context.', 'which is no field'],
])('`%s` names nothing that can be sealed, and what to write is said', (name, remedy) => {
  const parse = () => parsePersonalFields(`email, ${name}`);
  expect(parse).toThrow(RangeError);
  expect(parse).toThrow(`LICET_PERSONAL_FIELDS names \`${name}\``);
  expect(parse).toThrow(remedy);
});

test('every name that is wrong is told', () => {
  expect(() => parsePersonalFields('context, customerId, phone, memberid')).toThrow(
    /`context`[^]*`customerId`[^]*`memberid`/,
  );
});
