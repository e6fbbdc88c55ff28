import { buildSchema, getIntrospectionQuery, parse, validate } from 'graphql';
import { DEPTH_MAX, depthLimit } from './depth-limit.js';

const schema = buildSchema('type Query { self: Query leaf: Int }');

function nested(levels: number): string {
  return `${'self {'.repeat(levels - 1)} leaf ${'}'.repeat(levels - 1)}`;
}

function problems(document: string): number {
  return validate(schema, parse(document), [depthLimit]).length;
}

test('the deepest allowed operation passes and one level more is refused', () => {
  expect(problems(`{ ${nested(DEPTH_MAX)} }`)).toBe(0);
  expect(problems(`{ ${nested(DEPTH_MAX + 1)} }`)).toBe(1);
});

test('depth is counted through fragments', () => {
  expect(problems(`{ ...A } fragment A on Query { ${nested(DEPTH_MAX + 1)} }`)).toBe(1);
  expect(problems(`{ self { ... on Query { ...A } } } fragment A on Query { ${nested(DEPTH_MAX)} }`)).toBe(1);
});

test('fragments that contain themselves do not hold it up', () => {
  expect(
    problems('{ ...A } fragment A on Query { self { ...B } } fragment B on Query { self { ...A } }'),
  ).toBe(0);
});

test('introspection is not counted', () => {
  expect(problems(getIntrospectionQuery())).toBe(0);
});
