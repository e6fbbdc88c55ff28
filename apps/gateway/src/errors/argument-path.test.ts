import { buildSchema, execute, parse, validate, type GraphQLError } from 'graphql';
import { argumentPath } from './argument-path.js';

const schema = buildSchema(`
  input Item { quantity: Int! = 1 key: String! }
  input Wrapper { items: [Item!] mode: Mode }
  enum Mode { ON OFF }
  type Query { spend(input: Item!): Int spendMany(inputs: [Item!]!): Int wrapped(input: Wrapper!): Int }
`);

function errorsOf(document: string, variables: Record<string, unknown> = {}): readonly GraphQLError[] {
  const parsed = parse(document);
  const refused = validate(schema, parsed);
  if (refused.length > 0) return refused;
  const result = execute({ schema, document: parsed, variableValues: variables });
  if ('then' in result) throw new Error('the schema has no resolver that waits');
  return result.errors ?? [];
}

function pathOf(document: string, variables?: Record<string, unknown>): string | null {
  const [error] = errorsOf(document, variables);
  if (!error) throw new Error('nothing was refused');
  return argumentPath(error);
}

const IN_VARIABLES = 'query Q($it: Item!) { spend(input: $it) }';
const IN_LIST = 'query Q($these: [Item!]!) { spendMany(inputs: $these) }';

test.each<[string, string, Record<string, unknown> | undefined, string | null]>([
  ['a wrong literal', '{ spend(input: { key: "k", quantity: 1.5 }) }', undefined, 'input.quantity'],
  [
    'a wrong literal in a list',
    '{ spendMany(inputs: [{ key: "k" }, { key: 3 }]) }',
    undefined,
    'inputs.1.key',
  ],
  ['a wrong enum', '{ wrapped(input: { mode: MAYBE }) }', undefined, 'input.mode'],
  ['a field left out of a literal', '{ spend(input: { quantity: 1 }) }', undefined, 'input.key'],
  [
    'a field left out, deep',
    '{ wrapped(input: { items: [{ key: "k" }, {}] }) }',
    undefined,
    'input.items.1.key',
  ],
  ['an argument left out', '{ spend }', undefined, 'input'],
  ['a wrong variable', IN_VARIABLES, { it: { key: 'k', quantity: -0.5 } }, 'input.quantity'],
  ['a field left out of a variable', IN_VARIABLES, { it: {} }, 'input.key'],
  ['a variable left out', IN_VARIABLES, {}, 'input'],
  [
    'a wrong item of a variable',
    IN_LIST,
    { these: [{ key: 'k' }, { key: 'k', quantity: 'x' }] },
    'inputs.1.quantity',
  ],
  ['a field left out of an item', IN_LIST, { these: [{ key: 'k' }, {}] }, 'inputs.1.key'],
  ['a nested variable', 'query Q($m: Mode) { wrapped(input: { mode: $m }) }', { m: 'MAYBE' }, 'input.mode'],
  ['an unknown field in a literal', '{ spend(input: { key: "k", other: 1 }) }', undefined, 'input.other'],
  ['an unknown field of the schema', '{ nothing }', undefined, null],
])('%s is found by the path of its argument', (_name, document, variables, path) => {
  expect(pathOf(document, variables)).toBe(path);
});
