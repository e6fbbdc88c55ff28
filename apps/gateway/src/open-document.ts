import { Kind, parse, type SelectionNode } from 'graphql';
import { OPEN_OPERATIONS } from './license-key-operations.js';
import { TOKENS_MAX } from './plugins/document-limits.js';

/**
 * Whether a document runs nothing but what needs no credential, whichever of its operations is chosen. Whatever is unusual, a
 * fragment at the root among it, needs one.
 */
export function isOpenDocument(text: string): boolean {
  if (!OPEN_OPERATIONS.some((name) => text.includes(name))) return false;
  try {
    const { definitions } = parse(text, { maxLexicalTokens: TOKENS_MAX });
    const operations = definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION);
    return (
      operations.length > 0 &&
      operations.every(({ selectionSet }) => selectionSet.selections.every(isOpenField))
    );
  } catch {
    return false;
  }
}

function isOpenField(selection: SelectionNode): boolean {
  return selection.kind === Kind.FIELD && OPEN_OPERATIONS.includes(selection.name.value);
}
