import { buildSchema, execute, Kind, parse, validate } from 'graphql';
import { CompiledOperation } from './compiled-operation.js';

const schema = buildSchema(`
  enum Colour { RED GREEN }
  input Point { x: Int! = 1 y: Int next: Point label: String colours: [Colour!] }
  interface Named { name: String! }
  type Cat implements Named { name: String! lives: Int }
  type Dog implements Named { name: String! barks: Boolean }
  union Pet = Cat | Dog
  type Thing {
    text: String required: String! number: Int float: Float flag: Boolean id: ID colour: Colour
    method: String waiting: String waitingRequired: String! failing: String failingRequired: String!
    failingLate: String failingLateRequired: String! returned: String wrong: Int
    list: [String] requiredItems: [String!] matrix: [[Int!]] notAList: [String]
    self: Thing selfRequired: Thing! things: [Thing] requiredThings: [Thing!]! waitingThings: [Thing!]
    echo(point: Point, n: Int = 3, required: Int! = 4, list: [Int!], text: String): String
    pet: Pet pets: [Pet!] named: Named lost: Pet nothingNamed: Named waitingPet: Pet
  }
  type Query { thing: Thing none: Thing noneRequired: Thing! }
  type Mutation { first: Int second: Int failing: Int failingRequired: Int! }
`);

/** Rejected before anybody listens. */
const LATE = Promise.reject(new Error('late in the list'));
LATE.catch(() => undefined);

const THING: Readonly<Record<string, unknown>> = {
  text: 'a "quoted" \\ line\n\u0001 é 😀 \ud83d',
  required: '',
  number: 7,
  float: 0.1 + 0.2,
  flag: false,
  id: 12,
  colour: 'GREEN',
  method: () => 'called',
  waiting: () => Promise.resolve('waited'),
  waitingRequired: () => Promise.resolve(null),
  failing: () => fails('failing'),
  failingRequired: () => fails('failingRequired'),
  failingLate: () => Promise.reject(new Error('failingLate')),
  failingLateRequired: () => Promise.reject(new Error('failingLateRequired')),
  returned: new Error('returned'),
  wrong: 'no number',
  list: ['a', null, new Error('in the list'), Promise.resolve('later'), LATE],
  requiredItems: ['a', null],
  matrix: [[1, 2], [3, null], null],
  notAList: 'text',
  self: () => THING,
  selfRequired: () => Promise.resolve(THING),
  things: () => [THING, null, Promise.resolve(THING)],
  requiredThings: () => [THING, Promise.resolve(null)],
  waitingThings: () => Promise.resolve([THING, THING]),
  echo: (args: unknown) => JSON.stringify(args),
  pet: { __typename: 'Cat', name: 'Tom', lives: 9 },
  pets: [
    { __typename: 'Cat', name: 'Tom' },
    { __typename: 'Dog', name: null },
  ],
  named: { __typename: 'Dog', name: 'Rex', barks: true },
  lost: { __typename: 'Thing' },
  nothingNamed: null,
  waitingPet: () => Promise.resolve({ __typename: 'Dog', name: 'Rex' }),
};
function fails(message: string): never {
  throw new Error(message);
}

interface Counting {
  count: number;
}

const ROOTS: Readonly<Record<string, (context: Counting) => unknown>> = {
  thing: () => THING,
  none: () => null,
  noneRequired: () => Promise.resolve(null),
  first: async (context) => {
    await new Promise(setImmediate);
    return ++context.count;
  },
  second: (context) => ++context.count,
  failing: () => Promise.reject(new Error('failing')),
  failingRequired: () => fails('failingRequired'),
};
for (const type of [schema.getQueryType(), schema.getMutationType()]) {
  for (const field of Object.values(type?.getFields() ?? {})) {
    field.resolve = (_source, _args, context: Counting) => ROOTS[field.name]?.(context);
  }
}

type Variables = Record<string, unknown>;

async function byLibrary(text: string, variableValues: Variables): Promise<string> {
  const document = parse(text);
  expect(validate(schema, document)).toEqual([]);
  const { data, errors = [] } = await execute({
    schema,
    document,
    variableValues,
    contextValue: { count: 0 },
  });
  return JSON.stringify({ data, errors: errors.map((error) => error.toJSON()) });
}

async function compiled(text: string, variables: Variables): Promise<string> {
  const document = parse(text);
  const operation = document.definitions.find((found) => found.kind === Kind.OPERATION_DEFINITION);
  if (!operation) throw new Error('no operation');
  const prepared = new CompiledOperation(schema, document, operation).prepare(variables);
  if (!prepared) throw new Error('the operation was not prepared');
  const { data, errors } = await prepared.execute({ count: 0 });
  return normal(`{"data":${data},"errors":${JSON.stringify(errors.map((error) => error.toJSON()))}}`);
}

/** Both sides' data goes through JSON once more, so that the form of numbers and escapes is one. */
function normal(json: string): string {
  return JSON.stringify(JSON.parse(json));
}

const LEAVES = Object.keys(THING).filter((name) => !/self|things|pet|lost|named|echo/i.test(name));
const OBJECTS = ['self', 'selfRequired', 'things', 'requiredThings', 'waitingThings'];

const POINT = 'query ($p: Point, $n: Int, $c: [Colour!], $t: String = "t") ';
const CONDITIONS =
  'query ($a: Boolean!, $b: Boolean! = true) { thing { text @skip(if: $a) number @include(if: $b) ... @include(if: $a) { flag id } } }';
const MERGED = 'query ($a: Boolean!) { thing { self { text } self @skip(if: $a) { number } } }';
const WRITTEN: readonly (readonly [string, Variables?])[] = [
  [`{ thing { ${LEAVES.join(' ')} } }`],
  [`{ thing { self { ${LEAVES.filter((name) => !name.includes('equired')).join(' ')} } } }`],
  ['{ none { text } noneRequired { text } thing { text } }'],
  ['{ thing { failing waitingRequired } other: thing { failingLate failingLateRequired } }'],
  ['{ thing { requiredThings { failing failingRequired } things { failingRequired text } } }'],
  ['{ thing { requiredThings { text } text } }'],
  ['{ thing { waitingThings { failingLate list waiting } things { list } } }'],
  [
    '{ thing { pet { __typename ... on Cat { name lives } ... on Dog { barks } } pets { ... on Named { name } } } }',
  ],
  [
    '{ thing { named { name ...D } lost { __typename } nothingNamed { name } waitingPet { ...D } } } fragment D on Dog { barks }',
  ],
  ['{ thing { echo } }'],
  ['{ thing { echo(n: null, required: 5, list: 6, text: """a\n  b""") } }'],
  ['{ thing { echo(point: { y: 2, next: { x: 3 }, colours: RED }, list: [1, 2]) } }'],
  [`${POINT}{ thing { echo(point: $p, n: $n, text: $t) a: echo(point: { x: 1, colours: $c }) } }`],
  [
    `${POINT}{ thing { echo(point: $p, n: $n, text: $t) a: echo(point: { colours: $c }) } }`,
    { p: null, n: null, t: null },
  ],
  [
    `${POINT}{ thing { echo(point: { y: $n, colours: $c, label: $t, next: $p }) } }`,
    { n: 4, c: 'GREEN', t: null },
  ],
  [
    `${POINT}{ thing { echo(point: { next: $p, colours: $c, label: $t, y: $n }) } }`,
    { p: { y: null, next: { x: 9 }, colours: ['RED'] } },
  ],
  ['query ($n: Int = 8) { thing { echo(required: $n) text } }', { n: null }],
  ['query ($n: Int = 8) { thing { echo(required: $n) } }'],
  ['query ($n: Int) { thing { echo(required: $n) } }'],
  [CONDITIONS, { a: true }],
  [CONDITIONS, { a: false, b: false }],
  [MERGED, { a: true }],
  [MERGED, { a: false }],
  ['{ thing { text @skip(if: true) } }'],
  ['{ thing @skip(if: true) { text } }'],
  ['mutation { second first again: second late: first }'],
  ['mutation { first failing second }'],
  ['mutation { first failingRequired second }'],
  [
    '{ __typename __type(name: "Pet") { possibleTypes { name } } __schema { types { name fields { name } } } }',
  ],
];

const SENT: readonly (readonly [string, Variables?])[] = [
  ...LEAVES.map((name): readonly [string, Variables?] => [`{ thing { ${name} } }`]),
  ...OBJECTS.flatMap((outer) =>
    LEAVES.map((name): readonly [string, Variables?] => [`{ thing { ${outer} { ${name} } } }`]),
  ),
  ...WRITTEN,
];

test.each(SENT.map(([text, variables]): [string, Variables] => [text, variables ?? {}]))(
  '%s with %j is answered as graphql-js answers it',
  async (text, variables) => {
    expect(await compiled(text, variables)).toBe(normal(await byLibrary(text, variables)));
  },
);

test.each<[string, Variables]>([
  ['query ($n: Int!) { thing { echo(n: $n) } }', {}],
  ['query ($n: Int!) { thing { echo(n: $n) } }', { n: null }],
  ['query ($n: Int) { thing { echo(n: $n) } }', { n: 'x' }],
  ['query ($p: Point) { thing { echo(point: $p) } }', { p: { nothing: 1 } }],
  ['query ($p: Point) { thing { echo(point: $p) } }', { p: { x: null } }],
  ['query ($p: Point) { thing { echo(point: $p) } }', { p: { next: { colours: ['BLUE'] } } }],
  ['query ($p: Point) { thing { echo(point: $p) } }', { p: [] }],
  ['query ($b: Boolean = true) { thing { text @skip(if: $b) } }', { b: null }],
  ['subscription { first }', {}],
])('%s with %j is left to the general lane', (text, variables) => {
  const document = parse(text);
  const [operation] = document.definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('no operation');
  expect(new CompiledOperation(schema, document, operation).prepare(variables)).toBeNull();
});

test('a little text that selects millions of fields is left to the general lane, at once', () => {
  const fragments = Array.from(
    { length: 30 },
    (_, n) =>
      `fragment F${String(n)} on Thing { a: self { ...F${String(n + 1)} } b: self { ...F${String(n + 1)} } }`,
  );
  const document = parse(`{ thing { ...F0 } } ${fragments.join(' ')} fragment F30 on Thing { text }`);
  expect(validate(schema, document)).toEqual([]);
  const [operation] = document.definitions;
  if (operation?.kind !== Kind.OPERATION_DEFINITION) throw new Error('an operation comes first');
  expect(new CompiledOperation(schema, document, operation).prepare({})).toBeNull();
});
