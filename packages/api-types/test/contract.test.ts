import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  buildASTSchema,
  buildSchema,
  findBreakingChanges,
  isTypeDefinitionNode,
  Kind,
  parse,
  visit,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql';

const FOLDER = join(__dirname, '..');

function read(file: string): string {
  return readFileSync(join(FOLDER, file), 'utf8');
}

/** Types (`Grant`) and fields (`Query.decisionReceipt`) of the contract that the schema lacks, with the issue that brings them. */
const notYet: Readonly<Record<string, number | 'later'>> = JSON.parse(read('not-yet.json'));
const contract = parse(read('contract.graphql'));
const schema = buildSchema(read('schema.graphql'));

function without(document: DocumentNode, names: ReadonlySet<string>): GraphQLSchema {
  let type = '';
  const pruned = visit(document, {
    enter(node) {
      if (isTypeDefinitionNode(node)) {
        type = node.name.value;
        return names.has(type) ? null : undefined;
      }
      const isField = node.kind === Kind.FIELD_DEFINITION || node.kind === Kind.INPUT_VALUE_DEFINITION;
      return isField && names.has(`${type}.${node.name.value}`) ? null : undefined;
    },
  });
  return buildASTSchema(pruned);
}

function exists(name: string): boolean {
  const [typeName = '', fieldName] = name.split('.');
  const type = schema.getType(typeName);
  if (!type || fieldName === undefined) return type !== undefined;
  return 'getFields' in type && fieldName in type.getFields();
}

test('the emitted schema breaks nothing that the contract promises', () => {
  const names = Object.keys(notYet);
  process.stdout.write(`${String(names.length)} names of the contract are not in the schema yet\n`);
  expect(findBreakingChanges(without(contract, new Set(names)), schema)).toEqual([]);
});

test('what the schema has is no longer on the list of what is missing', () => {
  expect(Object.keys(notYet).filter(exists)).toEqual([]);
});

test('everything on the list is in the contract, with its issue', () => {
  const promised = buildASTSchema(contract);
  for (const [name, issue] of Object.entries(notYet)) {
    const [typeName = '', fieldName] = name.split('.');
    const type = promised.getType(typeName);
    const isThere =
      type && (fieldName === undefined || ('getFields' in type && fieldName in type.getFields()));
    expect([name, Boolean(isThere)]).toEqual([name, true]);
    expect(issue === 'later' || (issue >= 3 && issue <= 9)).toBe(true);
  }
});

test('a promise that is neither kept nor listed is found', () => {
  const names = new Set(
    Object.keys(notYet).filter((name) => name !== 'Query.decisionReceipt' && name !== 'DecisionReceipt'),
  );
  // `Explanation` comes back as a type that the schema lacks, with what it is made of.
  for (const name of ['StepOutcome', 'ExplanationStep', 'DenialReason', 'RemedyKind', 'Remedy'])
    names.delete(name);
  const changes = findBreakingChanges(without(contract, names), schema).map(({ description }) => description);
  expect(changes).toContain('Query.decisionReceipt was removed.');
});

test('descriptions of scalars are those of the contract', () => {
  const promised = buildASTSchema(contract);
  for (const name of ['Quantity', 'Revision', 'Cursor']) {
    expect(schema.getType(name)?.description).toBe(promised.getType(name)?.description);
  }
});
